"""What a release mounts of its app's files, ready to be put anywhere. Pure."""

import io
import tarfile

from webduh_console.errors import TargetError
from webduh_console.model.build import Content, Mount
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release


def contents(plan: Plan, release: Release) -> list[tuple[Mount, list[Content]]]:
    """What is in each of a release's mounts, in their order; TargetError when its record has lost that."""
    found = [(mount, [each for each in plan.files if each.mount == mount.path]) for mount in release.spec.files]
    for mount, own in found:
        if not own and mount.size:
            raise TargetError(
                f"What release {release.number} of {release.key} mounts at {mount.path} is gone.",
                why="The record that it comes from does not have it.",
                kept="What serves was not touched.",
                hint="Deploy anew: that reads it from the app's folder.",
            )
    return found


def archive(plan: Plan, release: Release) -> bytes:
    """A tar archive with each mount under its number, from 0: a file, or a folder of files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for number, (mount, own) in enumerate(contents(plan, release)):
            if mount.folder:
                folder = tarfile.TarInfo(str(number))
                folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(folder)
            for each in own:
                file = tarfile.TarInfo(f"{number}/{each.path}" if each.path else str(number))
                file.size, file.mode = len(each.content), 0o755 if each.executable else 0o644
                tar.addfile(file, io.BytesIO(each.content))
    return packed.getvalue()
