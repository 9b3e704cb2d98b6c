import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webduh_console.errors import TargetError
from webduh_console.transport.files import FileLock, append_line, locked, write_file


def test_a_file_is_replaced_as_a_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_readers_see_the_old_or_the_new_and_never_a_half(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"0" * 100_000)
    writer = multiprocessing.get_context("fork").Process(target=_write_often, args=(path,))
    writer.start()
    seen = set()
    while writer.is_alive():
        content = path.read_bytes()
        assert len(content) == 100_000
        seen.add(content[0])
        assert content == bytes([content[0]]) * 100_000
    writer.join()
    assert seen


def _write_often(path: Path) -> None:
    for number in range(60):
        write_file(path, str(number % 10).encode() * 100_000)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"new\n"),
        (b"old\n", b"old\nnew\n"),
        (b"old\ntor", b"old\ntor\nnew\n"),
        (b"\n", b"\nnew\n"),
        (b"\xff\n", b"\xff\nnew\n"),
    ],
)
def test_a_line_is_appended_on_a_line_of_its_own(before: bytes, after: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(before)
    append_line(path, b"new")
    assert path.read_bytes() == after


def test_many_processes_append_whole_lines(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_append_often, args=(tmp_path / "log", name)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = (tmp_path / "log").read_text().splitlines()
    assert sorted(line for line in lines if line) == sorted(f"{name * 50}-{n}" for name in "abcd" for n in range(25))


def _append_often(path: Path, name: str) -> None:
    for number in range(25):
        append_line(path, f"{name * 50}-{number}".encode())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("a small disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_keeps_the_old_file_and_says_so(small_disk: Path) -> None:
    path = small_disk / "file"
    write_file(path, b"old")
    with pytest.raises(TargetError) as caught:
        write_file(path, b"x" * 100_000)
    assert caught.value.as_dict() == {
        "name": "target",
        "what": f"{path} cannot be written.",
        "why": "No space left on device.",
        "kept": "What was there before is unchanged.",
        "hint": f"Free some space or make {small_disk} writable, then do it again;"
        " or move everything with WEBDUH_HOME.",
    }
    assert path.read_bytes() == b"old"
    assert [p.name for p in small_disk.iterdir()] == ["file"]


def test_a_line_that_does_not_fit_is_an_error_and_the_next_one_stands_alone(small_disk: Path) -> None:
    path = small_disk / "log"
    append_line(path, b"old")
    with pytest.raises(TargetError):
        append_line(path, b"x" * 100_000)
    os.truncate(path, 1000)
    append_line(path, b"new")
    lines = path.read_bytes().splitlines()
    assert (lines[0], lines[-1]) == (b"old", b"new")


@pytest.mark.parametrize(
    "act",
    [lambda path: write_file(path, b""), lambda path: append_line(path, b""), lambda path: FileLock(path).take()],
    ids=["write", "append", "lock"],
)
def test_a_file_below_a_file_is_an_error_that_names_it(act: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    path = tmp_path / "file" / "inside"
    with pytest.raises(TargetError, match=f"{path} cannot be written"):
        act(path)


def test_a_read_only_disk_is_an_error_that_says_so(small_disk: Path) -> None:
    write_file(small_disk / "file", b"old")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(TargetError) as caught:
        write_file(small_disk / "file", b"new")
    assert caught.value.why == "Read-only file system."
    assert (small_disk / "file").read_bytes() == b"old"


def test_a_lock_is_held_by_one_and_free_when_given_back(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take()
    assert not second.take(wait=False)
    first.give_back()
    assert second.take(wait=False)
    second.give_back()
    second.give_back()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    holder = multiprocessing.get_context("fork").Process(target=_take_and_die, args=(tmp_path / "lock",))
    holder.start()
    holder.join()
    with locked(tmp_path / "lock"):
        assert not FileLock(tmp_path / "lock").take(wait=False)


def _take_and_die(path: Path) -> None:
    FileLock(path).take()
    os._exit(1)
