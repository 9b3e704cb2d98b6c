"""Raises the testbed for use by hand, and takes it away: `python up.py`, `python up.py down`."""

import sys
import time
from collections.abc import Sequence

import host
import lifetime
from program import TestbedError
from server import Server
from servers import CACHE, Testbed

HEADINGS = ("server", "address", "ssh", "http", "https", "user", "host key")


def main(words: Sequence[str]) -> int:
    """0 when done; 1 with the reason on standard error."""
    if why := host.missing():
        print(f"No testbed can be raised: {why}.", file=sys.stderr)
        return 1
    try:
        return _down() if "down" in words else _up()
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 1


def _up() -> int:
    began = time.monotonic()
    bed = Testbed()
    with lifetime.locked():
        servers = bed.raise_all()
        bed.write_list(servers)
        lifetime.KEPT.touch()
    print(_table(servers))
    print(f"""
Users: deploy (sudo, group docker), plain (neither), root. Key: {servers[0].key}
Log in:          ssh -i {servers[0].key} -p {servers[0].ssh} deploy@{servers[0].host}
From behind:     docker -H {bed.engine.host} exec -it {servers[0].name} bash
Take it away:    make testbed-down      (what it is made of stays in {CACHE})
Up after {time.monotonic() - began:.1f} s.""")
    return 0


def _down() -> int:
    if lifetime.in_use():
        print("Tests use the testbed now; it goes when they end.", file=sys.stderr)
        with lifetime.locked():
            lifetime.KEPT.unlink(missing_ok=True)
        return 0
    with lifetime.locked():
        Testbed().take_down()
    print(f"The testbed is gone; what it is made of stays in {CACHE}.")
    return 0


def _table(servers: Sequence[Server]) -> str:
    rows = [HEADINGS, *(_row(server) for server in servers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(server: Server) -> tuple[str, ...]:
    published = (f"{server.host}:{port}" for port in (server.ssh, server.http, server.https))
    return (server.name, server.address, *published, server.user, server.fingerprint)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
