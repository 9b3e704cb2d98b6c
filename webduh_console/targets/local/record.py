"""What the local target remembers of an app in an environment: plain files, each replaced as a whole."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from webduh_console.clock import now
from webduh_console.model.audit import Act
from webduh_console.model.audit import read as read_acts
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release, Variable
from webduh_console.model.target import Holder, JournalLine, Lease
from webduh_console.targets import records
from webduh_console.targets.local import lease as leases
from webduh_console.transport.files import append_line, write_file

DIGESTS = "digests.json"
"""Of each of a release's files the digest that it was written with."""


class Seals(Protocol):
    """Keeps values unreadable at rest; `place` binds a value to where it belongs."""

    def seal(self, text: str, place: str) -> str:
        """The sealed form of a text."""

    def open(self, sealed: str, place: str) -> str:
        """The text of a sealed form; an error unless it was sealed for this place."""


class _SealedVariable(msgspec.Struct):
    sealed: str
    secret: bool
    origin: str


@dataclass(frozen=True)
class FileRecord:
    """A record below `folder`: `lease.json`, `current`, `audit.log`, and a folder a release in `releases/`.

    `sealer` is called only when variables are read or written, since a key may have to be fetched for it.
    """

    folder: Path
    key: AppKey
    sealer: Callable[[], Seals]

    def acquire(self, owner: str, doing: str) -> Lease:
        """Take the lease; see `Record.acquire`."""
        return leases.acquire(self.folder, self.key, owner, doing)

    def holder(self) -> Holder | None:
        """Who holds the lease now."""
        return leases.holder(self.folder)

    def current(self) -> int | None:
        """The number of the serving release."""
        try:
            return int((self.folder / "current").read_text())
        except FileNotFoundError:
            return None

    def set_current(self, lease: Lease, number: int | None) -> None:
        """Move the mark of the serving release."""
        lease.check()
        if number is None:
            (self.folder / "current").unlink(missing_ok=True)
        else:
            write_file(self.folder / "current", str(number).encode())

    def releases(self) -> list[Release]:
        """All kept releases, oldest first, without the values of their variables."""
        return [self.release(number) for number in self._numbers() if (self._of(number) / "release.json").exists()]

    def unfinished(self) -> list[int]:
        """The releases whose journal has no end, oldest first."""
        return [number for number in self._numbers() if "end" not in {line.kind for line in self.journal(number)}]

    def next_number(self) -> int:
        """The largest number here plus one."""
        return max(self._numbers(), default=0) + 1

    def release(self, number: int) -> Release:
        """One release without the values of its variables; NotFoundError lists those that are kept."""
        file = self._of(number) / "release.json"
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            raise records.no_release(self.key, number, self._numbers()) from None
        return records.decoded(content, Release, records.release_named(self.key, number), file)

    def read(self, number: int) -> Release:
        """One release with its variables; NotFoundError lists those that are kept."""
        release = self.release(number)
        try:
            stored = (self._of(number) / "variables.json").read_bytes()
        except FileNotFoundError:
            return release
        sealed = msgspec.json.decode(stored, type=dict[str, _SealedVariable])
        sealer = self.sealer() if sealed else None
        variables = {
            name: Variable(sealer.open(entry.sealed, self._place(name)), entry.secret, entry.origin)
            for name, entry in sealed.items()
            if sealer
        }
        return msgspec.structs.replace(release, variables=variables)

    def write(self, lease: Lease, release: Release, plan: Plan) -> None:
        """Write a release, its variables sealed, and the plan it came from without variables."""
        lease.check()
        folder = self._of(release.number)
        sealer = self.sealer() if release.variables else None
        sealed = {
            name: _SealedVariable(sealer.seal(variable.value, self._place(name)), variable.secret, variable.origin)
            for name, variable in release.variables.items()
            if sealer
        }
        files = {
            "plan.json": records.bare_plan(plan),
            "variables.json": msgspec.json.encode(sealed),
            "release.json": records.bare_release(release),
        }
        for name, content in {DIGESTS: records.digests(files), **files}.items():
            write_file(folder / name, content)

    def remove(self, lease: Lease, number: int) -> None:
        """Forget a release. It is moved aside first, so that a cut leaves it whole or gone."""
        lease.check()
        folder = self._of(number)
        aside = folder.with_name(f".removed-{number}")
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)
        for cut in folder.parent.glob(".removed-*"):  # those of clients that were killed here, too
            shutil.rmtree(cut, ignore_errors=True)

    def erase(self, lease: Lease) -> None:
        """Forget the app in this environment."""
        lease.check()
        shutil.rmtree(self.folder / "releases", ignore_errors=True)
        (self.folder / "current").unlink(missing_ok=True)

    def plan(self, number: int) -> Plan | None:
        """The plan a release was written with, without variables; None when it was not written yet."""
        try:
            return msgspec.json.decode((self._of(number) / "plan.json").read_bytes(), type=Plan)
        except FileNotFoundError:
            return None

    def journal(self, number: int) -> list[JournalLine]:
        """The journal of a release's deployment; a torn line is left out."""
        try:
            return records.journal_lines((self._of(number) / "journal.jsonl").read_bytes())
        except FileNotFoundError:
            return []

    def append(self, lease: Lease, number: int, *lines: JournalLine) -> None:
        """Write lines, on disk before this returns."""
        lease.check()
        append_line(self._of(number) / "journal.jsonl", b"\n".join(map(msgspec.json.encode, lines)))

    def edited(self, number: int) -> list[str]:
        """The files of a release that are not as they were written; of one without digests that is not known."""
        folder = self._of(number)
        said = records.read_digests(_bytes(folder / DIGESTS))
        found = records.read_digests(records.digests({name: _bytes(folder / name) for name in said}))
        return sorted(name for name, digest in said.items() if found[name] != digest)

    def audit(self, line: str) -> None:
        """Append a line on who did what, with the time in UTC."""
        audit(self.folder / "audit.log", line)

    def audits(self) -> list[Act]:
        """Who did what to this app in this environment, oldest first; also after it was removed."""
        return audits(self.folder / "audit.log", self.key)

    def _of(self, number: int) -> Path:
        return self.folder / "releases" / str(number)

    def _numbers(self) -> list[int]:
        return sorted(int(path.name) for path in (self.folder / "releases").glob("[0-9]*") if path.name.isdigit())

    def _place(self, name: str) -> str:
        return f"{self.key.slug}/{name}"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def audit(file: Path, line: str) -> None:
    """Append a line on who did what, with the time in UTC."""
    append_line(file, f"{now():%Y-%m-%dT%H:%M:%SZ} {records.audit_line(line)}".encode())


def audits(file: Path, key: AppKey | None = None) -> list[Act]:
    """What an audit log tells of; nothing when there is none."""
    try:
        return read_acts(file.read_bytes(), "local", key)
    except FileNotFoundError:
        return []
