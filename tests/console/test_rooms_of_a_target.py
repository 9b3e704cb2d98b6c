"""The rooms of a target: what is on its machines, kind by kind, and what can be done with it, by keys alone."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import worlds
from textual.pilot import Pilot
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.ink import width_of
from webduh_console.console.places import Place
from webduh_console.console.room_cells import ROOMS, columns_of, filled, key_in
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.dialogs import ConfirmScreen, ErrorScreen, HelpScreen
from webduh_console.console.screens.exec_screen import ExecScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.result import TextScreen
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.screens.target_tabs import KEYS, LOCAL_TABS, TABS
from webduh_console.console.watching import Told
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.errors import TargetError
from webduh_console.model.inventory import KINDS, ContainerRow, Found, ImageRow, Kind, ProcessRow, Row
from webduh_console.state.targets import TargetEntry

LOST = TargetError("fra-1 does not answer.", why="The connection broke.")


@pytest.fixture
def served(full: Context) -> Context:
    return worlds.with_servers(full)


def offered(app: ConsoleApp) -> set[str]:
    return {action.name for action, _ in app.screen.query_one(ActionBar).offered()}


def words(app: ConsoleApp) -> str:
    return " ".join(drawn(app).split())


@asynccontextmanager
async def on(
    ctx: Context, tab: str = "overview", name: str = "fra-1", size: tuple[int, int] = (160, 40)
) -> AsyncIterator[tuple[Pilot[Any], ConsoleApp, TargetScreen]]:
    """The screen of a target at a tab, everything of `worlds.rooms` answered."""
    app = worlds.console(ctx)
    async with opened(app, size) as pilot:
        for one in worlds.heard():
            app.post_message(Told(one))
        await until(pilot, lambda: len(app.board.answered) == 2)
        app.open_target(name, tab)
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.query("#facts"))
        screen = app.screen
        assert isinstance(screen, TargetScreen)
        kinds = [kind for kind in worlds.rooms() if kind in screen.tabs and name != "all"]
        for kind in kinds:
            screen.post_message(Answer(kind, worlds.room(kind, *worlds.rooms()[kind])))
        await until(pilot, lambda: all(screen.room(kind).count() for kind in kinds))
        yield pilot, app, screen


async def test_every_tab_has_a_key_and_takes_the_focus(served: Context) -> None:
    async with on(served) as (pilot, _, screen):
        for tab, key in KEYS.items():
            await pilot.press(key)
            await until(pilot, lambda tab=tab: screen.tab == tab)  # type: ignore[misc]
            assert [pane.id for pane in screen.query(".tab") if pane.display] == [tab]
            assert screen.focused is not None
            assert screen.focused.id == ("running" if tab == "overview" else tab)
            assert screen.place == Place("target", name="fra-1", tab=tab)


async def test_brackets_and_arrows_lead_round_the_tabs(served: Context) -> None:
    async with on(served) as (pilot, _, screen):
        seen = []
        for key in ["right_square_bracket"] * len(TABS) + ["right", "left", "left_square_bracket"]:
            await pilot.press(key)
            seen.append(screen.tab)
        assert seen == [*TABS[1:], "overview", "containers", "overview", "checks"]


async def test_this_machine_has_the_tabs_that_make_sense_for_it(served: Context) -> None:
    async with on(served, name="local") as (pilot, app, screen):
        assert tuple(screen.tabs) == LOCAL_TABS
        assert "1 overview 7 processes 8 disk 9 checks" in words(app)
        await pilot.press("2")
        assert screen.tab == "overview"
        await pilot.press("7")
        assert screen.tab == "processes"
        assert "exec" not in offered(app)


@pytest.mark.parametrize(
    ("at", "tab"), [("fra-1:routes", "routes"), ("target:fra-1:disk", "disk"), ("fra-1", "overview")]
)
async def test_the_console_opens_at_a_tab_of_a_target(served: Context, at: str, tab: str) -> None:
    app = worlds.console(served, at=at)
    async with opened(app, (120, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.tab == tab)


async def test_a_few_letters_lead_to_a_room_and_back_to_the_tab_that_was_open(served: Context) -> None:
    async with on(served) as (pilot, app, _):
        await pilot.press("4", "ctrl+k", *"nyc-1:routes")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.target == "nyc-1")
        assert app.screen.tab == "routes"  # type: ignore[attr-defined]
        await pilot.press("alt+left")
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.target == "fra-1")
        assert app.screen.tab == "volumes"  # type: ignore[attr-defined]


SEEN: dict[Kind, tuple[str, ...]] = {
    "containers": (
        "Containers 1 of an app · 2 others",
        "● running blog web--7 0.21 96M v7 – 2d Up 2 days",
        "○ exited – postgres – – – – 40d Exited (0) 3 weeks ago",
        "80→80/tcp 443→443/tcp 20d",
    ),
    "images": (
        "Images 4 images · 2 unused, 182M",
        "140M 2d blog v7, blog v6",
        "○ unused redis:7",
        "○ unused no name",
    ),
    "volumes": (
        "Volumes 2 volumes · 1 unused",
        "● used blog default--blog--production--uploads 3.0G",
        "○ unused – pgdata –",
    ),
    "networks": (
        "Networks 3 networks",
        "webduh-p-default default bridge 10.210.1.0/24 2",
        "none – null – 0 –",
    ),
    "routes": (
        "Routes 3 routes · ! 1 wrong",
        'the service "shop@file" does not exist',
        "● enabled blog Host(`blog.example.com`) websecure own certificate 10.210.1.5:8080",
        "api@internal Header(`X-Webduh-Key`, `•••`) ops – Traefik itself",
    ),
    "processes": (
        "Processes 3 processes · 0.86 cores",
        "4242 deploy running 0.84 310M 2d",
        "python -m app --token=•••",
        "[kthreadd]",
    ),
    "disk": (
        "Disk Docker keeps 14G",
        "/ ext4 37G 40G",
        "92% 3.0G 12% /dev/sda1",
        "Docker images docker 5.0G – – – 2.0G can go 12 of them",
    ),
}


async def test_a_room_shows_what_there_is(served: Context) -> None:
    async with on(served) as (pilot, app, _):
        for kind in KINDS:
            await pilot.press(KEYS[kind])
            await until(pilot, lambda kind=kind: SEEN[kind][0] in words(app))  # type: ignore[misc]
            text = words(app)
            assert [part for part in SEEN[kind] if part not in text] == []


async def test_a_room_that_was_not_asked_yet_says_so(served: Context) -> None:
    app = worlds.console(served, at="nyc-1")
    async with opened(app, (80, 24)) as pilot:
        for kind in KINDS:
            await pilot.press(KEYS[kind])
            await until(
                pilot, lambda kind=kind: f"{kind.capitalize()}─" in drawn(app) and "Not asked yet." in drawn(app)
            )  # type: ignore[misc]


async def test_enter_on_a_container_shows_what_its_app_writes(served: Context) -> None:
    async with on(served, "containers") as (pilot, app, _):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and app.screen.tab == "logs")
        assert app.screen.key == worlds.BLOG  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "key", "says"),
    [
        ("containers", "fra-1/postgres", "image: postgres:17"),
        ("images", "fra-1/" + "aa" * 6, "releases: 'blog v7' 'blog v6'"),
        ("routes", "fra-1/http/shop@file", "errors: 'the service \"shop@file\" does not exist'"),
        ("networks", "fra-1/webduh-p-default", "'webduh-traefik 10.210.1.2'"),
        ("processes", "fra-1/4242", "command: python -m app --token=•••"),
    ],
)
async def test_enter_on_anything_else_shows_all_that_is_known_of_it(
    served: Context, kind: Kind, key: str, says: str
) -> None:
    async with on(served, kind) as (pilot, app, screen):
        assert screen.room(kind).go_to(key)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TextScreen) and says in drawn(app))


async def test_a_room_is_filtered_and_sorted_for_itself(served: Context) -> None:
    async with on(served, "images") as (pilot, app, screen):
        await pilot.press("slash", *"redis", "enter")
        await until(pilot, lambda: screen.room("images").count() == 1)
        await pilot.press("2")
        assert screen.needle() == ""
        assert screen.room("containers").count() == 3
        await pilot.press("7", "o")
        assert screen.room("processes").sorted_by == "pid"
        assert [row.key for row in screen.room("processes").rows] == ["fra-1/2", "fra-1/811", "fra-1/4242"]
        await pilot.press("O")
        assert [row.key for row in screen.room("processes").rows] == ["fra-1/4242", "fra-1/811", "fra-1/2"]
        await pilot.press("3", "escape")
        assert screen.room("images").count() == 4
        assert app.screen is screen


async def test_every_column_of_a_room_can_be_sorted_by(served: Context) -> None:
    async with on(served) as (_, _app, screen):
        for kind in KINDS:
            room = screen.room(kind)
            for column in room.columns:
                room.sorted_by = column.key
                room.put(room.all)
                assert room.count() == len(worlds.rooms()[kind])


async def test_the_processes_of_this_machine_are_shown_live(full: Context) -> None:
    app = ConsoleApp(full, clock=now, every=0.2, at="local:processes")
    async with opened(app, (160, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.room("processes").count())
        room = app.screen.room("processes")  # type: ignore[attr-defined]
        first = room.at
        assert f"local/{os.getpid()}" in room.by_key
        await until(pilot, lambda: room.at != first)
        await pilot.press("8")
        await until(pilot, lambda: "/" in {row.name for row in app.screen.room("disk").by_key.values()})  # type: ignore[attr-defined]


# What is done.


async def asked(pilot: Pilot[Any], app: ConsoleApp, *keys: str) -> str:
    """What the question says that follows these keys."""
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "y yes" in drawn(app))
    return " ".join(word for word in words(app).split() if word != "│")


@pytest.mark.parametrize(
    ("row", "key", "says"),
    [
        (0, "R", ("It is web of blog, release 7.", "`server restart fra-1 default--blog--production--web--7`")),
        (0, "S", ("It stays stopped until it is started", "`server stop fra-1 default--blog--production--web--7`")),
        (1, "S", ("Start postgres on fra-1?", "`server start fra-1 postgres`")),
        (2, "R", ("Every request to fra-1 goes through it", "`server restart fra-1 webduh-traefik`")),
    ],
)  # fmt: skip
async def test_a_container_is_stopped_or_started_after_a_question(
    served: Context, row: int, key: str, says: tuple[str, ...]
) -> None:
    async with on(served, "containers") as (pilot, app, screen):
        text = await asked(pilot, app, *["down"] * row, key)
        assert [part for part in says if part not in text] == []
        await pilot.press("n")
        assert app.screen is screen


@pytest.mark.parametrize(
    ("kind", "row", "says"),
    [
        ("images", 2, ("image redis:7 from", "No release names it", "41M", "`server rm fra-1 image redis:7 --yes`")),
        ("images", 3, ("Remove the image dddddddddddd", "141M", "`server rm fra-1 image dddddddddddd --yes`")),
        ("volumes", 1, ("All data in it would be lost", "`server rm fra-1 volume pgdata --yes`")),
    ],
)  # fmt: skip
async def test_what_nobody_needs_is_removed_after_a_question_that_says_what_is_lost(
    served: Context, kind: Kind, row: int, says: tuple[str, ...]
) -> None:
    async with on(served, kind) as (pilot, app, _):
        await pilot.press(*["down"] * row)
        await pilot.pause()
        assert "remove_unused" in offered(app)
        text = await asked(pilot, app, "D")
        assert [part for part in says if part not in text] == []


async def test_what_somebody_needs_cannot_be_removed(served: Context) -> None:
    async with on(served, "images") as (pilot, app, screen):
        await pilot.pause()
        assert "remove_unused" not in offered(app)
        await pilot.press("D", "delete")
        assert app.screen is screen


async def test_what_was_agreed_to_is_run_as_the_line_it_is_and_an_error_is_shown(served: Context) -> None:
    async with on(served, "containers") as (pilot, app, _):
        await asked(pilot, app, "S")
        served.state.targets.remove("fra-1")
        await pilot.press("y")
        await until(
            pilot, lambda: isinstance(app.screen, ErrorScreen) and "There is no target fra-1." in drawn(app), 60
        )


async def test_read_only_offers_nothing_that_changes_anything(tmp_path: Path) -> None:
    ctx = worlds.with_servers(worlds.full(tmp_path / "home", "read_only: true\n"))
    changing = {"restart", "stop_or_start", "remove_unused", "exec"}
    async with on(ctx, "containers") as (pilot, app, screen):
        for tab in ("containers", "images", "volumes"):
            await pilot.press(KEYS[tab], "end")
            await pilot.pause()
            assert not offered(app) & changing
            await pilot.press("R", "S", "D", "x")
            assert app.screen is screen
    ctx.close()


@pytest.mark.parametrize("tab", ["overview", "containers", "images"])
async def test_the_keys_of_a_room_are_told_where_they_apply(served: Context, tab: str) -> None:
    async with on(served, tab) as (pilot, app, _):
        await pilot.press("end", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        titles = [title for title, _ in app.screen.groups()]  # type: ignore[attr-defined]
        assert titles[0] == "Target"
        assert {"App", "Apps"}.isdisjoint(titles)
        assert ("Containers" in titles, "Images and volumes" in titles) == (tab == "containers", tab == "images")


# Who does not answer.


async def test_a_server_that_stops_answering_is_marked_and_what_it_said_stays(served: Context) -> None:
    async with on(served, "images") as (pilot, app, screen):
        screen.post_message(Answer("images", error=LOST))
        await until(pilot, lambda: "! fra-1 does not answer. · as of just now" in drawn(app))
        assert screen.room("images").count() == 4
        screen.post_message(Answer("images", worlds.room("images", *worlds.rooms()["images"][:2])))
        await until(pilot, lambda: "2 images" in drawn(app) and "does not answer" not in drawn(app))


async def test_a_server_that_never_answered_says_why_in_the_room_itself(served: Context) -> None:
    app = worlds.console(served, at="nyc-1:volumes")
    async with opened(app, (100, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen))
        app.screen.post_message(Answer("volumes", error=LOST))
        await until(pilot, lambda: "✗ fra-1 does not answer. why The connection broke." in words(app))


def of(server: str, kind: Kind) -> tuple[Row, ...]:
    return tuple(msgspec.structs.replace(row, server=server) for row in worlds.rooms()[kind])


@pytest.fixture
def team(served: Context) -> Context:
    """A target of both servers."""
    served.state.targets.add(TargetEntry("all", "servers", "", "", worlds.ago(days=1), ("fra-1", "nyc-1")))
    return served


async def test_rows_of_several_servers_name_theirs_and_a_silent_one_keeps_what_it_said(team: Context) -> None:
    async with on(team, "networks", "all") as (pilot, app, screen):
        both = worlds.room("networks", *of("fra-1", "networks"), *of("nyc-1", "networks"))
        screen.post_message(Answer("networks", both))
        await until(pilot, lambda: "6 networks" in drawn(app))
        assert "fra-1 webduh-0-edge" in words(app)
        assert "nyc-1 webduh-0-edge" in words(app)
        now = Found(of("fra-1", "networks")[:1], {"nyc-1": "It does not answer."})
        screen.post_message(Answer("networks", filled("networks", now, both.found, True, worlds.NOW)))
        await until(pilot, lambda: "4 networks · ! nyc-1 does not answer" in drawn(app))
        await pilot.press("end")
        await until(pilot, lambda: screen.room("networks").key == "nyc-1/none")


async def test_a_target_of_several_servers_has_no_set_up_of_its_own_and_runs_commands_on_all(team: Context) -> None:
    async with on(team, "overview", "all") as (_, app, screen):
        assert "exec" in offered(app)
        assert not offered(app) & {"set_up", "prune", "server_shell"}
        assert screen.several


# A command on servers.


async def prompted(pilot: Pilot[Any], app: ConsoleApp, typed: str) -> None:
    await pilot.press("x")
    await until(pilot, lambda: "SERVERS: COMMAND" in drawn(app))
    await pilot.press("ctrl+u", *typed, "enter")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("uptime", "Name the servers first"),
        ("fra-1:", "Type a command after the colon"),
        ("gone: uptime", "There is no target gone."),
        ("local: uptime", "local is no server."),
    ],
)
async def test_a_command_that_names_no_server_or_says_nothing_is_told_what_is_wrong(
    served: Context, typed: str, says: str
) -> None:
    async with on(served) as (pilot, app, screen):
        await prompted(pilot, app, typed)
        await until(pilot, lambda: says in drawn(app))
        assert app.screen is screen


async def test_more_servers_than_panes_are_refused_with_the_way_to_do_it(served: Context) -> None:
    for number in range(60):
        served.state.targets.add(TargetEntry(f"many-{number}", "server", "ssh://root@192.0.2.1", "", worlds.NOW))
    async with on(served) as (pilot, app, _):
        await prompted(pilot, app, "all: uptime")
        await until(pilot, lambda: "62 servers are too many panes" in drawn(app))


async def test_a_command_is_typed_from_the_list_of_targets_too(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        for one in worlds.heard():
            app.post_message(Told(one))
        await until(pilot, lambda: len(app.board.answered) == 2)
        assert "exec" not in offered(app)
        await pilot.press("t", "down")
        await until(pilot, lambda: "exec" in offered(app))
        await pilot.press("x")
        await until(pilot, lambda: "$ fra-1:" in drawn(app) and "SERVERS: COMMAND" in drawn(app))
        await pilot.press("escape", "home")
        assert isinstance(app.screen, HomeScreen)
        await until(pilot, lambda: "exec" not in offered(app))  # this machine is no server


async def test_leaving_what_a_command_answers_leads_back(served: Context) -> None:
    async with on(served) as (pilot, app, screen):
        app.push_screen(ExecScreen(["fra-1", "nyc-1"], "uptime"))
        await until(pilot, lambda: "$ uptime" in drawn(app) and "fra-1" in drawn(app) and "nyc-1" in drawn(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)


# Many, and odd ones.


def many(number: int) -> tuple[Row, ...]:
    return tuple(
        ContainerRow(f"default--app-{n}--production--web--1", "running", "i", f"default--app-{n}--production", "Up",
                     n / 1000, n * 2**20, "web", 1, created=worlds.ago(minutes=n), server="fra-1")
        for n in range(number)
    )  # fmt: skip


async def test_ten_thousand_containers_are_gone_through_as_three(served: Context) -> None:
    async with on(served, "containers") as (pilot, app, screen):
        screen.post_message(Answer("containers", worlds.room("containers", *many(10_000))))
        await until(pilot, lambda: "10 000 of apps" in drawn(app))
        await pilot.press("G")
        await until(pilot, lambda: "app-9999" in drawn(app))
        await pilot.press("slash", *"app-777", "enter")
        await until(pilot, lambda: screen.room("containers").count() == 11)
        await pilot.press("escape", "1")
        await until(pilot, lambda: screen.running.count() == 10_000)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("several", [False, True])
def test_rows_have_a_cell_and_a_value_a_column_and_keys_of_their_own(kind: Kind, several: bool) -> None:
    found = filled(kind, Found(worlds.rooms()[kind]), None, several, worlds.NOW)
    columns = columns_of(kind, several)
    assert {len(row.cells) for row in found.rows} == {len(row.order) for row in found.rows} == {len(columns)}
    assert len(found.by_key) == len(found.rows)
    assert found.widths == tuple(
        max(len(column.title), *(width_of(row.cells[at]) for row in found.rows)) for at, column in enumerate(columns)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_shown_is_obeyed_by_the_terminal(kind: Kind) -> None:
    def evil(value: object) -> object:
        if isinstance(value, str):
            return f"{value}\x1b[31m\n"
        return tuple(map(evil, value)) if isinstance(value, tuple) else value

    plain, rows = {"state", "kind", "server"}, []
    for row in worlds.rooms()[kind]:
        fields = msgspec.structs.asdict(row).items()
        rows.append(type(row)(**{name: value if name in plain else evil(value) for name, value in fields}))
    shown = filled(kind, Found(tuple(rows)), None, True, worlds.NOW)
    text = "".join(text for row in shown.rows for cell in row.cells for text, _ in cell)
    assert text.isprintable()


def test_images_without_a_name_and_processes_of_two_servers_are_told_apart() -> None:
    images = [ImageRow("a" * 12, (), 1, None, server="x"), ImageRow("b" * 12, (), 1, None, server="x")]
    processes = [ProcessRow(1, 0, "root", "running", None, 0, 0.0, "init", server=server) for server in "xy"]
    assert len({key_in(row) for row in [*images, *processes]}) == 4


def test_every_kind_has_a_room() -> None:
    assert tuple(ROOMS) == KINDS
