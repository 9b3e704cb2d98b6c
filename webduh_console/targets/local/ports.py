"""The stable port of an app on this machine."""

import os
import socket
import zlib

import msgspec

from webduh_console.model.release import Release, Spec

FIRST, COUNT = 8400, 1000


def placed(name: str, spec: Spec, current: Release | None, taken: set[int]) -> Spec:
    """The spec with a port on every route: the wished one, else the one it has, else a free one chosen by `name`.

    The name says which app of which home it is, so that two homes on one machine seldom want the same port.
    """
    port = next((route.port for route in spec.routes if route.port), 0)
    if not port and current and current.spec.routes:
        port = current.spec.routes[0].port
    if not port:
        port = chosen(name, taken)
    return msgspec.structs.replace(
        spec, routes=tuple(msgspec.structs.replace(route, port=port) for route in spec.routes)
    )


def chosen(name: str, taken: set[int]) -> int:
    """The first free port from the one that belongs to the name on; the same name mostly gets the same."""
    start = zlib.crc32(os.fsencode(name)) % COUNT
    for offset in range(COUNT):
        port = FIRST + (start + offset) % COUNT
        if port not in taken and is_free(port):
            return port
    return FIRST + start


def is_free(port: int) -> bool:
    """Whether nobody listens on a loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
