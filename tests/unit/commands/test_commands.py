"""Every command that reads, and what it answers, on a real home and a real local target."""

import json
from pathlib import Path

import msgspec
import pytest
from loopback import page
from shop_at_home import FAST, KEY, Everything, Line
from waiting import wait_until

from webduh_console.cli.face import json_line
from webduh_console.commands.results import Lines, Listing
from webduh_console.config.settings import Settings
from webduh_console.errors import ConfigError, NotFoundError, QuestionError, UsageError, WebduhError


@pytest.mark.parametrize("command", ["status", "top", "deployments", "app ls"])
def test_an_empty_home_has_nothing_to_list(command: str, line: Line) -> None:
    answer = line(command)
    assert isinstance(answer, Listing)
    assert (answer.rows, answer.data, answer.code) == ([], [], 0)
    assert answer.empty.endswith((".", "FOLDER`."))


KEYS = {
    "status": "alerts app behind busy created environment failing folder instances pending project reason release state"
    " target url",
    "top": "cpu exit in_flight memory name pid place port process release restarts scheduled started state",
    "releases shop": "artifact base by created deployment key number restores serving source spec target trigger"
    " variables",
    "deployments": "action app base by environment error finished id outcome project release seconds started steps"
    " target trigger url",
    "env ls shop": "name origin pending secret value",
    "app ls": "added folder name path project ref url",
    "target ls": "apps cpu detail kind memory name state",
    "target check": "fix name ok place value",
    "config get": "name value",
    "config images": "aliases brought env follows image known languages name parts programs stop version",
    "config path": "name path",
    "plugin ls": "api error framework module name package version",
}


def test_json_has_the_documented_keys(line: Line, served: str) -> None:
    found = {command: json.loads(json_line(line(command).data)) for command in KEYS}
    assert {command: " ".join(sorted(rows[0])) for command, rows in found.items()} == KEYS
    instances = found["status"][0]["instances"]
    assert " ".join(sorted(instances[0])) == KEYS["top"]


@pytest.mark.parametrize("command", ["secret set shop TOKEN", "app rm shop"])
def test_without_a_terminal_nobody_is_asked(command: str, line: Line, served: str) -> None:
    with pytest.raises(QuestionError) as caught:
        line(command)
    assert (caught.value.code, caught.value.kept) == (2, "Nothing was changed.")
    assert page(served) == "one"


@pytest.mark.parametrize("command", ["status", "releases", "logs", "open", "rollback", "env ls", "deploy", "plan"])
def test_an_unknown_app_gets_the_nearest_name(command: str, line: Line, shop: Path) -> None:
    line(f"app add {shop}")
    with pytest.raises(NotFoundError) as caught:
        line(f"{command} shpo")
    assert (caught.value.what, caught.value.hint) == ("There is no app shpo.", "Did you mean shop?")


def test_apps_are_added_moved_and_listed(line: Line, shop: Path, tmp_path: Path) -> None:
    line(f"app add {shop} --project acme")
    line(f"app add {shop} --name second")
    listed = [(row["project"], row["name"], row["folder"]) for row in line("app ls").data]
    assert listed == [("acme", "shop", str(shop)), ("default", "second", str(shop))]
    (tmp_path / "moved").mkdir()
    assert line("app move acme/shop moved").data == {"app": "shop", "folder": str(tmp_path / "moved")}
    assert line("app ls").data[0]["folder"] == str(tmp_path / "moved")
    with pytest.raises(NotFoundError, match="is not a folder"):
        line("app move acme/shop nowhere")
    with pytest.raises(UsageError, match="cannot be a name"):
        line(f"app add {shop} --name Bad_Name")


def test_a_name_belongs_to_one_folder(line: Line, shop: Path, tmp_path: Path, everything: Everything) -> None:
    line(f"app add {shop}")
    other = tmp_path / "elsewhere" / "shop"
    other.mkdir(parents=True)
    (other / "index.html").write_text("x")
    before = everything()
    for command in (f"plan {other}", f"deploy {other}", f"app add {other}", f"app add {other} --dry-run"):
        with pytest.raises(UsageError, match="There is another app named shop"):
            line(command)
    assert everything() == before


def test_a_release_and_a_deployment_are_shown_whole(line: Line, served: str) -> None:
    shown = line("releases shop --show 1")
    assert shown.data["number"] == 1
    assert shown.data["variables"] == {"COLOUR": "green"}
    assert shown.text.splitlines()[0] == "release    1 of shop (serving)"
    with pytest.raises(NotFoundError, match="shop has no release 9"):
        line("releases shop --show 9")
    (deployment,) = line("deployments").data
    whole = line(f"deployments --show {deployment['id'][:12]}")
    assert whole.data["id"] == deployment["id"]
    assert [event["event"] for event in whole.data["events"]][:2] == ["started", "step-started"]
    assert whole.data["events"][-1]["event"] == "finished"
    assert f"release 1 at {served}" in whole.text
    with pytest.raises(WebduhError):
        line("deployments --show ZZZ")


def test_a_target_is_checked_stopped_and_started(line: Line, served: str) -> None:
    checked = line("target check")
    assert checked.code == 0
    assert {row["name"] for row in checked.data} >= {"python", "disk", "supervisor", "apps"}
    assert line("target stop").data == {"target": "local", "stopped": [KEY.slug]}
    assert line("target check").code == 1
    (row,) = line("status").data
    assert (row["state"], row["reason"].partition(":")[0]) == ("down", "the local supervisor is not running")
    started = line("target start")
    assert started.data["said"] == ["the supervisor was not running; 1 apps are started again"]
    assert page(served) == "one"
    assert line("target stop").text == "local is stopped, and with it shop."
    assert line("target stop").text == "local is stopped; nothing ran there."
    with pytest.raises(NotFoundError) as caught:
        line("target check locl")
    assert caught.value.hint == "Did you mean local?"


def test_settings_are_listed_and_changed(line: Line) -> None:
    before = {row["name"]: row["value"] for row in line("config get").data}
    assert before == msgspec.to_builtins(Settings())
    line("config set read_only true")
    (file,) = (row["path"] for row in line("config path").data if row["name"] == "settings")
    assert Path(file).read_text() == "read_only: true\n"
    for command in ("config set them day", "config set read_only maybe", "config set them day --dry-run"):
        with pytest.raises(UsageError):
            line(command)


def test_a_configuration_is_checked_and_every_mistake_is_named(line: Line, shop: Path) -> None:
    assert line(f"config check {shop}").text == f"{shop} has no webduh.yaml; none is needed."
    (shop / "webduh.yaml").write_text("name: shop\n")
    assert line(f"config check {shop}").data == {"file": str(shop / "webduh.yaml"), "warnings": []}
    (shop / "webduh.yaml").write_text("nam: shop\nport: many\n")
    with pytest.raises(ConfigError) as caught:
        line(f"config check {shop}")
    assert "nam" in str(caught.value)
    assert "port" in str(caught.value)
    schema = line("config schema")
    assert json.loads(schema.text) == json.loads(json_line(schema.data))


def test_plugins_are_listed_with_where_they_come_from(line: Line) -> None:
    found = {row["name"]: row["error"] for row in line("plugin ls").data}
    assert {"dockerfile", "node", "python", "static"} <= set(found)
    assert not any(found.values())


def test_a_folder_is_explained_by_detect(line: Line, shop: Path) -> None:
    answer = line(f"detect {shop}")
    assert (answer.data["framework"], answer.text.split()[1]) == ("static", "static")


def test_logs_are_read_filtered_and_raw(line: Line, tmp_path: Path) -> None:
    talk = tmp_path / "talk"
    talk.mkdir()
    (talk / "webduh.yaml").write_text("framework: python\nprocesses: {web: python3 server.py}\n")
    (talk / "server.py").write_text(
        "import http.server, os, sys\n"
        "print('first'); print('second', file=sys.stderr)\n"
        "http.server.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), http.server.SimpleHTTPRequestHandler)"
        ".serve_forever()\n"
    )
    line(f"deploy {talk} {FAST}")
    answer = line("logs talk")
    assert isinstance(answer, Lines)

    def seen() -> set[tuple[str, str, str]]:
        return {(entry.process, entry.stream, entry.text) for entry in line("logs talk").lines}

    wait_until(lambda: {("web", "stdout", "first"), ("web", "stderr", "second")} <= seen(), "both lines are logged")
    lines = seen()
    assert len(list(line("logs talk -n 1").lines)) == 1
    assert list(line("logs talk -n 0").lines) == []
    assert list(line("logs talk --process worker").lines) == []
    assert list(line("logs talk --release 9").lines) == []
    assert len(list(line("logs talk --since 1h").lines)) >= len(lines)


def test_an_address_is_said_and_its_absence_explained(line: Line, shop: Path) -> None:
    line(f"app add {shop}")
    with pytest.raises(UsageError) as caught:
        line("open shop --print")
    assert (caught.value.what, caught.value.why) == ("shop has no address.", "It was never deployed.")
    url = line(f"deploy shop {FAST}").url
    assert line("open shop --print").text == url
    line("target stop")
    with pytest.raises(WebduhError, match="shop is down"):
        line("open shop --print")


def test_answers_are_values(line: Line, served: str) -> None:
    for command in KEYS:
        answer = line(command)
        assert msgspec.structs.fields(answer)
        assert {column.key for column in answer.columns} <= set(answer.rows[0])
