"""Where the local target keeps things, under one root."""

from dataclasses import dataclass
from pathlib import Path

from webduh_console.model.names import AppKey


@dataclass(frozen=True)
class Layout:
    """Paths under `root`. Everything of an app in an environment is below its own folder."""

    root: Path

    def app(self, key: AppKey) -> Path:
        """The folder of an app in an environment: its records, artifacts and volumes."""
        return self.root / "apps" / key.slug

    def artifacts(self, key: AppKey) -> Path:
        """One folder an artifact, and beside it a `.json` that says it is whole."""
        return self.app(key) / "artifacts"

    def artifact(self, key: AppKey, digest: str) -> Path:
        """The folder of one artifact."""
        return self.artifacts(key) / short(digest)

    def mount(self, key: AppKey, release: int, number: int) -> Path:
        """What a release mounts into a container as the first, second … of its files: a file or a folder."""
        return self.app(key) / "releases" / str(release) / "files" / str(number)

    def volume(self, key: AppKey, name: str) -> Path:
        """A folder that outlives releases."""
        return self.app(key) / "volumes" / name

    def logs(self, key: AppKey) -> Path:
        """One file an instance, rotated."""
        return self.app(key) / "logs"

    def log(self, key: AppKey, instance: str) -> Path:
        """The log of an instance."""
        return self.logs(key) / f"{instance}.log"

    def schedules(self, key: AppKey) -> Path:
        """What became of the runs of schedules: one file a schedule."""
        return self.app(key) / "schedules"

    def schedule(self, key: AppKey, name: str) -> Path:
        """The history of one schedule; beside it a file of the same stem stands for a run that goes on."""
        return self.schedules(key) / f"{name}.jsonl"

    def all_keys(self) -> list[AppKey]:
        """Every app and environment that has a folder here."""
        folders = sorted((self.root / "apps").glob("*--*--*"))
        return [AppKey.from_slug(folder.name) for folder in folders if folder.name.count("--") == 2]


def short(digest: str) -> str:
    """The first sixteen characters of a digest's hexadecimal part, enough to name a folder."""
    return digest.partition(":")[2][:16]
