"""The action registry: no key stands anywhere else."""

import importlib
import inspect
import pkgutil
from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Input

import webduh_console.console
from webduh_console.console.actions import ACTIONS, BY_NAME, SCOPES, allowed, bindings, in_scope, key_sign
from webduh_console.console.keymap import checked, read_keys


def own_classes() -> list[type[DOMNode]]:
    """Every widget, screen and app of the console."""
    package = webduh_console.console
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    found = {
        value
        for module in modules
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, DOMNode) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda one: one.__qualname__)


@pytest.mark.parametrize("one", own_classes(), ids=lambda one: one.__name__)
def test_no_key_exists_outside_the_registry(one: type[DOMNode]) -> None:
    text_editing = {binding.action for _, binding in Input._merged_bindings} if issubclass(one, Input) else set()
    for key, binding in one._merged_bindings or ():
        if binding.action in text_editing:
            continue
        assert binding.action in BY_NAME, f"{key} of {one.__name__}"
        assert binding.id == binding.action


@pytest.mark.parametrize("one", own_classes(), ids=lambda one: one.__name__)
def test_every_key_leads_to_an_action_that_is_there(one: type[DOMNode]) -> None:
    for binding in one.__dict__.get("BINDINGS", ()):
        assert isinstance(binding, Binding)
        assert hasattr(one, f"action_{binding.action}"), f"{one.__name__} has no action {binding.action}"


@pytest.mark.parametrize("scope", SCOPES)
def test_no_key_has_two_meanings_in_a_scope(scope: str) -> None:
    keys = Counter(key for action in in_scope(scope) for key in action.keys)
    assert {key for key, count in keys.items() if count > 1} == set()


def test_scopes_are_known_and_names_are_used_once() -> None:
    assert {scope for action in ACTIONS for scope in action.scopes} <= set(SCOPES)
    assert len(BY_NAME) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_says_what_it_does(action: object) -> None:
    known = BY_NAME[action.name]  # type: ignore[attr-defined]
    assert known.words
    assert known.help
    assert known.keys
    assert not known.help.endswith(".")


def test_read_only_allows_what_changes_nothing() -> None:
    refused = {action.name for action in ACTIONS if not allowed(action, read_only=True)}
    deploying = {"deploy", "deploy_folder", "try_demo", "new_app", "rollback", "cancel", "go", "answer_yes"}
    variables = {"add_variable", "edit_variable", "take_variable_away", "leave_variable"}
    wizard = {"plan_it", "add_here", "set_domain", "as_detected", "start_afresh", "add_server"}
    servers = {"server_shell", "set_up", "prune", "exec", "restart", "stop_or_start", "remove_unused"}
    assert refused == deploying | variables | wizard | servers | {"run_schedule", "run_command", "shell"}


def test_bindings_carry_the_actions_name_for_the_key_map() -> None:
    assert [(b.key, b.id) for b in bindings("plan") if isinstance(b, Binding)] == [("enter", "go"), ("y", "answer_yes")]


@pytest.mark.parametrize(
    ("key", "sign"), [("question_mark", "?"), ("ctrl+p", "^p"), ("shift+tab", "⇧tab"), ("enter", "⏎"), ("d", "d")]
)
def test_keys_are_shown_as_people_write_them(key: str, sign: str) -> None:
    assert key_sign(key) == sign


def test_a_key_map_is_taken_where_it_is_right_and_named_where_it_is_wrong() -> None:
    keys, problems = checked(
        {"deploy": "ctrl+d", "logs": ["l", "L"], "fly": "f", "sort": "", "rollback": "o", "filter": "?"}, "keys.yaml"
    )
    assert keys == {"deploy": ("ctrl+d",), "logs": ("l", "L")}
    assert problems == [
        "keys.yaml: there is no action fly.",
        "keys.yaml: sort needs a key, such as `sort: ctrl+k`.",
        "keys.yaml: rollback cannot have o: open_address has it in the same place.",
        "keys.yaml: filter cannot have question_mark: help has it in the same place.",
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n"])
def test_an_empty_key_map_changes_nothing(tmp_path, text: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "keys.yaml").write_text(text, "utf-8")
    assert read_keys(tmp_path / "keys.yaml") == ({}, [])
    assert read_keys(tmp_path / "none.yaml") == ({}, [])


@pytest.mark.parametrize("text", ["[1, 2]\n", "a: {\n", "just words\n"])
def test_a_broken_key_map_is_named_once(tmp_path, text: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "keys.yaml").write_text(text, "utf-8")
    keys, problems = read_keys(tmp_path / "keys.yaml")
    assert keys == {}
    assert len(problems) == 1


def test_a_broken_key_map_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "keys.yaml").write_text("deploy: D\nlogs: [L\n", "utf-8")
    says = "keys.yaml cannot be read, and the usual keys count: expected ',' or ']', but got '<stream end>' in line 3."
    assert read_keys(tmp_path / "keys.yaml") == ({}, [says])
