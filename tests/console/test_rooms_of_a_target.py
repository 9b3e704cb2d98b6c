"""The rooms of a target: what is on its machines, kind by kind, and what can be done with it, by keys alone."""

import os

import msgspec
import pytest
import worlds
from rooms_world import offered, on, room, rooms, words
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.ink import width_of
from webduh_console.console.places import Place
from webduh_console.console.room_cells import ROOMS, columns_of, filled, key_in
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.result import TextScreen
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.screens.target_tabs import KEYS, LOCAL_TABS, TABS
from webduh_console.model.inventory import KINDS, ContainerRow, Found, ImageRow, Kind, ProcessRow, Row


@pytest.fixture
def served(full: Context) -> Context:
    return worlds.with_servers(full)


async def test_every_tab_has_a_key_and_takes_the_focus(served: Context) -> None:
    async with on(served) as (pilot, _, screen):
        for tab, key in KEYS.items():
            await pilot.press(key)
            await until(pilot, lambda tab=tab: screen.tab == tab)  # type: ignore[misc]
            assert [pane.id for pane in screen.query(".tab") if pane.display] == [tab]
            assert screen.focused is not None
            assert screen.focused.id == {"overview": "running", "metrics": "metrics-load"}.get(tab, tab)
            assert screen.place == Place("target", name="fra-1", tab=tab)


async def test_brackets_and_arrows_lead_round_the_tabs(served: Context) -> None:
    async with on(served) as (pilot, _, screen):
        seen = []
        for key in ["right_square_bracket"] * len(TABS) + ["right", "left", "left_square_bracket"]:
            await pilot.press(key)
            seen.append(screen.tab)
        assert seen == [*TABS[1:], "overview", "containers", "overview", "metrics"]


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
                assert room.count() == len(rooms()[kind])


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


# Many, and odd ones.


def many(number: int) -> tuple[Row, ...]:
    return tuple(
        ContainerRow(f"default--app-{n}--production--web--1", "running", "i", f"default--app-{n}--production", "Up",
                     n / 1000, n * 2**20, "web", 1, created=worlds.ago(minutes=n), server="fra-1")
        for n in range(number)
    )  # fmt: skip


async def test_ten_thousand_containers_are_gone_through_as_three(served: Context) -> None:
    async with on(served, "containers") as (pilot, app, screen):
        screen.post_message(Answer("containers", room("containers", *many(10_000))))
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
    found = filled(kind, Found(rooms()[kind]), None, several, worlds.NOW)
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
    for row in rooms()[kind]:
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
