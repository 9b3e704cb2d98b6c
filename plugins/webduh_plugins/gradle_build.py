"""What the build files of Gradle say, read without running them: Groovy, Kotlin, and the catalog of versions."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import Source, Version, table

_PLUGIN = re.compile(
    r"\bid\s*\(?\s*[\"']([\w.-]+)[\"']|\bapply\s+plugin\s*:\s*[\"']([\w.-]+)[\"']|\bkotlin\(\"(\w+)\"\)"
)
_BLOCK = re.compile(r"\bplugins\s*\{([^}]*)\}")
_BARE = re.compile(r"(?:^|[\s;`])(application|java|war|groovy|scala)(?=$|[\s;`])")
_ARTIFACT = re.compile(r"[\"']([\w.-]+:[\w.-]+)(?::[^\"']*)?[\"']")
_ALIAS = re.compile(r"\blibs\.((?:plugins\.|bundles\.)?[\w.]+)")
_INCLUDE = re.compile(r"\binclude(?:Build)?\s*\(?((?:\s*[\"'][^\"']+[\"']\s*,?)+)")
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")
_MAIN = re.compile(r"\bmain(?:Class|ClassName)(?:\.set)?\s*[(=]?\s*[(=]?\s*[\"']([\w.$]+)[\"']")
_JAVA = (
    re.compile(r"JavaLanguageVersion\.of\(\s*[\"']?(\d+)"),
    re.compile(r"\bjvmToolchain\s*\(?\s*(\d+)"),
    re.compile(
        r"\b(?:sourceCompatibility|targetCompatibility)\s*=?\s*"
        r"(?:JavaVersion\.(?:toVersion\()?)?[\"']?(VERSION_[\d_]+|[\d.]+)"
    ),
    re.compile(r"\bjvmTarget\s*(?:=|\.set\()\s*(?:JvmTarget\.)?[\"']?(?:JVM_)?([\d.]+)"),
)
_DISTRIBUTION = re.compile(r"^distributionUrl\s*=.*gradle-(\d+)\.(\d+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
# The newest Java that a Gradle of this age runs on, as far as it is kept up.
_OLDEST = (((5, 0), "8"), ((7, 3), "11"), ((8, 5), "17"))
FILES = ("build.gradle", "build.gradle.kts")


class Build(NamedTuple):
    """A build file: the ids of its plugins, what it depends on, the main class, and the Java it is for."""

    file: str
    text: str
    plugins: frozenset[str]
    artifacts: tuple[str, ...]
    main_class: str
    java: str


def build_file(source: Source, folder: str = "") -> Build | None:
    """The build file in a folder, with what the catalog of versions says of the names in it."""
    prefix = f"{folder}/" if folder else ""
    file = next((prefix + name for name in FILES if source.exists(prefix + name)), "")
    if not file:
        return None
    text = _COMMENT.sub("", source.text(file))
    ids = {next(filter(None, words)) for words in _PLUGIN.findall(text)}
    ids |= {name for block in _BLOCK.findall(text) for name in _BARE.findall(block)}
    artifacts = list(_ARTIFACT.findall(text))
    plugins, libraries = _catalog(source)
    for alias in _ALIAS.findall(text):
        name = alias.removeprefix("plugins.")
        if alias.startswith("plugins."):
            ids.add(plugins.get(name.removesuffix(".asProvider"), ""))
        else:
            artifacts += libraries.get(alias.removeprefix("bundles."), [])
    main = _MAIN.search(text)
    java = next((found[1] for pattern in _JAVA if (found := pattern.search(text))), "")
    return Build(file, text, frozenset(ids - {""}), tuple(artifacts), main[1] if main else "", java)


def modules(source: Source) -> list[str]:
    """The folders of the modules that the settings include."""
    text = "".join(_COMMENT.sub("", source.text(file)) for file in ("settings.gradle", "settings.gradle.kts"))
    names = (name for words in _INCLUDE.findall(text) for name in _QUOTED.findall(words))
    folders = (name.strip(":").replace(":", "/") for name in names)
    return list(dict.fromkeys(folder for folder in folders if any(source.exists(f"{folder}/{one}") for one in FILES)))


def java_of(source: Source, *builds: Build | None) -> Iterator[Version | None]:
    """The version of Java that build files are for; else the newest that an older Gradle runs on."""
    for build in builds:
        yield Version(build.java, build.file) if build and build.java else None
    for file in source.files("buildSrc/src/main/**/*.gradle*"):
        text = source.text(file)
        yield next((Version(found[1], file) for pattern in _JAVA if (found := pattern.search(text))), None)
    wrapper = "gradle/wrapper/gradle-wrapper.properties"
    found = _DISTRIBUTION.search(source.text(wrapper))
    if found:
        age = (int(found[1]), int(found[2]))
        yield next((Version(java, wrapper) for limit, java in _OLDEST if age < limit), None)


def _catalog(source: Source) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Alias → id of a plugin, alias → what it stands for, as they are written in build files: with dots."""
    said = source.toml("gradle/libs.versions.toml")
    plugins = {_dotted(name): _id(value) for name, value in table(said, "plugins").items()}
    libraries = {_dotted(name): [_module(value)] for name, value in table(said, "libraries").items()}
    for name, parts in table(said, "bundles").items():
        names = parts if isinstance(parts, list) else []
        libraries[_dotted(name)] = [one for part in names for one in libraries.get(_dotted(str(part)), [])]
    return plugins, libraries


def _dotted(name: str) -> str:
    return re.sub(r"[-_]", ".", name)


def _id(value: object) -> str:
    text = value.get("id") if isinstance(value, dict) else value
    return text.partition(":")[0] if isinstance(text, str) else ""


def _module(value: object) -> str:
    parts = (value.get("group"), value.get("name")) if isinstance(value, dict) else ()
    text = value.get("module") or ":".join(map(str, parts)) if isinstance(value, dict) else value
    return ":".join(text.split(":")[:2]) if isinstance(text, str) else ""
