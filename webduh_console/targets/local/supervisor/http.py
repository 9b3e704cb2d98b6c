"""HTTP/1.1 heads as a forwarder must change them, over h11. Pure but for `Stream.next`, which reads its wire."""

from collections.abc import Sequence

import h11

from webduh_console.targets.local.supervisor.wire import Wire

HEAD_LIMIT = 64 * 1024
PROBE = b"x-webduh-probe"
RELEASE = b"x-webduh-release"

Header = tuple[bytes, bytes]
Headers = Sequence[Header]
Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]

_HOP_BY_HOP = frozenset(
    b"""connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding
    upgrade""".split()
)
_OURS = frozenset((PROBE, RELEASE))
_REPLACED = frozenset((b"host", b"expect", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"))
_IDEMPOTENT = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"))


class Stream:
    """One side of an exchange: a wire and the state of HTTP/1.1 on it."""

    def __init__(self, wire: Wire, role: type[h11.SERVER] | type[h11.CLIENT]) -> None:
        self.wire = wire
        self.http = h11.Connection(role, max_incomplete_event_size=HEAD_LIMIT)

    async def next(self) -> Event:
        """The next event, PAUSED between two requests; h11.RemoteProtocolError when the peer breaks the protocol."""
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.http.they_are_waiting_for_100_continue:
                self.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
            self.http.receive_data(await self.wire.read())
        return event

    def send(self, *events: h11.Event) -> None:
        """Send events in one write; ConnectionResetError when the wire is gone."""
        self.wire.write(b"".join(self.http.send(event) or b"" for event in events))


def token_set(headers: Headers, name: bytes) -> frozenset[bytes]:
    """The comma-separated words of a header, in lower case."""
    return frozenset(word.strip().lower() for key, value in headers if key == name for word in value.split(b","))


def value(headers: Headers, name: bytes) -> bytes | None:
    """A header's first value; `name` in lower case."""
    return next((text for key, text in headers if key == name), None)


def size(request: h11.Request) -> int:
    """The bytes of a request's head, but for its punctuation."""
    return len(request.target) + sum(len(name) + len(text) for name, text in request.headers)


def upgrade(request: h11.Request) -> bytes | None:
    """The protocol a request wants to switch to; None for HTTP/2, which is answered in HTTP/1.1."""
    wanted = value(request.headers, b"upgrade")
    if wanted is None or b"upgrade" not in token_set(request.headers, b"connection") or wanted.lower() == b"h2c":
        return None
    return wanted


def has_body(request: h11.Request) -> bool:
    """Whether a body follows the head."""
    length = value(request.headers, b"content-length")
    return value(request.headers, b"transfer-encoding") is not None or (length is not None and int(length) > 0)


def repeatable(request: h11.Request) -> bool:
    """Whether it may be sent twice when a kept connection turns out to be closed: idempotent, without a body."""
    return request.method in _IDEMPOTENT and not has_body(request) and upgrade(request) is None


def origin(request: h11.Request) -> tuple[bytes, bytes]:
    """The target in origin form and the host: an absolute target decides both."""
    host = value(request.headers, b"host") or b""
    scheme, found, rest = request.target.partition(b"://")
    if not found or request.target.startswith((b"/", b"*")) or scheme.lower() not in (b"http", b"https"):
        return request.target, host
    cut = next((index for index, byte in enumerate(rest) if byte in b"/?"), len(rest))
    path = rest[cut:]
    return path if path.startswith(b"/") else b"/" + path, rest[:cut].rpartition(b"@")[2]


def forwarded(request: h11.Request, peer: str) -> h11.Request:
    """The request as the instance gets it: hop-by-hop headers removed, the host kept, X-Forwarded-* set.

    Whoever reaches a loopback port is trusted with the X-Forwarded-Proto and -Host of a proxy in front.
    """
    target, host = origin(request)
    dropped = _HOP_BY_HOP | _OURS | _REPLACED | token_set(request.headers, b"connection")
    headers = [(b"Host", host or b"localhost")]
    headers += [(raw, text) for raw, text in request.headers.raw_items() if raw.lower() not in dropped]
    before = [text for key, text in request.headers if key == b"x-forwarded-for"]
    headers += [
        (b"X-Forwarded-For", b", ".join((*before, peer.encode()))),
        (b"X-Forwarded-Proto", value(request.headers, b"x-forwarded-proto") or b"http"),
        (b"X-Forwarded-Host", value(request.headers, b"x-forwarded-host") or host),
    ]
    if value(request.headers, b"transfer-encoding") is not None:
        headers.append((b"Transfer-Encoding", b"chunked"))
    wanted = upgrade(request)
    if wanted is not None:
        headers += [(b"Connection", b"Upgrade"), (b"Upgrade", wanted)]
    return h11.Request(method=request.method, target=target, headers=headers)


def returned(answer: h11.Response | h11.InformationalResponse, switching: bool = False) -> list[Header]:
    """The headers of an answer as the client gets them, hop-by-hop ones and ours removed."""
    headers, dropped = answer.headers, _HOP_BY_HOP | _OURS
    if any(key == b"connection" for key, _ in headers):
        dropped |= token_set(headers, b"connection")
    kept = [(raw, text) for raw, text in headers.raw_items() if raw.lower() not in dropped]
    if switching:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", value(headers, b"upgrade") or b"")]
    return kept


def page(status: int, text: str, *extra: Header) -> tuple[h11.Response, h11.Data]:
    """A short plain answer of our own."""
    body = f"{text}\n".encode()
    headers = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", str(len(body)).encode())]
    headers += [(b"Cache-Control", b"no-store"), *extra]
    return h11.Response(status_code=status, headers=headers), h11.Data(data=body)
