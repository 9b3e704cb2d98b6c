"""Which image an app starts from."""

import pytest

from webduh_console.errors import ConfigError
from webduh_console.frameworks.render import BASES, Base, render
from webduh_console.frameworks.render.bases import base_of, chosen, read_bases
from webduh_console.model.build import BuildPlan, BuildStep, Process

WEB = Process("web", ("run",))


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("", "3.13"),
        ("*", "3.13"),
        ("3", "3"),
        ("3.12", "3.12"),
        ("3.12.1", "3.12.1"),
        ("==3.12.1", "3.12.1"),
        ("python-3.11.4", "3.11.4"),
        ("3.11.*", "3.11"),
        ("==3.11.*", "3.11"),
        (">=3.9", "3.13"),
        (">=3.9,<3.13", "3.12"),
        (">=3.9, <3.12", "3.11"),
        (">=3.14", "3.14"),
        (">=3.15", "3.15"),
        ("^3.11", "3.13"),
        ("~3.11", "3.11"),
        ("~=3.11", "3.13"),
        ("~=3.11.2", "3.11"),
        ("<=3.12", "3.12"),
        (">3.13", "3.14"),
        ("!=3.13.*", "3.14"),
        (">=3.13.2", "3.13"),
    ],
)
def test_python_is_the_version_that_was_asked_for(asked: str, version: str) -> None:
    assert chosen(BASES["python"], asked) == (version, True)


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("20", "20"),
        ("v20.11.1", "20.11.1"),
        ("20.x", "20"),
        ("18.x.x", "18"),
        (">=18", "22"),
        (">= 18.0.0", "22"),
        (">=18 <21", "20"),
        ("^20.9.0 || >=22", "22"),
        ("^18 || ^20", "20"),
        ("18 - 20", "20"),
        ("~20.1.2", "20.1"),
        ("^99", "99"),
        ("lts/*", "22"),
        ("lts/iron", "20"),
        ("LTS/Krypton", "24"),
        ("latest", "22"),
    ],
)
def test_node_is_the_version_that_was_asked_for(asked: str, version: str) -> None:
    assert chosen(BASES["node"], asked) == (version, True)


@pytest.mark.parametrize("asked", ["pypy3.10", "newest", "<3", "3.13t; rm -rf /", "1" * 400 + "x", ">=", "||"])
def test_what_is_not_understood_gets_the_usual_version_and_says_so(asked: str) -> None:
    assert chosen(BASES["python"], asked) == ("3.13", False)


@pytest.mark.parametrize(
    ("plan", "key"),
    [
        (BuildPlan("python", "python"), "python"),
        (BuildPlan("node", "javascript"), "node"),
        (BuildPlan("node", "javascript", package_manager="bun"), "bun"),
        (BuildPlan("custom", "", processes=(Process("web", ("sh", "-c", "cd x && python3 app.py")),)), "python"),
        (BuildPlan("custom", "", processes=(Process("web", ("/usr/bin/node", "a.js")),)), "node"),
        (BuildPlan("static", "html", build=(BuildStep("build", ("npx", "tailwindcss")),)), "node"),
        (BuildPlan("custom", "", processes=(Process("web", ("./server",)),)), "other"),
    ],
)
def test_the_base_is_that_of_the_language_or_of_the_first_known_program(plan: BuildPlan, key: str) -> None:
    assert base_of(plan) == key


def test_the_text_says_who_asked_for_the_version_and_when_it_was_not_understood() -> None:
    plan = BuildPlan(
        "python",
        "python",
        processes=(WEB,),
        versions={"python": "pypy\n3"},
        version_source={"python": ".python-version"},
    )

    assert "# Python 3.13: .python-version asks for what is not understood, pypy 3.\n" in render(plan).dockerfile


def test_the_images_can_be_others() -> None:
    bases = {**BASES, "python": Base("registry.example/py:{version}", "3.12")}

    assert render(BuildPlan("python", "python", processes=(WEB,)), bases=bases).bases == ("registry.example/py:3.12",)


def test_a_users_table_stands_over_the_one_that_ships_value_by_value() -> None:
    bases = read_bases(
        '[python]\nversion = "3.12"\n[own]\nimage = "own:{version}"\nversion = "1"\n', BASES, "images.toml"
    )

    assert (bases["python"].image, bases["python"].version) == ("python:{version}-slim", "3.12")
    assert bases["own"].named("1") == "own:1"
    assert bases["node"] == BASES["node"]


def test_a_mirror_goes_before_every_name_that_has_no_registry_of_its_own() -> None:
    bases = read_bases('mirror = "mirror.example.com/hub/"', BASES, "images.toml")

    assert bases["node"].image == "mirror.example.com/hub/node:{version}-slim"
    assert bases["bun"].image == "mirror.example.com/hub/oven/bun:{version}-slim"
    assert bases["dotnet"].image == BASES["dotnet"].image


@pytest.mark.parametrize(
    "text", ["[python", "python = 3", '[python]\nversoin = "3"', "[own]\nversion = '1'", "mirror = 3"]
)
def test_a_table_that_is_none_is_named_with_what_is_wrong_in_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r"images\.toml is no table of images"):
        read_bases(text, BASES, "images.toml")


@pytest.mark.parametrize(
    ("key", "asked", "version"),
    [
        ("jre", "17.0.9", "17"),
        ("jre", "1.8", "8"),
        ("maven", ">=17", "21"),
        ("dotnet", "8.0.100", "8.0"),
        ("dotnet-sdk", "9.0", "9.0"),
        ("php", "^8.1|^8.2", "8.4"),
        ("php", "8.2.*", "8.2"),
        ("php", ">=7.4 <8.3", "8.2"),
        ("ruby", "~> 3.2.0", "3.2"),
        ("ruby", "~> 3.1", "3.4"),
        ("ruby", "ruby-3.3.5", "3.3.5"),
        ("elixir", "~> 1.14", "1.18"),
        ("go", "go1.25.3", "1.25.3"),
        ("rust", "1.89.0", "1.89.0"),
        ("rust", "stable", "1"),
    ],
)
def test_each_language_gets_the_version_that_was_asked_for(key: str, asked: str, version: str) -> None:
    assert chosen(BASES[key], asked) == (version, True)
