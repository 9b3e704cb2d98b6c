"""What helps to write a plugin: a new one works at once, and the contract is checked on real folders."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webduh_console.commands.context import ALLOWED, Context
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.frameworks import BuildPlan, Evidence, Match, Source, Static
from webduh_console.frameworks.conformance import verdicts

Line = Callable[[str], Any]
REPOSITORY = Path(__file__).parents[3]
EVIDENCE = (Evidence("x", "is there"),)


class Good:
    name = "good"
    api = 1

    def detect(self, source: Source) -> Match | None:
        return Match(self.name, "framework", 0.9, EVIDENCE)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        return BuildPlan(self.name, "html", static=Static("."))


class Starting(Good):
    def detect(self, source: Source) -> Match | None:
        subprocess.run(["true"], check=False)
        return super().detect(source)


class Writing(Good):
    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        Path(os.devnull).write_text("x")
        return super().plan(source, match, options)


class Raising(Good):
    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        raise KeyError("gone")


class Changing(Good):
    def __init__(self) -> None:
        self.asked = 0

    def detect(self, source: Source) -> Match | None:
        self.asked += 1
        return Match(self.name, "framework", 0.5 + self.asked / 100, EVIDENCE)


class Empty(Good):
    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        return BuildPlan(self.name, "html")


class Elsewhere(Good):
    def detect(self, source: Source) -> Match | None:
        return None


def installed(folder: Path, name: str) -> None:
    """The written plugin as an installer would leave it."""
    info = folder / f"webduh_{name}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: webduh-{name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[webduh.frameworks]\n{name} = webduh_{name}:Plugin\n")


def wrong(plugin: Good, folder: Path) -> dict[str, str]:
    """What is not well with a plugin."""
    return {one.name: one.says for one in verdicts(plugin, [folder]) if not one.ok and one.name != "in time"}


@pytest.mark.parametrize(
    ("plugin", "found"),
    [
        (Good(), {}),
        (Starting(), {"pure": "starts a program"}),
        (Writing(), {"pure": f"writes {os.devnull}"}),
        (Raising(), {"answers": "it raised KeyError('gone')"}),
        (Changing(), {"same twice": "two questions, two answers"}),
        (Elsewhere(), {"detect": "it does not know this app"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_plugin_is_watched_while_it_is_asked(plugin: Good, found: dict[str, str], tmp_path: Path) -> None:
    assert wrong(plugin, tmp_path) == found


def test_a_plan_that_runs_nothing_is_none(tmp_path: Path) -> None:
    assert list(wrong(Empty(), tmp_path)) == ["plan", "image"]


def test_a_new_plugin_works_at_once(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = line("plugin new quill")
    assert written.data["folder"] == "webduh-quill"
    folder = tmp_path / "webduh-quill"
    paths = {"PYTHONPATH": f"{folder}:{REPOSITORY}"}
    own = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    ran = subprocess.run(own, env={**os.environ, **paths}, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    installed(folder, "quill")
    monkeypatch.syspath_prepend(folder)

    tested = line(f"plugin test quill {folder / 'example'}")
    assert [row["name"] for row in tested.rows if row["ok"] != "✓" and row["name"] != "in time"] == []
    shown = line("plugin show quill")
    assert (shown.data["package"], shown.data["about"]) == (
        "webduh-quill",
        "Recognized by its configuration file.",
    )


def test_a_plugin_of_others_is_not_used_where_nobody_can_be_asked_unless_it_is_named(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line("plugin new plume")
    folder = tmp_path / "webduh-plume"
    installed(folder, "plume")
    monkeypatch.syspath_prepend(folder)

    alone = line(f"detect {folder / 'example'}")
    assert alone.data["framework"] == "static"
    assert "The plugin plume of webduh-plume is not used where nobody can be asked" in alone.data["warnings"][-1]
    for named in ("plume", "other,webduh-plume"):
        monkeypatch.setenv(ALLOWED, named)
        assert line(f"detect {folder / 'example'}").data["framework"] == "plume"
    monkeypatch.delenv(ALLOWED)
    line("config set plugins plume")
    assert line(f"detect {folder / 'example'}").data["framework"] == "plume"
    assert Context.open(ask=lambda question, secret: "").frameworks[1] == ()


def test_what_is_there_is_not_written_over(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("kept")
    for words in ("plugin new quill mine", "plugin new Quill_2"):
        with pytest.raises(UsageError):
            line(words)
    assert line("plugin new quill --dry-run").text.startswith("Would write pyproject.toml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_an_unknown_plugin_gets_the_nearest_name(line: Line) -> None:
    with pytest.raises(NotFoundError) as unknown:
        line("plugin show nod")
    assert unknown.value.hint == "Did you mean node?"
