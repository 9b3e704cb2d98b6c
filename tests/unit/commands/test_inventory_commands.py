"""What is on a machine as a listing, and how one asks for it."""

from datetime import timedelta
from typing import Any

import pytest
from shop_at_home import Line

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.inventory import listing, lost
from webduh_console.commands.results import Listing
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.inventory import (
    KINDS,
    ROWS,
    ContainerRow,
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

MIB = 2**20


def told(ctx: Context, kind: Kind, *rows: Row, silent: dict[str, str] | None = None) -> Listing:
    return listing(ctx, "prod", kind, Found(rows, silent or {}))


@pytest.mark.parametrize(
    ("kind", "row", "words"),
    [
        (
            "containers",
            ContainerRow("web", "running", "i:1", "a--b--c", "Up", 0.256, 3 * MIB, ports=("80→80/tcp", "443→443/tcp")),
            {"name": "web", "state": "running", "cpu": "0.26", "memory": "3.0 MiB", "ports": "80→80/tcp 443→443/tcp"},
        ),
        (
            "containers",
            ContainerRow("db", "exited", "i:1", "", "Exited"),
            {"cpu": "", "memory": "", "ports": "", "app": ""},
        ),
        (
            "images",
            ImageRow("ab", ("a:1", "a:2"), 2 * MIB, None, ("shop v1", "shop v2"), ("w1", "w2")),
            {"name": "a:1 a:2", "size": "2.0 MiB", "age": "", "needed": "shop v1, shop v2, w1 and 1 more"},
        ),
        ("images", ImageRow("ab", (), 0, None, unused=True), {"name": "ab", "size": "0 B", "needed": "unused"}),
        (
            "volumes",
            VolumeRow("v", "a--b--c", ("web:/data",), None),
            {"name": "v", "app": "a--b--c", "size": "", "age": "", "needed": "web:/data"},
        ),
        ("volumes", VolumeRow("v", "", (), 5, unused=True), {"size": "5 B", "needed": "unused"}),
        (
            "networks",
            NetworkRow("n", "bridge", ("10.0.0.0/24",), ("web 10.0.0.2",), "p", True),
            {"driver": "bridge, internal", "subnets": "10.0.0.0/24", "containers": "web 10.0.0.2", "project": "p"},
        ),
        (
            "routes",
            RouteRow("r", "Host(`a`)", ("web", "x"), "s", ("u", "w"), "enabled", "own", down=("u",), errors=("e", "f")),
            {"state": "enabled, 1 down", "entry": "web x", "tls": "own", "upstreams": "u w", "errors": "e; f"},
        ),
        (
            "processes",
            ProcessRow(7, 1, "root", "running", None, MIB, 300, "init", "web"),
            {"pid": 7, "cpu": "", "memory": "1.0 MiB", "age": "5 min", "container": "web", "command": "init"},
        ),
        (
            "disk",
            DiskRow("/", "ext4", 10 * MIB, 4 * MIB, 6 * MIB, 0.254),
            {"name": "/", "kind": "ext4", "used": "4.0 MiB", "free": "6.0 MiB", "inodes": "25%", "reclaimable": ""},
        ),
        (
            "disk",
            DiskRow("images", "docker", MIB, MIB, reclaimable=0, count=3),
            {"name": "Docker: images", "kind": "3 of them", "size": "", "free": "", "reclaimable": "0 B"},
        ),
    ],
)
def test_a_row_is_told_in_words(ctx: Context, kind: Kind, row: Row, words: dict[str, Any]) -> None:
    (found,) = told(ctx, kind, row).rows
    assert {name: found[name] for name in words} == words


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_has_its_words_and_an_empty_list_says_so(ctx: Context, kind: Kind) -> None:
    empty = told(ctx, kind)
    assert (empty.rows, empty.empty, empty.code) == ([], f"prod has no {kind}.", 0)
    assert empty.title == f"{kind} of prod"


def test_the_age_of_an_image_is_told_from_now(ctx: Context) -> None:
    (row,) = told(ctx, "images", ImageRow("ab", ("a:1",), 0, now() - timedelta(hours=3))).rows
    assert row["age"] == "3 h"


def test_a_program_reads_the_values_themselves(ctx: Context) -> None:
    made = now()
    (row,) = told(ctx, "images", ImageRow("ab", ("a:1",), 7, made, server="fra-1")).data
    assert (row["names"], row["size"], row["unused"], row["server"]) == (("a:1",), 7, False, "fra-1")
    assert tuple(row) == ROWS["images"].__struct_fields__


def test_rows_name_their_server_where_there_are_several(ctx: Context) -> None:
    one, two = (NetworkRow("n", "bridge", (), (), server=server) for server in ("a", "b"))
    assert [column.key for column in told(ctx, "networks", one).columns][:1] == ["name"]
    both = told(ctx, "networks", one, two)
    assert [column.key for column in both.columns][:2] == ["server", "name"]
    assert [row["server"] for row in both.rows] == ["a", "b"]


def test_a_silent_server_is_told_of_and_makes_it_a_failure(ctx: Context) -> None:
    said: list[str] = []
    ctx.told = lambda event: said.append(getattr(event, "text", ""))
    answer = told(ctx, "networks", NetworkRow("n", "bridge", (), (), server="a"), silent={"b": "It hangs."})
    assert (answer.code, said, answer.columns[0].key) == (1, ["b: It hangs."], "server")


def test_what_this_machine_has_is_told_too(line: Line) -> None:
    answer = line("server show local processes")
    assert isinstance(answer, Listing)
    assert any(row["pid"] == 1 for row in answer.data)
    assert {row["server"] for row in answer.data} == {"local"}
    assert any(row["name"] == "/" for row in line("server show local disk").data)


def test_what_a_target_has_none_of_is_refused_with_what_it_has(line: Line) -> None:
    with pytest.raises(UsageError, match="local has no images to show") as caught:
        line("server show local images")
    assert caught.value.hint == "There is: processes, disk."


@pytest.mark.parametrize(
    "text",
    ["server show prod", "server stop prod web", "server rm prod image a -y", "server exec prod -- ls"],
)
def test_a_server_that_is_not_known_is_named(line: Line, text: str) -> None:
    with pytest.raises(NotFoundError, match="There is no target prod"):
        line(text)


@pytest.mark.parametrize("text", ["server show local nothing", "server rm local container x", "server rm local image"])
def test_words_that_mean_nothing_are_refused(line: Line, text: str) -> None:
    with pytest.raises(UsageError):
        line(text)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ImageRow("ab", ("a:1", "a:2"), MIB, None), "the image a:1 a:2 (1.0 MiB)"),
        (ImageRow("ab", (), MIB, None), "the image ab (1.0 MiB)"),
        (VolumeRow("v", "", (), 5), "the volume v (5 B) with all that is in it"),
        (VolumeRow("v", "", ()), "the volume v with all that is in it"),
    ],
)
def test_what_is_lost_is_told_before(found: ImageRow | VolumeRow, words: str) -> None:
    assert lost(found) == words
