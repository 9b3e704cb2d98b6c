"""Trees that are too large, lead in circles, or hold what nobody can read: looking ends soon, and says what it left."""

import os
import time
from pathlib import Path

import pytest

from webduh_console.frameworks import SourceError
from webduh_console.frameworks.detection import NotDetectedError, detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.source import LARGEST, MOST_FILES, MOST_READ, FolderSource
from webduh_console.model.build import Detection

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
SPARSE = 2 * 1024**3


def detected(folder: Path) -> Detection:
    return detect(FolderSource(folder), plugins())


def crowded(folder: Path, links: int) -> None:
    """Many names in one folder, all of them of one file: that is made in no time."""
    folder.mkdir(parents=True)
    (folder / "0.txt").write_text("")
    for number in range(links):
        os.link(folder / "0.txt", folder / f"{number + 1}.txt")


def test_looking_stops_where_there_are_too_many_files_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FLASK)
    (tmp_path / "requirements.txt").write_text("flask\ngunicorn\n")
    crowded(tmp_path / "data" / "cache", MOST_FILES)
    source = FolderSource(tmp_path)
    found = detect(source, plugins())
    assert (found.match.variant, source.truncated, source.stopped) == ("flask", True, "data/cache")
    assert found.plan.warnings == (
        f"There are more than {MOST_FILES} files and folders: looking for the app's own stopped in data/cache/. "
        "Name what is no part of it in .webduhignore.",
    )


def test_no_folder_is_opened_after_looking_has_stopped(tmp_path: Path) -> None:
    crowded(tmp_path / "a", MOST_FILES)
    (tmp_path / "b" / "c").mkdir(parents=True)
    source = FolderSource(tmp_path)
    source.files("**/*.txt")
    (tmp_path / "b" / "c" / "late.py").write_text("")
    assert source.files("b/c/*.py") == ()


@pytest.mark.parametrize("name", ["package.json", "main.py", "requirements.txt", "pyproject.toml", "go.mod", "pom.xml"])
def test_a_file_of_two_gigabytes_is_not_read_and_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "index.html").write_text("<h1>")
    with (tmp_path / name).open("wb") as file:
        file.truncate(SPARSE)
    began = time.process_time()
    found = detected(tmp_path)
    assert time.process_time() - began < 1
    said = f"{name} is too large to be read ({LARGEST // 2**20} MiB a file, {MOST_READ // 2**20} MiB in all)."
    assert said in found.plan.warnings


def test_all_files_together_are_read_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FLASK)
    for number in range(MOST_READ // LARGEST + 2):
        (tmp_path / f"data{number}.py").write_bytes(b"#" * LARGEST)
    source = FolderSource(tmp_path)
    found = detect(source, plugins())
    assert found.match.variant == "flask"
    assert sum((tmp_path / file).stat().st_size for file in source.read) <= MOST_READ
    assert source.unread


def test_links_in_circles_and_out_of_the_folder_lead_nowhere(tmp_path: Path) -> None:
    app = tmp_path / "app"
    (app / "src").mkdir(parents=True)
    (tmp_path / "secret.py").write_text("SECRET = 1\n")
    (app / "app.py").write_text(FLASK)
    (app / "requirements.txt").write_text("flask\ngunicorn\n")
    (app / "src" / "again").symlink_to("../src")
    (app / "one.py").symlink_to("two.py")
    (app / "two.py").symlink_to("one.py")
    (app / "self").symlink_to("self")
    (app / "out.py").symlink_to("../secret.py")
    (app / "up").symlink_to("..")
    source = FolderSource(app)
    found = detect(source, plugins())
    assert (found.match.variant, source.files("**/*.py")) == ("flask", ("app.py",))
    assert [source.text(file) for file in ("one.py", "out.py", "up/secret.py", "src/again/../out.py")] == [""] * 4
    assert source.outside == {"out.py", "up"}


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("package.json", b'{\n  "name": "x",\n  oops\n}\n', 3),
        ("package.json", b"\x00\x01\x02\xff\xfe", 1),
        ("package.json", b"[" * 100_000, 1),
        ("pyproject.toml", b'[project]\nname = "x"\nversion = \n', 3),
        ("Cargo.toml", b"\xff\xfe\x00garbage", 1),
        ("composer.json", b'{"require": {', 1),
        ("deno.json", b'{\n"tasks": [\n', 3),
        ("environment.yml", b"a: 1\nb: [\n", 3),
    ],
)
def test_a_broken_manifest_is_an_error_with_its_file_and_line(
    tmp_path: Path, file: str, content: bytes, line: int
) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        detected(tmp_path)
    assert (caught.value.file, caught.value.line) == (file, line)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 50, bytes(range(256)) * 4, b"\xff\xfe", "a: ä".encode("latin-1")],
    ids=["nothing", "zeros", "all bytes", "a mark of UTF-16", "Latin-1"],
)
@pytest.mark.parametrize(
    "file",
    [
        *("Gemfile", "go.mod", "pom.xml", "build.gradle", "mix.exs", "Procfile", "Dockerfile", "requirements.txt"),
        *("setup.cfg", "App.csproj", "shard.yml", "pubspec.yaml", "stack.yaml", "deps.edn", "build.sbt", "deno.json"),
        *("environment.yml", "mkdocs.yml", "_toc.yml", "Package.swift", "gleam.toml", "netlify.toml", "config.toml"),
        *("pnpm-workspace.yaml", "app.py", "main.ts", "index.php", "start.sh", "CMakeLists.txt", "meson.build"),
    ],
)
def test_no_plugin_falls_over_what_nobody_can_read(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / "index.html").write_text("<h1>")
    (tmp_path / file).write_bytes(content)
    refused: list[str] = []
    warnings: tuple[str, ...] = ()
    try:
        warnings = detected(tmp_path).plan.warnings
    except SourceError as error:
        refused = [error.file]
    assert refused in ([], [file])
    assert not [said for said in warnings if " failed to " in said]


def test_a_folder_of_several_apps_names_them(tmp_path: Path) -> None:
    for file in ("backend/requirements.txt", "frontend/package.json", "notes/a.md"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text("{}")
    with pytest.raises(NotDetectedError) as caught:
        detected(tmp_path)
    assert caught.value.hint == "backend and frontend may be apps of their own: `webduh deploy backend`."
