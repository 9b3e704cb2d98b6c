"""What serves on this machine now: the records say what should, the supervisor what does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from webduh_console.model.build import Process
from webduh_console.model.names import AppKey
from webduh_console.model.release import Actual, Instance, Release
from webduh_console.targets.local import launch
from webduh_console.targets.local.record import FileRecord
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.values import InstanceState, RouteState

Health = Literal["serving", "degraded", "down"]
PLACE = "local"
ASLEEP = "the local supervisor is not running: `webduh target start local` starts it and what should serve"


def observe(
    keys: Sequence[AppKey], supervisor: Supervisor, record: Callable[[AppKey], FileRecord]
) -> Mapping[AppKey, Actual]:
    """The answer of `Target.observe`, with one look at the supervisor for all keys."""
    awake = supervisor.alive()
    states = supervisor.list() if awake else []
    routes = {route.slug: route for route in supervisor.routes()} if awake else {}
    found = {}
    for key in keys:
        own = tuple(instance(key, state) for state in states if state.slug == key.slug)
        found[key] = actual(key, record(key), own, routes.get(key.slug), awake)
    return found


def actual(
    key: AppKey, record: FileRecord, instances: tuple[Instance, ...], route: RouteState | None, awake: bool
) -> Actual:
    """One app's state from its record, instances and route."""
    holder = record.holder()
    busy = f"{holder.doing} by {holder.owner}" if holder else ""
    number = record.current()
    if number is None:
        return Actual(key, instances=instances, busy=busy)
    release = record.release(number)
    health, reason = judged(release, instances, route, awake)
    return Actual(key, release, instances, launch.url(release), health, reason, busy)


def judged(
    release: Release, instances: tuple[Instance, ...], route: RouteState | None, awake: bool
) -> tuple[Health, str]:
    """How well a release is: `serving`, `degraded` or `down`, and why."""
    if not awake:
        return "down", ASLEEP
    states = {i.name: i for i in instances}
    running = {i.name for i in instances if i.state == "running"}
    web = {i.name for i in instances if i.process == "web"}
    missing = [
        name
        for name, process in launch.by_name(release).items()
        if name not in running and not (name in states and _ended_well(process, states[name]))
    ]
    if launch.web(release) and (route is None or route.release != release.number):
        return "down", f"its address does not lead to release {release.number}: deploy again"
    if not missing:
        return "serving", ""
    words = ", ".join(_words(name, states.get(name)) for name in missing)
    answers = bool(running & web) if launch.web(release) else bool(running)
    return ("degraded" if answers else "down"), words


def _ended_well(process: Process, state: Instance) -> bool:
    return state.state == "exited" and process.ends_well(state.exit)


def _words(name: str, state: Instance | None) -> str:
    if state is None:
        return f"{name} is gone"
    code = f" (exit {state.exit})" if state.exit is not None else ""
    return f"{name} is {state.state}{code}, restarted {state.restarts} times"


def instance(key: AppKey, state: InstanceState) -> Instance:
    """An instance of the supervisor in the words of the model."""
    return Instance(
        name=state.name,
        key=key,
        process=state.process,
        release=state.release,
        place=PLACE,
        state=state.state,
        pid=state.pid,
        port=state.port,
        restarts=state.restarts,
        exit=state.exit,
        started=state.started,
        cpu=state.cpu,
        memory=state.memory,
        in_flight=state.in_flight,
        scheduled=state.scheduled,
    )
