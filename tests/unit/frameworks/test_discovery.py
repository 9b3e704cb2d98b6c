"""Plugins are found by the entry points of whatever is installed."""

from pathlib import Path

import pytest

from webduh_console.frameworks.discovery import PluginInfo, broken, installed, plugins

GOOD = """
from webduh_console.frameworks import BuildPlan

class Plugin:
    name = "{name}"
    api = {api}
    def detect(self, source): return None
    def plan(self, source, match, options): return BuildPlan(self.name, "go")
"""


def install(folder: Path, package: str, module: str, text: str, name: str) -> None:
    """Puts a distribution with one plugin into a folder, as an installer would."""
    info = folder / f"{package}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[webduh.frameworks]\n{name} = {module}:Plugin\n")
    (folder / f"{module}.py").write_text(text)


def test_the_plugins_that_ship_are_found() -> None:
    names = ["deno", "dockerfile", "node", "python", "static"]
    assert [plugin.name for plugin in plugins()] == names
    assert [(info.name, info.package, info.api, info.error) for info in installed()] == [
        (name, "webduh-console", 1, "") for name in names
    ]
    assert broken() == ()


def test_anybodys_plugin_is_found_by_being_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "webduh-hugo", "hugo_plugin_found", GOOD.format(name="hugo", api=1), "hugo")
    monkeypatch.syspath_prepend(tmp_path)
    assert "hugo" in [plugin.name for plugin in plugins()]
    assert PluginInfo("hugo", "webduh-hugo", "1.2", 1, "hugo_plugin_found:Plugin", framework="hugo") in installed()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("raise SystemExit", "SystemExit"),
        ("def (", "SyntaxError: "),
        ("x = 1", "AttributeError: module "),
        (GOOD.format(name="bad", api=2), "it speaks plugin API 2, this program speaks 1"),
        (GOOD.format(name="", api=1), "it has no name"),
        ("class Plugin:\n    name = 'bad'\n    api = 1\n    def detect(self, source): ...", "it has no method plan"),
        ("class Plugin:\n    def __init__(self, x): ...", "TypeError: "),
        ("Plugin = 3", "it has no name"),
        (GOOD.format(name="static", api=1), "another plugin already has its name"),
    ],
)
def test_a_broken_plugin_is_named_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: str, request: pytest.FixtureRequest
) -> None:
    module = f"broken_plugin_{request.node.callspec.indices['text']}"
    install(tmp_path, "webduh-bad", module, text, "zbad")
    monkeypatch.syspath_prepend(tmp_path)
    assert [plugin.name for plugin in plugins()] == ["deno", "dockerfile", "node", "python", "static"]
    (only,) = broken()
    assert (only.name, only.package, only.api, only.module) == ("zbad", "webduh-bad", None, f"{module}:Plugin")
    assert only.error.startswith(error)


def test_of_two_plugins_of_one_name_the_one_that_ships_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "aaa-static", "static_of_another", GOOD.format(name="static", api=1), "static")
    monkeypatch.syspath_prepend(tmp_path)
    assert [type(plugin).__module__ for plugin in plugins() if plugin.name == "static"] == ["webduh_plugins.static"]
    assert [info.package for info in broken()] == ["aaa-static"]
