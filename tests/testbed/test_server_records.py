"""Records on a real server, over SSH."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from building_place import machine
from record_house import KEY, journal, release, write
from server import Server

from webduh_console.errors import LeaseHeldError, LeaseLostError, TargetError
from webduh_console.model.names import AppKey
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.targets.server.snapshots import snapshot

ROOT = "/srv/webduh-records"
MAKE = 'rm -rf "$1" && mkdir "$1" && chgrp docker "$1" && chmod 2770 "$1"'


@pytest.fixture
def folders(server: Server, tmp_path: Path) -> Iterator[dict[str, RootFolder]]:
    """One root folder on a server, seen by each of its users."""
    server.sh(MAKE, ROOT)
    with ExitStack() as open_machines:
        found = {}
        for user in ("root", "deploy", "plain"):
            address = f"ssh://{user}@{server.host}:{server.ssh}"
            reached = machine(server.name, address, server.key, server.fingerprint, tmp_path / f"{user}.keys")
            found[user] = RootFolder(open_machines.enter_context(reached), Layout(ROOT))
        yield found
    server.sh('rm -rf "$1"', ROOT)


def test_root_and_deploy_work_on_one_record_in_turn(folders: dict[str, RootFolder], server: Server) -> None:
    records = {user: RemoteRecord(folder, KEY) for user, folder in folders.items()}
    for number, (mine, theirs) in enumerate([("root", "deploy"), ("deploy", "root")] * 2, start=1):
        lease = records[mine].acquire(mine, "deploy")
        with pytest.raises(LeaseHeldError, match=f"is being changed by {mine}"):
            records[theirs].acquire(theirs, "deploy")
        write(records[mine], lease, number)
        journal(records[mine], lease, number, "begin", "end")
        records[mine].set_current(lease, number)
        lease.renew()
        if number > 2:
            records[mine].remove(lease, number - 2)
        lease.release()
        with pytest.raises(LeaseLostError):
            lease.check()
        assert (records[theirs].current(), records[theirs].read(number)) == (number, release(number))
    modes = server.sh('find "$1" -mindepth 1 -printf "%y %g %m\\n" | sort -u', ROOT)
    assert modes.split("\n")[:2] == ["d docker 2770", "f docker 660"]


def test_whoever_is_not_in_the_group_is_told_so(folders: dict[str, RootFolder], server: Server) -> None:
    with pytest.raises(TargetError) as caught:
        RemoteRecord(folders["plain"], KEY).releases()
    assert caught.value.what == f"{ROOT} on {server.name} cannot be used."
    assert "usermod -aG docker plain" in caught.value.hint


def test_many_apps_are_seen_at_once_over_ssh(folders: dict[str, RootFolder], server: Server) -> None:
    record = RemoteRecord(folders["deploy"], KEY)
    lease = record.acquire("me", "x")
    write(record, lease, 1, 2, 3, 4, 5)
    record.set_current(lease, 5)
    lease.release()
    copies = 'cd "$1/apps" && for n in $(seq 99); do cp -a "$2" "default--app-$n--production"; done'
    server.sh(copies, ROOT, KEY.slug)
    seen = snapshot(folders["deploy"])
    keys = {KEY} | {AppKey("default", f"app-{number}", "production") for number in range(1, 100)}
    assert {key: (one.current, len(one.kept), one.holder) for key, one in seen.items()} == dict.fromkeys(
        keys, (5, 5, None)
    )


def test_a_disk_without_room_is_named(tiny_server: Server, tmp_path: Path) -> None:
    address = f"ssh://deploy@{tiny_server.host}:{tiny_server.ssh}"
    root = "/var/lib/webduh"
    tiny_server.sh('chgrp docker "$1" && chmod 2770 "$1"', root)
    with machine(tiny_server.name, address, tiny_server.key, tiny_server.fingerprint, tmp_path / "keys") as reached:
        record = RemoteRecord(RootFolder(reached, Layout(root)), KEY)
        lease = record.acquire("me", "x")
        write(record, lease, 1)
        tiny_server.sh('cat /dev/zero >"$1/filling" 2>/dev/null; :', root)
        with pytest.raises(TargetError, match="The disk is full"):
            write(record, lease, 2)
        assert record.read(1) == release(1)
        tiny_server.sh('rm "$1/filling"; n=0; while touch "$1/filling-$n" 2>/dev/null; do n=$((n + 1)); done', root)
        with pytest.raises(TargetError, match="The disk has no inodes left"):
            write(record, lease, 2)
        tiny_server.sh('rm "$1"/filling-*', root)
        write(record, lease, 2)
        assert record.read(2) == release(2)
