"""What a server's Docker holds when it is rented: the stand-ins, loaded once, and then linked, not copied."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from engine import Engine
from images import all_names, progress
from program import TestbedError, run, until
from recipes import digest

NAME = "webduh-testbed-seed"


def make_seed(engine: Engine, folder: Path, stand_ins: str, image: str, rights: Iterable[str]) -> Path:
    """A data root of Docker with every stand-in, made by a server's own Docker unless there is one already."""
    version = engine.docker("image", "inspect", "--format", "{{.Id}}", image).strip()
    place = folder / digest(stand_ins, version, *all_names())
    if not place.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            shutil.rmtree(old)
        aside = folder / f"{place.name}.new"
        with progress("images into a server's Docker"):
            _load_all(engine, aside, image, rights)
        aside.rename(place)
    return place


def copy_seed(seed: Path, there: Path) -> None:
    """As good as a copy, in a second: layers are never written again and may be links, the rest is copied."""
    there.mkdir(parents=True)
    run("cp", "-al", str(seed / "overlay2"), str(there / "overlay2"))
    rest = [str(path) for path in seed.iterdir() if path.name != "overlay2"]
    run("cp", "-a", *rest, str(there))


def load(engine: Engine, server: str, names: Iterable[str]) -> None:
    """Stream images from the testbed's engine into a server's. TestbedError when that fails."""
    docker = ["docker", "--host", engine.host]
    with subprocess.Popen([*docker, "save", *names], stdout=subprocess.PIPE) as save:
        answer = subprocess.run([*docker, "exec", "-i", server, "docker", "load", "-q"], stdin=save.stdout, check=False)
    if save.returncode or answer.returncode:
        raise TestbedError(f"Images did not load into {server}: {save.returncode}, {answer.returncode}.")


def _load_all(engine: Engine, folder: Path, image: str, rights: Iterable[str]) -> None:
    folder.mkdir()
    if engine.says("container", "inspect", NAME):
        engine.docker("rm", "--force", NAME)
    start = "service docker start; exec sleep infinity"
    place = f"--volume={folder}:/var/lib/docker"
    engine.docker(
        "run", "--detach", "--init", f"--name={NAME}", "--network=none", *rights, place, image, "sh", "-c", start
    )
    until(lambda: engine.says("exec", NAME, "docker", "version"), "a server's Docker does not start")
    load(engine, NAME, all_names())
    engine.docker("exec", NAME, "service", "docker", "stop")
    engine.docker("rm", "--force", NAME)
    os.sync()
