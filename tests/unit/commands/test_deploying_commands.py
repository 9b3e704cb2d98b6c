"""The commands that plan, deploy and go back, on a real home and a real local target."""

import os
from pathlib import Path

import pytest
from loopback import page
from shop_at_home import FAST, Everything, Line

from webduh_console.cli.face import json_line
from webduh_console.commands.context import Context
from webduh_console.commands.results import Done, Lists, Text
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.names import AppKey
from webduh_console.state.figures import Taken, app_subject


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
    subject = app_subject(AppKey("default", "shop", "production"))
    ctx.state.figures.keep([Taken(subject, metric, 100.0, 0.5) for metric in ("cpu", "requests")])
    gone = line("app rm shop --yes --volumes")
    assert gone.data == {"app": "shop", "removed": ["production"], "volumes": True}
    assert (line("app ls").rows, line("status").rows) == ([], [])
    assert [ctx.state.figures.past(subject, metric, 0, 200) for metric in ("cpu", "requests")] == [[], []]
    with pytest.raises(NotFoundError):
        line("status shop")


def test_a_plan_as_json_shows_changes_and_no_secret(line: Line, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line(f"app add {shop}")
    monkeypatch.setenv("VALUE", "s3cret-value")
    line("secret set shop TOKEN --from-env VALUE")
    answer = line("plan shop --exit-code")
    assert isinstance(answer, Text)
    assert answer.code == 3
    assert "s3cret-value" not in answer.text + json_line(answer.data)
    assert " ".join(sorted(answer.data)) == (
        "action app base blockers changes downtime environment framework project questions steps target to url warnings"
    )
    assert {"kind": "variable", "name": "TOKEN", "sign": "+", "before": "", "after": "secret"} in answer.data["changes"]
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
