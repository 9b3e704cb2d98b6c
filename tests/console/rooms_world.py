"""What is on a server, kind by kind, and the screen of a target that was told all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import worlds
from textual.pilot import Pilot
from worlds import BLOG, NOW, ago, containers, drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.room_cells import Filled, filled
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.watching import Told
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.model.inventory import (
    DiskRow,
    Found,
    ImageRow,
    Kind,
    NetworkRow,
    ProcessRow,
    RouteRow,
    Row,
    VolumeRow,
)


def rooms() -> dict[Kind, tuple[Row, ...]]:
    """What is on the server that is up, kind by kind."""
    gb, mb, web = 2**30, 2**20, f"{BLOG.slug}--web--7"
    return {
        "containers": tuple(containers()),
        "images": (
            ImageRow("aa" * 6, (f"webduh/{BLOG.slug}:0707070707070707",), 140 * mb, ago(days=2),
                     ("blog v7", "blog v6"), (web,), server="fra-1"),
            ImageRow("bb" * 6, ("postgres:17",), 438 * mb, ago(days=90), (), ("postgres",), server="fra-1"),
            ImageRow("cc" * 6, ("redis:7", "redis:latest"), 41 * mb, ago(days=300), unused=True, server="fra-1"),
            ImageRow("dd" * 6, (), 141 * mb, ago(days=30), unused=True, server="fra-1"),
        ),
        "volumes": (
            VolumeRow(f"{BLOG.slug}--uploads", BLOG.slug, (f"{web}:/app/uploads",), 3 * gb, ago(days=30), "local",
                      f"/var/lib/docker/volumes/{BLOG.slug}--uploads/_data", server="fra-1"),
            VolumeRow("pgdata", "", (), None, ago(days=200), "local", unused=True, server="fra-1"),
        ),
        "networks": (
            NetworkRow("webduh-0-edge", "bridge", ("10.210.0.0/24",), ("webduh-traefik 10.210.0.2",), server="fra-1"),
            NetworkRow("webduh-p-default", "bridge", ("10.210.1.0/24",),
                       (f"{web} 10.210.1.5", "webduh-traefik 10.210.1.2"), "default", server="fra-1"),
            NetworkRow("none", "null", (), (), server="fra-1"),
        ),
        "routes": (
            RouteRow("shop@file", "Host(`shop.example.com`)", ("web", "websecure"), "shop", (), "disabled",
                     errors=('the service "shop@file" does not exist',), server="fra-1"),
            RouteRow(f"{BLOG.slug}@file", "Host(`blog.example.com`)", ("websecure",), BLOG.slug,
                     ("http://10.210.1.5:8080",), "enabled", "own certificate", app=BLOG.slug, server="fra-1"),
            RouteRow("webduh@file", "Header(`X-Webduh-Key`, `•••`)", ("ops",), "api@internal", (), "enabled",
                     server="fra-1"),
        ),
        "processes": (
            ProcessRow(4242, 1, "deploy", "running", 0.84, 310 * mb, 172_800, "python -m app --token=•••", web,
                       "fra-1"),
            ProcessRow(811, 1, "root", "sleeping", 0.02, 96 * mb, 1_728_000, "/usr/bin/dockerd -H fd://", "", "fra-1"),
            ProcessRow(2, 0, "root", "sleeping", 0.0, 0, 1_728_000, "[kthreadd]", "", "fra-1"),
        ),
        "disk": (
            DiskRow("/", "ext4", 40 * gb, 37 * gb, 3 * gb, 0.12, "/dev/sda1", server="fra-1"),
            DiskRow("/mnt/data", "xfs", 100 * gb, 20 * gb, 80 * gb, 0.01, "/dev/sdb", server="fra-1"),
            DiskRow("images", "docker", 5 * gb, 5 * gb, reclaimable=2 * gb, count=12, server="fra-1"),
            DiskRow("volumes", "docker", 9 * gb, 9 * gb, reclaimable=0, count=3, server="fra-1"),
        ),
    }  # fmt: skip


def room(kind: Kind, *rows: Row, silent: dict[str, str] | None = None, before: Found | None = None) -> Filled:
    """A room as a worker fills it."""
    several = len({row.server for row in rows} | set(silent or {})) > 1
    return filled(kind, Found(rows, silent or {}), before, several, NOW)


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
        kinds = [kind for kind in rooms() if kind in screen.tabs and name != "all"]
        for kind in kinds:
            screen.post_message(Answer(kind, room(kind, *rooms()[kind])))
        await until(pilot, lambda: all(screen.room(kind).count() for kind in kinds))
        yield pilot, app, screen
