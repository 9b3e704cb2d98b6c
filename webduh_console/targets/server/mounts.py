"""The step that puts the files which a release mounts on the server, beside its record."""

from dataclasses import dataclass

from webduh_console.model.events import Output
from webduh_console.model.target import Run, Work
from webduh_console.targets.mounting import archive
from webduh_console.targets.server.steps import ServerStep, lease_of

# Words: the release, how many bytes its archive has. Readable by whatever user a container has; whoever deploys may
# remove them. They are there whole or not at all.
_PUT = r"""
cd "releases/$1" || exit 77
[ ! -d files ] || exit 0
take files.tar "$2" || exit 74
rm -rf .files.new && mkdir .files.new && tar -xof .files.tar.new -C .files.new || exit 74
chmod -R ug=rwX,o=rX .files.new && rm -f .files.tar.new || exit 74
find .files.new -type f -exec sync {} + && mv .files.new files && settle . || exit 74
"""


@dataclass(frozen=True, kw_only=True)
class Files(ServerStep):
    """What the release mounts is there. It goes with the release's record."""

    name: str = "files"

    def do(self, run: Run) -> Work:
        """Send it."""
        packed = archive(run.plan, run.release)
        lease_of(run).run(_PUT, str(run.release.number), str(len(packed)), stdin=packed, changes=False)
        for mount in run.release.spec.files:
            yield Output(text=f"{mount.source} is to be mounted at {mount.path}")
        return {"files": float(len(run.plan.files)), "bytes": float(sum(m.size for m in run.release.spec.files))}
