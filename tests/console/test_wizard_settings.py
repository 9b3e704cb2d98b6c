"""What the wizard offers to change, and how it draws what it found. Pure but for a folder that is looked at."""

from pathlib import Path

import msgspec
import pytest
from source_tree import written

from webduh_console.commands.context import Context
from webduh_console.commands.draft import Draft
from webduh_console.commands.looking import Looked, look
from webduh_console.console.wizard.cells import HIDDEN, candidate_rows, dockerfile_lines, domain_lines, need_rows
from webduh_console.console.wizard.settings import Setting, host_mistake, mistake, put, settings, take_back, typed
from webduh_console.model.build import EnvVar
from webduh_console.model.release import Variable

NODE = {
    "package.json": '{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15.1.0"}}',
    "package-lock.json": "{}",
    "app/page.js": "export default () => null\n",
    "webduh.yaml": "health: {path: /up, timeout: 30}\nprocesses:\n  worker:\n    command: node worker.js\n",
}


@pytest.fixture
def looked(empty: Context, tmp_path: Path) -> Looked:
    written(tmp_path / "shop", NODE)
    return look(empty, Draft(str(tmp_path / "shop")))


def by_label(looked: Looked, draft: Draft) -> dict[str, Setting]:
    return {setting.label: setting for setting in settings(looked, draft)}


def test_every_setting_says_where_its_value_comes_from(looked: Looked) -> None:
    found = {label: (one.id, one.value, one.origin) for label, one in by_label(looked, looked.draft).items()}
    assert found == {
        "name": ("name", "shop", "the folder's name"),
        "environment": (".environment", "production", "unless another is typed"),
        "framework": ("framework", "node", "node, package.json"),
        "install": ("install", "npm ci", "node, package.json"),
        "build": ("build", "npm run build && cp -R .next/static .next/standalone/.next/static", "node, package.json"),
        "process web": ("start", "node .next/standalone/server.js", "node, package.json"),
        "process worker": ("processes.worker.command", "node worker.js", "webduh.yaml:4"),
        "static folder": ("static", "", ""),
        "port": ("port", "", "PORT, which the target gives"),
        "health path": ("health.path", "/up", "webduh.yaml:1"),
        "option output": ("options.output", "", ""),
    }


def test_a_change_is_marked_as_typed_and_can_be_taken_back(looked: Looked) -> None:
    setting = by_label(looked, looked.draft)["port"]
    draft = put(looked.draft, setting, "9000")
    assert draft.changes == {("port",): "9000"}
    assert (by_label(looked, draft)["port"].origin, typed(draft, setting)) == ("typed here", True)
    assert take_back(draft, setting) == looked.draft
    environment = by_label(looked, looked.draft)["environment"]
    assert put(looked.draft, environment, "staging").environment == "staging"
    assert put(looked.draft, by_label(looked, looked.draft)["name"], "shop") == looked.draft


def test_a_repository_offers_what_a_folder_offers(looked: Looked) -> None:
    draft = Draft("https://example.com/shop.git")
    offered = [one.label for one in settings(msgspec.structs.replace(looked, draft=draft), draft)]
    assert offered == list(by_label(looked, looked.draft))


@pytest.mark.parametrize(
    ("label", "right", "wrong"),
    [
        ("name", "shop-2", "My Shop"),
        ("environment", "preview-42", "Preview"),
        ("port", "8000", "70000"),
        ("port", "1", "many"),
        ("health path", "/up", "up"),
        ("static folder", "dist", "/dist"),
        ("static folder", "a/b", "../b"),
        ("build", "true", " "),
        ("process web", "./run", " "),
        ("option output", "server", "ftp"),
    ],
)
def test_a_wrong_value_is_named_while_it_is_typed(looked: Looked, label: str, right: str, wrong: str) -> None:
    setting = by_label(looked, looked.draft)[label]
    assert mistake(setting, right) == ""
    assert mistake(setting, wrong) != ""


def test_a_domain_must_be_one_and_must_be_free() -> None:
    taken = {"a.example.com": "blog", "b.example.com": "shop"}
    assert host_mistake("b.example.com c.example.com", taken, "shop") == ""
    assert host_mistake("", taken, "shop") == ""
    assert host_mistake("c.example.com a.example.com", taken, "shop") == "a.example.com leads to blog already"
    assert "no host name" in host_mistake("https://c.example.com", taken, "shop")


def test_what_is_missing_comes_first_and_no_secret_is_shown(looked: Looked) -> None:
    needs = (
        EnvVar("LOG", "read in app.js", default="info"),
        EnvVar("DATABASE_URL", "is the database", required=True, secret=True),
        EnvVar("API_KEY", "is needed to build", "build", required=True, secret=True),
    )
    seen = msgspec.structs.replace(looked, needs=needs, variables={})
    assert [one.name for one in seen.missing(seen.draft)] == ["DATABASE_URL", "API_KEY"]
    assert [one.name for one in seen.missing(seen.draft, ("build", "both"))] == ["API_KEY"]
    draft = seen.draft.with_variable("API_KEY", Variable("s3cret-value", True))
    rows = need_rows(seen, draft)
    assert [row.key for row in rows] == ["DATABASE_URL", "API_KEY", "LOG"]
    shown = ["".join(text for text, _ in row.cells[2]) for row in rows]
    assert shown == ["secret", HIDDEN, "info unless set"]


def test_the_one_that_was_chosen_stands_before_those_that_lost(looked: Looked) -> None:
    rows = candidate_rows(looked)
    assert rows[0].key == "node"
    assert "".join(text for text, _ in rows[0].cells[0]) == "● chosen"


def test_a_dockerfile_is_drawn_in_colours_and_stays_as_it_is() -> None:
    text = '# made\nFROM node:22 AS build\nRUN --mount=type=cache npm ci \\\n    FROM here "$HOME"\n'
    lines = dockerfile_lines(text)
    assert ["".join(piece for piece, _ in line)[1:] for line in lines] == text.splitlines()
    roles = [[role for _, role in line if role != "text"] for line in lines]
    assert roles == [["faint"], ["bold accent", "bold accent"], ["bold accent", "busy"], ["good"]]


@pytest.mark.parametrize(
    ("written_there", "typed_here", "kind", "says"),
    [
        ("", (), "local", " a port of this machine, unless a domain is typed: d"),
        ("", (), "server", " none: nobody outside can reach it. Type one: d"),
        ("domains: [shop.example.com]\n", (), "server", " shop.example.com  webduh.yaml:1"),
        ("domains: [shop.example.com]\n", ("other.example.com",), "server", " other.example.com  typed here"),
    ],
)
def test_the_domain_that_would_lead_to_it_is_shown_with_its_origin(
    empty: Context, tmp_path: Path, written_there: str, typed_here: tuple[str, ...], kind: str, says: str
) -> None:
    written(tmp_path / "site", {"index.html": "<p>", "webduh.yaml": written_there})
    draft = Draft(str(tmp_path / "site"), domains=typed_here)
    (line,) = domain_lines(draft, look(empty, draft), kind)
    assert "".join(text for text, _ in line) == says


def test_a_variable_stays_in_its_row_when_it_gets_its_value(looked: Looked) -> None:
    needs = tuple(EnvVar(name, "", required=name != "MAYBE") for name in ("FIRST", "MAYBE", "SECOND"))
    looked = msgspec.structs.replace(looked, needs=needs)
    draft = looked.draft.with_variable("FIRST", Variable("x"))
    for one in (looked.draft, draft):
        assert [row.key for row in need_rows(looked, one)][:3] == ["FIRST", "SECOND", "MAYBE"]
