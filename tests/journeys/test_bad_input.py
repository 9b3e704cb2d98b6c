"""What cannot be planned, or belongs to others, is said in words before anything is begun."""

import json
import os
import signal
import socket

import pytest
from refusals import FAILED, HELD, USAGE, nothing_there, refused
from world import World, assert_settled

TIE = {
    "requirements.txt": "flask",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    "package.json": '{"dependencies": {"express": "5"}}',
    "package-lock.json": "",
    "server.js": "",
}


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
        says = (f"{app.port} is taken by ", f" (process {os.getpid()})", "Nothing was changed.")
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
