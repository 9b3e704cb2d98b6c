"""What the records of many apps on a server say, in one round trip."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from webduh_console.errors import TargetError, WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.model.schedules import ScheduledRun, read_runs
from webduh_console.model.target import Holder
from webduh_console.targets import records
from webduh_console.targets.server.files import OPEN, RootFolder
from webduh_console.targets.server.layout import key_of
from webduh_console.transport import process
from webduh_console.transport.machine import Answer

# One process for all files of a kind, and for no kind one that could be spared: a hundred servers may be asked at once.
# What find runs must not fail: that of busybox would leave out the rest. What vanishes meanwhile is complained about,
# and was removed by somebody.
LISTED = r"""
date +%s
[ -d apps ] || exit 0
cd apps || exit 77
shift
[ $# -gt 0 ] || set -- *--*--*
for slug; do shift; [ ! -d "$slug" ] || set -- "$@" "$slug"; done
[ $# -gt 0 ] || exit 0
find "$@" -maxdepth 3 -name source -prune -o \( -type d -path '*/releases/[0-9]*' \
  -o -type f \( -name journal.jsonl -o -name lease.json -o -name current -o -name release.json \
  -o -path '*/schedules/*.jsonl' \) \) -exec sh -c '
set -f
journals= leases= lines=
for path; do
  case $path in
    *[!a-z0-9./-]*) ;;
    */schedules/*) printf "%s:%s\n" "$path" "$(grep -v "\"outcome\":\"skipped\"" "$path" | tail -n 1)" ;;
    */journal.jsonl) journals="$journals $path" ;;
    */lease.json) leases="$leases $path" lines="$lines $path" ;;
    */current | */release.json) lines="$lines $path" ;;
    *) printf "%s\n" "$path" ;;
  esac
done
[ -z "$journals" ] || { grep -l "$0" $journals; [ $? -le 2 ]; } || exit 1
[ -z "$leases" ] || { stat -c "%Y %n" $leases; [ $? -le 2 ]; } || exit 1
[ -z "$lines" ] || { grep -aH "" $lines; [ $? -le 2 ]; } || exit 1
' '^{"kind":"end",.*}$' {} + || exit 1
"""
"""Lists what the records of apps say, in the root folder. The words after the first are their slugs; none: all."""
INCOMPLETE = 1
"""The exit code of `LISTED` when something could not be read, or vanished meanwhile."""
_VANISHED = re.compile(r"No such file or directory\W*$")
_FILES = rb"lease\.json|current|releases/[1-9][0-9]*/release\.json|schedules/[a-z0-9-]+\.jsonl"
_CONTENT = re.compile(rb"([a-z0-9-]+)/(%s):(.*)" % _FILES, re.DOTALL)
_NUMBER = re.compile(rb"([a-z0-9-]+)/releases/([1-9][0-9]*)(/journal\.jsonl)?")
_BEAT = re.compile(rb"([0-9]+) ([a-z0-9-]+)/lease\.json")


class KeptLease(msgspec.Struct):
    """The file `lease.json`, one line. `epoch` outlives holders: it only grows. The beat is the file's own time.

    `pid` and `started` are the holder's process, as `process.start_time` has it, on the machine that `numbering` names.
    """

    epoch: int = 0
    holder: Holder | None = None
    token: str = ""
    numbering: str = ""
    pid: int = 0
    started: float = 0.0

    def alive(self, at: datetime) -> bool:
        """Whether the holder may still be at work, at this time of the server's clock.

        Its heartbeat tells; and its process, if that was one of this machine. A beat from the far future was written
        before the clock was set right.
        """
        if self.holder is None or abs(at - self.holder.beat) >= records.STALE:
            return False
        here = bool(self.numbering) and self.numbering == process.numbering()
        return not here or process.start_time(self.pid) == self.started


@dataclass
class Snapshot:
    """What the record of an app in an environment said `at` a moment by the server's clock.

    `numbers` are those that are taken, `ended` those whose journal has an end. What cannot be read is an error only
    for whoever asks for it.
    """

    key: AppKey
    folder: str
    at: datetime
    numbers: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    contents: dict[str, bytes] = field(default_factory=dict)
    beat: datetime | None = None

    @property
    def known(self) -> bool:
        """Whether there is a record: a release, also one that is only begun, or somebody who holds the lease."""
        return bool(self.numbers) or "current" in self.contents or (bool(self.lease_line) and self.holder is not None)

    @property
    def lease_line(self) -> bytes:
        """The lease's file as it is; empty when there is none."""
        return self.contents.get("lease.json", b"")

    @property
    def lease(self) -> KeptLease:
        """The lease's file."""
        if not self.lease_line:
            return KeptLease()
        kept = records.decoded(self.lease_line, KeptLease, f"The lease of {self.key}", self._path("lease.json"))
        if kept.holder and self.beat:
            kept.holder = msgspec.structs.replace(kept.holder, beat=self.beat)
        return kept

    @property
    def holder(self) -> Holder | None:
        """Who holds the lease and is alive."""
        lease = self.lease
        return lease.holder if lease.alive(self.at) else None

    @property
    def current(self) -> int | None:
        """The number of the serving release."""
        content = self.contents.get("current")
        if content is None:
            return None
        if not content.isdigit():
            what = f"The mark of the serving release of {self.key}"
            raise records.unreadable(what, "It is not a number.", self._path("current"))
        return int(content)

    @property
    def kept(self) -> list[int]:
        """The numbers of the releases that are written, oldest first."""
        return [number for number in sorted(self.numbers) if _file(number) in self.contents]

    @property
    def releases(self) -> list[Release]:
        """All kept releases, oldest first, without the values of their variables."""
        return [self.release(number) for number in self.kept]

    def release(self, number: int) -> Release:
        """One release without the values of its variables; NotFoundError lists those that are kept."""
        content = self.contents.get(_file(number))
        if content is None:
            raise records.no_release(self.key, number, self.kept)
        return records.decoded(content, Release, records.release_named(self.key, number), self._path(_file(number)))

    @property
    def last_runs(self) -> list[ScheduledRun]:
        """The last run of each schedule that has ended, also of schedules that are no more."""
        lines = (line for path, line in self.contents.items() if path.startswith("schedules/"))
        return read_runs(b"\n".join(lines))

    @property
    def target(self) -> str:
        """The name of the target that the newest release was deployed to; empty when that cannot be told."""
        try:
            return self.release(self.kept[-1]).target if self.kept else ""
        except WebduhError:  # it is an error for whoever asks for the release
            return ""

    @property
    def unfinished(self) -> list[int]:
        """The releases whose journal has no end, oldest first."""
        return sorted(self.numbers - self.ended)

    def _path(self, file: str) -> str:
        return f"{self.folder}/{file}"


def snapshot(folder: RootFolder, keys: Iterable[AppKey] | None = None) -> Mapping[AppKey, Snapshot]:
    """What the records of `keys` say, or of every app that has one here; one round trip.

    Each of `keys` is in the answer, whether there is a record or not. TargetError when they cannot be read.
    """
    asked = None if keys is None else sorted(set(keys))
    if asked is not None and not asked:
        return {}
    answer = folder.run(OPEN + LISTED, *(key.slug for key in asked or ()), accepts=(INCOMPLETE,))
    found = said_by(folder, answer, asked)
    if isinstance(found, str):
        raise TargetError(
            f"The records on {folder.machine.name} cannot be read.",
            why=f"{found}.",
            kept="Nothing was changed.",
            hint=f"Mend the modes with `webduh server setup {folder.machine.name}`.",
        )
    return found


def said_by(folder: RootFolder, answer: Answer, asked: Iterable[AppKey] | None) -> dict[AppKey, Snapshot] | str:
    """What the answer of `LISTED` says; or why it is not whole, in words."""
    said = [line.strip() for line in answer.err.splitlines() if line.strip()]
    if answer.code and not said:
        said = ["A program was ended while it read them"]
    failed = [line for line in said if not _VANISHED.search(line)]
    return failed[-1][:300] if failed else parse(folder, answer.out, asked)


def look(folder: RootFolder, key: AppKey) -> Snapshot:
    """What the record of one app says."""
    return snapshot(folder, [key])[key]


def parse(folder: RootFolder, answer: bytes, asked: Iterable[AppKey] | None) -> dict[AppKey, Snapshot]:
    """What the script's answer says: the server's time, then a line each."""
    clock, _, listed = answer.partition(b"\n")
    at = datetime.fromtimestamp(int(clock), UTC)
    found: dict[AppKey, Snapshot] = {}

    def of(slug: bytes) -> Snapshot | None:
        key = key_of(slug.decode())
        return found.setdefault(key, Snapshot(key, folder.layout.app(key), at)) if key else None

    for key in asked or ():
        of(key.slug.encode())
    for line in listed.split(b"\n"):
        if (match := _CONTENT.fullmatch(line)) and (seen := of(match[1])):
            seen.contents.setdefault(match[2].decode(), match[3])
        elif (match := _NUMBER.fullmatch(line)) and (seen := of(match[1])):
            (seen.ended if match[3] else seen.numbers).add(int(match[2]))
        elif (match := _BEAT.fullmatch(line)) and (seen := of(match[2])):
            seen.beat = datetime.fromtimestamp(int(match[1]), UTC)
    return found if asked is not None else {key: seen for key, seen in sorted(found.items()) if seen.known}


def _file(number: int) -> str:
    return f"releases/{number}/release.json"
