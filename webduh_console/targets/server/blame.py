"""Finds the file that keeps Traefik from reading its folder: one that is malformed silently blocks every switch."""

import re

import msgspec

from webduh_console.targets.server.files import OPEN, RootFolder
from webduh_console.targets.server.traefik import CONFIGURATION, CONTAINER

UNREAD = "Mend or remove it: until then Traefik takes up no change at all."
_READ = {".yml", ".yaml", ".toml"}
_PARTS = {
    "": {"http", "tcp", "udp", "tls"},
    "http": {"routers", "services", "middlewares", "models", "serversTransports"},
}
_COLLECTING = re.compile(r"collecting file configs: (/[^:]+): (.*)", re.DOTALL)

FILES = r"""
for file in "$2"/* "$2"/.[!.]*; do
  [ -f "$file" ] || continue
  printf 'file %s\n' "${file##*/}"
  head -c 65536 -- "$file" 2>/dev/null | sed 's/^/: /' || echo unreadable
  echo
done
"""
"""Words: anything, a folder. A line `file NAME`, then its lines after a colon, for every file in it."""

_LOGS = OPEN + FILES + 'echo "log"\ndocker logs --tail 200 "$3" 2>&1 | sed "s/^/: /"\n'


class Refused(msgspec.Struct, frozen=True):
    """A file that Traefik does not take, and why."""

    path: str
    why: str


def refused_file(folder: RootFolder) -> Refused | None:
    """The file that Traefik's log, or else a look at its folder, shows to be malformed; None when all is well."""
    layout = folder.layout
    answer = folder.run(_LOGS, layout.dynamic, CONTAINER)
    listing, _, log = answer.text.rpartition("\nlog\n")
    files = files_in(listing)
    for name, text in files.items():
        if why := problem_in(name, text):
            return Refused(f"{layout.dynamic}/{name}", why)
    blamed = blamed_in(log)
    if blamed and blamed.path.rpartition("/")[2] in files:
        return Refused(blamed.path.replace(CONFIGURATION, layout.traefik, 1), blamed.why)
    return None


def files_in(listing: str) -> dict[str, str]:
    """The files that `FILES` wrote, by name."""
    files: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in listing.splitlines():
        if line.startswith("file "):
            lines = files.setdefault(line.removeprefix("file "), [])
        elif line.startswith(": "):
            lines.append(line[2:])
    return {name: "\n".join(lines) for name, lines in files.items()}


def blamed_in(log: str) -> Refused | None:
    """The file that the last complaint in Traefik's log (JSON, a line each) names. It may be mended since."""
    for line in reversed(log.splitlines()):
        try:
            said = msgspec.json.decode(line.removeprefix(": "))
        except (msgspec.DecodeError, UnicodeError):
            continue
        error = said.get("error", "") if isinstance(said, dict) else ""
        if found := _COLLECTING.match(str(error)):
            return Refused(found[1], " ".join(found[2].split()).rstrip("."))
    return None


def problem_in(name: str, text: str) -> str:
    """Why Traefik refuses a file of its folder, or should; empty when nothing is found, or it would not read it."""
    suffix = name[name.rfind(".") :] if "." in name else ""
    if suffix not in _READ:
        return ""
    if "{{" in text:
        return "it contains {{, which Traefik runs as a template"
    try:
        content = _toml(text) if suffix == ".toml" else _yaml(text)
    except ValueError as error:
        return str(error)
    if content is None:
        return ""
    if not isinstance(content, dict):
        return "it is no mapping of names to values"
    for part, known in _PARTS.items():
        inside = content if not part else content.get(part)
        unknown = sorted(str(key) for key in inside if key not in known) if isinstance(inside, dict) else []
        if unknown:
            return f"Traefik knows no {unknown[0]!r} {'there' if not part else f'in {part}'}"
    return ""


def _yaml(text: str) -> object:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"line {line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())[:200]}") from error


def _toml(text: str) -> object:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"it is no TOML: {error}") from error
