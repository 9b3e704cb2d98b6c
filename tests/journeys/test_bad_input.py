"""Whatever is wrong is said in words, ends with the documented exit code, and leaves nothing half done."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from world import App, Visitor, World, assert_settled, free_port, get, last_json, left_over_in, wait_until, words_of

FAILED, USAGE, HELD = 1, 2, 4
CGROUPS = Path("/sys/fs/cgroup/memory")
ROOT = os.getuid() == 0
TIE = {
    "requirements.txt": "flask",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    "package.json": '{"dependencies": {"express": "5"}}',
    "package-lock.json": "",
    "server.js": "",
}


def refused(world: World, code: int, *words: str, says: tuple[str, ...], env: dict[str, str] | None = None) -> str:
    """Run a command that must fail with this code and these words, on both faces; never with a stack trace."""
    done = world.run(*words, env=env)
    text = words_of(done)
    assert done.returncode == code, text
    assert [word for word in says if word not in text] == [], text
    assert "Traceback" not in text
    assert "unexpected" not in text
    return text


def error_of(world: World, *words: str) -> dict[str, str]:
    """The error a command ends with, as JSON."""
    done = world.run(*words, "-o", "json")
    value = last_json(done.stdout)
    error: dict[str, str] = value["error"]
    assert set(error) == {"name", "what", "why", "kept", "hint"}, error
    return error


def nothing_there(world: World, name: str) -> None:
    """No release, no instance, no half file of an app that was never deployed."""
    kept = world.local / "apps" / f"default--{name}--production"
    assert not list(kept.glob("releases/*"))
    assert left_over_in(kept) == []
    assert not (kept / "current").exists()


# What cannot be planned: nothing is begun.


def test_a_folder_that_is_not_there(world: World) -> None:
    refused(world, USAGE, "deploy", "./nowhere", says=("./nowhere", "Nothing was changed.", "→"))


def test_an_empty_folder(world: World) -> None:
    (world.root / "void").mkdir()
    refused(world, USAGE, "deploy", "void", says=("void", "→"))
    nothing_there(world, "void")


def test_a_tie_of_two_frameworks_lists_both(world: World) -> None:
    both = world.root / "both"
    both.mkdir()
    for name, text in TIE.items():
        (both / name).write_text(text)
    refused(world, USAGE, "deploy", "both", says=("python", "node", "--framework"))
    nothing_there(world, "both")


def test_every_mistake_of_webduh_yaml_with_its_line(world: World) -> None:
    app = world.app("shop")
    app.write(**{"webduh.yaml": "name: Shop!\nstart: python3 program.py\nprot: 80\nhealth: {timeout: soon}\n"})
    refused(world, USAGE, "deploy", str(app.folder), says=(":1", ":3", ":4", "prot"))
    nothing_there(world, "shop")


def test_a_yaml_file_that_is_none(world: World) -> None:
    app = world.app("shop")
    app.write(**{"webduh.yaml": "name: [shop\n"})
    refused(world, USAGE, "deploy", str(app.folder), says=("webduh.yaml",))


def test_a_yaml_file_of_wrong_bytes(world: World) -> None:
    app = world.app("shop")
    (app.folder / "webduh.yaml").write_bytes(b"name: \xff\xfe\x00shop\n")
    refused(world, USAGE, "deploy", str(app.folder), says=("webduh.yaml",))


@pytest.mark.parametrize("name", ["Shop", "a--b", "-a", "a_b", "ä", "", "x" * 41, "../up", "a/b", "a\nb"])
def test_a_name_that_cannot_be_one(world: World, name: str) -> None:
    app = world.app("shop")
    refused(world, USAGE, "deploy", str(app.folder), "--name", name, says=("→",))
    assert not (world.local / "apps").exists()


@pytest.mark.parametrize("name", ["Staging", "a--b", "..", "x/y"])
def test_an_environment_that_cannot_be_one(world: World, name: str) -> None:
    app = world.app("shop")
    refused(world, USAGE, "deploy", str(app.folder), "-e", name, says=("→",))
    assert not (world.local / "apps").exists()


def test_an_unknown_target(world: World) -> None:
    app = world.app("shop")
    text = refused(world, USAGE, "deploy", str(app.folder), "--on", "locla", says=("There is no target locla", "local"))
    assert "Nothing was changed." in text


@pytest.mark.parametrize("command", ["status", "rollback", "releases", "logs", "plan", "deploy"])
def test_an_unknown_app_gets_the_nearest_name(world: World, command: str) -> None:
    world.good("app", "add", str(world.app("shop").folder))
    refused(world, USAGE, command, "shpo", says=("shpo", "shop"))


@pytest.mark.parametrize("words", [["deploi"], ["deploy"], ["deploy", ".", "--wach"], ["rollback", "x", "--to", "0"]])
def test_wrong_words(world: World, words: list[str]) -> None:
    refused(world, USAGE, *words, says=("✗",))


def test_a_folder_that_vanished(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.folder.rename(world.root / "elsewhere")
    says = ("The folder of shop is gone.", "What serves was not touched.", "webduh app move shop")
    refused(world, USAGE, "deploy", "shop", says=says)
    assert app.body() == "1"
    world.good("app", "move", "shop", str(world.root / "elsewhere"))
    assert "Nothing to change" in world.good("deploy", "shop")


# What others have.


def test_a_domain_of_another_app(world: World) -> None:
    first, second = world.app("one", domains=["shop.example.com"]), world.app("two", domains=["shop.example.com"])
    first.deploy()
    refused(
        world, FAILED, "deploy", str(second.folder), says=("shop.example.com belongs to one", "Nothing was changed.")
    )
    nothing_there(world, "two")


def test_a_port_of_another_app(world: World) -> None:
    first, second = world.app("one"), world.app("two")
    second.configure(local={"port": first.port})
    first.deploy()
    refused(world, FAILED, "deploy", str(second.folder), says=(f"{first.port} belongs to one", "Nothing was changed."))
    nothing_there(world, "two")


def test_a_port_of_another_program_is_named(world: World) -> None:
    app = world.app("shop")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", app.port))
        taken.listen()
        says = (f"{app.port} is taken by another program (", f"process {os.getpid()}", "Nothing was changed.")
        refused(world, FAILED, "deploy", str(app.folder), says=says)
        nothing_there(world, "shop")
    app.deploy()


def test_a_tool_that_is_not_installed(world: World) -> None:
    folder = world.root / "page"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "page", "scripts": {"start": "node server.js"}}')
    (folder / "server.js").write_text("")
    bare = world.root / "bin"
    bare.mkdir()
    for tool in ("sh", "git"):
        (bare / tool).symlink_to(f"/usr/bin/{tool}")
    says = ("not installed", "Nothing was changed.", "Install Node.js")
    refused(world, FAILED, "deploy", "page", says=says, env={"PATH": str(bare)})
    nothing_there(world, "page")


def test_a_second_deployment_meanwhile_names_the_first(world: World) -> None:
    app = world.app("shop", deploy={"watch": 20, "drain": 1})
    app.deploy("--watch", "0")
    app.write(version="2")
    first = world.start("deploy", str(app.folder), "-o", "json")
    assert first.stdout is not None
    for line in first.stdout:
        if json.loads(line).get("event") == "serving":
            break
    app.write(version="3")
    text = refused(
        world, HELD, "deploy", "shop", "--watch", "0", says=("shop is being changed by ", "Nothing was changed.")
    )
    assert "deploy 0" in text
    assert world.read("status", "shop")[0]["busy"]
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=30)
    assert first.returncode == 130
    app.deploy("--watch", "0")
    assert app.body() == "3"
    assert_settled(app)


# What fails on the way: what served serves on.


@pytest.fixture
def serving(world: World) -> Iterator[App]:
    """An app that serves version 1, whose next version will be bad; every request is answered by version 1."""
    app = world.app("shop", build="echo short")
    app.configure(health={"timeout": 3, "interval": 0.05, "path": "/"})
    app.deploy()
    app.write(version="2")
    with Visitor(app.port, {"1"}) as visitor:
        yield app
    assert visitor.failures == []
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_a_build_that_fails(serving: App) -> None:
    serving.configure(build="echo compiling; echo no such module >&2; exit 9")
    says = ("The build step build failed", "exited with 9", "no such module", "What serves now was not touched.", "→")
    refused(serving.world, FAILED, "deploy", "shop", says=says)
    assert error_of(serving.world, "deploy", "shop")["name"] == "build"


def test_a_build_whose_program_is_not_there(serving: App) -> None:
    serving.configure(build=[["no-such-tool", "now"]])
    refused(serving.world, FAILED, "deploy", "shop", says=("no-such-tool is not installed", "What serves now"))


def test_a_release_process_that_fails(serving: App) -> None:
    serving.configure(processes={"release": "echo table is locked; exit 5"})
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 5", "table is locked", "serves on"))


def test_a_start_command_that_is_not_there(serving: App) -> None:
    serving.configure(start=["./no-such-program"])
    refused(serving.world, FAILED, "deploy", "shop", says=("no-such-program", "→"))


BAD = {
    "exits": ("exited with 3 after", "the database is not there", "What served before serves on."),
    "is-killed": ("was ended by signal 9", "SIGKILL"),
    "answers-500": ("did not become healthy within 3 s: it answered 500", "200-399", "What served before serves on."),
    "never": ("did not become healthy within 3 s: nothing listens on port",),
}


@pytest.mark.parametrize("mode", BAD)
def test_a_release_that_is_unhealthy(serving: App, mode: str) -> None:
    serving.write(mode=mode)
    refused(serving.world, FAILED, "deploy", "shop", says=(*BAD[mode], "everything was taken back"))
    assert error_of(serving.world, "deploy", "shop")["name"] == "unhealthy"


def test_a_release_that_listens_on_another_port(serving: App) -> None:
    port = free_port()
    serving.configure(health={"timeout": 20, "interval": 0.05, "path": "/"})
    serving.write(mode="elsewhere", elsewhere=str(port))
    refused(serving.world, FAILED, "deploy", "shop", says=(f"listens on port {port}, not on", "PORT", "serves on"))


def test_a_release_over_its_memory_limit(serving: App) -> None:
    serving.configure(memory="120M", health={"timeout": 30, "interval": 0.05, "path": "/"})
    serving.write(mode="hogs")
    refused(serving.world, FAILED, "deploy", "shop", says=("was killed by the system for memory", "memory:"))


def test_a_release_that_fails_at_the_front_door_only(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2", mode="fails-visitors")
    refused(world, FAILED, "deploy", "shop", says=("is not answered by release 2: it answered 500", "taken back"))
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_a_release_that_fails_while_it_is_watched(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2")
    app.configure(processes={"worker": "sleep 0.3; echo no queue; exit 6"})
    with Visitor(app.port, {"1", "2"}) as visitor:
        refused(world, FAILED, "deploy", "shop", "--watch", "5", says=("exited with 6", "no queue", "taken back"))
    assert visitor.failures == []
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_a_process_whose_program_is_not_installed(serving: App) -> None:
    serving.configure(processes={"worker": ["no-such-worker", "--fast"]})
    says = (
        "no-such-worker: it is not installed on this machine, and the process worker needs it",
        "Nothing was changed.",
    )
    refused(serving.world, FAILED, "deploy", "shop", says=says)


def test_a_new_port_that_another_program_takes_leaves_the_old_one_open(serving: App) -> None:
    serving.configure(local={"port": free_port()})
    serving.write(mode="exits")
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 3",))


def test_a_new_port_is_opened_with_the_switch(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    old, new = app.port, free_port()
    app.configure(local={"port": new})
    app.deploy()
    assert get(new) == (200, "1")
    with pytest.raises(ConnectionRefusedError):
        get(old)
    world.good("rollback", "shop", "--watch", "0")
    assert get(old) == (200, "1")


def test_a_release_that_the_system_kills_for_memory(world: World) -> None:
    if not (ROOT and os.access(CGROUPS / "memory.limit_in_bytes", os.R_OK) and os.access(CGROUPS, os.W_OK)):
        pytest.skip("NOT PROVEN: needs root and memory control groups (version 1)")
    app = world.app("shop")
    app.deploy()
    app.write(version="2", mode="hogs")
    group = CGROUPS / f"webduh-journey-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(150 * 2**20))
        inside = f"echo $$ > {group}/cgroup.procs; exec {sys.executable} program.py"
        app.configure(start=["sh", "-c", inside])
        refused(world, FAILED, "deploy", "shop", says=("was killed by the system for memory", "memory:"))
    finally:
        wait_until(lambda: not (group / "cgroup.procs").read_text(), "the group is empty")
        group.rmdir()
    assert app.body() == "1"
    assert assert_settled(app) == 1


# What goes wrong around it.


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


def test_what_failed_releases_were_built_from_does_not_pile_up(serving: App) -> None:
    serving.write(mode="exits")
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 3",))
    folder = serving.kept / "artifacts"
    assert len(list(folder.glob("*.json"))) == 2
    for marker in folder.glob("*.json"):
        os.utime(marker, (0, 0))
    serving.write(version="3")
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 3",))
    versions = {path.read_text() for path in folder.glob("*/version")}
    assert versions == {"1", "3"}
