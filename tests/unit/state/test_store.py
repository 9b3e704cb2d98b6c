"""The state opens in every situation, or says why not."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from webduh_console.config.home import Home
from webduh_console.errors import StateError
from webduh_console.state import migrations
from webduh_console.state.apps import AppEntry
from webduh_console.state.database import Database, connect
from webduh_console.state.store import State


def applied(file: Path) -> list[str]:
    """The names of the migrations that the file says were applied."""
    connection = sqlite3.connect(file)
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = 'webduh' ORDER BY id"
    ).fetchall()
    connection.close()
    return [name for (name,) in rows]


def python(script: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_first_start_makes_all_tables_for_this_user_only(place: Home) -> None:
    State.open(place).close()
    file = place.data / "state.db"
    assert applied(file) == list(migrations.NAMES)
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in place.data.iterdir()) == ["state.db"]


def test_later_starts_find_what_was_kept(place: Home, noon: datetime, tmp_path: Path) -> None:
    entry = AppEntry("default", "blog", str(tmp_path.resolve()), noon)
    with State.open(place) as state:
        state.apps.add(entry)
    with State.open(place) as state:
        assert state.apps.all() == [entry]


def test_a_later_start_imports_nothing_heavy(place: Home) -> None:
    State.open(place).close()
    script = """
import sys
from pathlib import Path
from webduh_console.config.home import Home
from webduh_console.state.store import State
with State.open(Home(*map(Path, sys.argv[1:]))) as state:
    state.memory.recall(), state.apps.all(), state.history.list(), state.pending.counts()
print(*sys.modules)
"""
    process = python(script, str(place.data), str(place.config), str(place.cache))
    out, error = process.communicate(timeout=60)
    assert error == ""
    heavy = {"sqlite_utils", "cryptography", "keyring", "psutil", "yaml", "asyncio", "click", "platformdirs"}
    assert heavy & set(out.split()) == set()


def test_eight_programs_may_start_at_once_on_an_empty_home(place: Home) -> None:
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from webduh_console.config.home import Home
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable
from webduh_console.state.apps import AppEntry
from webduh_console.state.store import State
number, *folders = sys.argv[1:]
sys.stdin.readline()
with State.open(Home(*map(Path, folders))) as state:
    state.apps.add(AppEntry("default", f"app-{number}", f"/srv/{number}", datetime.now(UTC)))
    state.pending.set(AppKey("default", f"app-{number}", "production"), "A", Variable(number))
"""
    words = [str(place.data), str(place.config), str(place.cache)]
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(number), *words],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    assert [program.communicate(timeout=60)[1] for program in programs] == [""] * 8
    with State.open(place) as state:
        assert [entry.name for entry in state.apps.all()] == [f"app-{number}" for number in range(8)]
        values = [
            change.variable.value
            for key in sorted(state.pending.counts())
            for change in state.pending.list(key)
            if change.variable
        ]
        assert values == [str(number) for number in range(8)]


def test_threads_share_one_state(state: State, noon: datetime) -> None:
    def add(thread: int) -> None:
        for number in range(25):
            state.apps.add(AppEntry(f"p{thread}", f"a{number}", f"/srv/{thread}/{number}", noon))
            state.apps.all()

    threads = [threading.Thread(target=add, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(state.apps.all()) == 200


def test_a_state_of_a_newer_webduh_is_left_as_it_is(place: Home) -> None:
    State.open(place).close()
    file = place.data / "state.db"
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('webduh', '0099_later', '')"
        )
    connection.close()
    before = file.read_bytes()
    with pytest.raises(StateError) as caught:
        State.open(place)
    assert caught.value.as_dict() == {
        "name": "state",
        "what": f"The local state {file} was written by a newer webduh.",
        "why": f"It has the migration 0099_later, and this program knows them up to {migrations.NAMES[-1]}.",
        "kept": "It was left as it is.",
        "hint": "Update webduh, or set WEBDUH_HOME to another folder.",
    }
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_damaged_state_is_told_and_left_as_it_is(place: Home, content: bytes) -> None:
    place.made()
    file = place.data / "state.db"
    file.write_bytes(content)
    with pytest.raises(StateError) as caught:
        State.open(place)
    assert (caught.value.what, caught.value.why) == (
        f"The local state {file} cannot be used.",
        "It is damaged, or no SQLite file.",
    )
    assert file.read_bytes() == content


def test_an_empty_file_becomes_a_state(place: Home) -> None:
    place.made()
    (place.data / "state.db").touch()
    State.open(place).close()
    assert applied(place.data / "state.db") == list(migrations.NAMES)


def test_a_folder_in_its_place_is_told(place: Home) -> None:
    (place.made().data / "state.db").mkdir()
    with pytest.raises(StateError, match=r"state\.db cannot be used"):
        State.open(place)


def test_a_state_that_cannot_be_written_is_told() -> None:
    script = """
import os, sys
from pathlib import Path
import sqlite_utils.migrations
from webduh_console.config.home import Home
from webduh_console.errors import StateError
from webduh_console.state.store import State
home = Home(*(Path(sys.argv[1], name) for name in ("data", "config", "cache")))
State.open(home).close()
home.data.chmod(0o555)
(home.data / "state.db").chmod(0o444)
if os.getuid() == 0:
    os.setuid(65534)
try:
    with State.open(home) as state:
        state.apps.remove("default", "x")
except StateError as error:
    print(error.what, error.kept, error.hint)
"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        out, error = python(script, folder).communicate(timeout=60)
        (Path(folder) / "data").chmod(0o700)
    assert (out, error) == (
        f"The local state {folder}/data/state.db cannot be used. Nothing was changed."
        " Give yourself the right to write it and its folder, or set WEBDUH_HOME to another folder.\n",
        "",
    )


def test_a_state_that_another_program_keeps_locked_is_told(place: Home, opened: Callable[[], State]) -> None:
    state = opened()
    other = sqlite3.connect(place.data / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert state.apps.all() == []
    with pytest.raises(StateError) as caught:
        state.apps.remove("default", "x")
    assert caught.value.why == "Another webduh has kept it locked for 5 s."
    other.execute("ROLLBACK")
    other.close()
    state.apps.remove("default", "x")


def test_a_full_disk_is_told_and_the_state_stays_whole(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    connection = connect(file)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("PRAGMA max_page_count = 8")
    database = Database(file, connection)
    with pytest.raises(StateError) as caught:
        database.change_all("INSERT INTO t VALUES (?)", [("x" * 4000,) for _ in range(50)])
    assert (caught.value.why, caught.value.kept) == ("The disk is full.", "The change was not made.")
    assert database.rows("SELECT count(*) FROM t") == [(0,)]
    database.close()


def test_a_closed_state_says_so(place: Home) -> None:
    state = State.open(place)
    state.close()
    state.close()
    with pytest.raises(StateError, match="is closed"):
        state.apps.all()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", connect(tmp_path / "x.db"))
    database.change("CREATE TABLE t (x NOT NULL)")
    with pytest.raises(sqlite3.IntegrityError):
        database.change_all("INSERT INTO t VALUES (?)", [(1,), (None,)])
    assert database.rows("SELECT * FROM t") == []
    database.close()


def test_no_file_stays_open_after_closing(place: Home) -> None:
    State.open(place).close()
    held = []
    for link in Path("/proc/self/fd").iterdir() if Path("/proc/self/fd").exists() else []:
        try:
            held.append(os.readlink(link))  # noqa: PTH115 - a socket's name is no path
        except FileNotFoundError:
            continue
    assert [name for name in held if name.startswith(str(place.data))] == []
