"""What is on this machine: its processes without secrets, and its file systems."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from webduh_console.model.inventory import DiskRow, Inventoried, ProcessRow
from webduh_console.targets.local.inventory import LocalInventory
from webduh_console.targets.local.target import LocalTarget


@pytest.fixture
def busy() -> Iterator[int]:
    """A process that computes, with a secret and a password in its words."""
    words = ("the-known-secret", "--password=hunter22", "plain")
    started = subprocess.Popen([sys.executable, "-c", "while True: pass", *words])
    yield started.pid
    started.kill()
    started.wait()


def processes(inventory: LocalInventory) -> dict[int, ProcessRow]:
    return {row.pid: row for row in inventory.of("processes") if isinstance(row, ProcessRow)}


def test_processes_are_told_with_what_they_use_and_without_secrets(busy: int) -> None:
    inventory = LocalInventory("local", lambda: ["the-known-secret"])
    row = processes(inventory)[busy]
    assert row.command.split()[-3:] == ["•••", "--password=•••", "plain"]
    assert (row.parent, row.server, row.container) == (os.getpid(), "local", "")
    assert row.memory > 2**20
    assert 0 <= row.age < 60


def test_the_second_look_tells_what_was_used_since_the_first(busy: int) -> None:
    inventory = LocalInventory("local", list)
    processes(inventory)
    end = time.monotonic() + 20
    while not (used := processes(inventory)[busy].cpu):
        assert time.monotonic() < end
    assert 0 < used < 4


def test_who_uses_most_comes_first(busy: int) -> None:
    rows = [row for row in LocalInventory("local", list).of("processes") if isinstance(row, ProcessRow)]
    keys = [(-(row.cpu or 0.0), -row.memory, row.pid) for row in rows]
    assert keys == sorted(keys)


def test_file_systems_are_told_once_each_the_fullest_first() -> None:
    rows = [row for row in LocalInventory("local", list).of("disk") if isinstance(row, DiskRow)]
    assert any(row.name == "/" for row in rows)
    assert len({row.device for row in rows}) == len(rows)
    assert [row.used / row.size for row in rows] == sorted((row.used / row.size for row in rows), reverse=True)
    assert {row.server for row in rows} == {"local"}


def test_the_local_target_tells_what_it_can(tmp_path: Path) -> None:
    target = LocalTarget("local", tmp_path / "local", tmp_path / "cache", lambda: pytest.fail("no secret is sealed"))
    assert isinstance(target, Inventoried)
    assert target.kinds == ("processes", "disk")
    assert any(isinstance(row, ProcessRow) and row.pid == os.getpid() for row in target.inventory("processes").rows)
    assert target.inventory("images").rows == ()
