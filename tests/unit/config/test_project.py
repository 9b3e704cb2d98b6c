from pathlib import Path

import msgspec
import pytest

from webduh_console.config.problems import ConfigFileError
from webduh_console.config.project import Project, ProjectApp, load_project, ordered, schema
from webduh_console.errors import ConfigError


def loaded(folder: Path, text: str) -> Project:
    (folder / "webduh-project.yaml").write_text(text)
    project = load_project(folder)
    assert project is not None
    return project


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigFileError) as caught:
        loaded(folder, text)
    return [str(problem).removeprefix("webduh-project.yaml:") for problem in caught.value.problems]


def test_a_folder_without_a_project_has_none(tmp_path: Path) -> None:
    assert load_project(tmp_path) is None


def test_a_project_names_its_apps_their_folders_and_what_is_special_of_them(tmp_path: Path) -> None:
    project = loaded(
        tmp_path,
        """
name: market
on: prod
environment: staging
apps:
  shop: shop
  mail: {path: ../mail, after: [shop], on: other, domains: [mail.example.com]}
  till: {path: https://example.com/till.git, ref: v2, folder: apps/till}
""",
    )
    apps = {"shop": ProjectApp("shop"), "mail": ProjectApp("../mail", ("shop",), "other", ("mail.example.com",))}
    till = ProjectApp("https://example.com/till.git", ref="v2", folder="apps/till")
    apps["till"] = till
    assert project == Project(tmp_path / "webduh-project.yaml", "market", "staging", "prod", apps)
    (tmp_path / "shop").mkdir()
    assert project.source("shop") == str(tmp_path.resolve() / "shop")
    assert (project.source("mail"), project.source("till")) == ("../mail", till.path)
    assert load_project(tmp_path / "webduh-project.yaml") == project


def test_apps_come_in_the_order_of_their_turn(tmp_path: Path) -> None:
    project = loaded(
        tmp_path, "name: m\napps:\n  c: {path: c, after: [b]}\n  b: {path: b, after: [a]}\n  a: a\n  d: d\n"
    )
    assert list(project.apps) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["1:1 name: is missing"]),
        ("apps: {a: a}\n", ["1:1 name: is missing"]),
        ("name: m\n", ["1:1 apps: is missing"]),
        ("name: m\napps: {}\n", ["2:1 apps: is missing"]),
        ("- a\n", ["1:1: expected a block of keys (write for example name: market)"]),
        ("name: m\nappz: {a: a}\n", ["1:1 apps: is missing", "2:1 appz: is not a setting (did you mean apps?)"]),
        ("name: m\nname: n\napps: {a: a}\n", ["2:1 name: is written twice, in lines 1 and 2 (keep one of them)"]),
        (
            "name: m\napps:\n  a: a\n  a: b\n",
            ["4:3 apps.a: is written twice, in lines 3 and 4 (keep one of them)"],
        ),
        (
            "name: m\napps:\n  a: {path: a, after: [bee]}\n  bees: b\n",
            ["3:24 apps.a.after[0]: there is no app bee here (did you mean bees?)"],
        ),
        (
            "name: m\napps:\n  a: {path: a, after: [zzz]}\n",
            ["3:24 apps.a.after[0]: there is no app zzz here (there are a)"],
        ),
        ("name: m\napps:\n  a: {after: []}\n", ["3:6 apps.a.path: is missing"]),
        (
            "name: m\napps:\n  a: {path: a, afterr: []}\n",
            ["3:16 apps.a.afterr: is not a setting (did you mean after?)"],
        ),
    ],
)
def test_every_mistake_is_named_with_its_line(tmp_path: Path, text: str, said: list[str]) -> None:
    assert mistakes(tmp_path, text) == said


@pytest.mark.parametrize(
    "text",
    [
        "name: My Shop\napps: {a: a}\n",
        "name: m\napps: {A: a}\n",
        "name: m\napps: {a: 1}\n",
        "name: m\napps: {a: ''}\n",
        "name: m\napps: [a]\n",
        "name: m\napps: {a: {path: a, domains: [HTTP://X]}}\n",
        "name: m\non: 3\napps: {a: a}\n",
        "name: m\nenvironment: 'a b'\napps: {a: a}\n",
        "name: m\napps: {a: {path: a, after: b}}\n",
        "name: [\n",
        "\t",
        "name: m\napps: {a: !!python/object:os.system a}\n",
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_guessed(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "webduh-project.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(ConfigFileError, match="is not UTF-8"):
        load_project(tmp_path)


def test_two_files_of_a_project_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "webduh-project.yml").write_text("name: m\n")
    with pytest.raises(ConfigFileError, match="keep one of them"):
        loaded(tmp_path, "name: m\napps: {a: a}\n")


@pytest.mark.parametrize(
    ("after", "order"),
    [
        ({}, []),
        ({"a": []}, ["a"]),
        ({"a": [], "b": []}, ["a", "b"]),
        ({"b": [], "a": []}, ["b", "a"]),
        ({"a": ["b"], "b": []}, ["b", "a"]),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, ["c", "b", "a"]),
        ({"a": ["c"], "b": ["c"], "c": []}, ["c", "a", "b"]),
        ({"a": ["b"], "b": [], "c": ["a"], "d": []}, ["b", "a", "c", "d"]),
        ({"a": ["b", "b"], "b": []}, ["b", "a"]),
    ],
)
def test_an_app_comes_after_those_it_waits_for(after: dict[str, list[str]], order: list[str]) -> None:
    assert ordered(after) == order


@pytest.mark.parametrize(
    ("after", "circle"),
    [
        ({"a": ["a"]}, "a waits for a."),
        ({"a": ["b"], "b": ["a"]}, "a waits for b waits for a."),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, "a waits for b waits for c waits for a."),
    ],
)
def test_apps_that_wait_for_each_other_are_named(after: dict[str, list[str]], circle: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ordered(after)
    assert caught.value.why == circle


def test_the_schema_is_one_that_editors_take() -> None:
    whole = schema()
    assert whole["required"] == ["name", "apps"]
    assert set(whole["properties"]) == {"name", "on", "environment", "apps"}
    assert whole["additionalProperties"] is False
    assert msgspec.json.encode(whole)
