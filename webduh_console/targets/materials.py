"""What is in an image or a folder, told from what package managers leave there, and that as CycloneDX. Pure."""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.parser import HeaderParser
from urllib.parse import quote

import msgspec

from webduh_console.model.release import Release

PATTERNS = (
    *("etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", "var/lib/dpkg/status.d/*", "lib/apk/db/installed"),
    *("*.dist-info/METADATA", "*node_modules/*/package.json", "*vendor/composer/installed.json"),
    *("*/specifications/*.gemspec", "*.deps.json", "*.jar"),
)
"""What is looked at, as `tar` matches paths: a star goes through folders."""
_MODULE = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/@.][^/]*/package\.json$")
_VERSIONED = re.compile(r"(?P<name>.+?)-(?P<version>\d[\w.+-]*)")
_SPEC = "1.6"


class Component(msgspec.Struct, frozen=True, order=True):
    """One package: `kind` is its type in a package URL (`deb`, `npm`), `group` what stands before its name there."""

    kind: str
    name: str
    version: str
    group: str = ""
    licence: str = ""
    qualifiers: str = ""

    @property
    def purl(self) -> str:
        """Its package URL."""
        group = f"{quote(self.group, safe='')}/" if self.group else ""
        version = f"@{quote(self.version, safe='~:')}" if self.version else ""
        return f"pkg:{self.kind}/{group}{quote(self.name, safe='')}{version}{self.qualifiers}"


Reader = Callable[[str, bytes, str], Iterator[Component]]


def components(files: Mapping[str, bytes]) -> list[Component]:
    """The packages that files tell of, each once, sorted. Paths are relative, without a leading `/` or `./`.

    A file that is broken tells of nothing: what others say is true all the same.
    """
    distribution = _distribution(files)
    found: set[Component] = set()
    for path, content in files.items():
        for matches, read in _READERS:
            if matches(path):
                try:
                    found.update(read(path, content, distribution))
                except (ValueError, TypeError, AttributeError, KeyError):
                    break
                break
    return sorted(found)


def document(release: Release, found: Iterable[Component], version: str) -> bytes:
    """A CycloneDX document, the same each time: its time is the release's, and its number comes of the digest."""
    key, digest = release.key, release.artifact.digest
    subject = {
        "type": "container" if release.artifact.kind == "image" else "application",
        "bom-ref": digest,
        "name": key.slug,
        "version": str(release.number),
        "hashes": [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}],
    }
    said = {
        "bomFormat": "CycloneDX",
        "specVersion": _SPEC,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{key.slug}/{release.number}/{digest}')}",
        "version": 1,
        "metadata": {
            "timestamp": f"{release.created:%Y-%m-%dT%H:%M:%SZ}",
            "tools": {"components": [{"type": "application", "name": "webduh", "version": version}]},
            "component": subject,
        },
        "components": [_described(one) for one in found],
    }
    return json.dumps(said, indent=1, ensure_ascii=False).encode() + b"\n"


def _described(one: Component) -> dict[str, object]:
    group = {"group": one.group} if one.group and one.kind != "deb" and one.kind != "apk" else {}
    licences = {"licenses": [{"license": {"name": one.licence}}]} if one.licence else {}
    return {
        "type": "library",
        "bom-ref": one.purl,
        **group,
        "name": one.name,
        "version": one.version,
        **licences,
        "purl": one.purl,
    }


def _distribution(files: Mapping[str, bytes]) -> str:
    """The ID of the distribution: `debian`, `alpine`; empty for an image without one."""
    content = files.get("etc/os-release") or files.get("usr/lib/os-release") or b""
    said = re.search(rb"^ID=[\"']?([\w.-]+)", content, re.MULTILINE)
    return said[1].decode() if said else ""


def _stanzas(content: bytes) -> Iterator[dict[str, str]]:
    for stanza in re.split(r"\n\s*\n", content.decode("utf-8", "replace")):
        fields = {}
        for line in stanza.splitlines():
            name, colon, value = line.partition(":")
            if colon and not line[:1].isspace():
                fields[name] = value.strip()
        yield fields


def _deb(path: str, content: bytes, distribution: str) -> Iterator[Component]:
    for said in _stanzas(content):
        name, version = said.get("Package", ""), said.get("Version", "")
        if name and version and "installed" in said.get("Status", "ok installed").split():
            arch = f"?arch={said['Architecture']}" if "Architecture" in said else ""
            yield Component("deb", name, version, distribution or "debian", qualifiers=arch)


def _apk(path: str, content: bytes, distribution: str) -> Iterator[Component]:
    for said in _stanzas(content):
        if said.get("P") and said.get("V"):
            arch = f"?arch={said['A']}" if "A" in said else ""
            yield Component("apk", said["P"], said["V"], distribution or "alpine", said.get("L", ""), arch)


def _wheel(path: str, content: bytes, distribution: str) -> Iterator[Component]:
    said = HeaderParser().parsestr(content.decode("utf-8", "replace"))
    name, licence = said.get("Name", ""), said.get("License-Expression") or said.get("License") or ""
    if name and said.get("Version"):
        name = re.sub(r"[-_.]+", "-", name).lower()
        yield Component("pypi", name, said["Version"], licence=_short(licence))


def _module(path: str, content: bytes, distribution: str) -> Iterator[Component]:
    said = json.loads(content)
    name, version, licence = said.get("name"), said.get("version"), said.get("license")
    if isinstance(name, str) and isinstance(version, str) and name and version:
        group, _, own = name.rpartition("/")
        yield Component("npm", own, version, group, licence if isinstance(licence, str) else "")


def _composer(path: str, content: bytes, distribution: str) -> Iterator[Component]:
    said = json.loads(content)
    for one in said["packages"] if isinstance(said, dict) else said:
        group, _, name = one["name"].rpartition("/")
        yield Component("composer", name, one["version"], group, ", ".join(one.get("license", ())))


def _named(kind: str, ending: str) -> Reader:
    def read(path: str, content: bytes, distribution: str) -> Iterator[Component]:
        """What a file's name says: `rack-3.1.8.gemspec`."""
        told = _VERSIONED.fullmatch(path.rpartition("/")[2].removesuffix(ending))
        if told:
            yield Component(kind, told["name"], told["version"])

    return read


def _dotnet(path: str, content: bytes, distribution: str) -> Iterator[Component]:
    for name, one in json.loads(content)["libraries"].items():
        if one.get("type") == "package":
            own, _, version = name.partition("/")
            yield Component("nuget", own, version)


def _short(licence: str) -> str:
    """A licence by its name; some write all of its text."""
    return licence.strip() if len(licence) <= 100 and "\n" not in licence.strip() else ""


_READERS: tuple[tuple[Callable[[str], object], Reader], ...] = (
    (re.compile(r"var/lib/dpkg/status(?:\.d/[^/]+)?$").match, _deb),
    (re.compile(r"lib/apk/db/installed$").match, _apk),
    (re.compile(r"(?:.*/)?[^/]+\.dist-info/METADATA$").match, _wheel),
    (_MODULE.search, _module),
    (re.compile(r"(?:.*/)?vendor/composer/installed\.json$").match, _composer),
    (re.compile(r".*/specifications/[^/]+\.gemspec$").match, _named("gem", ".gemspec")),
    (re.compile(r".*\.deps\.json$").match, _dotnet),
    (re.compile(r".*\.jar$").match, _named("maven", ".jar")),
)
