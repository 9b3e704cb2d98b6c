"""Many servers: how long `status` takes over them, and an image that is brought to ten instead of one.

A hundred servers are a hundred ports of one, and ten are ten connections to one: what is measured is this side of them,
and sshd and Docker of all of them run on the cores of this machine. Hence the raw cost beside.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.house import EXAMPLES, WEBDUH, House
from bench.measuring import command, mib, ms, row, timed, title, with_processor
from bench.servers import NAMES, TESTBED, largest
from webduh_console.clock import now
from webduh_console.commands import api
from webduh_console.model.target import CancelToken
from webduh_console.state.targets import TargetEntry
from webduh_console.targets.server.bringing import carried
from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.target import ServerTarget

if TYPE_CHECKING:
    from server import Server

MANY = 100
FIRST = 3001
TEN = 10


def measure(house: House) -> None:
    """Status of 1, 10 and 100 servers; one image to one server and to ten. Says so where none can be raised."""
    title("Many servers")
    if os.geteuid() or any(shutil.which(name) is None for name in NAMES):
        row("not measured: servers need root and " + ", ".join(NAMES), "")
        return
    sys.path.insert(0, str(TESTBED))
    from lifetime import some_of, used
    from servers import Testbed

    with used(Testbed()) as there, some_of(there, 2) as servers:
        for server in servers:
            server.reset()
        _status(house, servers[0])
        _image(house, servers[1])


def _status(house: House, server: "Server") -> None:
    """One server with a hundred ports stands for a hundred: each has a connection, a shell and questions of its own."""
    server.listen(*range(FIRST, FIRST + MANY))
    house.asked("target", "add", "s-0", *_words(server, server.host, server.ssh))
    house.asked("server", "setup", "s-0", "--yes")
    house.asked("deploy", str(house.site("site")), "--on", "s-0", "--domain", "site.example.com", "--watch", "0")
    for count, budget in ((1, ("", "")), (TEN, ("", "")), (MANY, ("1 s", "5 s"))):
        for number in range(1, count):
            _add(house, server, number)
        raw = f"ssh HOST true {ms(timed(lambda: _by_hand(server, count), 1))}"  # noqa: B023 - called at once
        cold, own = with_processor(lambda: command([WEBDUH, "status"], house.env, 3), 4)
        row(f"status, {count} servers, cold, the program's start included", ms(cold), raw, budget[1])
        row(f"  of it our own processor time, {count} servers", ms(own))
        row(f"  memory of that command at its largest, {count} servers", mib(largest(house, "status")))
        api.observe(house.context)
        warm, own = with_processor(lambda: timed(lambda: api.observe(house.context), 5), 6)
        row(f"status, {count} servers, warm", ms(warm), "", budget[0])
        row(f"  of it our own processor time, {count} servers", ms(own))


def _by_hand(server: "Server", count: int) -> None:
    """What a person's own `ssh` takes to reach as many, as many at once as `status` does: sshd runs on these cores."""
    argv = ["ssh", "-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]
    argv += ["-oLogLevel=ERROR", "-i", str(server.key), "-p"]
    there = f"{server.user}@{server.address}"
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda n: subprocess.run([*argv, str(FIRST + n), there, "true"], check=True), range(count)))


def _add(house: House, server: "Server", number: int) -> None:
    """As `target add` does, without a program for each."""
    address = f"ssh://{server.user}@{server.address}:{FIRST + number}"
    entry = TargetEntry(f"s-{number}", "server", address, str(server.key), now())
    if house.context.state.targets.get(entry.name) is None:
        house.context.machine(entry).accept("new")
        house.context.state.targets.add(entry)


def _image(house: House, server: "Server") -> None:
    """One image from a server to itself under ten connections: what the relay costs, without ten disks."""
    house.asked("target", "add", "images", *_words(server, server.host, server.ssh))
    house.asked("server", "setup", "images", "--yes")
    house.asked("deploy", str(EXAMPLES / "guestbook-python"), "--on", "images", "--watch", "0")
    known = house.context.server("images")
    (key,) = known.keys()
    release = known.record(key, "images").releases()[-1]
    reference = image_name(key, release.artifact.digest)
    there = [ServerTarget(f"to-{n}", house.context.machine(_entry(house)), "") for n in range(TEN)]
    for count in (1, TEN):
        before, began = _resident(), time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            sent = list(pool.map(lambda to: _carry(known, to, reference), there[:count]))
        seconds = time.perf_counter() - began
        speed = f"{sum(sent) / seconds / 2**20:.0f} MiB/s"
        row(f"an image of {mib(sent[0])} to {count} servers", ms(seconds), speed)
        row(f"memory that grew by meanwhile, {count} servers", mib(max(_resident() - before, 0)))
    for target in there:
        target.close()


def _carry(known: ServerTarget, to: ServerTarget, reference: str) -> int:
    work = carried(known.engine.export(reference), to.engine, frozenset(), CancelToken())
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return int(stop.value)


def _entry(house: House) -> TargetEntry:
    entry = house.context.state.targets.get("images")
    assert entry is not None
    return entry


def _resident() -> float:
    """The resident memory of this process, in bytes, at its largest so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _words(server: "Server", host: str, port: int) -> tuple[str, ...]:
    return (f"ssh://{server.user}@{host}:{port}", "--identity", str(server.key), "--accept-host-key", "new")
