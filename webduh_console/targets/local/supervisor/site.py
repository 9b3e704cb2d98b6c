"""A folder of static output on disk: which file answers a request, and its facts."""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from webduh_console.model.build import Static
from webduh_console.targets.local.supervisor import files
from webduh_console.targets.local.supervisor.files import File, Head
from webduh_console.targets.local.supervisor.http import Header

_DIGESTED = 1024 * 1024
_REMEMBERED = 20_000
_INDEX = "index.html"
_ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))


class Answer(NamedTuple):
    """A head, and where the bytes it announces are: in a file, or in `text`."""

    head: Head
    path: Path | None = None
    text: bytes = b""


class Found(NamedTuple):
    """A regular file inside the site."""

    path: Path
    facts: os.stat_result


class Site:
    """The files below `root`, a folder that cannot be left, neither by `..` nor by a link.

    Names that start with a dot are not served, `.well-known` excepted. Raises NotADirectoryError when there is no such
    folder.
    """

    def __init__(self, root: Path, static: Static) -> None:
        self.root = root.resolve()
        self.static = static
        self._digests: dict[tuple[int, ...], bytes] = {}
        if not self.root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "There is no such folder", str(root))

    def answer(self, method: bytes, target: bytes, asked: Mapping[bytes, bytes]) -> Answer:
        """What answers a request; `asked` are its headers by lower-case name."""
        if method not in (b"GET", b"HEAD"):
            return _plain(405, b"Only GET and HEAD are answered here.\n", method, (b"Allow", b"GET, HEAD"))
        names = files.parts(target)
        if names is None:
            return self._missing(method, asked)
        path = self.root.joinpath(*names)
        slash = not names or target.partition(b"?")[0].endswith(b"/")
        index = self._find(path / _INDEX)
        if index is not None:
            return self._file(method, asked, index) if slash else _moved(names, target)
        # `/about` is answered by about.html, as generators that write no folders expect.
        found = None if slash else self._find(path) or self._find(path.with_name(f"{path.name}.html"))
        if found is None and self.static.spa and ("." not in path.name or b"text/html" in asked.get(b"accept", b"")):
            found = self._find(self.root / _INDEX)
        return self._missing(method, asked) if found is None else self._file(method, asked, found)

    def _find(self, path: Path) -> Found | None:
        try:
            real = path.resolve(strict=True)
            facts = real.stat()
        except (OSError, RuntimeError, ValueError):
            return None
        inside = stat.S_ISREG(facts.st_mode) and real.is_relative_to(self.root)
        return Found(real, facts) if inside else None

    def _file(self, method: bytes, asked: Mapping[bytes, bytes], plain: Found) -> Answer:
        """A file, or the sibling that holds the same compressed when the client takes that."""
        accepted = files.accepted(asked)
        siblings = [(coding, self._find(plain.path.with_name(plain.path.name + end))) for coding, end in _ENCODINGS]
        chosen = next(((coding, found) for coding, found in siblings if found and coding in accepted), None)
        encoding, found = chosen or (b"", plain)
        varies = any(sibling for _, sibling in siblings)
        file = self._described(plain.path.name, found, encoding, varies)
        return Answer(files.respond(method, asked, file), found.path)

    def _missing(self, method: bytes, asked: Mapping[bytes, bytes]) -> Answer:
        found = self._find(self.root / self.static.not_found) if self.static.not_found else None
        if found is None:
            return _plain(404, b"There is nothing here.\n", method)
        file = self._described(found.path.name, found)
        return Answer(files.respond(method, asked, file, missing=True), found.path)

    def _described(self, name: str, found: Found, encoding: bytes = b"", varies: bool = False) -> File:
        # The change time counts too: a release's files may carry the modification times of their source.
        modified = int(max(found.facts.st_mtime, found.facts.st_ctime))
        return File(name, found.facts.st_size, modified, self._etag(found), encoding, varies)

    def _etag(self, found: Found) -> bytes:
        """The digest of the content, so that it outlives a deployment; for a large file one of its facts."""
        facts = found.facts
        key = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        known = self._digests.get(key)
        if known is None:
            from hashlib import blake2b

            text = found.path.read_bytes() if facts.st_size <= _DIGESTED else repr(key).encode()
            known = b'"%s"' % blake2b(text, digest_size=12).hexdigest().encode()
            if len(self._digests) >= _REMEMBERED:
                self._digests.clear()
            self._digests[key] = known
        return known


def _plain(status: int, text: bytes, method: bytes, *headers: Header) -> Answer:
    head = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", b"%d" % len(text)), *headers]
    return Answer(Head(status, head), text=b"" if method == b"HEAD" else text)


def _moved(names: tuple[str, ...], target: bytes) -> Answer:
    from urllib.parse import quote_from_bytes

    path = "".join(f"/{quote_from_bytes(os.fsencode(name))}" for name in names)
    _, mark, query = target.partition(b"?")
    return _plain(301, b"", b"GET", (b"Location", path.encode() + b"/" + mark + query))
