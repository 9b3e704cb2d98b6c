"""Starting, keeping and stopping the containers of releases. Each may be repeated: it finds out what is already so."""

from collections import deque
from collections.abc import Callable

from webduh_console.model.build import Process, Restart
from webduh_console.targets.server.containers import Container, ContainerSpec
from webduh_console.targets.server.engine import Engine, RestartPolicy
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.streams import MOST_PARTS

_GONE, _CONFLICT = 404, 409
_POLICIES: dict[Restart, RestartPolicy] = {"always": "unless-stopped", "on-failure": "on-failure", "never": "no"}


def start(engine: Engine, spec: ContainerSpec, fence: Callable[[], None] = lambda: None) -> Container:
    """Run a container; one that runs as specified is left, any other of its name is replaced.

    EngineError says why it cannot run. One that could not be started is removed again. `fence` raises when somebody
    else may change the app by now: what it lets be removed was seen before, and goes by its id, so that it cannot be
    what they made since.
    """
    made = ""
    while not made:
        there = engine.container(spec.name)
        fence()
        if there is not None and there.running and there.config == spec.digest:
            return there
        if there is not None:
            engine.remove(there.id)
        try:
            made = engine.create(spec)
        except EngineError as error:
            if error.status != _CONFLICT:
                raise
            # somebody made it in between, or the answer to our own first try was lost
    try:
        engine.start(spec.name)
    except EngineError as error:
        if error.status:
            engine.remove(made)
        raise
    started = engine.container(spec.name)
    if started is None:
        raise EngineError(
            f"{spec.name} is gone from {engine.machine.name}.", why="It was removed as soon as it was started."
        )
    return started


def resume(engine: Engine, spec: ContainerSpec, process: Process) -> bool:
    """Run a container that was stopped again, as it was, and keep it; False when it runs already."""
    there = engine.container(spec.name)
    runs = there is not None and there.running and there.config == spec.digest
    if there is not None and there.config == spec.digest and not runs:
        engine.start(spec.name)
    elif not runs:
        start(engine, spec)
    keep(engine, spec.name, process)
    return not runs


def keep(engine: Engine, name: str, process: Process = Process("web", ())) -> None:
    """From now on Docker starts it again when it ends, as its process says, and when the server does."""
    engine.set_restart(name, _POLICIES[process.restart], process.max_retries)


def stop(engine: Engine, name: str, grace: float = 10.0) -> Container | None:
    """End it for good, with SIGKILL after `grace` seconds; what it is then, None when it was gone."""
    try:
        engine.set_restart(name, "no")
    except EngineError as error:
        if error.status not in (_GONE, _CONFLICT):
            raise
    engine.stop(name, grace)
    return engine.container(name)


def remove(engine: Engine, name: str) -> None:
    """Remove it with its logs; one that is gone is fine."""
    engine.remove(name)


def last_lines(engine: Engine, name: str, count: int = 15, mask: Callable[[str], str] = str) -> list[str]:
    """The texts of its last lines, masked, both streams in the order they were written; none when it is gone."""
    try:
        with engine.logs(name, tail=count + MOST_PARTS) as lines:
            return [mask(entry.text.decode(errors="replace")) for entry in deque(lines, maxlen=count)]
    except EngineError as error:
        if error.status not in (_GONE, _CONFLICT):
            raise
        return []
