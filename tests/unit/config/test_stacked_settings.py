"""The user's own settings of an app stand over those of its repository, setting by setting."""

from pathlib import Path

import pytest
from source_tree import written

from webduh_console.config.load import load
from webduh_console.config.problems import ConfigFileError
from webduh_console.config.proposing import proposed, write


def said(tmp_path: Path, below: str, above: str) -> dict[str, tuple[str, str]]:
    """Setting → its value as it is written, and where, with one file over another."""
    written(tmp_path / "repository", {"webduh.yaml": below} if below else {"index.html": ""})
    written(tmp_path / "own", {"webduh.yaml": above} if above else {})
    loaded = load(tmp_path / "repository", tmp_path / "own")
    return {path: (text, loaded.origin(path)) for path, text in loaded.texts.items()}


@pytest.mark.parametrize(
    ("below", "above", "result"),
    [
        ("", "", {}),
        ("port: 80\n", "", {"port": ("80", "webduh.yaml:1")}),
        ("", "port: 81\n", {"port": ("81", "webduh.yaml:1, kept here")}),
        (
            "name: shop\nport: 80\n",
            "\nbuild: make\nport: 81\n",
            {
                "name": ("shop", "webduh.yaml:1"),
                "port": ("81", "webduh.yaml:3, kept here"),
                "build": ("make", "webduh.yaml:2, kept here"),
            },
        ),
        (
            "health: {path: /up, timeout: 9}\n",
            "health: /well\n",
            {"health.path": ("/well", "webduh.yaml:1, kept here"), "health.timeout": ("9", "webduh.yaml:1")},
        ),
        (
            "health: /up\n",
            "health: {timeout: 9}\n",
            {"health.path": ("/up", "webduh.yaml:1"), "health.timeout": ("9", "webduh.yaml:1, kept here")},
        ),
        (
            "processes:\n  worker: {command: run it, instances: 2}\n",
            "processes: {worker: run that}\n",
            {
                "processes.worker.command": ("run that", "webduh.yaml:1, kept here"),
                "processes.worker.instances": ("2", "webduh.yaml:2"),
            },
        ),
        ("static: dist\n", "start: ./serve\n", {"start": ("./serve", "webduh.yaml:1, kept here")}),
        (
            "processes:\n  web: {command: run it, instances: 2}\n",
            "static: dist\n",
            {"processes.web.instances": ("2", "webduh.yaml:2"), "static": ("dist", "webduh.yaml:1, kept here")},
        ),
        (
            "start: ./serve\nprocesses: {worker: ./work}\n",
            "processes: {web: ./other}\n",
            {
                "processes.worker": ("./work", "webduh.yaml:2"),
                "processes.web": ("./other", "webduh.yaml:1, kept here"),
            },
        ),
        ("port: 80\n", "port:\n", {"port": ("80", "webduh.yaml:1")}),
        (
            "domains: [a.example.com]\n",
            "domains: [b.example.com, c.example.com]\n",
            {"domains": ("[b.example.com, c.example.com]", "webduh.yaml:1, kept here")},
        ),
    ],
)
def test_what_is_kept_here_counts_and_the_rest_stays(
    tmp_path: Path, below: str, above: str, result: dict[str, tuple[str, str]]
) -> None:
    assert said(tmp_path, below, above) == result


def test_a_mistake_names_the_file_that_it_is_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError) as caught:
        said(tmp_path, "port: 80\n", "port: many\n")
    assert str(tmp_path / "own" / "webduh.yaml") in caught.value.what
    with pytest.raises(ConfigFileError) as caught:
        said(tmp_path, "port: many\n", "port: 80\n")
    assert str(tmp_path / "repository" / "webduh.yaml") in caught.value.what


def test_a_proposal_changes_the_users_own_file_and_leaves_the_repository_alone(tmp_path: Path) -> None:
    written(tmp_path / "repository", {"webduh.yaml": "port: 80\nhealth: /up\n"})
    own = tmp_path / "config" / "apps" / "default" / "shop"
    wanted = proposed(tmp_path / "repository", {("port",): "81"}, own)
    assert wanted.difference[2:] == ("@@ -0,0 +1 @@", "+port: 81")
    assert (wanted.loaded.config.port, wanted.loaded.config.health) == (81, "/up")
    assert not own.exists()
    write(wanted, own=True)
    assert (own / "webduh.yaml").read_text("utf-8") == "port: 81\n"
    back = proposed(tmp_path / "repository", {("port",): None}, own)
    assert back.loaded.config.port == 80
    assert (tmp_path / "repository" / "webduh.yaml").read_text("utf-8") == "port: 80\nhealth: /up\n"
