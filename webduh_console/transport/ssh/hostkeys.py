"""Which host keys are known: read from the user's files and from ours, written to ours only."""

import base64
import binascii
import fnmatch
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from webduh_console.transport.files import append_line, locked
from webduh_console.transport.ssh.words import NOTHING_DONE, HostKeyError

THEIRS = (Path("~/.ssh/known_hosts"), Path("~/.ssh/known_hosts2"), Path("/etc/ssh/ssh_known_hosts"))


class HostKey(msgspec.Struct, frozen=True):
    """A host key: its kind (`ssh-ed25519`), its fingerprint (`SHA256:…`, as `ssh-keygen -l` has it), if it is known."""

    kind: str
    fingerprint: str
    known: bool = False


class Entry(msgspec.Struct, frozen=True):
    """A line of a `known_hosts` file."""

    file: Path
    line: int
    kind: str
    key: bytes
    revoked: bool = False


class HostKeys:
    """The known host keys. `ours` is the file we write; `theirs` are only read, those that are missing too."""

    def __init__(self, ours: Path, theirs: Sequence[Path] = THEIRS) -> None:
        self._ours, self._theirs = ours, tuple(path.expanduser() for path in theirs)

    def entries(self, name: str) -> list[Entry]:
        """What the files say about a host, by its name as in `Endpoint.known_as`. They are read anew each time."""
        return [entry for path in (*self._theirs, self._ours) for entry in _read(path, name)]

    def check(self, name: str, kind: str, key: bytes, server: str) -> bool:
        """Whether a host's key is known. HostKeyError when it is revoked, or another key is known for the host."""
        entries = self.entries(name)
        shown = fingerprint(key)
        for entry in entries:
            if entry.revoked and entry.key == key:
                raise HostKeyError(
                    f"The server {server} shows a host key that was revoked.",
                    why=f"{entry.file}, line {entry.line}, says so of {shown}.",
                    kept=NOTHING_DONE,
                    hint="Do not go on; ask whoever runs the server.",
                    kind=kind,
                    fingerprint=shown,
                )
        valid = [entry for entry in entries if not entry.revoked]
        if any(entry.key == key for entry in valid):
            return True
        if valid:
            old = next((entry for entry in valid if entry.kind == kind), valid[0])
            raise changed(server, name, old, kind, shown)
        return False

    def add(self, name: str, kind: str, key: bytes) -> None:
        """Keep a key, in our own file."""
        line = f"{name} {kind} {base64.b64encode(key).decode()}".encode()
        with locked(self._ours.with_name(self._ours.name + ".lock")):
            if not any(entry.key == key for entry in _read(self._ours, name)):
                append_line(self._ours, line)


def fingerprint(key: bytes) -> str:
    """A key's fingerprint: `SHA256:` and the digest in base64, without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def unknown(server: str, words: str, kind: str, shown: str) -> HostKeyError:
    """The error of a host key that nobody has vouched for."""
    return HostKeyError(
        f"The host key of the server {server} is not known.",
        why=f"It shows the {kind} key {shown}.",
        kept=f"The key was not stored. {NOTHING_DONE}",
        hint="Compare it with what the server itself says (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there), "
        f"then: webduh target add NAME {words} --accept-host-key {shown}",
        kind=kind,
        fingerprint=shown,
    )


def changed(server: str, name: str, old: Entry, kind: str, shown: str) -> HostKeyError:
    """The error of a host key that is not the one that is known."""
    return HostKeyError(
        f"The host key of the server {server} has changed.",
        why=f"It shows the {kind} key {shown}; {old.file}, line {old.line}, has the {old.kind} key "
        f"{fingerprint(old.key)}. Either the server was made anew, or somebody stands in between.",
        kept=f"The old key was kept. {NOTHING_DONE}",
        hint=f"If you know why it changed: ssh-keygen -R '{name}' -f {old.file}, then accept the new key.",
        kind=kind,
        fingerprint=shown,
    )


def other(server: str, key: HostKey, wanted: str) -> HostKeyError:
    """The error of a host key that is not the one that was vouched for."""
    return HostKeyError(
        f"The server {server} does not show the host key {wanted!r}.",
        why=f"It shows the {key.kind} key {key.fingerprint}.",
        kept=f"The key was not stored. {NOTHING_DONE}",
        hint="Compare it with what the server itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        kind=key.kind,
        fingerprint=key.fingerprint,
    )


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        try:
            salt, digest = (base64.b64decode(part) for part in pattern[3:].split("|"))
        except (ValueError, binascii.Error):
            return False
        return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)
    if "*" in pattern or "?" in pattern:
        return fnmatch.fnmatchcase(name, pattern.lower().replace("[", "[[]"))
    return pattern.lower() == name


def _speaks_of(patterns: str, name: str) -> bool:
    """Whether the first field of a line names the host: by name, pattern or hash, and by none that `!` excludes."""
    found = [pattern for pattern in patterns.split(",") if _matches(pattern.removeprefix("!"), name)]
    return bool(found) and not any(pattern.startswith("!") for pattern in found)


def _read(path: Path, name: str) -> Iterator[Entry]:
    """The lines of a file that hold a key of the host; what cannot be read is as if it were not there.

    Of a hundred hosts each has its own line found among all: only that is taken apart.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for number, line in enumerate(lines, 1):
        fields = line.split()
        mark = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or mark not in ("", "@revoked"):
            continue
        if not _speaks_of(fields[0], name):
            continue
        try:
            key = base64.b64decode(fields[2], validate=True)
        except (ValueError, binascii.Error):
            continue
        yield Entry(path, number, fields[1], key, bool(mark))
