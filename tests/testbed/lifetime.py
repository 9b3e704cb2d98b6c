"""Who uses the testbed, and when it goes: test processes share it, and the last one to leave takes it away.

The kernel keeps the count, as locks on files of the cache folder: a killed process counts no longer. `lock` is held
while something is raised or taken away, `making` while images of languages are made; `users` is shared by those who
use the testbed; a server's own lock is held by the test that has it to itself.
"""

import fcntl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from io import BufferedRandom
from itertools import islice

from server import Server
from servers import CACHE, FEW, PASSING, Spec, Testbed

# Made by `make testbed`: somebody works with it by hand, and no test takes it away.
KEPT = PASSING / "kept"


@contextmanager
def used(bed: Testbed, specs: Sequence[Spec] = FEW) -> Iterator[list[Server]]:
    """These servers, up for as long as this lasts; then the last user takes the testbed away."""
    with _file("users") as users:
        try:
            with locked():
                fcntl.flock(users, fcntl.LOCK_SH)
                servers = bed.raise_all(specs)
                bed.write_list(servers)
            yield servers
        finally:
            with locked():
                if not KEPT.exists() and _gained(users):
                    bed.take_down()


@contextmanager
def locked() -> Iterator[None]:
    """Be the only one who raises or takes away."""
    with _file("lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def making() -> Iterator[None]:
    """Be the only one who makes images of languages."""
    with _file("making") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def in_use() -> bool:
    """Whether a test process uses the testbed now."""
    with _file("users") as users:
        return not _gained(users)


@contextmanager
def one_of(servers: Sequence[Server]) -> Iterator[Server]:
    """A server that no other test has; waits for one while all are taken, and behind whoever waits for several.

    Who has one already is not kept waiting for its turn: what it has would never come free.
    """
    with ExitStack() as stack:
        while True:
            with nullcontext() if _held else _turn(fcntl.LOCK_SH):
                server = next((one for one in servers if _locked_in(stack, one.name)), None)
            if server is not None:
                break
            time.sleep(0.1)
        _held.append(server.name)
        try:
            yield server
        finally:
            _held.remove(server.name)


@contextmanager
def some_of(servers: Sequence[Server], count: int = len(FEW)) -> Iterator[list[Server]]:
    """So many of these servers, to oneself: all at once or none, so that nobody waits in a circle."""
    with ExitStack() as stack:
        with _turn(fcntl.LOCK_EX):
            while len(mine := _free(stack, servers, count)) < count:
                stack.close()
                time.sleep(0.1)
        yield mine


# The servers that this process has to itself.
_held: list[str] = []


@contextmanager
def _turn(kind: int) -> Iterator[None]:
    """Whoever waits for several servers holds this alone; who waits for one takes it for a look."""
    with _file("turn") as file:
        fcntl.flock(file, kind)
        yield


def _free(stack: ExitStack, servers: Sequence[Server], count: int) -> list[Server]:
    """At most so many that could be had, for as long as the stack lasts."""
    return list(islice((server for server in servers if _locked_in(stack, server.name)), count))


def _locked_in(stack: ExitStack, name: str) -> bool:
    """Whether a server could be had; if so, for as long as the stack lasts."""
    file = _file(f"{name}.lock")
    if _gained(file):
        stack.enter_context(file)
        return True
    file.close()
    return False


@contextmanager
def rented(bed: Testbed, spec: Spec) -> Iterator[Server]:
    """A server of another kind, fresh, for one test; it is given back afterwards."""
    with _file(f"{spec.name}.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with locked():
            bed.remove(spec)
            (server,) = bed.raise_all([spec])
        try:
            yield server
        finally:
            with locked():
                bed.remove(spec)


def _file(name: str) -> BufferedRandom:
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / name).touch()
    return (CACHE / name).open("r+b")


def _gained(file: BufferedRandom) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
