"""Trouble around a deployment: killed processes, a newer state, many commands at once, odd names on disk."""

import os
import signal
import sqlite3
from pathlib import Path

from refusals import FAILED, HELD, refused
from waiting import wait_until
from world import World, assert_settled, get


def test_a_supervisor_that_was_killed_is_said_and_comes_back(world: World) -> None:
    apps = [world.app("one"), world.app("two", processes={"worker": "exec sleep 1000"})]
    for app in apps:
        app.deploy()
    for back in (["target", "start", "local"], ["deploy", str(apps[0].folder), "--force"]):
        os.kill(world.supervisor_pid(), signal.SIGKILL)
        wait_until(lambda: not world.target().supervisor.alive(), "the supervisor is gone")
        text = world.good("status")
        assert text.count("○ down") == 2, text
        assert "the local supervisor is not running" in text
        world.good(*back)
        for app in apps:
            assert app.body() == "1"
            assert_settled(app)


def test_a_client_killed_while_it_wakes_leaves_the_rest_to_the_next(world: World) -> None:
    apps = [world.app(name) for name in ("one", "two", "three")]
    for app in apps:
        app.deploy()
    os.kill(world.supervisor_pid(), signal.SIGKILL)
    wait_until(lambda: not world.target().supervisor.alive(), "the supervisor is gone")
    waking = world.start("target", "start", "local")
    wait_until(lambda: world.target().supervisor.alive(), "the supervisor is back")
    os.kill(waking.pid, signal.SIGKILL)
    waking.communicate(timeout=30)
    world.good("target", "start", "local")
    for app in apps:
        assert_settled(app)


def test_a_state_of_a_newer_version(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    with sqlite3.connect(world.home / "data" / "state.db") as database:
        (table,) = database.execute("select name from sqlite_master where name like '%migrations%'").fetchone()
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        (row,) = database.execute(f"select * from {table} order by rowid desc limit 1").fetchall()
        newer = [f"{value}-and-newer" if name == "name" else value for name, value in zip(columns, row, strict=True)]
        kept = [(c, v) for c, v in zip(columns, newer, strict=True) if c != "id"]
        marks = ",".join("?" for _ in kept)
        names = ",".join(name for name, _ in kept)
        database.execute(f"insert into {table} ({names}) values ({marks})", [value for _, value in kept])
    database.close()
    refused(world, FAILED, "status", says=("newer", "→"))
    assert app.body() == "1"


def all_at_once(world: World, commands: list[list[str]]) -> list[tuple[int, str]]:
    """Start every command, then wait for all: exit codes and words."""
    begun = [world.start(*words) for words in commands]
    ended = []
    for process in begun:
        said, wrong = process.communicate(timeout=90)
        ended.append((process.returncode, said + wrong))
    return ended


def test_many_commands_at_once_on_an_empty_home(world: World) -> None:
    apps = [world.app(f"app-{number}") for number in range(4)]
    commands = [["status"]] * 4 + [["deploy", str(app.folder)] for app in apps] + [["status"]] * 4
    ended = all_at_once(world, commands)
    assert [(code, words) for code, words in ended if code] == []
    for app in apps:
        assert app.body() == "1"
        assert assert_settled(app) == 1
    assert len(world.read("status")) == 4


def test_many_deployments_of_one_app_at_once_leave_one_that_serves(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2")
    ended = all_at_once(world, [["deploy", "shop"]] * 5)
    assert {code for code, _ in ended} <= {0, FAILED, HELD}, ended
    assert [words for _, words in ended if "unexpected" in words or "Traceback" in words] == []
    assert any(code == 0 for code, _ in ended)
    assert app.body() == "2"
    assert_settled(app)


def test_an_app_may_be_called_anything_on_disk(world: World) -> None:
    """Folders with blanks, umlauts and quotes; file names that are no UTF-8; output of wrong bytes, endless lines."""
    app = world.app("shop", build="printf '\\377\\000\\033[2J\\n'; head -c 300000 /dev/zero | tr '\\000' x; echo")
    strange = world.root / "Größe 'n' \"quotes\" $HOME"
    app.folder.rename(strange)
    (strange / "a b\nc").write_text("")
    Path(os.fsdecode(os.fsencode(strange) + b"/\xff\xfe")).write_text("")
    text = world.good("deploy", str(strange))
    assert "release 1" in text
    for words in (["status"], ["releases", "shop"], ["deployments"], ["detect", str(strange)], ["logs", "shop"]):
        world.good(*words)
        world.good(*words, "-o", "json")
    assert get(app.port) == (200, "1")
