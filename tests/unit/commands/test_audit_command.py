from pathlib import Path
from typing import Any

import pytest
from shop_at_home import FAST, KEY, Line

from webduh_console.commands.context import Context
from webduh_console.commands.noting import shown_argv
from webduh_console.model.mask import MASK


def acts(line: Line, text: str = "audit") -> list[tuple[Any, ...]]:
    return [(row["app"], row["act"], row["what"], row["trigger"]) for row in line(text).data]


def test_everything_that_was_done_is_told_in_its_order(line: Line, ctx: Context, shop: Path, served: str) -> None:
    (shop / "index.html").write_text("two")
    line("env set shop COLOUR=red")
    line(f"deploy shop {FAST}")
    line(f"rollback shop {FAST}")
    line("env unset shop COLOUR")
    line("app rm shop --yes")
    told = acts(line)
    assert sorted(told) == sorted(
        [
            ("shop", "env", "set COLOUR", "command"),
            ("shop", "deploy", "release 1 made live, variables +COLOUR", "command"),
            ("shop", "env", "set COLOUR", "command"),
            ("shop", "deploy", "release 2 made live, variables ~COLOUR", "command"),
            ("shop", "rollback", "release 3 made live, variables ~COLOUR", "command"),
            ("shop", "env", "unset COLOUR", "command"),
            ("shop", "remove", "shop", "command"),
        ]
    )
    assert {row["by"] for row in line("audit").data} == {ctx.by}
    assert acts(line, "audit shop --limit 1") == told[-1:]
    assert acts(line, "audit shop --since 1d") == told
    assert acts(line, "audit other") == []
    assert acts(line, "audit shop -e staging") == []
    assert [row[1] for row in acts(line, "audit --on local")] == ["deploy", "deploy", "rollback", "remove"]


def test_values_of_variables_and_secrets_stand_in_no_log(
    line: Line, ctx: Context, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALUE", "s3cret-value")
    line("secret set shop TOKEN --from-env VALUE")
    line(f"deploy shop {FAST}")
    answer = line("audit shop")
    assert "secret" in {row["act"] for row in answer.data}
    kept = ctx.target("local").record(KEY, "local").audits()
    for text in (str(answer.data), str(answer.rows), str(kept), str(ctx.state.acts.all())):
        assert "TOKEN" in text
        assert "s3cret-value" not in text
        assert "green" not in text


def test_a_deployment_that_fails_is_told_too(line: Line, served: str, shop: Path) -> None:
    (shop / "webduh.yaml").write_text("health: /nowhere\ndeploy: {watch: 0}\nstatic: .\n")
    (shop / "webduh.yaml").write_text("health: {path: /nowhere, timeout: 1}\nstatic: .\n")
    line(f"deploy shop {FAST}")
    assert acts(line)[-1][:2] == ("shop", "deploy")
    assert acts(line)[-1][2].startswith("release 2 not made live: ")


@pytest.mark.parametrize(
    ("argv", "secrets", "text"),
    [
        (["ls", "-l"], [], "ls -l"),
        (["echo", "hunter2hunter2"], ["hunter2hunter2"], f"echo {MASK}"),
        (["echo", "ahunter2hunter2b"], ["hunter2hunter2"], f"echo a{MASK}b"),
        (["env", "API_TOKEN=abc", "x"], [], f"env API_TOKEN={MASK} x"),
        (["env", "COLOUR=abc"], [], "env COLOUR=abc"),
        (["mysql", "--password=abc"], [], f"mysql --password={MASK}"),
        (["mysql", "--password", "abc", "db"], [], f"mysql --password {MASK} db"),
        (["psql", "postgres://me:abc@db/x"], [], f"psql {MASK}"),
        (["psql", "postgres://me@db/x"], [], "psql postgres://me@db/x"),
        ([], [], ""),
    ],
)
def test_what_was_run_is_told_without_its_secrets(argv: list[str], secrets: list[str], text: str) -> None:
    assert shown_argv(argv, secrets) == text
