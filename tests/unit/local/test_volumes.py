from pathlib import Path

import pytest

from webduh_console.errors import TargetError
from webduh_console.model.build import Volume
from webduh_console.model.names import AppKey
from webduh_console.targets.local.launch import link_volume
from webduh_console.targets.local.layout import Layout

DATA = Volume("data", "var/data")


def artifact(tmp_path: Path, number: int, content: str | None = None) -> Path:
    folder = tmp_path / f"release-{number}"
    folder.mkdir()
    if content is not None:
        (folder / "var" / "data").mkdir(parents=True)
        (folder / "var" / "data" / "file").write_text(content)
    return folder


def test_what_the_source_brings_fills_a_new_volume(tmp_path: Path, layout: Layout, key: AppKey) -> None:
    folder = artifact(tmp_path, 1, "from the source")
    link_volume(layout, key, folder, DATA)
    assert (folder / "var" / "data").readlink() == layout.volume(key, "data")
    assert (layout.volume(key, "data") / "file").read_text() == "from the source"


def test_a_volume_survives_releases_and_the_source_never_overwrites_it(
    tmp_path: Path, layout: Layout, key: AppKey
) -> None:
    first, second = artifact(tmp_path, 1, "from the source"), artifact(tmp_path, 2, "newer")
    link_volume(layout, key, first, DATA)
    (first / "var" / "data" / "file").write_text("by the app")
    link_volume(layout, key, second, DATA)
    link_volume(layout, key, second, DATA)
    assert (second / "var" / "data" / "file").read_text() == "by the app"


def test_a_volume_that_the_source_does_not_bring_starts_empty(tmp_path: Path, layout: Layout, key: AppKey) -> None:
    folder = artifact(tmp_path, 1)
    link_volume(layout, key, folder, DATA)
    assert list((folder / "var" / "data").iterdir()) == []


def test_a_link_to_elsewhere_gives_way_and_what_it_leads_to_is_left(
    tmp_path: Path, layout: Layout, key: AppKey
) -> None:
    folder, elsewhere = artifact(tmp_path, 1), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("x")
    (folder / "var").mkdir()
    (folder / "var" / "data").symlink_to(elsewhere)
    link_volume(layout, key, folder, DATA)
    assert (folder / "var" / "data").readlink() == layout.volume(key, "data")
    assert (elsewhere / "file").read_text() == "x"


@pytest.mark.parametrize("path", ["/var/data", "../data", "a/../../data", "/", ".", ""])
def test_a_path_outside_the_app_is_refused_and_nothing_is_made(
    path: str, tmp_path: Path, layout: Layout, key: AppKey
) -> None:
    folder = artifact(tmp_path, 1)
    with pytest.raises(TargetError, match="cannot be put at"):
        link_volume(layout, key, folder, Volume("data", path))
    assert (list(folder.iterdir()), layout.root.exists()) == ([], False)


@pytest.mark.parametrize("path", ["data", "./data", "a/b/c", "data/"])
def test_any_path_inside_the_app_will_do(path: str, tmp_path: Path, layout: Layout, key: AppKey) -> None:
    folder = artifact(tmp_path, 1)
    link_volume(layout, key, folder, Volume("data", path))
    (folder / path / "file").write_text("x")
    assert (layout.volume(key, "data") / "file").read_text() == "x"
