"""What serves on a server now: the records say what should, Docker what does. Pure but for `containers_of`."""

from collections.abc import Sequence
from typing import Literal

from webduh_console.model.names import AppKey
from webduh_console.model.release import Actual, Instance, Release
from webduh_console.model.target import Holder
from webduh_console.targets.processes import by_name, processes
from webduh_console.targets.server.containers import Container, as_instance
from webduh_console.targets.server.engine import Engine

FEW = 12
"""So many containers are inspected one by one, for what a list does not tell: restarts, and when they started."""

Health = Literal["serving", "degraded", "down"]


def containers_of(engine: Engine, keys: Sequence[AppKey], listed: Sequence[Container]) -> dict[str, list[Container]]:
    """Of the containers that were `listed` those of each key, by its slug.

    Those that do not run are inspected too, and all of them when they are few.
    """
    wanted = {key.slug: key for key in keys}
    found = [c for c in listed if c.slug in wanted]
    unclear = [c.name for c in found if len(found) <= FEW or not c.running]
    exact = engine.inspect(unclear)
    chosen: dict[str, list[Container]] = {slug: [] for slug in wanted}
    for container in found:
        chosen[container.slug].append(exact.get(container.name, container))
    return chosen


def actual(
    key: AppKey,
    place: str,
    release: Release | None,
    containers: Sequence[Container],
    holder: Holder | None,
    url: str,
    routed: bool | None = None,
) -> Actual:
    """One app's state from what its record and Docker say; `routed` whether its address leads to `release`.

    None: that was not asked.
    """
    busy = f"{holder.doing} by {holder.owner}" if holder else ""
    instances = tuple(as_instance(container, place) for container in containers)
    if release is None:
        return Actual(key, instances=instances, busy=busy)
    health, reason = judged(release, instances, routed)
    return Actual(key, release, instances, url, health, reason, busy)


def judged(release: Release, instances: Sequence[Instance], routed: bool | None = None) -> tuple[Health, str]:
    """How well a release is, and why it is not better."""
    has_web = any(process.name == "web" for process in processes(release.spec))
    if has_web and routed is False:
        return "down", f"its address does not lead to release {release.number}: deploy again"
    running = {i.name for i in instances if i.state == "running"}
    states = {i.name: i for i in instances}
    missing = [
        name
        for name, process in by_name(release).items()
        if name not in running and not (name in states and process.ends_well(states[name].exit))
    ]
    if not missing:
        return "serving", ""
    web = {i.name for i in instances if i.process == "web" and i.release == release.number}
    answers = running & web if has_web else running
    return ("degraded" if answers else "down"), ", ".join(_words(name, states.get(name)) for name in missing)


def _words(name: str, state: Instance | None) -> str:
    if state is None:
        return f"{name} is gone"
    code = f" (exit {state.exit})" if state.exit is not None else ""
    times = f", restarted {state.restarts} times" if state.restarts else ""
    return f"{name} is {state.state}{code}{times}"
