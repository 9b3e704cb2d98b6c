"""Folders that are missing, forbidden or full, and several users of one folder. Most of it needs root."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from record_house import KEY, VARIABLES, app_folder, everything, journal, plan, record_on, release, write
from script_machine import ScriptMachine

from webduh_console.errors import TargetError
from webduh_console.model.events import EPOCH
from webduh_console.model.target import JournalLine
from webduh_console.targets.server.files import OPEN
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.targets.server.snapshots import snapshot

GROUP, DEPLOY, STRANGER = 47_110, 47_111, 47_112
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: several users and small disks need root")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A root folder that a group shares, as setup makes it."""
    above = Path(tempfile.mkdtemp(prefix="webduh-shared-"))
    above.chmod(0o755)
    folder = above / "root"
    folder.mkdir()
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2770)
    yield folder
    shutil.rmtree(above)


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A root folder on a disk of its own, mounted with the options that the test gives."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", request.param, "none", folder], check=False)
    if mounted.returncode:
        pytest.skip("NOT TESTED: no file system can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def reads_and_writes(record: RemoteRecord) -> tuple[Callable[[], object], ...]:
    return (
        lambda: record.current(),
        lambda: record.releases(),
        lambda: record.read(1),
        lambda: record.journal(1),
        lambda: snapshot(record.folder),
        lambda: record.acquire("me", "x"),
        lambda: record.audit("x"),
    )


def test_a_missing_root_is_named_with_the_command_that_makes_it(record: RemoteRecord, root: Path) -> None:
    root.rmdir()
    for act in reads_and_writes(record):
        with pytest.raises(TargetError) as caught:
            act()
        assert caught.value.as_dict() == {
            "name": "target",
            "what": f"here has no folder {root}.",
            "why": "The server was not set up, or its folder was taken away.",
            "kept": "Nothing was changed.",
            "hint": "Set it up with `webduh server setup here`.",
        }
    assert not root.exists()


def test_a_root_that_is_a_file_is_no_root(record: RemoteRecord, root: Path) -> None:
    root.rmdir()
    root.write_text("")
    with pytest.raises(TargetError, match="has no folder"):
        record.releases()


@needs_root
def test_whoever_is_not_in_the_group_is_told_so(shared: Path) -> None:
    ours = record_on(ScriptMachine(), shared)
    write(ours, ours.acquire("me", "x"), 1)
    before = everything(shared)
    record = record_on(ScriptMachine("prod", ids=(STRANGER, STRANGER)), shared)
    for act in reads_and_writes(record):
        with pytest.raises(TargetError) as caught:
            act()
        assert caught.value.what == f"{shared} on prod cannot be used."
        assert caught.value.why.startswith(f"{STRANGER} may not: ")
        assert caught.value.hint == (
            f"Add {STRANGER} to the group docker (`sudo usermod -aG docker {STRANGER}`), "
            "or mend the modes with `webduh server setup prod`."
        )
    assert everything(shared) == before


@needs_root
@pytest.mark.parametrize("file", ["releases/1/release.json", "current", "lease.json"])
def test_a_file_that_may_not_be_read_is_never_taken_for_absent(file: str, shared: Path) -> None:
    ours = record_on(ScriptMachine(), shared)
    lease = ours.acquire("me", "x")
    write(ours, lease, 1)
    ours.set_current(lease, 1)
    path = app_folder(ours) / file
    path.chmod(0o600)
    record = record_on(ScriptMachine("prod", ids=(DEPLOY, DEPLOY), groups=[GROUP]), shared)
    for act in (record.releases, record.current, lambda: record.acquire("me", "x"), lambda: snapshot(record.folder)):
        with pytest.raises(TargetError, match="cannot be read") as caught:
            act()
        assert "Permission denied" in caught.value.why


@needs_root
def test_two_users_work_on_one_record_in_turn(shared: Path) -> None:
    root_user = record_on(ScriptMachine(), shared)
    deploy = record_on(ScriptMachine(ids=(DEPLOY, DEPLOY), groups=[GROUP]), shared)
    for number, (mine, theirs) in enumerate([(root_user, deploy), (deploy, root_user)] * 2, start=1):
        lease = mine.acquire(f"user {number}", "deploy")
        assert theirs.holder() == lease.holder
        lease.renew()
        write(mine, lease, number)
        journal(mine, lease, number, "begin", "end")
        if number > 1:
            journal(mine, lease, number - 1, "end")
        mine.set_current(lease, number)
        lease.put(mine.folder.layout.route_file(KEY), f"release: {number}\n".encode())
        mine.audit(f"release {number}")
        if number > 2:
            mine.remove(lease, number - 2)
        lease.release()
        assert (theirs.current(), theirs.read(number)) == (number, release(number))
    assert [kept.number for kept in deploy.releases()] == [3, 4]
    assert {(path.stat().st_gid, oct(path.stat().st_mode & 0o7777)) for path in shared.rglob("*")} == {
        (GROUP, "0o2770"),
        (GROUP, "0o660"),
    }
    lease = deploy.acquire("deploy", "remove")
    deploy.erase(lease)
    lease.release()
    assert snapshot(root_user.folder) == {}


def fill(folder: Path) -> None:
    with (folder / "filling").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def crowd(folder: Path) -> None:
    try:
        for number in range(10_000):
            (folder / f"filling-{number}").touch()
    except OSError:
        return


def mutations(record: RemoteRecord) -> dict[str, Callable[[], object]]:
    lease = record.acquire("me", "x")
    write(record, lease, 1)
    journal(record, lease, 1, "begin")
    long = {**VARIABLES, **dict.fromkeys((f"V{n}" for n in range(100)), VARIABLES["A"])}
    return {
        "write": lambda: record.write(lease, release(2, long), plan()),
        "append": lambda: record.append(lease, 2, JournalLine("do", "D", EPOCH, detail="x" * 5000)),
        "current": lambda: record.set_current(lease, 1),
        "put": lambda: lease.put(record.folder.layout.route_file(KEY), b"x" * 5000),
        "release": lambda: lease.release(),
    }


@needs_root
@pytest.mark.parametrize("small_disk", ["size=256k"], indirect=True)
def test_a_full_disk_is_named_and_leaves_the_old(machine: ScriptMachine, small_disk: Path) -> None:
    record = record_on(machine, small_disk)
    acts = mutations(record)
    fill(small_disk)
    before = everything(app_folder(record))
    for act in acts.values():
        with pytest.raises(TargetError) as caught:
            act()
        assert caught.value.what == f"{small_disk} on here cannot be used."
        assert caught.value.why.startswith("The disk is full, 0 of 0 MiB are free: ")
        assert caught.value.kept == "What was there before is unchanged."
        assert caught.value.hint == "Free some space, `webduh server prune here` does, then do it again."
    kept = everything(app_folder(record))
    assert {name: kept[name] for name in before} == before
    assert record.releases() == [release(1, {})]
    (small_disk / "filling").unlink()
    for act in acts.values():
        act()


@needs_root
@pytest.mark.parametrize("small_disk", ["nr_inodes=60"], indirect=True)
def test_a_disk_without_inodes_is_named(machine: ScriptMachine, small_disk: Path) -> None:
    record = record_on(machine, small_disk)
    acts = mutations(record)
    crowd(small_disk)
    for name in ("write", "put", "current"):
        with pytest.raises(TargetError) as caught:
            acts[name]()
        assert caught.value.why.startswith("The disk has no inodes left of its 60: ")
    assert record.releases() == [release(1, {})]


@needs_root
@pytest.mark.parametrize("small_disk", ["size=1m"], indirect=True)
def test_a_disk_that_was_made_read_only_is_named(machine: ScriptMachine, small_disk: Path) -> None:
    record = record_on(machine, small_disk)
    acts = mutations(record)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for act in acts.values():
        with pytest.raises(TargetError) as caught:
            act()
        assert caught.value.why.startswith("Its file system is read-only: ")
    assert record.releases() == [release(1, {})]


def test_what_a_script_says_is_shown_without_control_characters(record: RemoteRecord) -> None:
    with pytest.raises(TargetError) as caught:
        record.folder.run(OPEN + "printf 'first\\n\\033[31moops\\007 \\377.\\n\\n' >&2; exit 9\n")
    assert caught.value.why == "[31moops  \ufffd."


def test_nothing_of_the_processes_own_mask_is_kept(record: RemoteRecord) -> None:
    before = os.umask(0o077)
    try:
        write(record, record.acquire("me", "x"), 1)
    finally:
        os.umask(before)
    files = [path for path in app_folder(record).rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o660"}
