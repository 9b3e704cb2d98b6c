"""The commands that set variables and secrets, on a real home and a real local target."""

from pathlib import Path

import pytest
from shop_at_home import FAST, Line

from webduh_console.cli.face import json_line
from webduh_console.commands.context import Context
from webduh_console.errors import UsageError


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
