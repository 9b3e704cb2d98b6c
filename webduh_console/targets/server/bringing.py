"""What a server does as one of several: it is brought the image that another one built, and switched in its turn."""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output, Progress
from webduh_console.model.hooks import ONCE
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken, Run, Step, Work
from webduh_console.targets.server.archives import Sieve, layer_file
from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.registries import Spread
from webduh_console.targets.server.steps import Parts, ServerStep
from webduh_console.targets.server.switching import Watch
from webduh_console.targets.server.way import Piping
from webduh_console.transport.machine import Duplex

CANARY = "canary"
ALONE = frozenset({*ONCE, "schedules"})
"""The steps of one server alone, whichever is the first that takes part: what is run once, and where schedules run."""
_AHEAD = 16
"""How many blocks, of at most 64 KiB, may have come from one server and not gone to the other."""
_TOLD_EVERY = 0.2
_BLOCK = 64 * 1024
# Words: an image, files of its archive that are left out. GNU tar can do that in passing; another one says nothing.
_THIN = 'image=$1; shift; docker save "$image" | tar --delete -f - "$@"'


@dataclass(frozen=True, kw_only=True)
class Bring(ServerStep):
    """The image is there: one that is not comes from another server that has it, through this machine; or through a
    registry, where the target has one."""

    others: tuple[Parts, ...]
    spread: Spread
    name: str = "image"

    def do(self, run: Run) -> Work:
        """Bring it, block by block; layers that are there already are not sent. What was brought stays."""
        reference = image_name(run.release.key, run.release.artifact.digest)
        if self.parts.engine.image(reference) is not None:
            yield Output(text="the image is there already")
            return {}
        for other in self.others:
            if _has(other.engine, reference):
                if registry := self.spread.registry():
                    return (yield from self.spread.bring(run, registry, other, self.parts, reference))
                yield Output(text=f"the image comes from {other.place}")
                return (yield from self._brought(run, other, reference))
        raise TargetError(
            f"The image of release {run.release.number} is gone from every server that answers.",
            why=f"There is no image {reference}.",
            kept="What serves was not touched.",
            hint="Deploy anew: that builds it again.",
        )

    def _brought(self, run: Run, source: Parts, reference: str) -> Work:
        """Without the layers that are there; should Docker want them after all, or `tar` not be what it is, all."""
        there = present(source.engine.layers(reference), self.parts.engine.all_layers())
        run.fence()
        if there:
            try:
                sent = yield from carried(thinned(source, reference, there), self.parts.engine, there, run.cancel)
                return {"bytes": float(sent)}
            except (EngineError, ValueError) as error:
                self.parts.machine.sh("true")  # a server that is gone is the reason, and nothing else
                yield Output(text=f"all of it is sent: {error}")
        whole = source.engine.export(reference)
        sent = yield from carried(whole, self.parts.engine, frozenset(), run.cancel)
        return {"bytes": float(sent)}


def present(wanted: Sequence[str], there: frozenset[tuple[str, ...]]) -> frozenset[str]:
    """Which of an image's layers a server has already, `there` being those of its images.

    Docker finds a layer only below the same ones, so it counts from the lowest on.
    """
    chains = {layers[:length] for layers in there for length in range(1, len(layers) + 1)}
    longest = max((n for n in range(1, len(wanted) + 1) if tuple(wanted[:n]) in chains), default=0)
    return frozenset(wanted[:longest])


class Archive(Protocol):
    """An image as a tar archive that comes block by block, until it is closed."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """End it, from any thread."""


@dataclass(frozen=True)
class _Piped:
    """What a program on a server writes."""

    stream: Duplex

    def __iter__(self) -> Iterator[bytes]:
        while block := self.stream.recv(_BLOCK):
            yield block

    def close(self) -> None:
        self.stream.close()


def thinned(source: Parts, reference: str, leave_out: frozenset[str]) -> Archive:
    """An image without certain layers, which the server itself leaves out as well as its `tar` can."""
    machine = source.machine
    if not isinstance(machine, Piping):
        return source.engine.export(reference)
    argv = ("sh", "-c", _THIN, "webduh", reference, *sorted(map(layer_file, leave_out)))
    return _Piped(machine.pipe(argv, root=source.folder.sudo))


def carried(
    source: Archive, there: Engine, leave_out: frozenset[str], cancel: CancelToken
) -> Generator[Event, None, int]:
    """Carry an image to a server without the layers to `leave_out`; answers how many bytes were sent.

    ValueError when what comes is no whole archive.
    """
    relay = _Relay(source, there, Sieve(leave_out), cancel)
    thread = threading.Thread(target=relay.run, name=f"image to {there.machine.name}", daemon=True)
    thread.start()
    told = -1
    while thread.is_alive():
        thread.join(_TOLD_EVERY)
        if cancel.is_set:
            relay.cut()
        if relay.sent != told:
            told = relay.sent
            yield Progress(done=float(told), total=0.0, unit="B")
    cancel.check()
    if relay.error is not None:
        raise relay.error
    return relay.sent


class _Relay:
    """One image on its way. A thread reads ahead, within bounds, so that both connections are busy at once."""

    def __init__(self, source: Archive, there: Engine, sieve: Sieve, cancel: CancelToken) -> None:
        self._source, self._there, self._sieve, self._cancel = source, there, sieve, cancel
        self._blocks: queue.Queue[bytes | Exception | None] = queue.Queue(_AHEAD)
        self._over = threading.Event()
        self.sent = 0
        self.error: Exception | None = None

    def run(self) -> None:
        """Do it; what went wrong is kept as `error`."""
        try:
            threading.Thread(target=self._read, daemon=True).start()
            self._there.load(self._sieved())
        except Exception as error:  # noqa: BLE001 - carried over to the step's thread
            self.error = error
        finally:
            self.cut()

    def cut(self) -> None:
        """End it soon, whoever waits."""
        self._over.set()
        self._source.close()

    def _read(self) -> None:
        last: Exception | None = None
        try:
            for block in self._source:
                if not self._put(block):
                    return
        except Exception as error:  # noqa: BLE001 - carried over to whoever sends
            last = error
        self._put(last)

    def _put(self, item: bytes | Exception | None) -> bool:
        while not self._over.is_set():
            try:
                self._blocks.put(item, timeout=_TOLD_EVERY)
            except queue.Full:
                continue
            return True
        return False

    def _sieved(self) -> Iterator[bytes]:
        while True:
            try:
                item = self._blocks.get(timeout=_TOLD_EVERY)
            except queue.Empty:
                self._cancel.check()
                continue
            if isinstance(item, Exception):
                raise item
            if item is None:
                self._sieve.check_whole()
                return
            self._cancel.check()
            for kept in self._sieve.through(item):
                self.sent += len(kept)
                yield kept


def as_one_of(
    plan: Plan, steps: Sequence[Step], parts: Parts, every: Sequence[Parts], spread: Spread, first: bool, others: bool
) -> Iterator[Step]:
    """A server's steps as one of `every`: the image is brought, the release process runs on the first that takes part
    alone, and where `others` do, too, a switch can be watched before they follow."""
    for step in steps:
        if step.name in ALONE and not first:
            continue
        if step.name == "artifact":
            there = tuple(other for other in every if other.place != parts.place)
            yield Bring(parts=parts, others=there, spread=spread)
        yield step
        if step.name == "route" and others and plan.spec.watch:
            yield Watch(parts=parts, name=CANARY, phase="commit", web_only=True)


def _has(engine: Engine, reference: str) -> bool:
    """Whether a server has an image; one that does not answer has none to give."""
    try:
        return engine.image(reference) is not None
    except TargetError:
        return False
