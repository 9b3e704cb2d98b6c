"""Servers that nobody reaches: what is asked of them is told as not known, and what is done is written down here."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from loopback import free_port
from shop_at_home import FAST, Line

from webduh_console.commands.context import Context
from webduh_console.commands.noting import note_target
from webduh_console.state.targets import TargetEntry

AT = datetime(2026, 3, 4, 17, tzinfo=UTC)


@pytest.fixture
def silent(ctx: Context) -> str:
    """The address of the servers a and b, at which nothing listens; what is said of both."""
    port = free_port()
    for name in "ab":
        ctx.state.targets.add(TargetEntry(name, "server", f"ssh://deploy@127.0.0.1:{port}", "", AT))
    return f"(127.0.0.1:{port}) cannot be reached."


def test_a_target_of_several_servers_is_written_down_as_added(line: Line, ctx: Context, silent: str) -> None:
    line("target add both --server b --server a --dry-run")
    assert ctx.state.acts.all() == []
    line("target add both --server b --server a")
    (act,) = ctx.state.acts.all()
    assert (act.act, act.what, act.target) == ("target", "added both (a, b)", "both")


def test_what_is_done_to_several_is_written_down_for_each(line: Line, ctx: Context, silent: str) -> None:
    line("target add both --server a --server b")
    note_target(ctx, ctx.target("both"), "setup", "both: failed")
    assert [(act.act, act.what, act.target) for act in ctx.state.acts.all()][1:] == [
        ("setup", f"both: failed (not written on {name}: The server {name} {silent})", name) for name in "ab"
    ]


def test_the_schedules_of_who_answers_are_listed_beside_those_who_do_not(
    line: Line, ctx: Context, silent: str, shop: Path
) -> None:
    (shop / "webduh.yaml").write_text("static: .\nschedules: {tidy: {cron: '@daily', run: echo tidy}}\n")
    line(f"deploy {shop} {FAST}")
    line("target add both --server a --server b")
    listed = line("schedule ls")
    rows = [(row["app"], row["name"], row["place"], row["note"].partition(". ")[0]) for row in listed.rows]
    gone = silent.removesuffix(".")
    assert rows == [
        ("shop", "tidy", "local", ""),
        ("?", "", "a", f"The server a {gone}"),
        ("?", "", "b", f"The server b {gone}"),
    ]
    assert ([row["schedule"] for row in listed.data], listed.code) == (["tidy"], 1)
    assert line("schedule ls shop").code == 0
