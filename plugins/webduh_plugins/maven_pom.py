"""What a pom.xml says."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from webduh_console.frameworks import Source, SourceError, Version

_MAIN = ("exec.mainClass", "mainClass", "start-class", "main.class")
_FIELDS = (
    *("maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source", "jdk.version"),
)
_PROPERTY = re.compile(r"\$\{([\w.-]+)\}")
_PLUGGED = ("release", "target", "source")


class Pom(NamedTuple):
    """A pom.xml. `artifacts` are what it depends on, inherits from and is built by, `group:artifact`."""

    artifact: str
    version: str
    packaging: str
    final_name: str
    properties: dict[str, str]
    artifacts: tuple[str, ...]
    plugins: tuple[str, ...]
    modules: tuple[str, ...]
    profiles: tuple[str, ...]
    main_class: str
    java: str

    def filled(self, text: str) -> str:
        """A text with the properties that are known put in."""
        known = {"project.artifactId": self.artifact, "project.version": self.version, **self.properties}
        for _ in range(3):
            text = _PROPERTY.sub(lambda match: known.get(match[1], match[0]), text)
        return text


def pom(source: Source, file: str = "pom.xml") -> Pom:
    """What a pom.xml says. SourceError if it is no XML."""
    root = _parsed(source, file)
    parent = _child(root, "parent")
    build = _child(root, "build")
    profiles = _children(_child(root, "profiles"), "profile")
    plugins = [*_children(_child(build, "plugins"), "plugin")]
    for profile in profiles:
        plugins += _children(_child(_child(profile, "build"), "plugins"), "plugin")
    managed = _children(_child(_child(root, "dependencyManagement"), "dependencies"), "dependency")
    needed = [*_children(_child(root, "dependencies"), "dependency"), *([parent] if parent is not None else [])]
    artifacts = [f"{_text(one, 'groupId')}:{_text(one, 'artifactId')}" for one in (*needed, *managed)]
    artifacts += [f"{_text(one, 'groupId')}:{_text(one, 'artifactId')}" for one in plugins]
    properties = {_tag(one): (one.text or "").strip() for one in _children(_child(root, "properties"))}
    found = Pom(
        _text(root, "artifactId"),
        _text(root, "version") or _text(parent, "version"),
        _text(root, "packaging") or "jar",
        _text(build, "finalName"),
        properties,
        tuple(artifacts),
        tuple(_text(one, "artifactId") for one in plugins),
        tuple((one.text or "").strip().strip("/") for one in _children(_child(root, "modules"), "module")),
        tuple(_text(one, "id") for one in profiles),
        "",
        "",
    )
    main, java = "", next((properties[name] for name in _FIELDS if properties.get(name)), "")
    for one in plugins:
        settings = list(one.iter())
        main = main or next(((node.text or "").strip() for node in settings if _tag(node) == "mainClass"), "")
        if _text(one, "artifactId") == "maven-compiler-plugin":
            told = {_tag(node): (node.text or "").strip() for node in settings}
            java = next((told[name] for name in _PLUGGED if told.get(name)), "") or java
    main = main or next((properties[name] for name in _MAIN if name in properties), "")
    return found._replace(main_class=found.filled(main), java=found.filled(java))


def versions(source: Source, *files: str) -> Iterator[Version | None]:
    """The version of Java that a pom.xml is for, the first of these that says one."""
    for file in files:
        java = pom(source, file).java if source.exists(file) else ""
        yield Version(java, file) if java and "${" not in java else None


def _parsed(source: Source, file: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(source.text(file).lstrip() or "<project/>")
    except ElementTree.ParseError as error:
        line, column = error.position
        says = str(error).partition(":")[0]
        raise SourceError(
            f"{file}:{line}:{column + 1} is not XML.",
            f"Line {line}, column {column + 1}: {says}.",
            f"Mend {file} there and try again.",
            file=file,
            line=line,
            column=column + 1,
        ) from error


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: ElementTree.Element | None, name: str = "") -> list[ElementTree.Element]:
    found = list(element) if element is not None else []
    return [one for one in found if isinstance(one.tag, str) and (not name or _tag(one) == name)]


def _child(element: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    return next(iter(_children(element, name)), None)


def _text(element: ElementTree.Element | None, name: str) -> str:
    found = _child(element, name)
    return (found.text or "").strip() if found is not None else ""
