"""What unchanged install steps made before is taken again: dependencies are installed once, not at every deployment."""

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from webduh_console.model.build import BuildStep

NOT_TAKEN = (".cache", ".vite", ".vite-temp")


class Marker(msgspec.Struct, frozen=True):
    """The file beside an artifact's folder that says it is whole. `install` is the key of its install steps."""

    digest: str
    kind: str
    size: int
    files: int
    seconds: float
    install: str = ""


def install_key(steps: Sequence[BuildStep], folder: Path) -> str:
    """A digest of all that the install steps depend on; empty when one of them may depend on anything.

    They are one whole: a later step may change what an earlier one made, as pip does in a virtual environment.
    """
    if not steps or not all(step.inputs and step.outputs for step in steps):
        return ""
    digest = hashlib.sha256(msgspec.json.encode([list(steps), sys.version]))
    for name in sorted({name for step in steps for name in step.inputs}):
        path = folder / name
        digest.update(name.encode() + b"\0")
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def earlier(artifacts: Path, key: str) -> Path | None:
    """The folder of a whole artifact whose install steps had this key."""
    for marker in sorted(artifacts.glob("*.json")):
        kept = msgspec.json.decode(marker.read_bytes(), type=Marker)
        if kept.install == key and marker.with_suffix("").is_dir():
            return marker.with_suffix("")
    return None


def take(steps: Sequence[BuildStep], source: Path, folder: Path) -> None:
    """Bring the steps' outputs over from another artifact by hard links, and let scripts name the new folder."""
    for output in sorted({output for step in steps for output in step.outputs}):
        if (source / output).is_dir():
            shutil.copytree(
                source / output,
                folder / output,
                symlinks=True,
                copy_function=_link,
                ignore=shutil.ignore_patterns(*NOT_TAKEN),
            )
            _rename_interpreters(folder / output / "bin", source, folder)


def _link(source: str, destination: str) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, destination, follow_symlinks=False)


def _rename_interpreters(scripts: Path, old: Path, new: Path) -> None:
    """A virtual environment's scripts start with the absolute path of its Python."""
    for script in scripts.glob("*") if scripts.is_dir() else ():
        if script.is_symlink() or not script.is_file():
            continue
        content = script.read_bytes()
        if str(old).encode() in content:
            mode = script.stat().st_mode
            script.unlink()
            script.write_bytes(content.replace(str(old).encode(), str(new).encode()))
            script.chmod(mode)
