"""Frameworks without code."""

from pathlib import Path

import pytest
from source_tree import Tree

from webduh_console.errors import ConfigError
from webduh_console.frameworks import BuildPlan, BuildStep, Declared, Evidence, Match, Static, declared
from webduh_console.frameworks.detection import detect

QUILL = r"""
[quill]
language = "quill"
confidence = 0.95
supersedes = ["node"]
static = "out"
base = "other"
build_apt = ["quill"]
any = [{ file = "quill.toml" }, { file = "site.toml", says = '^quill\s*=' }]
all = [{ file = "pages/**/*.txt" }]
dir = [{ "quill.toml" = '^output = "(.*)"' }]
build = [{ run = ["quill", "check"] }, { run = ["quill", "build", "--to", "{dir}"], needs = ["quill"] }]
version = { tool = "quill", files = [".quill-version"], within = { "quill.toml" = '^wants = "(.*)"' } }
"""
FILES = {"quill.toml": 'output = "./public/"\nwants = "3"\n', "pages/one/a.txt": ""}


@pytest.fixture
def quill(tmp_path: Path) -> Declared:
    file = tmp_path / "sites.toml"
    file.write_text(QUILL)
    return declared(file)["quill"]


def test_a_framework_is_told_by_its_files(tree: Tree, quill: Declared) -> None:
    found = detect(tree(FILES), [quill])

    assert found.match == Match(
        "quill",
        "framework",
        0.95,
        (Evidence("quill.toml", "is a file of quill"), Evidence("pages/one/a.txt", "is a file of quill")),
        "",
        ("node",),
    )
    assert found.plan == BuildPlan(
        "quill",
        "quill",
        build=(
            BuildStep("build", ("quill", "check")),
            BuildStep("build-2", ("quill", "build", "--to", "public"), ("quill",), outputs=("public",)),
        ),
        static=Static("public"),
        versions={"quill": "3"},
        version_source={"quill": "quill.toml"},
        base="other",
        build_apt=("quill",),
    )


@pytest.mark.parametrize(
    ("files", "known"),
    [
        ({"quill.toml": ""}, False),
        ({"pages/a.txt": ""}, False),
        ({"site.toml": "title = 1\nquill = 2\n", "pages/a.txt": ""}, True),
        ({"site.toml": "# quill\n", "pages/a.txt": ""}, False),
    ],
)
def test_every_sign_of_all_and_one_of_any_must_be_there(
    files: dict[str, str], known: bool, tree: Tree, quill: Declared
) -> None:
    assert (quill.detect(tree(files)) is not None) == known


def test_the_version_of_a_file_of_its_own_comes_first(tree: Tree, quill: Declared) -> None:
    plan = detect(tree({**FILES, ".quill-version": "4", ".tool-versions": "quill 5"}), [quill]).plan

    assert (plan.versions, plan.version_source) == ({"quill": "4"}, {"quill": ".quill-version"})


@pytest.mark.parametrize(
    "text",
    ["[quill", "quill = 3", "[quill]\nstatik = 'x'", "[quill]\nany = [{ file = 'a', says = '(' }]", "[quill]\nany = 1"],
)
def test_a_wrong_table_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as wrong:
        declared(file)
    assert wrong.value.what == f"{file} declares no framework."
    assert text == "[quill" or text == "quill = 3" or "quill" in wrong.value.why
