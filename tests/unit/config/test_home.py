"""Where webduh keeps its files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webduh_console.config.home import Home, home
from webduh_console.errors import StateError


def at(folder: Path) -> Home:
    return Home(folder / "data", folder / "config", folder / "cache")


def test_webduh_home_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDUH_HOME", str(tmp_path / "w"))
    assert home() == at(tmp_path / "w")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBDUH_HOME", "here/../w")
    assert home() == at(tmp_path / "w")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WEBDUH_HOME", "~/w")
    assert home() == at(tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_without_webduh_home_the_users_own_folders_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDUH_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folders = home()
    assert [folder.name for folder in (folders.data, folders.config, folders.cache)] == ["webduh"] * 3
    assert len({folders.data, folders.config, folders.cache}) == 3
    assert all(folder.is_relative_to(tmp_path) for folder in (folders.data, folders.config, folders.cache))


def test_folders_are_made_for_this_user_only_and_once(tmp_path: Path) -> None:
    folders = at(tmp_path / "a" / "b")
    assert folders.made() is folders
    assert folders.made() is folders
    modes = [folder.stat().st_mode & 0o777 for folder in (folders.data, folders.config, folders.cache)]
    assert modes == [0o700] * 3


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("mine")
    with pytest.raises(StateError) as caught:
        at(tmp_path / "w").made()
    assert caught.value.as_dict() == {
        "name": "state",
        "what": f"The folder {tmp_path}/w/data cannot be made.",
        "why": f"There is a file at {tmp_path}/w.",
        "kept": "The file was left as it is.",
        "hint": "Move it away, or set WEBDUH_HOME to another folder.",
    }
    assert (tmp_path / "w").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_told() -> None:
    with pytest.raises(StateError) as caught:
        at(Path("/proc/webduh")).made()
    assert caught.value.what == "The folder /proc/webduh/data cannot be made."
    assert caught.value.why != ""
    assert "WEBDUH_HOME" in caught.value.hint


def test_a_path_that_is_none_is_told() -> None:
    with pytest.raises(StateError, match="null"):
        at(Path("/tmp/a\0b")).made()


def test_a_link_to_a_folder_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "w").symlink_to(tmp_path / "real")
    at(tmp_path / "w").made()
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["cache", "config", "data"]


def test_asking_for_the_home_imports_nothing_heavy(tmp_path: Path) -> None:
    script = "import sys; from webduh_console.config.home import home; home(); print(*sys.modules)"
    environ = {**os.environ, "WEBDUH_HOME": str(tmp_path)}
    answer = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    heavy = {"platformdirs", "yaml", "sqlite3", "sqlite_utils", "cryptography", "keyring", "psutil", "asyncio"}
    assert heavy & set(answer.stdout.split()) == set()
