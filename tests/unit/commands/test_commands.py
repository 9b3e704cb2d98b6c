"""Every command through the language, on a real home and a real local target."""

import json
import os
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from webduh_console.cli.face import json_line
from webduh_console.commands.context import Context
from webduh_console.commands.results import Done, Lines, Listing, Lists, Text
from webduh_console.config.settings import Settings
from webduh_console.errors import (
    ConfigError,
    NotFoundError,
    QuestionError,
    UsageError,
    WebduhError,
)
from webduh_console.model.mask import MASK
from webduh_console.model.names import AppKey

Line = Callable[[str], Any]
Everything = Callable[[], dict[str, Any]]
FAST = "--watch 0 --drain 0"
KEY = AppKey("default", "shop", "production")


@pytest.fixture
def served(line: Line, shop: Path) -> str:
    """The address of a shop that serves its first release."""
    line(f"app add {shop}")
    line("env set shop COLOUR=green")
    return str(line(f"deploy shop {FAST}").url)


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("command", ["status", "top", "deployments", "app ls"])
def test_an_empty_home_has_nothing_to_list(command: str, line: Line) -> None:
    answer = line(command)
    assert isinstance(answer, Listing)
    assert (answer.rows, answer.data, answer.code) == ([], [], 0)
    assert answer.empty.endswith((".", "FOLDER`."))


def test_a_folder_is_deployed_changed_rolled_back_and_removed(line: Line, shop: Path, ctx: Context) -> None:
    first = line(f"deploy {shop} {FAST}")
    assert (first.outcome, first.release, page(first.url)) == ("done", 1, "one")
    again = line(f"deploy shop {FAST}")
    assert isinstance(again, Done)
    assert again.data == {
        "app": "shop",
        "project": "default",
        "environment": "production",
        "target": "local",
        "release": 1,
        "outcome": "unchanged",
        "url": first.url,
    }
    (shop / "index.html").write_text("two")
    second = line(f"deploy {shop} {FAST}")
    assert (second.release, page(second.url), second.url) == (2, "two", first.url)
    back = line(f"rollback shop --to 1 {FAST}")
    assert (back.release, page(back.url)) == (3, "one")
    assert [row["number"] for row in line("releases shop").rows] == [3, 2, 1]
    gone = line("app rm shop --yes --volumes")
    assert gone.data == {"app": "shop", "removed": ["production"], "volumes": True}
    assert (line("app ls").rows, line("status").rows) == ([], [])
    with pytest.raises(NotFoundError):
        line("status shop")


KEYS = {
    "status": "app busy created environment folder instances pending project reason release state target url",
    "top": "cpu exit in_flight memory name pid place port process release restarts started state",
    "releases shop": "artifact base by created deployment key number restores serving source spec target trigger"
    " variables",
    "deployments": "action app base by environment error finished id outcome project release seconds started steps"
    " target trigger url",
    "env ls shop": "name origin pending secret value",
    "app ls": "added folder name project",
    "target ls": "apps cpu detail kind memory name state",
    "target check": "fix name ok place value",
    "config get": "name value",
    "config path": "name path",
    "plugin ls": "api error module name package version",
}


def test_json_has_the_documented_keys(line: Line, served: str) -> None:
    found = {command: json.loads(json_line(line(command).data)) for command in KEYS}
    assert {command: " ".join(sorted(rows[0])) for command, rows in found.items()} == KEYS
    instances = found["status"][0]["instances"]
    assert " ".join(sorted(instances[0])) == KEYS["top"]


def test_a_plan_as_json_shows_changes_and_no_secret(line: Line, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line(f"app add {shop}")
    monkeypatch.setenv("VALUE", "s3cret-value")
    line("secret set shop TOKEN --from-env VALUE")
    answer = line("plan shop --exit-code")
    assert isinstance(answer, Text)
    assert answer.code == 3
    assert "s3cret-value" not in answer.text + json_line(answer.data)
    assert " ".join(sorted(answer.data)) == (
        "action app base blockers changes environment framework project questions steps target to url warnings"
    )
    assert {"kind": "variable", "name": "TOKEN", "before": "", "after": MASK} in answer.data["changes"]
    assert answer.data["steps"][:4] == ["check", "build", "lease", "record"]
    assert {"address", "artifact", "start", "healthy", "route", "current", "watch"} <= set(answer.data["steps"])
    assert answer.text.splitlines()[0].startswith(
        "shop on local: nothing serves yet, to be reached at http://localhost:"
    )


def test_a_plan_changes_nothing(line: Line, shop: Path, everything: Everything, ctx: Context) -> None:
    line("status")
    before = everything()
    line(f"plan {shop}")
    line(f"deploy {shop} --dry-run")
    assert everything() == before


@pytest.mark.parametrize(
    "command",
    [
        "deploy shop --force --dry-run",
        "deploy other --dry-run",
        "rollback shop --dry-run",
        "env set shop A=1 --dry-run",
        "env unset shop COLOUR --dry-run",
        "secret set shop TOKEN --from-env PATH --dry-run",
        "secret unset shop COLOUR --dry-run",
        "app add other --dry-run",
        "app move shop other --dry-run",
        "app rm shop --dry-run",
        "app rm shop --volumes --yes --dry-run",
        "target stop --dry-run",
        "target start --dry-run",
        "config set theme day --dry-run",
        "demo --dry-run",
    ],
)
def test_a_dry_run_changes_nothing(
    command: str, line: Line, served: str, shop: Path, tmp_path: Path, everything: Everything, ctx: Context
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text("x")
    if command.startswith("rollback"):
        line(f"deploy shop --force {FAST}")
    line("status")
    ctx.state.history.list()
    before = everything()
    answer = line(command)
    assert isinstance(answer, Done | Text)
    assert everything() == before
    assert page(served) == "one"


def test_variables_wait_for_the_next_deployment(line: Line, shop: Path) -> None:
    line(f"app add {shop}")
    done = line("env set shop A=1 B='two words' C=")
    assert done.text == "A, B, C will be set with the next deployment: webduh deploy shop"
    assert done.data == {"app": "shop", "names": ["A", "B", "C"]}
    assert [(row["name"], row["value"], row["pending"]) for row in line("env ls shop").data] == [
        ("A", "1", "set"),
        ("B", "two words", "set"),
        ("C", "", "set"),
    ]
    line(f"deploy shop {FAST}")
    assert {row["pending"] for row in line("env ls shop").data} == {None}
    line("env unset shop B")
    assert [(row["name"], row["pending"]) for row in line("env ls shop").data] == [
        ("A", None),
        ("B", "unset"),
        ("C", None),
    ]
    line("env set shop D=4")
    line("env unset shop D")
    line(f"deploy shop {FAST}")
    assert [row["name"] for row in line("env ls shop").data] == ["A", "C"]


def test_a_value_in_webduh_yaml_is_used_until_one_is_set_by_hand(line: Line, shop: Path) -> None:
    def value() -> tuple[str, str]:
        (row,) = line("env ls shop").data
        return row["value"], row["origin"]

    (shop / "webduh.yaml").write_text("variables: {A: first}\n")
    line(f"deploy {shop} {FAST}")
    assert value() == ("first", "webduh.yaml")
    (shop / "webduh.yaml").write_text("variables: {A: second}\n")
    line(f"deploy {shop} {FAST}")
    assert value() == ("second", "webduh.yaml")
    line("env set shop A=mine")
    line(f"deploy {shop} {FAST}")
    assert value() == ("mine", "set")
    warned = line("plan shop").data["warnings"]
    assert warned == ["A was set by hand; the value in webduh.yaml is not used."]
    line("env unset shop A")
    line(f"deploy {shop} {FAST}")
    assert value() == ("second", "webduh.yaml")


def test_a_secret_is_sealed_and_never_shown(
    line: Line, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line(f"app add {shop}")
    monkeypatch.setenv("VALUE", "s3cret-value")
    (tmp_path / "file").write_text("another-s3cret\n")
    line("secret set shop TOKEN --from-env VALUE")
    line("secret set shop KEY --from-file file")
    line("env set shop PLAIN=1")
    line(f"deploy shop {FAST}")
    listed = line("secret ls shop")
    assert [(row["name"], row["value"]) for row in listed.data] == [("KEY", None), ("TOKEN", None)]
    commands = ("secret ls", "env ls", "releases", "status", "plan")
    shown = [json_line(line(f"{command} shop").data) for command in commands]
    shown.append(json_line(line("releases shop --show 1").data) + line("releases shop --show 1").text)
    assert not [text for text in shown if "s3cret" in text]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert b"s3cret" not in kept
    assert b"TOKEN" in kept


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("env set shop A", "'A' sets nothing."),
        ("env set shop 1A=x", "'1A' cannot be a variable's name."),
        ("env set shop 'A B=x'", "'A B' cannot be a variable's name."),
        ("env set shop =x", "'' cannot be a variable's name."),
        ("env set shop PORT=1", "PORT is given by the target."),
        ("env set shop HOST=1", "HOST is given by the target."),
        ("env set shop GOOD=1 B-D=2", "'B-D' cannot be a variable's name."),
        ("env unset shop NOPE", "shop has no variable NOPE."),
        ("secret set shop TOKEN --from-env NOT_THERE_AT_ALL", "NOT_THERE_AT_ALL is not in the environment."),
        ("secret set shop TOKEN --from-file empty", "The value of TOKEN is empty."),
        ("secret set shop TOKEN --from-file zero", "The value of TOKEN is not UTF-8 text, or holds a zero byte."),
        ("secret set shop TOKEN --from-file latin", "The value of TOKEN is not UTF-8 text, or holds a zero byte."),
        ("env set shop A=\udce9", "The value of A is not UTF-8 text, or holds a zero byte."),
        ("env ls shop -e Bad_Name", "'Bad_Name' cannot be an environment's name."),
    ],
)
def test_a_variable_that_cannot_be_is_refused_and_nothing_is_kept(
    command: str, what: str, line: Line, shop: Path, tmp_path: Path, ctx: Context
) -> None:
    line(f"app add {shop}")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "zero").write_text("a\0b")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(UsageError) as caught:
        line(command)
    assert caught.value.what == what
    assert ctx.state.pending.counts() == {}


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
    lines = [(entry.process, entry.stream, entry.text) for entry in answer.lines]
    assert ("web", "stdout", "first") in lines
    assert ("web", "stderr", "second") in lines
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


def test_environments_are_kept_apart(line: Line, shop: Path) -> None:
    production = line(f"deploy {shop} {FAST}")
    line("env set shop -e staging A=1")
    staging = line(f"deploy shop -e staging {FAST}")
    assert staging.url != production.url
    assert [row["environment"] for row in line("status").data] == ["production", "staging"]
    assert [row["environment"] for row in line("status shop -e staging").data] == ["staging"]
    assert (line("env ls shop").data, [row["name"] for row in line("env ls shop -e staging").data]) == ([], ["A"])
    line("app rm shop -e staging --yes")
    assert [row["environment"] for row in line("status").data] == ["production"]
    assert len(line("app ls").data) == 1


@pytest.mark.parametrize(
    ("setup", "command", "what"),
    [
        ([], "rollback shop", "shop was never deployed."),
        (["deploy shop"], "rollback shop", "shop has no earlier release to go back to."),
        (["deploy shop"], "rollback shop --to 1", "Release 1 of shop serves already."),
    ],
)
def test_a_rollback_that_leads_nowhere_is_refused(
    setup: list[str], command: str, what: str, line: Line, shop: Path
) -> None:
    line(f"app add {shop}")
    for text in setup:
        line(f"{text} {FAST}")
    with pytest.raises(UsageError) as caught:
        line(command)
    assert caught.value.what == what


def test_a_folder_that_is_gone_is_named_with_what_to_do(line: Line, shop: Path) -> None:
    line(f"app add {shop}")
    shop.rename(shop.with_name("away"))
    with pytest.raises(NotFoundError) as caught:
        line("deploy shop")
    assert caught.value.hint == "Say where it is now: `webduh app move shop FOLDER`."


def test_a_folder_whose_name_is_no_unicode_is_deployed(line: Line, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "index.html").write_text("one")
    done = line(f"deploy {folder} {FAST}")
    assert (done.outcome, page(done.url)) == ("done", "one")
    assert line("releases caf").data[0]["source"]["folder"] == f"{tmp_path}/caf\\udce9"
    line("status")
    line(f"deploy caf --force {FAST}")


def test_the_demo_deploys_every_example_it_can(line: Line, tmp_path: Path) -> None:
    answer = line(f"demo {tmp_path / 'demo'}")
    assert isinstance(answer, Lists)
    folders = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert [text.split()[1].rpartition("/")[2] for text in answer.lines] == folders
    assert folders


def test_answers_are_values(line: Line, served: str) -> None:
    for command in KEYS:
        answer = line(command)
        assert msgspec.structs.fields(answer)
        assert {column.key for column in answer.columns} <= set(answer.rows[0])
