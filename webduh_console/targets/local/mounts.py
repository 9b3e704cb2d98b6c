"""The step that puts the files which a release mounts where the app looks for them on this machine."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webduh_console.model.build import Content
from webduh_console.model.events import Output
from webduh_console.model.target import Run, Work
from webduh_console.targets.local.steps import LocalStep
from webduh_console.targets.mounting import contents


@dataclass(frozen=True, kw_only=True)
class Files(LocalStep):
    """What the release mounts is there: in its folder for an app that runs in it, beside its record for a container."""

    name: str = "files"

    def do(self, run: Run) -> Work:
        """Write it, read-only. An artifact belongs to the files that it is used with, so it can be done again."""
        release, layout = run.release, self.parts.layout
        image = release.artifact.kind == "image"
        run.fence()
        for number, (mount, own) in enumerate(contents(run.plan, release)):
            folder = layout.artifact(release.key, release.artifact.digest)
            here = layout.mount(release.key, release.number, number) if image else folder / mount.path
            if not _is_so(here, own, mount.folder):
                _write(here, own, mount.folder)
            yield Output(text=f"{mount.source} is at {mount.path}")
        return {"files": float(len(run.plan.files)), "bytes": float(sum(m.size for m in release.spec.files))}


def _is_so(here: Path, own: Sequence[Content], folder: bool) -> bool:
    """Whether it was written before, as when a release that serves has the same artifact: then nothing is touched."""
    if here.is_symlink() or here.is_dir() is not folder or not here.exists():
        return False
    there = {path for path in here.rglob("*") if not path.is_dir()} if folder else {here}
    wanted = {here / each.path if each.path else here: each for each in own}
    return there == wanted.keys() and all(path.read_bytes() == each.content for path, each in wanted.items())


def _write(here: Path, own: Sequence[Content], folder: bool) -> None:
    """Make it anew in place of what the source has there."""
    if here.is_dir() and not here.is_symlink():
        shutil.rmtree(here)
    else:
        here.unlink(missing_ok=True)
    (here if folder else here.parent).mkdir(parents=True, exist_ok=True)
    for each in own:
        file = here / each.path if each.path else here
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(each.content)
        file.chmod(0o555 if each.executable else 0o444)
