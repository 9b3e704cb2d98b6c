"""A disk that is full or read-only is said in words, and nothing is lost."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from refusals import FAILED, USAGE, nothing_there, refused
from world import Visitor, World, assert_settled, words_of

ROOT = os.getuid() == 0


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A small file system of its own."""
    if not ROOT:
        pytest.skip("NOT PROVEN: mounting a small disk needs root")
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=False)
    if done.returncode:
        pytest.skip("NOT PROVEN: no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_without_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "8m") as disk:
        world = World(disk)
        app = world.app("shop")
        refused(world, FAILED, "deploy", str(app.folder), says=("disk: 0.0 GiB", "Nothing was changed.", "Free some"))
        nothing_there(world, "shop")
        world.finish()


def test_a_disk_that_fills_up_in_the_build(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "120m") as disk:
        world = World(disk)
        app = world.app("shop", build="test ! -e big || dd if=/dev/zero of=filled bs=1M")
        app.deploy()
        app.write(version="2", big="")
        with Visitor(app.port, {"1"}) as visitor:
            text = refused(world, FAILED, "deploy", "shop", says=("No space left on device", "What serves now"))
        assert visitor.failures == []
        assert "→" in text
        assert assert_settled(app) == 1
        (app.folder / "big").unlink()
        app.deploy()
        assert app.body() == "2"
        world.finish()


def fill(file: Path) -> None:
    """Write until there is no room left."""
    with file.open("wb", buffering=0) as stream:
        while stream.write(bytes(2**16)):
            continue


def test_a_disk_that_is_full_to_the_last_byte(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "100m") as disk:
        world = World(disk)
        app = world.app("shop")
        app.deploy()
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            fill(filler)
        app.folder.joinpath("version").touch()
        for words in (["status"], ["deploy", "shop", "--force"], ["rollback", "shop"], ["env", "set", "shop", "A=1"]):
            done = world.run(*words)
            assert "Traceback" not in words_of(done), words
            assert "unexpected" not in words_of(done), words_of(done)
            assert done.returncode in (0, FAILED, USAGE), words_of(done)
        assert app.body() == "1"
        filler.unlink()
        app.write(version="2")
        app.deploy()
        assert_settled(app)
        world.finish()


def test_a_disk_that_is_read_only(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "100m") as disk:
        world = World(disk)
        app = world.app("shop")
        app.deploy()
        world.good("target", "stop", "local")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for words in (["status"], ["deploy", "shop", "--force"]):
            done = world.run(*words)
            assert "Traceback" not in words_of(done), words
            assert "unexpected" not in words_of(done), words_of(done)
            assert done.returncode in (0, FAILED), words_of(done)
        assert f"{disk}" in words_of(done)
        assert "WEBDUH_HOME" in words_of(done)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        world.good("target", "start", "local")
        assert_settled(app)
        world.finish()
