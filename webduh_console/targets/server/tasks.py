"""Runs a program once in a container of its own, to its end, and tells what it writes."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from webduh_console.model.events import Event, Output
from webduh_console.model.target import CancelToken
from webduh_console.targets.hooking import LAST_LINES, Deadline
from webduh_console.targets.server.containers import ContainerSpec
from webduh_console.targets.server.engine import Engine, LogEntry, Stream


def run(
    engine: Engine, spec: ContainerSpec, mask: Callable[[str], str], cancel: CancelToken, last: list[str]
) -> Generator[Event, None, tuple[int, bool]]:
    """Its exit code, and whether it ran out of memory; `last` holds its last lines. It is removed when it has ended.

    Raises what `cancel` does; the container is then still there, for whoever takes it back.
    """
    engine.remove(spec.name)
    engine.create(spec)
    engine.start(spec.name)
    with engine.logs(spec.name, since=None, until=None, tail=None, follow=True) as lines, _closed(lines, cancel):
        for entry in lines:
            text = mask(entry.text.decode(errors="replace").rstrip("\r\n"))
            last[:] = [*last[1 - LAST_LINES :], text]
            yield Output(text=text, stream=entry.stream)
    code = engine.wait(spec.name, cancel)
    state = engine.container(spec.name)
    engine.remove(spec.name)
    return code, bool(state and state.oom)


@contextmanager
def _closed(stream: Stream[LogEntry], cancel: CancelToken) -> Iterator[None]:
    """Closes a stream as soon as the work is cancelled or its time is up, so that nobody waits for its next line."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if cancel.is_set or (isinstance(cancel, Deadline) and cancel.is_over):
                stream.close()
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()
