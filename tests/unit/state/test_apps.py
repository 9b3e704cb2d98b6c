"""The list of apps."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from webduh_console.config.home import Home
from webduh_console.errors import UsageError
from webduh_console.state.apps import AppEntry
from webduh_console.state.store import State


def test_apps_are_listed_by_project_and_name(state: State, noon: datetime) -> None:
    entries = [AppEntry(project, name, f"/srv/{project}/{name}", noon) for project, name in ["ba", "ab", "aa"]]
    for entry in entries:
        state.apps.add(entry)
    assert state.apps.all() == [entries[2], entries[1], entries[0]]
    assert state.apps.get("b", "a") == entries[1]
    assert state.apps.get("b") is None


def test_adding_an_app_again_changes_nothing(state: State, noon: datetime) -> None:
    entry = AppEntry("default", "blog", "/srv/blog", noon)
    state.apps.add(entry)
    state.apps.add(AppEntry("default", "blog", "/srv/../srv/blog", noon + timedelta(days=1)))
    assert state.apps.all() == [entry]


def test_a_name_that_belongs_to_another_folder_names_both(state: State, noon: datetime) -> None:
    state.apps.add(AppEntry("default", "blog", "/srv/blog", noon))
    with pytest.raises(UsageError) as caught:
        state.apps.add(AppEntry("default", "blog", "/home/blog", noon))
    assert caught.value.as_dict() == {
        "name": "usage",
        "what": "There is another app named blog.",
        "why": "It lives in /srv/blog, and this one in /home/blog.",
        "kept": "Nothing was changed.",
        "hint": "`webduh deploy blog` deploys that one. Or give this one its own name: --name NAME, or name: in its "
        "webduh.yaml.",
    }
    state.apps.add(AppEntry("other", "blog", "/home/blog", noon))


def test_a_folder_leads_to_the_app_that_was_added_first(state: State, noon: datetime, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "site")
    first = AppEntry("default", "site", str((tmp_path / "site").resolve()), noon)
    state.apps.add(AppEntry("default", "again", str(tmp_path / "site"), noon + timedelta(days=1)))
    state.apps.add(first)
    assert state.apps.by_folder(tmp_path / "link") == first
    assert state.apps.by_folder(tmp_path) is None


def test_a_folder_whose_name_is_no_unicode_is_kept(state: State, noon: datetime, tmp_path: Path) -> None:
    folder = str(tmp_path.resolve()) + "/caf\udce9 '\"%_\n"
    state.apps.add(AppEntry("default", "cafe", folder, noon))
    assert state.apps.by_folder(Path(folder)) == AppEntry("default", "cafe", folder, noon)


def test_an_app_can_move_and_be_forgotten(state: State, noon: datetime) -> None:
    state.apps.add(AppEntry("default", "blog", "/srv/blog", noon))
    state.apps.move("default", "blog", Path("/srv/new"))
    assert state.apps.all() == [AppEntry("default", "blog", "/srv/new", noon)]
    state.apps.remove("default", "blog")
    state.apps.remove("default", "blog")
    assert state.apps.all() == []


def test_an_app_of_a_repository_keeps_its_origin_and_takes_another_ref(state: State, noon: datetime) -> None:
    web = AppEntry("default", "web", "", noon, "https://example.com/a.git", "v1", "apps/web")
    api = AppEntry("default", "api", "", noon, "https://example.com/a.git", "", "apps/api", "/keys/api")
    state.apps.add(web)
    state.apps.add(api)
    assert state.apps.all() == [api, web]
    assert state.apps.by_origin("https://example.com/a.git", "apps/web") == web
    assert state.apps.by_origin("https://example.com/a.git", "") is None
    newer = AppEntry("default", "web", "", noon, "https://example.com/a.git", "v2", "apps/web", "/keys/web")
    state.apps.add(newer)
    assert state.apps.get("web") == newer


def test_a_name_of_a_folder_is_not_taken_by_a_repository_nor_the_other_way(state: State, noon: datetime) -> None:
    state.apps.add(AppEntry("default", "blog", "/srv/blog", noon))
    state.apps.add(AppEntry("default", "shop", "", noon, "https://example.com/shop.git"))
    before = state.apps.all()
    with pytest.raises(UsageError, match=r"It lives in /srv/blog, and this one in https://example\.com/blog\.git"):
        state.apps.add(AppEntry("default", "blog", "", noon, "https://example.com/blog.git"))
    with pytest.raises(UsageError, match=r"It lives in https://example\.com/shop\.git, and this one in /srv/shop"):
        state.apps.add(AppEntry("default", "shop", "/srv/shop", noon))
    assert state.apps.all() == before


def test_an_app_that_moves_into_a_folder_forgets_its_repository(state: State, noon: datetime) -> None:
    state.apps.add(AppEntry("default", "shop", "", noon, "https://example.com/shop.git", "v1", "web", "/keys/shop"))
    state.apps.move("default", "shop", Path("/srv/shop"))
    assert state.apps.all() == [AppEntry("default", "shop", "/srv/shop", noon)]


def test_the_apps_of_a_state_from_before_there_were_repositories_stay(
    opened: Callable[[], State], place: Home, noon: datetime
) -> None:
    older = opened()
    older.apps.add(AppEntry("default", "blog", "/srv/blog", noon))
    older.close()
    with sqlite3.connect(place.data / "state.db") as database:
        for column in ("url", "ref", "path", "key"):
            database.execute(f"ALTER TABLE apps DROP COLUMN {column}")
        database.execute("DELETE FROM _sqlite_migrations WHERE name = '0005_sources'")
    database.close()
    assert opened().apps.all() == [AppEntry("default", "blog", "/srv/blog", noon)]
