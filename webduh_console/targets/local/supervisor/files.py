"""Static answers: from a request's head and the facts of a file to status, headers and the slice to send. Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from webduh_console.targets.local.supervisor.http import Header

FOREVER = b"public, max-age=31536000, immutable"
ASK_FIRST = b"no-cache"

_TYPES = {
    "avif": "image/avif",
    "br": "application/x-brotli",
    "bz2": "application/x-bzip2",
    "cjs": "text/javascript",
    "gz": "application/gzip",
    "ico": "image/x-icon",
    "js": "text/javascript",
    "map": "application/json",
    "md": "text/markdown",
    "mjs": "text/javascript",
    "otf": "font/otf",
    "tgz": "application/gzip",
    "ttf": "font/ttf",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xz": "application/x-xz",
    "yaml": "text/yaml",
    "yml": "text/yaml",
}
_BUILT = frozenset(
    [
        "avif",
        "css",
        "gif",
        "ico",
        "jpeg",
        "jpg",
        "js",
        "json",
        "map",
        "mjs",
        "mp4",
        "otf",
        "png",
        "svg",
        "ttf",
        "txt",
        "wasm",
        "webm",
        "webmanifest",
        "webp",
        "woff",
        "woff2",
    ]
)
_HEXADECIMAL = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{8,64}")
_BASE64 = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9].*[A-Za-z])[A-Za-z0-9_-]{8,43}")
_RANGE = re.compile(rb"bytes=(\d{0,20})-(\d{0,20})")


class File(NamedTuple):
    """The facts of a file: `size` in bytes, `modified` in whole seconds since the epoch, `etag` quoted.

    `encoding` is that of its content, if any; `varies` says that the answer depends on Accept-Encoding.
    """

    name: str
    size: int
    modified: int
    etag: bytes
    encoding: bytes = b""
    varies: bool = False


class Head(NamedTuple):
    """The head of an answer, and which bytes of the file follow it."""

    status: int
    headers: list[Header]
    start: int = 0
    length: int = 0


def respond(method: bytes, asked: Mapping[bytes, bytes], file: File, missing: bool = False) -> Head:
    """The answer to GET or HEAD for a file: 200, 206, 304 or 416; 404 with the file as its page when `missing`."""
    headers = _describing(file, missing)
    if missing:
        return _whole(404, method, headers, file)
    if _not_modified(asked, file):
        return Head(304, headers)
    headers.append((b"Accept-Ranges", b"bytes"))
    wanted = _slice(asked, file) if method == b"GET" else None
    if wanted is None:
        return _whole(200, method, [*headers, (b"Content-Type", content_type(file.name))], file)
    first, last = wanted
    if first > last:
        return Head(416, [(b"Content-Range", b"bytes */%d" % file.size), (b"Content-Length", b"0")])
    headers += [
        (b"Content-Type", content_type(file.name)),
        (b"Content-Range", b"bytes %d-%d/%d" % (first, last, file.size)),
        (b"Content-Length", b"%d" % (last - first + 1)),
    ]
    return Head(206, headers, first, last - first + 1)


def parts(target: bytes) -> tuple[str, ...] | None:
    """The names a request's path is made of, decoded, without empty ones; None for a path that no file may have."""
    import os
    from urllib.parse import unquote_to_bytes

    names = []
    for raw in target.partition(b"?")[0].partition(b"#")[0].split(b"/"):
        name = os.fsdecode(unquote_to_bytes(raw))
        if name == ".." or "/" in name or "\0" in name or "\\" in name:
            return None
        if name not in ("", "."):
            names.append(name)
    if any(name.startswith(".") and name != ".well-known" for name in names):
        return None
    return tuple(names)


def content_type(name: str) -> bytes:
    """The media type of a file by its name, `charset=utf-8` for text."""
    import mimetypes

    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = _TYPES.get(ending) or mimetypes.types_map.get(f".{ending}", "application/octet-stream")
    return f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()


def cache_control(name: str) -> bytes:
    """For ever when the name of a built file carries a hash of its content (`index-BxYz12Ab.css`), else ask first."""
    stem, dot, ending = name.rpartition(".")
    if not dot or ending.lower() not in _BUILT:
        return ASK_FIRST
    words = (*stem.split(".")[1:], stem.partition("-")[2], stem.partition("-")[2].rpartition("-")[2])
    hashed = any(_HEXADECIMAL.fullmatch(word) or _BASE64.fullmatch(word) for word in words)
    return FOREVER if hashed else ASK_FIRST


def accepted(asked: Mapping[bytes, bytes]) -> frozenset[bytes]:
    """Those of `br` and `gzip` that the client takes."""
    weights = {}
    for word in asked.get(b"accept-encoding", b"").lower().split(b","):
        coding, _, parameters = word.partition(b";")
        weights[coding.strip()] = re.fullmatch(rb"\s*q=0(\.0{0,3})?\s*", parameters) is None
    return frozenset(coding for coding in (b"br", b"gzip") if weights.get(coding, weights.get(b"*", False)))


def http_date(seconds: int) -> bytes:
    """Seconds since the epoch as an HTTP date."""
    from email.utils import formatdate

    return formatdate(seconds, usegmt=True).encode()


def _describing(file: File, missing: bool) -> list[Header]:
    headers = [(b"ETag", file.etag), (b"Last-Modified", http_date(file.modified))]
    headers.append((b"Cache-Control", ASK_FIRST if missing else cache_control(file.name)))
    if file.varies:
        headers.append((b"Vary", b"Accept-Encoding"))
    if file.encoding:
        headers.append((b"Content-Encoding", file.encoding))
    return headers


def _whole(status: int, method: bytes, headers: list[Header], file: File) -> Head:
    if status == 404:
        headers = [*headers[2:], (b"Content-Type", content_type(file.name))]
    headers.append((b"Content-Length", b"%d" % file.size))
    return Head(status, headers, 0, 0 if method == b"HEAD" else file.size)


def _not_modified(asked: Mapping[bytes, bytes], file: File) -> bool:
    """An If-None-Match decides alone; If-Modified-Since is asked only without it."""
    known = asked.get(b"if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix(b"W/") for tag in known.split(b",")}
        return b"*" in tags or file.etag in tags
    since = _seconds(asked.get(b"if-modified-since", b""))
    return since is not None and file.modified <= since


def _slice(asked: Mapping[bytes, bytes], file: File) -> tuple[int, int] | None:
    """First and last byte wanted; first > last when there are none such; None for the whole file.

    Several ranges, another unit and bad syntax are answered with the whole file, as RFC 9110 allows.
    """
    found = _RANGE.fullmatch(asked.get(b"range", b"").replace(b" ", b"").lower())
    if found is None or found.groups() == (b"", b""):
        return None
    unless = asked.get(b"if-range")
    if unless is not None and unless != file.etag and _seconds(unless) != file.modified:
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), file.size)
        return (file.size - length, file.size - 1) if length else (1, 0)
    if last and int(last) < int(first):
        return None
    end = min(int(last), file.size - 1) if last else file.size - 1
    return (int(first), end) if int(first) < file.size else (1, 0)


def _seconds(date: bytes) -> int | None:
    """An HTTP date as seconds since the epoch; None when it is none."""
    from email.utils import parsedate_to_datetime

    try:
        return int(parsedate_to_datetime(date.decode("ascii")).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
