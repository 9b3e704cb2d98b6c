"""Files that webduh.yaml wants mounted: what is read, and what is refused with its line."""

from pathlib import Path

import pytest

from webduh_console.config.load import load
from webduh_console.config.mounts import LARGEST, mounted
from webduh_console.config.problems import ConfigFileError
from webduh_console.model.build import Content, Mount, Volume


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    app = tmp_path / "app"
    (app / "config" / "inner").mkdir(parents=True)
    (app / "config" / "a.toml").write_text("a = 1\n")
    (app / "config" / "inner" / "run.sh").write_text("#!/bin/sh\n")
    (app / "config" / "inner" / "run.sh").chmod(0o755)
    (tmp_path / "outside").write_text("secret")
    return app


def read(folder: Path, text: str, environment: str = "production") -> tuple[tuple[Mount, ...], tuple[Content, ...]]:
    (folder / "webduh.yaml").write_text(text)
    return mounted(load(folder), environment, folder, (Volume("data", "data"),))


def test_a_file_and_a_folder_are_read_whole(folder: Path) -> None:
    mounts, contents = read(folder, "files: {config/a.toml: /etc/a.toml, config: ./conf/}\n")
    assert contents == (
        Content("/etc/a.toml", "", b"a = 1\n"),
        Content("conf", "a.toml", b"a = 1\n"),
        Content("conf", "inner/run.sh", b"#!/bin/sh\n", executable=True),
    )
    assert [(m.source, m.path, m.size, m.folder) for m in mounts] == [
        ("config/a.toml", "/etc/a.toml", 6, False),
        ("config", "conf", 16, True),
    ]


def test_an_environment_has_another_file_at_the_same_path(folder: Path) -> None:
    (folder / "staging.toml").write_text("a = 2\n")
    text = "files: {config/a.toml: a.toml}\nenvironments: {staging: {files: {staging.toml: a.toml}}}\n"
    assert [m.source for m in read(folder, text)[0]] == ["config/a.toml"]
    assert [m.source for m in read(folder, text, "staging")[0]] == ["staging.toml"]


def test_the_digest_is_of_names_modes_and_contents_alone(folder: Path) -> None:
    def digest(text: str = "files: {config: conf}\n") -> str:
        return read(folder, text)[0][0].digest

    first = digest()
    assert first.startswith("sha256:")
    assert digest("files: {config: elsewhere}\n") == first
    (folder / "config" / "a.toml").chmod(0o755)
    executable = digest()
    (folder / "config" / "a.toml").chmod(0o644)
    (folder / "config" / "a.toml").write_text("a = 2\n")
    assert len({first, executable, digest()}) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("files: {none.toml: /etc/a}", "webduh.yaml:1:1 files.none.toml: is not there"),
        ("\nfiles:\n  config/a.toml: /", "webduh.yaml:3:1 files.config/a.toml: would hide everything"),
        ("files: {config/a.toml: .}", "would hide everything"),
        ("files: {config/a.toml: data/a.toml}", "cannot be at data/a.toml: the volume data is at data"),
        ("files: {link: /etc/a}", "link leads out of the app's folder"),
        ("files: {links: /etc/a}", "links/deep leads out of the app's folder"),
        ("files: {large: /etc/a}", "is too large: 513 KiB up to large, and 512 KiB may be mounted together"),
        ("files: {many: /etc/a}", "has 201 files; 200 may be mounted together"),
    ],
)
def test_what_cannot_be_mounted_is_named_with_its_line(folder: Path, text: str, says: str) -> None:
    (folder / "link").symlink_to(folder.parent / "outside")
    (folder / "links").mkdir()
    (folder / "links" / "deep").symlink_to(folder.parent)
    (folder / "large").write_bytes(b"x" * (LARGEST + 1))
    (folder / "many").mkdir()
    for number in range(201):
        (folder / "many" / str(number)).touch()
    with pytest.raises(ConfigFileError) as caught:
        read(folder, text + "\n")
    assert says in caught.value.why


@pytest.mark.parametrize("text", ["files: {../outside: a}", "files: {/etc/passwd: a}", "files: {config: ../a}"])
def test_paths_that_leave_the_folder_are_refused_as_they_are_read(folder: Path, text: str) -> None:
    with pytest.raises(ConfigFileError):
        read(folder, text)
