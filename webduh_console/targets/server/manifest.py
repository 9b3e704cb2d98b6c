"""What a source folder holds, what of it another place lacks, and the archive that brings it there."""

import errno
import gzip
import hashlib
import json
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from webduh_console.frameworks.tree import Entry, SourceError, real_folder, unreadable, walk

Marks = dict[str, str]
"""What stands at each path, in a word: `d` a folder, `l:TARGET` a link, `f:DIGEST` a file, `x:DIGEST` an executable."""

_CHUNK = 1 << 18
_DIGEST = 32
"""Half of a SHA-256: 128 bits tell two files apart, and go over the wire at half the cost."""
_ODD = b"\\"
_FOLDER_MODE, _FILE_MODE, _PROGRAM_MODE = 0o775, 0o644, 0o755


class Manifest(NamedTuple):
    """A source folder as it is here: its real path, what is sent of it in order, and its marks.

    `digest` (SHA-256, 64 hex digits) covers all marks; `outside` are links that lead out of the folder, left out.
    """

    root: str
    entries: tuple[Entry, ...]
    marks: Marks
    digest: str
    outside: tuple[str, ...] = ()

    @property
    def files(self) -> int:
        """How many files and links it holds."""
        return sum(entry.kind != "folder" for entry in self.entries)

    def encode(self) -> bytes:
        """The manifest as JSON; names of any bytes survive, as escaped surrogates."""
        return json.dumps({"version": 1, "digest": self.digest, "marks": self.marks}, separators=(",", ":")).encode()


class Difference(NamedTuple):
    """How one tree becomes another: `removed` are paths to remove first, whole; `sent` what is to be sent, in order."""

    removed: tuple[str, ...]
    sent: tuple[Entry, ...]

    @property
    def bytes(self) -> int:
        """The content to be sent, before compression."""
        return sum(entry.size for entry in self.sent)

    @property
    def files(self) -> int:
        """How many files and links are to be sent."""
        return sum(entry.kind != "folder" for entry in self.sent)


def manifest(folder: Path, check: Callable[[], None] = lambda: None) -> Manifest:
    """Read a source folder whole. `check` is called between files, and may raise. SourceError names what is unreadable.

    The set is that of `frameworks.tree.walk`.
    """
    root, outside = real_folder(folder), list[str]()
    entries = tuple(walk(folder, outside))
    marks: Marks = {}
    for entry in entries:
        check()
        marks[entry.path] = _mark(root, entry)
    digest = hashlib.sha256()
    for path, mark in sorted(marks.items()):
        digest.update(os.fsencode(path) + b"\0" + os.fsencode(mark) + b"\0")
    return Manifest(root, entries, marks, digest.hexdigest(), tuple(outside))


def decode_marks(text: bytes) -> Marks | None:
    """The marks of an encoded manifest; None when it is torn, of another version, or was never one."""
    try:
        told = json.loads(text)
        if told["version"] != 1:
            return None
        marks = told["marks"]
        return {str(path): str(mark) for path, mark in marks.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def decode_listing(text: bytes) -> Marks:
    """The marks of a tree that was listed where it is: names, then their modes in hex, then the digests of its files.

    Names end with NUL, and an empty one ends them; modes and digests stand a line each, in the same order. The target
    of a link is not told, so a link never counts as known. When there are not as many lines as names, nothing does.
    """
    names, _, rest = text.partition(b"\0\0")
    modes, _, digests = rest.partition(b"\n\n")
    paths = [os.fsdecode(name) for name in names.split(b"\0") if name]
    told = modes.split()
    if len(paths) != len(told):
        return dict.fromkeys(paths, "?")
    kinds = [(path, int(mode, 16)) for path, mode in zip(paths, told, strict=True)]
    files = [path for path, mode in kinds if stat.S_ISREG(mode)]
    lines = digests.splitlines()
    known = dict(zip(files, lines, strict=True)) if len(files) == len(lines) else {}
    return {path: _seen(mode, known.get(path, b"")) for path, mode in kinds}


def difference(have: Mapping[str, str], want: Manifest) -> Difference:
    """What to remove and what to send, so that a tree with the marks `have` becomes `want`.

    What changes its kind is removed first; what is below something removed is not named again.
    """
    removed: list[str] = []
    gone: set[str] = set()
    for path in sorted(have, key=lambda path: path.count("/")):
        if _below(path, gone):
            continue
        if path not in want.marks or _kind(want.marks[path]) != _kind(have[path]):
            gone.add(path)
            removed.append(path)
    sent = tuple(
        entry for entry in want.entries if have.get(entry.path) != want.marks[entry.path] or _below(entry.path, gone)
    )
    return Difference(tuple(removed), sent)


def archive(
    want: Manifest, sent: Iterable[Entry], under: str, last: str, told: Callable[[int], None] = lambda count: None
) -> Iterator[bytes]:
    """A gzipped tar of what is sent, below the folder `under`; its last member, `last`, is the encoded manifest.

    Whoever unpacks it has everything when the last member is there. `told` gets the bytes of content as they are read.
    SourceError when a file is no longer what the manifest says.
    """
    packer = zlib.compressobj(1, wbits=31)
    for entry in sent:
        for chunk in _member(want, entry, f"{under}/{entry.path}", told):
            if packed := packer.compress(chunk):
                yield packed
    content = want.encode()
    yield packer.compress(_header(last, size=len(content), mode=0o660) + content + _padding(len(content)))
    yield packer.compress(tarfile.NUL * 2 * tarfile.BLOCKSIZE) + packer.flush()


def packed_names(paths: Iterable[str]) -> bytes:
    """Paths with a NUL after each, gzipped."""
    return gzip.compress(b"".join(os.fsencode(path) + b"\0" for path in paths), 6, mtime=0)


def _mark(root: str, entry: Entry) -> str:
    if entry.kind == "folder":
        return "d"
    if entry.kind == "link":
        return f"l:{entry.target}"
    digest = hashlib.sha256()
    for chunk in _content(root, entry.path):
        digest.update(chunk)
    return f"{'x' if entry.executable else 'f'}:{digest.hexdigest()[:_DIGEST]}"


def _content(root: str, path: str) -> Iterator[bytes]:
    """A file's content. O_NONBLOCK, since a pipe put in its place must not hold us."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(f"{root}/{path}", flags), "rb", buffering=0) as file:  # noqa: PTH123 - names of any bytes
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise _moving(path, "vanished") from error
        raise unreadable(path, error) from error


def _moving(path: str, what: str) -> SourceError:
    return SourceError(
        f"{path} {what} while the files were read.",
        "Something else is changing the folder.",
        "Try again when the folder is at rest.",
        file=path,
    )


def _member(want: Manifest, entry: Entry, name: str, told: Callable[[int], None]) -> Iterator[bytes]:
    if entry.kind == "folder":
        yield _header(name, tarfile.DIRTYPE, mode=_FOLDER_MODE)
        return
    if entry.kind == "link":
        yield _header(name, tarfile.SYMTYPE, mode=0o777, target=entry.target)
        return
    yield _header(name, size=entry.size, mode=_PROGRAM_MODE if entry.executable else _FILE_MODE)
    digest, left = hashlib.sha256(), entry.size
    for chunk in _content(want.root, entry.path):
        digest.update(chunk)
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
        told(len(chunk))
    if left or digest.hexdigest()[:_DIGEST] != want.marks[entry.path][2:]:
        raise _moving(entry.path, "changed")
    yield _padding(entry.size)


def _header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, mode: int = 0, target: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode, info.linkname = kind, size, mode, target
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _padding(size: int) -> bytes:
    return tarfile.NUL * (-size % tarfile.BLOCKSIZE)


def _seen(mode: int, line: bytes) -> str:
    """A mark from a mode and a line of sha256sum, which puts a backslash before the digest of an odd name.

    What has not the mode it was sent with counts as changed.
    """
    if stat.S_ISDIR(mode):
        return "d" if stat.S_IMODE(mode) & 0o777 == _FOLDER_MODE else "d?"
    if stat.S_ISLNK(mode):
        return "l"
    kind = {_FILE_MODE: "f", _PROGRAM_MODE: "x"}.get(stat.S_IMODE(mode), "?")
    if not stat.S_ISREG(mode):
        return "?"
    return f"{kind}:{line.removeprefix(_ODD)[:_DIGEST].decode('ascii', 'replace')}" if kind != "?" else "f?"


def _kind(mark: str) -> str:
    return "f" if mark[:1] in ("f", "x") else mark[:1]


def _below(path: str, gone: set[str]) -> bool:
    """Whether a folder above the path, or the path itself, is gone."""
    if not gone:
        return False
    while path:
        if path in gone:
            return True
        path = path.rpartition("/")[0]
    return False
