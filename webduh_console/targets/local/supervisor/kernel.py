"""What the calls do: the instances, the fronts of the apps, and the figures, in one place."""

import asyncio
import errno
import logging
from contextlib import suppress
from pathlib import Path

from webduh_console.errors import TargetError
from webduh_console.targets.local.supervisor import orphans
from webduh_console.targets.local.supervisor.backend import IDLE_LIMIT
from webduh_console.targets.local.supervisor.front import Front, Live
from webduh_console.targets.local.supervisor.instance import Instance, refusal
from webduh_console.targets.local.supervisor.ports import Ports, holder, loopback
from webduh_console.targets.local.supervisor.samples import Sampler
from webduh_console.targets.local.supervisor.values import InstanceSpec, InstanceState, RouteState, Sample

_log = logging.getLogger("webduh.supervisor")


class Kernel:
    """The state of a supervisor. `mark` (`NAME=VALUE`) is put into the environment of every process it starts."""

    def __init__(self, root: Path, mark: str) -> None:
        self._root, self._mark = root, mark
        self._instances: dict[str, Instance] = {}
        self._fronts: dict[str, Front] = {}
        self._direct: dict[str, Front] = {}
        self._ports = Ports()
        self._hosts = loopback()
        self._sampler = Sampler()
        self._binding = asyncio.Lock()
        self._started = asyncio.Event()
        self._closing = False

    async def watch(self) -> None:
        """Look at the instances and close idle connections, again and again."""
        while True:
            self._started.clear()
            seconds = self._sampler.look(self._instances.values())
            for instance in self._instances.values():
                instance.backend.trim(IDLE_LIMIT)
            for front in (*self._fronts.values(), *self._direct.values()):
                front.trim()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._started.wait()

    async def start(self, spec: InstanceSpec) -> InstanceState:
        """Start an instance, unless one of that name runs or waits to be restarted."""
        while (before := self._instances.get(spec.name)) is not None:
            if before.state in ("starting", "running", "crashing"):
                return before.view()
            await self.stop(spec.name, 0.0)
        if self._closing:
            raise TargetError("The local supervisor is stopping.", kept="Nothing was started.")
        if not spec.argv and spec.static is None:
            raise TargetError(f"The process {spec.process} of {spec.slug} has no command and no static output.")
        port = spec.port or self._ports.take() if spec.needs_port else 0
        try:
            instance = Instance(spec, port, self._mark, self._write)
            self._instances[spec.name] = instance
            if spec.static is not None and port:
                await self._serve_directly(instance)
            instance.launch()
        except (OSError, ValueError, TargetError) as error:
            self._instances.pop(spec.name, None)
            self._ports.give(port)
            raise error if isinstance(error, TargetError) else refusal(spec, error) from error
        self._started.set()
        return instance.view()

    def keep(self, name: str) -> None:
        """Mark an instance good."""
        self._known(name).keep()

    def get(self, name: str) -> InstanceState | None:
        """One instance, with the ports it listens on now."""
        instance = self._instances.get(name)
        if instance is None:
            return None
        self._sampler.ports((instance,))
        return instance.view()

    def instances(self) -> list[InstanceState]:
        """All instances by name."""
        instances = [self._instances[name] for name in sorted(self._instances)]
        self._sampler.ports(instances)
        return [instance.view() for instance in instances]

    def over(self, name: str) -> asyncio.Future[int]:
        """The exit code of an instance's run, once the last of it is gone."""
        run = self._known(name).run
        if run is None:
            raise TargetError(f"{name} does not run.")
        return run.over

    def stopping(self, name: str) -> bool:
        """Whether somebody has asked for an instance's end, or it is gone already."""
        instance = self._instances.get(name)
        return instance is None or instance.state in ("stopping", "stopped")

    async def drain(self, name: str, seconds: float) -> bool:
        """Wait until nothing is in flight on an instance; one that is not there carries nothing."""
        instance = self._instances.get(name)
        return instance is None or await instance.backend.drained(seconds)

    async def stop(self, name: str, grace: float) -> None:
        """End an instance and forget it."""
        instance = self._instances.get(name)
        if instance is None:
            return
        await instance.stop(grace)
        if self._instances.get(name) is not instance:
            return
        del self._instances[name]
        direct = self._direct.pop(name, None)
        if direct is not None:
            await direct.close()
        for front in self._fronts.values():
            if front.live is not None and instance.backend in front.live.backends:
                rest = tuple(backend for backend in front.live.backends if backend is not instance.backend)
                front.live = front.live._replace(backends=rest)
        self._ports.give(instance.port)
        self._sampler.forget(name)
        self._write()

    async def open(self, slug: str, port: int) -> RouteState:
        """Bind an app's port."""
        async with self._binding:
            front = self._fronts.get(slug)
            if front is None or front.port != port:
                front = front or Front()
                await self._bind(front, slug, port)
                self._fronts[slug] = front
        return self._route(slug)

    def switch(self, slug: str, release: int, names: tuple[str, ...], probe: str) -> None:
        """Lead an app's port to other instances, all at once."""
        front = self._fronts.get(slug)
        if front is None:
            raise TargetError(f"{slug} has no open port.", kept="Nothing was switched.", hint="Open its port first.")
        backends = tuple(self._known(name).backend for name in names)
        front.live = Live(release, backends, probe.encode()) if backends else None
        self._mark_routed()

    async def close(self, slug: str) -> None:
        """Give an app's port back, and cut what is under way on it."""
        front = self._fronts.pop(slug, None)
        if front is not None:
            await front.close()
            self._mark_routed()

    def routes(self) -> list[RouteState]:
        """All apps' ports by slug."""
        return [self._route(slug) for slug in sorted(self._fronts)]

    def samples(self, since: float) -> dict[str, list[Sample]]:
        """The figures after `since`."""
        return self._sampler.since(since)

    async def shutdown(self, grace: float) -> None:
        """Take no more requests, end every instance, then cut what is left."""
        self._closing = True
        for front in self._fronts.values():
            front.unbind()
        await asyncio.gather(*(self.stop(name, grace) for name in tuple(self._instances)))
        for slug in tuple(self._fronts):
            await self.close(slug)
        orphans.forget(self._root)

    def _known(self, name: str) -> Instance:
        instance = self._instances.get(name)
        if instance is None:
            raise TargetError(f"There is no instance {name}.", kept="Nothing was changed.")
        return instance

    def _route(self, slug: str) -> RouteState:
        front = self._fronts[slug]
        live = front.live
        return RouteState(
            slug=slug,
            port=front.port,
            release=live.release if live else None,
            instances=tuple(backend.name for backend in live.backends) if live else (),
            requests=front.requests,
            errors=front.errors,
        )

    def _mark_routed(self) -> None:
        """Connections to an instance are kept only while requests may come."""
        routed = {backend for front in self._fronts.values() if front.live for backend in front.live.backends}
        for instance in self._instances.values():
            backend = instance.backend
            backend.routed = backend in routed
            if not backend.routed:
                backend.trim()

    async def _serve_directly(self, instance: Instance) -> None:
        """Have static output answer on a port of its own too, so that it can be probed like any other instance."""
        front = Front(Live(instance.spec.release, (instance.backend,)))
        await self._bind(front, instance.spec.slug, instance.port)
        self._direct[instance.spec.name] = front

    async def _bind(self, front: Front, slug: str, port: int) -> None:
        for other, owner in self._fronts.items():
            if owner.port == port:
                raise _taken(slug, port, f"{other} has it.")
        if not 0 < port < 65536:
            raise TargetError(f"{port} is no port.", kept="Nothing was changed.", hint="Choose one from 1 to 65535.")
        try:
            await front.bind(port, self._hosts)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                who = holder(port)
                raise _taken(
                    slug, port, f"{who} listens on it." if who else "Another process listens on it."
                ) from error
            raise TargetError(
                f"Port {port} could not be opened for {slug}.",
                why=f"{error.strerror}.",
                kept="Nothing was changed.",
                hint="Ports below 1024 need more rights than you have: choose a higher one." if port < 1024 else "",
            ) from error

    def _write(self) -> None:
        """Write down what runs. The mark alone finds it again too, so a full disk stops nothing here."""
        running = {name: instance.pid for name, instance in self._instances.items() if instance.pid}
        try:
            orphans.write(self._root, self._mark, running)
        except OSError as error:
            _log.warning("the list of processes could not be written: %s", error)


def _taken(slug: str, port: int, why: str) -> TargetError:
    return TargetError(
        f"Port {port} is taken, {slug} cannot have it.",
        why=why,
        kept="Nothing was changed.",
        hint="Choose another port, or stop what has this one.",
    )
