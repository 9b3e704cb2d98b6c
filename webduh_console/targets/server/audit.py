"""Who did what on a server: a log of the server's own, and one an app, read together."""

from webduh_console.model.audit import Act, read
from webduh_console.model.names import AppKey
from webduh_console.targets import records
from webduh_console.targets.server.files import OPEN, WRITING, RootFolder
from webduh_console.targets.server.layout import key_of

MOST_LINES = 5000
"""How many of each log's last lines are read."""

VIA = r"""
via=$(printf ' via %s' "${SUDO_USER:-$(id -un)}${SSH_CONNECTION:+@${SSH_CONNECTION%% *}}" | tr -d '\n\t')
"""
"""Sets `via` to who is logged in there, and from where as far as sshd says."""

_NOTE = OPEN + WRITING + VIA + 'append audit.log "$(date -u +%Y-%m-%dT%H:%M:%SZ) $2$via" || exit 74\n'

# Words: root, how many lines. A line with a file's name, then its lines with a space before each.
_READ = (
    OPEN
    + r"""
for file in audit.log apps/*/audit.log; do
  [ -f "$file" ] || continue
  printf '%s\n' "$file"
  tail -n "$2" "$file" | sed 's/^/ /' || exit 74
  echo
done
"""
)


def note(folder: RootFolder, line: str) -> None:
    """Append a line on who did what to the server itself, with its time in UTC."""
    folder.run(_NOTE, records.audit_line(line))


def audits(folder: RootFolder) -> list[Act]:
    """Who did what to the server and to every app there, oldest first."""
    name = folder.machine.name
    logs: dict[str, list[bytes]] = {}
    lines: list[bytes] = []
    for text in folder.run(_READ, str(MOST_LINES)).out.split(b"\n"):
        if text.startswith(b" "):
            lines.append(text[1:])
        elif text:
            lines = logs.setdefault(text.decode(errors="replace"), [])
    found = [act for file, own in logs.items() for act in read(b"\n".join(own), name, _key(file))]
    return sorted(found, key=lambda act: act.at)


def _key(file: str) -> AppKey | None:
    """The app that a log belongs to; None for the server's own."""
    return key_of(file.split("/")[1]) if "/" in file else None
