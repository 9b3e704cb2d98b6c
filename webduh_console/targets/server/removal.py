"""The steps that take away what a release, or a whole app, has left on a server."""

from dataclasses import dataclass

from webduh_console.model.events import Output, Phase
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.model.target import CancelToken, Record, Run, Work
from webduh_console.targets.scheduling import still_running
from webduh_console.targets.server import instances, networks
from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.schedules import unschedule
from webduh_console.targets.server.steps import STOP_GRACE, ServerStep, lease_of


@dataclass(frozen=True, kw_only=True)
class Discard(ServerStep):
    """Removes a release's containers, and its image if no other release names it."""

    release: Release
    record: Record
    phase: Phase = "retire"

    def do(self, run: Run) -> Work:
        """Remove them; those that are gone are fine."""
        key, engine = self.release.key, self.parts.engine
        for container in engine.containers(key.slug):
            if container.release == self.release.number:
                if container.scheduled and container.running:
                    raise still_running(container.name)
                engine.remove(container.name)
        named = {kept.artifact.digest for kept in self.record.releases() if kept.number != self.release.number}
        if self.release.artifact.digest not in named:
            reference = image_name(key, self.release.artifact.digest)
            if engine.remove_image(reference):
                yield Output(text=f"the image {reference} is removed")
        return {}


@dataclass(frozen=True, kw_only=True)
class Unroute(ServerStep):
    """Nothing leads to the app any more."""

    key: AppKey
    name: str = "route"
    phase: Phase = "retire"

    def do(self, run: Run) -> Work:
        """Take the route file away, and wait until Traefik follows."""
        self.parts.front.place(lease_of(run), "")
        self.parts.front.wait(self.key, "", CancelToken())
        yield Output(text="no host leads here any more")
        return {}


@dataclass(frozen=True, kw_only=True)
class RemoveAll(ServerStep):
    """Stops and removes an app's containers and images, its volumes if asked, and a network nobody else is in."""

    key: AppKey
    volumes: bool
    name: str = "containers"
    phase: Phase = "retire"

    def do(self, run: Run) -> Work:
        """Remove them; those that are gone are fine."""
        engine, slug = self.parts.engine, self.key.slug
        unschedule(lease_of(run))
        for container in engine.containers(slug):
            instances.stop(engine, container.name, STOP_GRACE)
            instances.remove(engine, container.name)
            yield Output(text=f"{container.name} is removed")
        for image in engine.images(slug):
            for tag in image.tags:
                engine.remove_image(tag)
        for volume in engine.volumes(slug) if self.volumes else ():
            engine.remove_volume(volume.name)
            yield Output(text=f"the volume {volume.name} is removed")
        network = networks.project_network(self.key.project)
        if not any(c.slug.startswith(f"{self.key.project}--") for c in engine.containers()):
            networks.drop(self.parts.folder, network)
        return {}
