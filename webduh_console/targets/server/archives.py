"""A tar archive of an image in passing: layers that a server has already are left out. Pure.

Docker 25 and later name a layer's file by the digest of its content: `blobs/sha256/<hex>`; older ones keep each as
`<id>/layer.tar`, of which nothing is left out.
"""

import tarfile
from collections.abc import Iterator
from typing import Literal

_BLOCK = tarfile.BLOCKSIZE
_PREFIX = "blobs/sha256/"
_BEFORE = frozenset({b"x", b"g", b"L", b"K"})
"""Entries that say more about the one that follows: extended headers and long names."""


def layer_file(digest: str) -> str:
    """The name of a layer's file in an archive."""
    return _PREFIX + digest.partition(":")[2]


class Sieve:
    """Lets an archive through but for the files of the layers in `leave_out` (`sha256:…`), in bounded memory."""

    def __init__(self, leave_out: frozenset[str]) -> None:
        self._names = set(map(layer_file, leave_out))
        self._header = bytearray()
        self._held = bytearray()
        self._left = 0
        self._goes: Literal["on", "nowhere", "held"] = "on"
        self._ended = False

    def through(self, block: bytes) -> Iterator[bytes]:
        """What of the next bytes goes on. ValueError when they are no tar archive."""
        rest = memoryview(block)
        while rest:
            if self._ended:
                yield bytes(rest)
                return
            taken = min(len(rest), self._left or _BLOCK - len(self._header))
            part, rest = rest[:taken], rest[taken:]
            if self._left:
                self._left -= taken
                yield from self._content(part)
            else:
                self._header += part
                if len(self._header) == _BLOCK:
                    yield from self._entry(bytes(self._header))
                    self._header.clear()

    def check_whole(self) -> None:
        """ValueError unless the archive has come to its end."""
        if not self._ended:
            raise ValueError("the archive broke off")

    def _content(self, part: memoryview) -> Iterator[bytes]:
        if self._goes == "on":
            yield bytes(part)
        elif self._goes == "held":
            self._held += part

    def _entry(self, header: bytes) -> Iterator[bytes]:
        if not header.strip(b"\0"):
            self._ended = True
            yield header
            return
        try:
            entry = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise ValueError(f"what comes is no archive: {error}") from error
        self._left = -(-entry.size // _BLOCK) * _BLOCK
        if entry.type in _BEFORE and self._left <= tarfile.RECORDSIZE * 10:
            self._goes = "held"
            self._held += header
            return
        self._goes = "nowhere" if entry.name in self._names else "on"
        if self._goes == "on":
            yield bytes(self._held) + header
        self._held.clear()
