"""The read-only view of an app's folder."""

import os
from pathlib import Path

import pytest
from source_tree import Tree

from webduh_console.errors import NotFoundError, UsageError
from webduh_console.frameworks import Source, SourceError
from webduh_console.frameworks.source import LARGEST, MOST_FILES, FolderSource
from webduh_console.frameworks.tree import real_folder


def test_a_folder_is_a_source_named_after_it(tree: Tree) -> None:
    source = tree({"a.txt": "x"})
    assert isinstance(source, Source)
    assert source.name == "app"


def test_files_and_folders_are_told_apart(tree: Tree) -> None:
    source = tree({"a/b.txt": "x"})
    assert [source.exists(path) for path in ("a/b.txt", "a", "b.txt")] == [True, False, False]
    assert [source.folder(path) for path in ("a", "a/b.txt", "c", ".")] == [True, False, False, True]


OUTSIDE = [
    "../secret",
    "a/../../secret",
    "/etc/passwd",
    "{outside}",
    "link",
    "folder-link/secret",
    "",
    "..",
    "a\0b",
    "/",
    "x" * 5000,
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_the_folder_cannot_be_left(tree: Tree, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("{}")
    source = tree({"a/b": ""})
    (tmp_path / "app/link").symlink_to(tmp_path / "secret")
    (tmp_path / "app/folder-link").symlink_to(tmp_path)
    path = path.format(outside=tmp_path / "secret")
    assert (source.exists(path), source.text(path), source.json(path), source.toml(path)) == (False, "", {}, {})
    assert not source.folder(path) or path == ""


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app-secret").mkdir()
    (tmp_path / "app-secret/x").write_text("x")
    (tmp_path / "app/link").symlink_to("../app-secret/x")
    assert not FolderSource(tmp_path / "app").exists("link")


def test_a_link_inside_the_folder_is_followed(tree: Tree, tmp_path: Path) -> None:
    source = tree({"real/a.txt": "hello"})
    (tmp_path / "app/link").symlink_to("real")
    (tmp_path / "app/file").symlink_to("real/a.txt")
    assert (source.text("link/a.txt"), source.text("file"), source.files("*")) == ("hello", "hello", ("file",))


def test_a_folder_that_is_itself_a_link_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert FolderSource(tmp_path / "link").text("a") == "x"
    assert real_folder(tmp_path / "link") == os.path.realpath(tmp_path / "real")


def test_circular_links_do_not_hang(tree: Tree, tmp_path: Path) -> None:
    source = tree({"a/b.txt": "x"})
    (tmp_path / "app/a/up").symlink_to("..")
    (tmp_path / "app/self").symlink_to("self")
    assert source.files("**/*") == ("a/b.txt",)
    assert not source.exists("self")


def test_pipes_are_no_files(tree: Tree, tmp_path: Path) -> None:
    source = tree({})
    os.mkfifo(tmp_path / "app/package.json")
    assert (source.exists("package.json"), source.json("package.json"), source.files()) == (False, {}, ())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"plain", "plain"),
        (b"\xef\xbb\xbfmarked", "marked"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\0\1\2", "\0\1\2"),
        (b"x" * (LARGEST + 1), ""),
        (b"", ""),
    ],
)
def test_any_bytes_are_read_as_text(tree: Tree, tmp_path: Path, content: bytes, text: str) -> None:
    source = tree({})
    (tmp_path / "app/file").write_bytes(content)
    assert source.text("file") == text


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", ("app.py", "index.html")),
        ("*.py", ("app.py",)),
        ("**/*.py", ("app.py", "lib/deep/er.py", "lib/one.py")),
        ("lib/*", ("lib/one.py",)),
        ("*/*.py", ("lib/one.py",)),
        ("lib/**", ("lib/deep/er.py", "lib/one.py")),
        ("**/deep/*.py", ("lib/deep/er.py",)),
        ("index.*", ("index.html",)),
        ("none/*", ()),
        ("[ai]*", ("app.py", "index.html")),
        ("[", ()),
        ("../*", ()),
        ("/etc/*", ()),
        ("", ()),
    ],
)
def test_globs(tree: Tree, pattern: str, found: tuple[str, ...]) -> None:
    source = tree({"app.py": "", "index.html": "", "lib/one.py": "", "lib/deep/er.py": "", "node_modules/x/y.py": ""})
    assert source.files(pattern) == found


@pytest.mark.parametrize(
    "name", ["node_modules", ".git", ".venv", "venv", "__pycache__", ".next", ".cache", "target", "vendor"]
)
def test_ignored_folders_are_not_entered(tree: Tree, name: str) -> None:
    assert tree({f"{name}/index.html": "", f"sub/{name}/index.html": "", "a": ""}).files("**/*") == ("a",)


def test_what_is_not_sent_is_not_listed(tree: Tree) -> None:
    source = tree(
        {"docs/index.html": "", "a": "", "env/pyvenv.cfg": "", "env/b": "", ".webduhignore": "docs/\n.webduhignore\n"}
    )
    assert source.files("**/*") == ("a",)
    assert source.exists("docs/index.html")


def test_only_the_folders_a_pattern_needs_are_listed(tree: Tree, tmp_path: Path) -> None:
    source = tree({"a.py": "", "sub/b.py": ""})
    assert source.files("*.py") == ("a.py",)
    (tmp_path / "app/sub/c.py").write_text("")
    assert source.files("sub/*.py") == ("sub/b.py", "sub/c.py")


def test_a_huge_tree_is_listed_in_part_nearest_first(tmp_path: Path) -> None:
    for number in range(21):
        folder = tmp_path / f"{number:02}"
        folder.mkdir()
        for file in range(1000):
            (folder / f"{file}").touch()
    (tmp_path / "top.txt").touch()
    source = FolderSource(tmp_path)
    assert not source.truncated
    found = source.files("**/*")
    assert "top.txt" in found
    assert len(found) + 21 == MOST_FILES
    assert source.truncated


def test_links_out_of_the_folder_are_remembered(tree: Tree, tmp_path: Path) -> None:
    source = tree({"a": ""})
    (tmp_path / "app/out").symlink_to("/etc")
    assert (source.files(), source.outside) == (("a",), {"out"})


def test_the_files_read_are_remembered_and_read_once(tree: Tree, tmp_path: Path) -> None:
    source = tree({"a": "one", "b": "{}"})
    assert source.text("a") == "one"
    (tmp_path / "app/a").write_text("two")
    assert source.text("a") == "one"
    source.json("b")
    source.text("none")
    assert source.read == {"a", "b"}


def test_json_and_toml_are_read(tree: Tree) -> None:
    source = tree({"a.json": '\ufeff{"a": [1]}', "a.toml": "[a]\nb = 1\n"})
    assert (source.json("a.json"), source.toml("a.toml")) == ({"a": [1]}, {"a": {"b": 1}})
    assert (source.json("none"), source.toml("none")) == ({}, {})


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ('{\n  "a": 1,\n  "b" 2\n}', (3, 7), "expecting ':' delimiter"),
        ('{\n  "a": 1,\n}', (3, 1), "expecting property name enclosed in double quotes"),
        ("", (1, 1), "expecting value"),
        ("[1]", (1, 1), "the file must hold one object, in { }"),
        ("null", (1, 1), "the file must hold one object, in { }"),
        ("[" * 100_000, (1, 1), "too deeply nested, or a number too long"),
        ('{"a": ' + "1" * 5000 + "}", (1, 1), "too deeply nested, or a number too long"),
    ],
)
def test_broken_json_names_line_and_column(tree: Tree, text: str, place: tuple[int, int], why: str) -> None:
    source = tree({"package.json": text})
    with pytest.raises(SourceError) as caught:
        source.json("package.json")
    error = caught.value
    assert (error.file, error.line, error.column) == ("package.json", *place)
    assert error.what.startswith("package.json:{}:{} is not ".format(*place))
    assert error.why.endswith(f"{why}.") or error.why.endswith(f"{why}: .")
    assert error.code == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = \n", (2, 5)),
        ("a = 1\na = 2\n", (2, 6)),
        ("[a\n", (1, 3)),
        ("a = '", (1, 6)),
        ("x = " + "[" * 100_000, (1, 1)),
    ],
)
def test_broken_toml_names_line_and_column(tree: Tree, text: str, place: tuple[int, int]) -> None:
    source = tree({"pyproject.toml": text})
    with pytest.raises(SourceError) as caught:
        source.toml("pyproject.toml")
    assert (caught.value.line, caught.value.column) == place


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError, match="There is no folder"):
        FolderSource(tmp_path / "none")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        FolderSource(tmp_path / "file")
