"""docs/plugins.md says what is so: its plugin is installed as the guide says, and used."""

import re
from pathlib import Path

import pytest
from source_tree import Tree

import webduh_console.frameworks
from webduh_console.frameworks import BuildPlan, BuildStep, Static
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.source import FolderSource

GUIDE = (Path(__file__).parents[3] / "docs/plugins.md").read_text()


def block(language: str, containing: str) -> str:
    """The guide's code block of a language that contains a text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return str(found)


def test_the_plugin_of_the_guide_works_when_it_is_installed(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages"
    info = package / "webduh_soupault-1.0.dist-info"
    info.mkdir(parents=True)
    (package / "webduh_soupault.py").write_text(block("python", "class Plugin"))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: webduh-soupault\nVersion: 1.0\n")
    entry = re.search(r'^soupault = "(.*)"$', block("toml", "entry-points"), re.MULTILINE)
    assert entry
    (info / "entry_points.txt").write_text(f"[webduh.frameworks]\nsoupault = {entry[1]}\n")
    monkeypatch.syspath_prepend(package)
    found = detect(
        tree({"soupault.toml": "", "package.json": '{"scripts": {"build": "x"}}', ".tool-versions": "soupault 5.0"}),
        plugins(),
    )
    assert found.plan == BuildPlan(
        "soupault",
        "html",
        build=(BuildStep("build the site", ("soupault", "--build-dir", "public"), ("soupault",), outputs=("public",)),),
        static=Static("public"),
        versions={"soupault": "5.0"},
        version_source={"soupault": ".tool-versions"},
    )


def test_the_test_of_the_guide_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/webduh_soupault.py").write_text(block("python", "class Plugin"))
    monkeypatch.syspath_prepend(tmp_path / "package")
    names: dict[str, object] = {}
    exec(compile(block("python", "def test_"), "docs/plugins.md", "exec"), names)
    site = tmp_path / "site"
    site.mkdir()
    names["test_a_site_is_built_into_public"](site)  # type: ignore[operator]
    assert FolderSource(site).files() == ("soupault.toml",)


def test_a_working_plugin_takes_less_than_fifty_lines() -> None:
    assert len(block("python", "class Plugin").splitlines()) + len(block("toml", "entry-points").splitlines()) < 50


def test_every_reader_that_the_guide_names_is_there() -> None:
    readers = re.findall(
        r"^\| `(\w+)\(", GUIDE.partition("## Readers to share")[2].partition("## Testing")[0], re.MULTILINE
    )
    assert len(readers) == 10
    assert [name for name in readers if name not in webduh_console.frameworks.__all__] == []
