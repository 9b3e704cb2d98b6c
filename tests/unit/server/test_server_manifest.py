"""What a source folder holds, what a server lacks of it, and the archive between them. Pure but for reading files."""

import io
import os
import tarfile
from pathlib import Path

import pytest
from source_tree import written

from webduh_console.frameworks.tree import SourceError
from webduh_console.targets.server.manifest import (
    Difference,
    Manifest,
    archive,
    decode_listing,
    decode_marks,
    difference,
    manifest,
)

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e"
"""Half of the SHA-256 of `hello`."""


def tree(folder: Path) -> Path:
    written(folder, {"a.txt": "hello", "bin/run": "hello", "empty/": ""})
    (folder / "bin/run").chmod(0o700)
    (folder / "link").symlink_to("bin/run")
    return folder


def into_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def wanted(**marks: str) -> Manifest:
    return Manifest("/nowhere", (), marks, "")


def test_a_manifest_marks_every_path_with_its_kind_and_content(tmp_path: Path) -> None:
    assert manifest(tree(tmp_path / "app")).marks == {
        "a.txt": f"f:{HELLO}",
        "bin": "d",
        "bin/run": f"x:{HELLO}",
        "empty": "d",
        "link": "l:bin/run",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a.txt").write_text("hallo"),
        lambda folder: (folder / "a.txt").chmod(0o755),
        lambda folder: (folder / "a.txt").rename(folder / "b.txt"),
        lambda folder: (folder / "empty").rmdir(),
        lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("a.txt")),
    ],
)
def test_every_change_changes_the_digest(tmp_path: Path, change: object) -> None:
    folder = tree(tmp_path / "app")
    before = manifest(folder).digest
    assert manifest(folder).digest == before
    assert callable(change)
    change(folder)
    assert manifest(folder).digest != before


def test_an_encoded_manifest_gives_its_marks_again_whatever_bytes_are_in_a_name(tmp_path: Path) -> None:
    written(tmp_path / "app", {os.fsdecode(b"\xff\xfe na\nme"): "x", "naïve": "y"})
    made = manifest(tmp_path / "app")
    assert decode_marks(made.encode()) == made.marks


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"3", b"null", b'{"version":2,"marks":{}}', b'{"version":1}', b'{"version":1,"marks":[]}'],
)
def test_what_is_no_manifest_tells_nothing(text: bytes) -> None:
    assert decode_marks(text) is None


def test_a_listing_tells_modes_and_contents_of_odd_names_too() -> None:
    digest = HELLO.encode() * 2
    listing = b"./a\nb\0./bin\0./l\0./run\0./unsafe\0\0"
    listing += b"81a4\n41fd\na1ff\n81ed\n8180\n\n"
    listing += b"\\" + digest + b"  ./a\\nb\n" + digest + b"  ./run\n" + digest + b"  ./unsafe\n"
    assert decode_listing(listing) == {
        "./a\nb": f"f:{HELLO}",
        "./bin": "d",
        "./l": "l",
        "./run": f"x:{HELLO}",
        "./unsafe": "f?",
    }


@pytest.mark.parametrize("listing", [b"./a\0./b\0\0" + b"81a4\n\n", b"./a\0./b\0\0" + b"81a4\n81a4\n81a4\n\n"])
def test_a_listing_that_does_not_add_up_tells_that_nothing_is_known(listing: bytes) -> None:
    assert decode_listing(listing) == {"./a": "?", "./b": "?"}


def test_without_digests_no_file_counts_as_known() -> None:
    assert decode_listing(b"./a\0\0" + b"81a4\n\n") == {"./a": "f:"}


@pytest.mark.parametrize(
    ("have", "removed"),
    [
        ({}, ()),
        ({"a": "f:1"}, ()),
        ({"a": "x:2"}, ()),
        ({"b": "f:1"}, ("b",)),
        ({"a": "d", "a/b": "f:1", "a/b/c": "f:1"}, ("a",)),
        ({"a": "l:b"}, ("a",)),
        ({"z": "d", "z/y": "d", "z/y/x": "f:1", "zz": "f:1"}, ("z", "zz")),
        ({"a": "?"}, ("a",)),
    ],
)
def test_what_is_too_much_or_of_another_kind_is_removed_first_and_whole(
    have: dict[str, str], removed: tuple[str, ...]
) -> None:
    assert difference(have, wanted(a="f:1")).removed == removed


def test_only_what_differs_is_sent_in_the_order_of_the_walk(tmp_path: Path) -> None:
    made = manifest(tree(tmp_path / "app"))
    have = {**made.marks, "a.txt": "f:other", "empty": "f:1", "gone": "d"}
    change = difference(have, made)
    assert (change.removed, [entry.path for entry in change.sent]) == (("empty", "gone"), ["a.txt", "empty"])
    assert (change.files, change.bytes) == (1, 5)
    assert difference(made.marks, made) == Difference((), ())


def test_what_stands_below_a_file_that_became_a_folder_is_sent(tmp_path: Path) -> None:
    made = manifest(tree(tmp_path / "app"))
    change = difference({**made.marks, "bin": "l:empty"}, made)
    assert (change.removed, [entry.path for entry in change.sent]) == (("bin",), ["bin", "bin/run"])


def test_an_archive_has_the_files_with_their_modes_and_ends_with_the_manifest(tmp_path: Path) -> None:
    made, counted = manifest(tree(tmp_path / "app")), list[int]()
    packed = b"".join(archive(made, made.entries, "source", "last", counted.append))
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archived:
        told = [(member.name, member.mode, member.type, member.linkname) for member in archived.getmembers()]
        last = archived.extractfile("last")
        assert last is not None
        assert last.read() == made.encode()
    assert told == [
        ("source/a.txt", 0o644, tarfile.REGTYPE, ""),
        ("source/bin", 0o775, tarfile.DIRTYPE, ""),
        ("source/bin/run", 0o755, tarfile.REGTYPE, ""),
        ("source/empty", 0o775, tarfile.DIRTYPE, ""),
        ("source/link", 0o777, tarfile.SYMTYPE, "bin/run"),
        ("last", 0o660, tarfile.REGTYPE, ""),
    ]
    assert sum(counted) == 10


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda file: file.write_text("hallo"), "a.txt changed while the files were read."),
        (lambda file: file.write_text("hello, and more"), "a.txt changed while the files were read."),
        (lambda file: file.write_text("h"), "a.txt changed while the files were read."),
        (lambda file: file.unlink(), "a.txt vanished while the files were read."),
        (into_a_pipe, "a.txt changed while the files were read."),
    ],
)
def test_a_file_that_changes_while_it_is_sent_is_named_and_the_archive_has_no_end(
    tmp_path: Path, change: object, says: str
) -> None:
    made = manifest(tree(tmp_path / "app"))
    assert callable(change)
    change(tmp_path / "app" / "a.txt")
    with pytest.raises(SourceError) as raised:
        list(archive(made, made.entries, "source", "last"))
    assert raised.value.what == says
