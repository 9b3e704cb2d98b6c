"""A `webduh.yaml` with settings changed: checked as a whole before it is written, and written as a whole."""

import stat
from pathlib import Path

import pytest

from webduh_console.config.load import load
from webduh_console.config.problems import ConfigFileError
from webduh_console.config.proposing import proposed, write
from webduh_console.errors import ConfigError

TEXT = "# mine\nname: shop   # called so\nport: 8000\n"


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    wanted = proposed(tmp_path, {("port",): "8000", ("options", "output"): "server"})
    assert not (tmp_path / "webduh.yaml").exists()
    write(wanted)
    assert (tmp_path / "webduh.yaml").read_text("utf-8") == "port: 8000\noptions:\n  output: server\n"


def test_comments_order_and_rights_stay(tmp_path: Path) -> None:
    file = tmp_path / "webduh.yml"
    file.write_text(TEXT, "utf-8")
    file.chmod(0o640)
    wanted = proposed(tmp_path, {("port",): "9000"})
    assert wanted.difference[-2:] == ("-port: 8000", "+port: 9000")
    write(wanted)
    assert file.read_text("utf-8") == TEXT.replace("8000", "9000")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["webduh.yml"]


@pytest.mark.parametrize(
    ("path", "text", "kept"),
    [
        (("port",), "8000", 8000),
        (("name",), "shop-2", "shop-2"),
        (("health",), "/up", "/up"),
        (("start",), "8000", "8000"),
        (("read_only",), "true", True),
    ],
)
def test_a_text_becomes_what_the_setting_wants(tmp_path: Path, path: tuple[str, ...], text: str, kept: object) -> None:
    write(proposed(tmp_path, {path: text}))
    assert getattr(load(tmp_path).config, path[0]) == kept


@pytest.mark.parametrize(("path", "text"), [(("port",), "many"), (("port",), "70000"), (("nonsense",), "x")])
def test_what_the_schema_refuses_is_named_and_nothing_is_written(
    tmp_path: Path, path: tuple[str, ...], text: str
) -> None:
    with pytest.raises(ConfigFileError, match=path[0]):
        proposed(tmp_path, {path: text})
    assert list(tmp_path.iterdir()) == []


def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "webduh.yaml").write_text("start: ./run\n", "utf-8")
    with pytest.raises(ConfigFileError, match="contradicts"):
        proposed(tmp_path, {("static",): "dist"})


def test_what_somebody_else_wrote_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "webduh.yaml"
    file.write_text(TEXT, "utf-8")
    wanted = proposed(tmp_path, {("port",): "9000"})
    file.write_text("name: other\n", "utf-8")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        write(wanted)
    assert file.read_text("utf-8") == "name: other\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(TEXT, "utf-8")
    (tmp_path / "webduh.yaml").symlink_to("shared.yaml")
    write(proposed(tmp_path, {("port",): "9000"}))
    assert (tmp_path / "webduh.yaml").is_symlink()
    assert "port: 9000" in (tmp_path / "shared.yaml").read_text("utf-8")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    wanted = proposed(tmp_path, {("port",): "9000"})
    tmp_path.rmdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        write(wanted)


def test_a_mistake_that_is_only_wished_is_told_as_one_and_that_nothing_was_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError) as caught:
        proposed(tmp_path, {("port",): "banana"})
    file = tmp_path / "webduh.yaml"
    assert (caught.value.what, caught.value.kept) == (f"{file} would have a mistake.", "Nothing was written.")
    assert not file.exists()
    file.write_text("port: banana\n", "utf-8")
    with pytest.raises(ConfigFileError) as caught:
        proposed(tmp_path, {("port",): "8000"})
    assert (caught.value.what, caught.value.kept) == (f"{file} has a mistake.", "")
