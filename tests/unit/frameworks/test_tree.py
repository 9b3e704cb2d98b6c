"""What is sent of an app, and the digest of it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from webduh_console.errors import NotFoundError, UsageError
from webduh_console.frameworks.tree import Entry, SourceError, fingerprint, walk


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def sent(folder: Path) -> list[str]:
    return [entry.path for entry in walk(folder) if entry.kind != "folder"]


def test_everything_is_sent_folders_before_what_is_in_them(tmp_path: Path) -> None:
    write(tmp_path, {"b/two.txt": "22", "a.txt": "1", "b/run.sh": "x"})
    (tmp_path / "b/run.sh").chmod(0o755)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("b/two.txt")
    assert list(walk(tmp_path)) == [
        Entry("a.txt", "file", 1),
        Entry("b", "folder"),
        Entry("b/run.sh", "file", 1, executable=True),
        Entry("b/two.txt", "file", 2),
        Entry("empty", "folder"),
        Entry("link", "link", target="b/two.txt"),
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        ".git/config",
        "node_modules/x/index.js",
        "deep/er/node_modules/x/index.js",
        ".venv/bin/python",
        "__pycache__/a.pyc",
        "a.pyc",
        ".env",
        ".env.local",
        ".env.production.local",
        "sub/.env",
        ".next/cache/x",
        ".DS_Store",
    ],
)
def test_caches_histories_and_secrets_are_not_sent(tmp_path: Path, left_out: str) -> None:
    write(tmp_path, {"kept.txt": "", left_out: ""})
    assert sent(tmp_path) == ["kept.txt"]


@pytest.mark.parametrize(
    "kept", [".env.example", ".env.production", "vendor/lib.js", "target/x", "dist/index.html", ".well-known/x"]
)
def test_what_only_looks_like_litter_is_sent(tmp_path: Path, kept: str) -> None:
    assert sent(write(tmp_path, {kept: ""})) == [kept]


def test_a_virtual_environment_of_any_name_is_not_sent(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "", "my-python/pyvenv.cfg": "", "my-python/lib/site.py": ""})
    assert list(walk(tmp_path)) == [Entry("app.py", "file", 0)]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("*.log\n", ["a.txt", "docs/a.txt", "docs/deep/b.txt"]),
        ("# a comment\n\ndocs/\n", ["a.log", "a.txt"]),
        ("/a.txt\n", ["a.log", "docs/a.log", "docs/a.txt", "docs/deep/b.txt"]),
        ("docs/*\n!docs/a.txt\n", ["a.log", "a.txt", "docs/a.txt"]),
        ("docs/**/b.txt", ["a.log", "a.txt", "docs/a.log", "docs/a.txt"]),
    ],
)
def test_webduhignore_is_read_as_git_reads_its_own(tmp_path: Path, patterns: str, expected: list[str]) -> None:
    write(tmp_path, {"a.txt": "", "a.log": "", "docs/a.txt": "", "docs/a.log": "", "docs/deep/b.txt": ""})
    write(tmp_path, {".webduhignore": patterns})
    assert sent(tmp_path) == [".webduhignore", *expected]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("a.txt\n", ["Dockerfile", "docs/a.txt", "docs/b.txt"]),
        ("./docs\n", ["Dockerfile", "a.txt"]),
        ("**/a.txt\n", ["Dockerfile", "docs/b.txt"]),
        ("*\n!docs/b.txt\n", ["Dockerfile", "docs/b.txt"]),
        ("Dockerfile\ndocs\n", ["Dockerfile", "a.txt"]),
    ],
)
def test_dockerignore_is_read_as_docker_reads_it(tmp_path: Path, patterns: str, expected: list[str]) -> None:
    write(tmp_path, {"Dockerfile": "", "a.txt": "", "docs/a.txt": "", "docs/b.txt": "", ".dockerignore": patterns})
    assert [path for path in sent(tmp_path) if path != ".dockerignore"] == expected


def test_webduhignore_counts_alone_where_both_are(tmp_path: Path) -> None:
    write(tmp_path, {"a": "", "b": "", ".webduhignore": "a\n.*ignore\n", ".dockerignore": "b\n"})
    assert sent(tmp_path) == ["b"]


def test_an_ignore_file_takes_back_what_is_left_out_by_itself(tmp_path: Path) -> None:
    write(tmp_path, {".next/server.js": "", ".env": "", ".webduhignore": "!.next/\n!.env\n"})
    assert sent(tmp_path) == [".env", ".next/server.js", ".webduhignore"]


def test_a_broken_pattern_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {".webduhignore": "*.log\n!\n"})
    with pytest.raises(SourceError) as caught:
        list(walk(tmp_path))
    assert (caught.value.file, caught.value.line) == (".webduhignore", 2)


def test_an_ignore_file_that_is_not_utf_8_still_counts(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": "", "b": ""})
    (tmp_path / ".webduhignore").write_bytes(b"\xef\xbb\xbf*.log\r\n\xff\xfe\n")
    assert sent(tmp_path) == [".webduhignore", "b"]


def test_links_that_lead_out_are_left_out_and_told(tmp_path: Path) -> None:
    app = write(tmp_path / "app", {"a": ""})
    (app / "passwords").symlink_to("/etc/passwd")
    (app / "up").symlink_to("..")
    (app / "sibling").symlink_to("../app-2")
    write(tmp_path / "app-2", {"b": ""})
    outside: list[str] = []
    assert [entry.path for entry in walk(app, outside)] == ["a"]
    assert outside == ["passwords", "sibling", "up"]


def test_circular_and_dangling_links_end_nowhere(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone").symlink_to("not-there")
    (tmp_path / "here").symlink_to(".")
    assert [(entry.path, entry.target) for entry in walk(tmp_path)] == [
        ("gone", "not-there"),
        ("here", "."),
        ("self", "self"),
    ]


@pytest.mark.parametrize("target", ["{root}/b/file", "../app/b/file"])
def test_a_link_by_way_of_the_outside_is_made_to_stay_inside(tmp_path: Path, target: str) -> None:
    app = write(tmp_path / "app", {"b/file": ""})
    (app / "link").symlink_to(target.format(root=app))
    assert [entry.target for entry in walk(app) if entry.kind == "link"] == ["b/file"]


def test_pipes_and_sockets_are_not_sent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        folder = os.open(tmp_path, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{folder}/socket")
        finally:
            os.close(folder)
        assert list(walk(tmp_path)) == []


def test_a_name_that_is_not_utf_8_is_sent(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("x")
    assert fingerprint(tmp_path).files == 1
    assert [os.fsencode(entry.path) for entry in walk(tmp_path)] == [b"caf\xe9"]


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, {"file": ""})
    with pytest.raises(NotFoundError, match="There is no folder"):
        list(walk(tmp_path / "none"))
    with pytest.raises(UsageError, match="is a file, not a folder"):
        list(walk(tmp_path / "file"))
    with pytest.raises(UsageError):
        list(walk(Path("a\0b")))


def test_the_fingerprint_counts_files_and_bytes(tmp_path: Path) -> None:
    write(tmp_path, {"a": "123", "b/c": "45"})
    found = fingerprint(tmp_path)
    assert (len(found.digest), found.files, found.bytes) == (64, 2, 5)


def same_files(folder: Path) -> None:
    (folder / "a").write_text("123")


def litter(folder: Path) -> None:
    write(folder, {"node_modules/x": "1", ".git/HEAD": "2", ".env": "3"})


def times(folder: Path) -> None:
    os.utime(folder / "a", (1, 1))


@pytest.mark.parametrize("change", [same_files, litter, times])
def test_the_digest_stays_when_nothing_that_is_sent_changes(tmp_path: Path, change: Callable[[Path], None]) -> None:
    write(tmp_path, {"a": "123", "b/c": "45"})
    before = fingerprint(tmp_path)
    change(tmp_path)
    assert fingerprint(tmp_path) == before


def point_elsewhere(folder: Path) -> None:
    (folder / "l").unlink()
    (folder / "l").symlink_to("b")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a content": lambda folder: (folder / "a").write_text("124"),
    "a name": lambda folder: (folder / "a").rename(folder / "d"),
    "an executable bit": lambda folder: (folder / "a").chmod(0o755),
    "a link's target": point_elsewhere,
    "a file more": lambda folder: (folder / "z").write_text(""),
    "a folder more": lambda folder: (folder / "z").mkdir(),
    "a file less": lambda folder: (folder / "b/c").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_digest_changes_with(tmp_path: Path, change: Callable[[Path], object]) -> None:
    write(tmp_path, {"a": "123", "b/c": "45"})
    (tmp_path / "l").symlink_to("a")
    before = fingerprint(tmp_path).digest
    change(tmp_path)
    assert fingerprint(tmp_path).digest != before


def test_moving_a_character_from_a_name_to_a_content_changes_the_digest(tmp_path: Path) -> None:
    first, second = write(tmp_path / "1", {"ab": "c"}), write(tmp_path / "2", {"a": "bc"})
    assert fingerprint(first).digest != fingerprint(second).digest


def test_the_digest_does_not_depend_on_where_the_folder_is(tmp_path: Path) -> None:
    files = {"a": "1", "b/c": "2", "b/a": "3"}
    one, two = write(tmp_path / "one", files), write(tmp_path / "two", dict(reversed(files.items())))
    assert fingerprint(one) == fingerprint(two)


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    assert fingerprint(tmp_path)[1:] == (1, 3_000_000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"secret": ""})
    (tmp_path / "secret").chmod(0)
    with pytest.raises(SourceError, match=r"secret cannot be read\. Permission denied"):
        fingerprint(tmp_path)
