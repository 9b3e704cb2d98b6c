"""The steps of a deployment to a server from the switch on: route, watch, drain, stop."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from webduh_console.errors import UnhealthyError
from webduh_console.model.build import Process
from webduh_console.model.events import Output, Phase, Progress
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release, Route
from webduh_console.model.target import CancelToken, Run, Step, Work
from webduh_console.targets import hooking
from webduh_console.targets.processes import by_name, names_of, processes, stop_name, stopped_first
from webduh_console.targets.server import instances, probe
from webduh_console.targets.server.containers import port_of
from webduh_console.targets.server.front import Requests, in_flight
from webduh_console.targets.server.hooks import Hooks
from webduh_console.targets.server.mounts import Files
from webduh_console.targets.server.schedules import Schedules
from webduh_console.targets.server.steps import (
    STOP_GRACE,
    CheckArtifact,
    Healthy,
    Network,
    Parts,
    ReleaseProcess,
    ServerStep,
    Start,
    lease_of,
    web,
    web_names,
)
from webduh_console.targets.server.stopping import StopFirst
from webduh_console.targets.server.traefik import hosted_routes, route_file


def routes_of(release: Release, token: str) -> str:
    """The route file that leads an app to a release; empty when it has no host or nothing that answers."""
    upstreams = [f"{name}:{port_of(release.spec)}" for name in web_names(release)]
    return route_file(release.key, release.number, release.spec.routes, upstreams, token)


@dataclass(frozen=True, kw_only=True)
class Switch(ServerStep):
    """Leads the app's hosts to the new release, and asks through the front door whether it answers."""

    name: str = "route"
    phase: Phase = "commit"

    def do(self, run: Run) -> Work:
        """Move the route file, wait until Traefik follows it, ask. From now on Docker restarts what crashes."""
        release, token = run.release, secrets.token_hex(16)
        for process in web(release):
            for name in names_of(release, process):
                instances.keep(self.parts.engine, name, process)
        yield from Healthy(parts=self.parts).again(run)
        text = routes_of(release, token)
        self.parts.front.place(lease_of(run), text)
        self.parts.front.wait(release.key, text, run.cancel)
        if not text:
            yield Output(text="no host leads here: nobody outside can reach it")
            return {}
        hosts = ", ".join(route.host for route in hosted_routes(release.spec.routes))
        yield Output(text=f"{hosts} leads to release {release.number}")
        for route in hosted_routes(release.spec.routes):
            answer = self.parts.front.ask(msgspec.structs.replace(route, path=_path(route, release)), token)
            if answer.release != str(release.number) or not answer.suits(release.spec.health):
                raise UnhealthyError(
                    f"{route.host} is not answered by release {release.number} on {self.place}: {answer}.",
                    kept="The address leads to the release before again.",
                    hint="Look at `webduh logs` and deploy again.",
                )
            yield Output(text=f"the front door is answered by release {release.number}: {answer}")
        return {}

    def undo(self, run: Run) -> Work:
        """Lead the hosts back to the release before; without one, nothing leads here any more."""
        text = routes_of(run.previous, secrets.token_hex(16)) if run.previous else ""
        self.parts.front.place(lease_of(run), text)
        self.parts.front.wait(run.release.key, text, CancelToken())
        if run.previous and text:
            yield Output(text=f"the hosts lead to release {run.previous.number} again")
        yield from ()
        return {}


def _path(route: Route, release: Release) -> str:
    """Where the route is asked: the health path, below the route's own prefix."""
    health = release.spec.health.path
    return health if health.startswith(route.path) else route.path


@dataclass(frozen=True, kw_only=True)
class Watch(ServerStep):
    """Watches the new release for a while before the way back is given up; `web_only` what gets the requests alone."""

    name: str = "watch"
    phase: Phase = "watch"
    web_only: bool = False

    def do(self, run: Run) -> Work:
        """Look again and again; a restart, an exit or a majority of 5xx answers ends it."""
        began, slug = time.monotonic(), run.release.key.slug
        watched = by_name(run.release)
        names = [name for name, process in watched.items() if process.name == "web" or not self.web_only]
        before = self.parts.front.counts().get(slug, Requests())
        while True:
            seconds = time.monotonic() - began
            found = self.parts.engine.inspect(names)
            for name in names:
                container = found.get(name)
                if container is not None and not container.restarts and watched[name].ends_well(container.exit):
                    continue
                if container is None or not container.running or container.restarts:
                    raise probe.ended(container, name, seconds, self.last(run.release, name))
            now = self.parts.front.counts().get(slug, Requests())
            total, failed = now.total - before.total, now.failed - before.failed
            if failed >= 5 and failed * 2 > total:
                raise UnhealthyError(
                    f"{run.release.key} answered {failed} of {total} requests with 5xx while it was watched.",
                    kept="The release before serves again.",
                    hint=f"See why: `webduh logs {run.release.key.app}`.",
                )
            if seconds >= run.release.spec.watch:
                return {}
            yield Progress(done=round(seconds, 1), total=run.release.spec.watch, unit="s")
            run.cancel.wait(min(0.5, run.release.spec.watch))


@dataclass(frozen=True, kw_only=True)
class Retire(ServerStep):
    """Drains and stops the instances of a release that no longer serves. They are kept, stopped, with their logs."""

    number: int
    phase: Phase = "retire"

    def do(self, run: Run) -> Work:
        """Wait until no request is under way, at most as long as the plan says; then stop."""
        drain = run.plan.spec.drain
        own = self.parts.engine.containers(run.plan.key.slug, running=True)
        found = [c for c in own if c.release == self.number and not c.scheduled]
        serving = self.parts.engine.inspect(c.name for c in found if c.process == "web")
        began = time.monotonic()
        while serving and (left := drain - (time.monotonic() - began)) > 0:
            busy = in_flight(self.parts.folder, [c.pid for c in serving.values()], port_of(run.plan.spec))
            if not any(busy.values()):
                break
            yield Progress(done=round(drain - left, 1), total=drain, unit="s")
            run.cancel.wait(min(0.25, left))
        for container in found:
            run.fence()
            instances.stop(self.parts.engine, container.name, STOP_GRACE)
            yield Output(text=f"{container.name} is stopped")
        return {}


def deployment_steps(parts: Parts, plan: Plan) -> Sequence[Step]:
    """Network, artifact, release process, start, healthy; route, workers; watch.

    Old instances that must not run beside new ones are stopped just before these start. A web process like that is
    started when it is its server's turn to be switched.
    """
    running = processes(plan.spec)
    web = [process for process in running if process.name == "web"]
    workers = [process for process in running if process.name != "web"]
    migration = [process for process in plan.spec.processes if process.name == "release"]
    first = stopped_first(plan.spec, running)
    stops = {name: StopFirst(parts=parts, name=stop_name(name), chosen=chosen) for name, chosen in first.items()}
    phase: Phase = "commit" if "web" in stops else "prepare"
    return (
        Network(parts=parts),
        CheckArtifact(parts=parts),
        *([Files(parts=parts)] if plan.spec.files else []),
        *([Schedules(parts=parts)] if plan.spec.schedules and plan.action != "catch-up" else []),
        *(Hooks(parts=parts, name=point, point=point) for point in hooking.inside(plan, "before")),
        *(ReleaseProcess(parts=parts, process=process) for process in migration if plan.action == "deploy"),
        *(stops[process.name] for process in web if process.name in stops),
        *(Start(parts=parts, name="start", phase=phase, process=process) for process in web),
        *([Healthy(parts=parts, phase=phase), Switch(parts=parts)] if web else []),
        *(step for process in workers for step in _worker(parts, process, stops)),
        Watch(parts=parts),
        *(
            Hooks(parts=parts, name=point, point=point, phase="watch", only_warn=True)
            for point in hooking.inside(plan, "after")
        ),
    )


def _worker(parts: Parts, process: Process, stops: Mapping[str, Step]) -> Iterator[Step]:
    if process.name in stops:
        yield stops[process.name]
    yield Start(parts=parts, name=f"start-{process.name}", phase="commit", process=process)
