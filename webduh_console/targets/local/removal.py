"""What is taken away: an app, or what a release no longer kept has left."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from webduh_console.model.events import Event, Output
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.model.target import Record, Run, Work
from webduh_console.targets.local import docker, launch
from webduh_console.targets.local.layout import short
from webduh_console.targets.local.reuse import Marker
from webduh_console.targets.local.steps import STOP_GRACE, LocalStep
from webduh_console.targets.scheduling import still_running
from webduh_console.transport.files import FileLock


@dataclass(frozen=True, kw_only=True)
class Discard(LocalStep):
    """Removes the logs of a release, and its artifact when no other kept release was made from it."""

    release: Release
    record: Record

    def do(self, run: Run) -> Work:
        """Remove; a build that goes on now keeps every artifact until the next time."""
        layout, key = self.parts.layout, self.release.key
        self._spare_runs()
        names = launch.all_names(self.release)
        if self.release.artifact.kind == "image":
            docker.succeeds(docker.remove(names))
        for name in names:
            for path in layout.logs(key).glob(f"{name}.log*"):
                path.unlink(missing_ok=True)
        used = {kept.artifact.digest for kept in self.record.releases() if kept.number != self.release.number}
        lock = FileLock(layout.artifacts(key) / "lock")
        try:
            if self.release.artifact.digest not in used and lock.take(wait=False):
                yield from remove_artifact(layout.artifacts(key), key, self.release.artifact.digest)
        finally:
            lock.give_back()
        return {}

    def _spare_runs(self) -> None:
        """TargetError while a run of a schedule still works in what is to be removed."""
        supervisor = self.parts.supervisor
        for state in supervisor.list() if supervisor.alive() else []:
            own = (state.slug, state.release) == (self.release.key.slug, self.release.number)
            if state.scheduled and own and state.state == "running":
                raise still_running(state.name)


def remove_artifact(artifacts: Path, key: AppKey, digest: str) -> Iterator[Event]:
    """Remove an artifact, its marker first; an image by its name. One without a marker is none."""
    marker = artifacts / f"{short(digest)}.json"
    if not marker.exists():
        return
    image = msgspec.json.decode(marker.read_bytes(), type=Marker).kind == "image"
    marker.unlink()
    shutil.rmtree(artifacts / short(digest), ignore_errors=True)
    if image:
        docker.succeeds(docker.remove_image(docker.image(key, digest)))
    yield Output(text=f"artifact {short(digest)} is removed")


@dataclass(frozen=True, kw_only=True)
class StopAll(LocalStep):
    """Stops every instance of an app in an environment, and gives its port back."""

    key: AppKey

    def do(self, run: Run) -> Work:
        """Stop and close."""
        supervisor = self.parts.supervisor
        if supervisor.alive():
            supervisor.set_schedules(self.key.slug, ())
            supervisor.close(self.key.slug)
            for state in supervisor.list():
                if state.slug == self.key.slug:
                    supervisor.stop(state.name, STOP_GRACE)
                    yield Output(text=f"{state.name} is stopped")
        return {}


@dataclass(frozen=True, kw_only=True)
class RemoveFiles(LocalStep):
    """Removes artifacts and logs; volumes only when that was asked for."""

    key: AppKey
    volumes: bool

    def do(self, run: Run) -> Work:
        """Remove."""
        layout = self.parts.layout
        for marker in layout.artifacts(self.key).glob("*.json"):
            kept = msgspec.json.decode(marker.read_bytes(), type=Marker)
            yield from remove_artifact(layout.artifacts(self.key), self.key, kept.digest)
        gone = [layout.artifacts(self.key), layout.logs(self.key), layout.schedules(self.key)]
        if self.volumes:
            gone.append(layout.app(self.key) / "volumes")
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
        yield Output(text=f"{self.key}: its files are removed" + ("" if self.volumes else "; its volumes are kept"))
        return {}
