"""A second laptop learns what the server knows, and both see who did what."""

from pathlib import Path
from typing import Any

from command_line import USAGE
from server_world import ServerWorld, assert_settled


def laptop_of(name: str, world: ServerWorld, folder: Path) -> ServerWorld:
    """Another user with a home of their own, who has added the same server."""
    other = ServerWorld(folder / name, server=world.server)
    other.env["LOGNAME"] = name
    other.add("root")
    return other


def acts(world: ServerWorld, *words: str) -> list[tuple[Any, ...]]:
    """Who did what on the server."""
    return [
        (row["by"].partition("@")[0], row["act"], row["what"]) for row in world.read("audit", "--on", "prod", *words)
    ]


def test_a_new_laptop_learns_what_the_server_knows_and_goes_on_from_there(world: ServerWorld, tmp_path: Path) -> None:
    app = world.app("shop", variables={"COLOUR": "blue"})
    app.deploy()
    app.next_version()
    app.deploy()
    anna = laptop_of("anna", world, tmp_path)
    refused = anna.refused(USAGE, "releases", "shop", says=("There is no app shop.",))
    assert "Deploy a folder first" in refused
    learned = anna.read("sync", "prod")
    assert learned["learned"] == 2
    assert [(row["release"], row["outcome"]) for row in anna.read("deployments", "shop")] == [(2, "done"), (1, "done")]
    assert [(row["app"], row["release"], row["state"]) for row in anna.read("status")] == [("shop", 2, "serving")]
    assert [row["number"] for row in anna.read("releases", "shop")] == [2, 1]
    assert anna.read("env", "ls", "shop")[0]["value"] == "blue"
    assert "version 2 begins" in anna.good("logs", "shop")
    anna.good("rollback", "shop", "--drain", "0")
    assert (app.body(), assert_settled(app)) == ("1", 3)
    assert anna.read("sync", "prod")["learned"] == 0
    assert "! Release 3 was deployed by anna@" in world.good("plan", "shop")


def test_a_laptop_without_the_folder_is_told_what_to_do(world: ServerWorld, tmp_path: Path) -> None:
    otto = laptop_of("otto", world, tmp_path)
    text = otto.good("sync", "prod")
    assert "? shop: its folder on this machine is not known. `webduh app add FOLDER --name shop` says where" in text
    assert "variables that were set elsewhere" in text
    says = ("No folder of shop is known here.", "webduh deploy FOLDER --name shop")
    otto.refused(USAGE, "deploy", "shop", says=says)
    assert otto.read("sync", "prod", "--dry-run")["learned"] == 0


def test_everybody_sees_who_did_what_and_from_where(world: ServerWorld, tmp_path: Path) -> None:
    eve = laptop_of("eve", world, tmp_path)
    eve.good("sync", "prod")
    eve.good("server", "prune", "prod", "--yes")  # what others have left on this server
    eve.good("run", "shop", "--", "env", "API_TOKEN=abcdef", "true")
    eve.good("server", "exec", "prod", "--", "true", "--password", "abcdef")
    eve.good("server", "prune", "prod", "--yes")
    told = acts(world)
    assert sorted(told[-3:]) == [  # what is done within one second has no order
        ("eve", "exec", "true --password •••"),
        ("eve", "prune", "nothing but old build cache"),
        ("eve", "run", "env API_TOKEN=••• true"),
    ]
    assert [each[1:] for each in told if each[0] != "eve"] == [
        ("target", f"added prod (ssh://deploy@{world.server.host}:{world.server.ssh})"),
        ("setup", "prod: done"),
        ("deploy", "release 1 made live, variables +COLOUR +PYTHONUNBUFFERED"),
        ("deploy", "release 2 made live"),
        ("rollback", "release 3 made live"),
    ]
    assert acts(eve, "--since", "1d")[-3:] == told[-3:]
    assert acts(eve, "shop") == [each for each in told if each[1] in ("deploy", "rollback", "run")]
    rows = [row for row in world.read("audit", "--on", "prod") if row["act"] != "target"]
    assert {row["via"].partition("@")[0] for row in rows} == {"deploy", "root"}
    assert all(row["via"].partition("@")[2] for row in rows if row["by"].startswith("eve"))
    world.good("app", "rm", "shop", "--yes")
    assert [row["act"] for row in world.read("audit", "shop")][-1] == "remove"
    assert "abcdef" not in world.server.sh("cat /var/lib/webduh/audit.log /var/lib/webduh/apps/*/audit.log")
