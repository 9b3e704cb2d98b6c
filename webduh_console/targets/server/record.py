"""What a server remembers of an app in an environment: plain files there, each changed by one script."""

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from webduh_console.errors import WebduhError
from webduh_console.model.audit import Act
from webduh_console.model.audit import read as read_acts
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release, Variable
from webduh_console.model.target import Holder, JournalLine, Lease
from webduh_console.targets import records
from webduh_console.targets.server.audit import VIA
from webduh_console.targets.server.files import OPEN, RootFolder
from webduh_console.targets.server.lease import ENTER_NEW, RemoteLease, acquire
from webduh_console.targets.server.snapshots import Snapshot, look

T = TypeVar("T")

_READ = (
    OPEN
    + r"""
cd "apps/$2/releases/$3" 2>/dev/null || { [ ! -e "apps/$2/releases/$3" ] && exit 0; exit 77; }
shift 3
for file; do
  printf '\n%s\n' "$file"
  [ ! -e "$file" ] || sed 's/^/ /' "$file" || exit 74
done
"""
)
_CURRENT = r"""
if [ -n "$1" ]; then
  printf '%s\n' "$1" >.current.new && place current || exit 74
else
  rm -f current && settle . || exit 74
fi
"""
_WRITE = r"""
mkdir -p "releases/$1" && settle releases && cd "releases/$1" || exit 74
take written "$2" || exit 74
sed -n 1p .written.new >.plan.json.new &&
  sed -n 2p .written.new >.variables.json.new &&
  sed -n 3p .written.new >.release.json.new &&
  sed -n 4p .written.new >.digests.json.new &&
  rm .written.new &&
  place plan.json variables.json digests.json release.json &&
  settle .. || exit 74
"""
_REMOVE = r"""
[ -d releases ] || exit 0
cd releases || exit 77
rm -rf ".removed-$1" || exit 74
[ ! -d "$1" ] || { mv "$1" ".removed-$1" && settle .; } || exit 74
for cut in .removed-*; do rm -rf "$cut" || exit 74; done
"""
_ERASE = r"""
mkdir -p .erased || exit 74
for entry in * .[!.]*; do
  case $entry in lease.json | mutex | mutex.d | audit.log | .erased) continue ;; esac
  [ -e "$entry" ] || [ -h "$entry" ] || continue
  rm -rf ".erased/$entry" && mv "$entry" .erased/ || exit 74
done
settle . && rm -rf .erased && settle . || exit 74
"""
_APPEND = r"""
mkdir -p "releases/$1" && cd "releases/$1" && append journal.jsonl "$2" || exit 74
"""
_AUDIT = ENTER_NEW + VIA + 'append audit.log "$(date -u +%Y-%m-%dT%H:%M:%SZ) $3$via" || exit 74\n'


@dataclass
class RemoteRecord:
    """A `Record` on a server. Each method is one round trip, but for those that say so.

    Variables are kept as they are: whoever may read them may also ask Docker. The leases given to it must be those
    that it gave.
    """

    folder: RootFolder
    key: AppKey
    lease: RemoteLease | None = field(default=None, repr=False, compare=False)

    def look(self) -> Snapshot:
        """Everything but plans, variables and journals, as of one moment. No round trip while a lease that was taken
        here is held, and nothing was changed since the last look."""
        return self.lease.look() if self.lease else look(self.folder, self.key)

    def acquire(self, owner: str, doing: str) -> RemoteLease:
        """Take the lease; see `Record.acquire`. Two round trips."""
        self.lease = acquire(self.folder, self.key, owner, doing)
        return self.lease

    def holder(self) -> Holder | None:
        """Who holds the lease now."""
        return look(self.folder, self.key).holder

    def current(self) -> int | None:
        """The number of the serving release."""
        return self.look().current

    def set_current(self, lease: Lease, number: int | None) -> None:
        """Move the mark of the serving release; None when nothing serves."""
        self._ours(lease).run(_CURRENT, "" if number is None else str(number))

    def releases(self) -> list[Release]:
        """All kept releases, oldest first, without the values of their variables."""
        return self.look().releases

    def release(self, number: int) -> Release:
        """One release without the values of its variables; NotFoundError lists those that are kept."""
        return self.look().release(number)

    def read(self, number: int) -> Release:
        """One release with its variables; NotFoundError lists those that are kept."""
        files = self._files(number, "release.json", "variables.json")
        if (content := files.get("release.json")) is None:
            raise records.no_release(self.key, number, self.look().kept)
        release = self._decoded(content, Release, number, "release.json")
        if stored := files.get("variables.json"):
            variables = self._decoded(stored, dict[str, Variable], number, "variables.json")
            release = msgspec.structs.replace(release, variables=variables)
        return release

    def write(self, lease: Lease, release: Release, plan: Plan) -> None:
        """Write a release, its variables, and the plan it came from; the release comes last."""
        try:
            variables = msgspec.json.encode(release.variables)
        except UnicodeEncodeError as error:
            names = [name for name, variable in release.variables.items() if not _is_unicode(variable.value)]
            raise WebduhError(
                f"Release {release.number} of {self.key} cannot be written.",
                why=f"The value of {', '.join(names) or 'a variable'} is not Unicode text.",
                kept="Nothing was changed.",
                hint="Set it again, in base64 if it must hold such bytes.",
            ) from error
        files = {
            "plan.json": records.bare_plan(plan) + b"\n",
            "variables.json": variables + b"\n",
            "release.json": records.bare_release(release) + b"\n",
        }
        content = b"".join([*files.values(), records.digests(files), b"\n"])
        self._ours(lease).run(_WRITE, str(release.number), str(len(content)), stdin=content)

    def remove(self, lease: Lease, number: int) -> None:
        """Forget a release. It is moved aside first, so that a cut leaves it whole or gone."""
        self._ours(lease).run(_REMOVE, str(number))

    def erase(self, lease: Lease) -> None:
        """Forget the app in this environment, and its source; who did what stays, and the lease's epoch."""
        self._ours(lease).run(_ERASE)

    def unfinished(self) -> list[int]:
        """The releases whose journal has no end, oldest first."""
        return self.look().unfinished

    def next_number(self) -> int:
        """The largest number here plus one."""
        return max(self.look().numbers, default=0) + 1

    def plan(self, number: int) -> Plan | None:
        """The plan a release was written with, without variables; None when it was not written yet."""
        content = self._files(number, "plan.json").get("plan.json")
        return None if content is None else self._decoded(content, Plan, number, "plan.json")

    def journal(self, number: int) -> list[JournalLine]:
        """The journal of a release's deployment; a torn line is left out."""
        return records.journal_lines(self._files(number, "journal.jsonl").get("journal.jsonl", b""))

    def append(self, lease: Lease, number: int, *lines: JournalLine) -> None:
        """Write lines, on disk before this returns."""
        ours, text = self._ours(lease), b"\n".join(map(records.written, lines)).decode()
        begun = ours.seen is not None and number in ours.seen.numbers
        ours.run(_APPEND, str(number), text, changes=not begun or any(line.kind == "end" for line in lines))

    def audit(self, line: str) -> None:
        """Append a line on who did what, with the server's time in UTC and the user it is done as there."""
        self.folder.run(_AUDIT, self.key.slug, records.audit_line(line))

    def audits(self) -> list[Act]:
        """Who did what to this app in this environment, oldest first; also after it was removed."""
        content = self.folder.read(f"{self.folder.layout.app(self.key)}/audit.log") or b""
        return read_acts(content, self.folder.machine.name, self.key)

    def _ours(self, lease: Lease) -> RemoteLease:
        assert isinstance(lease, RemoteLease)
        assert (lease.folder, lease.key) == (self.folder, self.key)
        return lease

    def _files(self, number: int, *names: str) -> dict[str, bytes]:
        """What those of a release's files hold that are there; each line comes with a space before it."""
        answer = self.folder.run(_READ, self.key.slug, str(number), *names)
        found: dict[str, list[bytes]] = {}
        name = ""
        for line in answer.out.split(b"\n"):
            if line.startswith(b" "):
                found.setdefault(name, []).append(line[1:])
            elif line:
                name = line.decode()
        return {name: b"\n".join(lines) for name, lines in found.items()}

    def _decoded(self, content: bytes, kind: type[T], number: int, file: str) -> T:
        path = f"{self.folder.layout.release(self.key, number)}/{file}"
        return records.decoded(content, kind, records.release_named(self.key, number), path)


def _is_unicode(text: str) -> bool:
    return text == records.printable(text)
