"""What is done with what is on a server, who does not answer, and commands on many servers, by keys alone."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import worlds
from rooms_world import offered, on, room, rooms, words
from textual.pilot import Pilot
from worlds import drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.room_cells import filled
from webduh_console.console.screens.dialogs import ConfirmScreen, ErrorScreen, HelpScreen
from webduh_console.console.screens.exec_screen import ExecScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.screens.target_tabs import KEYS
from webduh_console.console.watching import Told
from webduh_console.errors import TargetError
from webduh_console.model.inventory import Found, Kind, Row
from webduh_console.state.targets import TargetEntry

LOST = TargetError("fra-1 does not answer.", why="The connection broke.")


@pytest.fixture
def served(full: Context) -> Context:
    return worlds.with_servers(full)


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
        screen.post_message(Answer("images", room("images", *rooms()["images"][:2])))
        await until(pilot, lambda: "2 images" in drawn(app) and "does not answer" not in drawn(app))


async def test_a_server_that_never_answered_says_why_in_the_room_itself(served: Context) -> None:
    app = worlds.console(served, at="nyc-1:volumes")
    async with opened(app, (100, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen))
        app.screen.post_message(Answer("volumes", error=LOST))
        await until(pilot, lambda: "✗ fra-1 does not answer. why The connection broke." in words(app))


def of(server: str, kind: Kind) -> tuple[Row, ...]:
    return tuple(msgspec.structs.replace(row, server=server) for row in rooms()[kind])


@pytest.fixture
def team(served: Context) -> Context:
    """A target of both servers."""
    served.state.targets.add(TargetEntry("all", "servers", "", "", worlds.ago(days=1), ("fra-1", "nyc-1")))
    return served


async def test_rows_of_several_servers_name_theirs_and_a_silent_one_keeps_what_it_said(team: Context) -> None:
    async with on(team, "networks", "all") as (pilot, app, screen):
        both = room("networks", *of("fra-1", "networks"), *of("nyc-1", "networks"))
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
