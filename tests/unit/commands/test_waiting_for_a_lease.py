"""`--wait-for-lease`: while somebody else changes an app, whoever comes next waits, and plans on what is true then."""

from pathlib import Path

import pytest
from loopback import page
from shop_at_home import FAST, Line

from webduh_console.cli.waiting import Waiting
from webduh_console.commands.context import Context
from webduh_console.errors import CancelledError, LeaseHeldError
from webduh_console.model.events import Event, Progress, Warned
from webduh_console.model.names import AppKey
from webduh_console.model.target import Lease

KEY = AppKey("default", "shop", "production")
BUSY = "shop is being changed by ann@laptop (deploy 01J): waiting at most 20 s."


@pytest.fixture
def held(ctx: Context, served: str) -> Lease:
    """The lease of a shop that serves, held by somebody else."""
    return ctx.target("local").record(KEY, "local").acquire("ann@laptop", "deploy 01J")


def released_when_told(ctx: Context, lease: Lease, meanwhile: Path | None = None) -> list[str]:
    """Give the lease back as soon as it is said that somebody waits; what was said."""
    said: list[str] = []

    def tell(event: Event) -> None:
        if isinstance(event, Warned):
            said.append(event.text)
            if meanwhile is not None:
                (meanwhile / "index.html").write_text("changed meanwhile")
            lease.release()

    ctx.told = tell
    return said


def test_a_deployment_waits_and_then_takes_the_source_as_it_is(
    ctx: Context, line: Line, shop: Path, held: Lease
) -> None:
    (shop / "index.html").write_text("two")
    said = released_when_told(ctx, held, shop)
    done = line(f"deploy shop --wait-for-lease 20 {FAST}")
    assert (said, done.outcome, done.release, page(done.url)) == ([BUSY], "done", 2, "changed meanwhile")


@pytest.mark.parametrize(
    "words", [f"rollback shop --to 1 {FAST} --wait-for-lease 20", "app rm shop --yes --wait-for-lease 20"]
)
def test_so_do_a_rollback_and_a_removal(words: str, ctx: Context, line: Line, shop: Path, served: str) -> None:
    (shop / "index.html").write_text("two")
    line(f"deploy shop {FAST}")
    lease = ctx.target("local").record(KEY, "local").acquire("ann@laptop", "deploy 01J")
    said = released_when_told(ctx, lease)
    line(words)
    assert said == [BUSY]


def test_apply_waits_before_it_plans_and_says_so_to_each_deployment(
    ctx: Context, line: Line, shop: Path, held: Lease
) -> None:
    (shop / "webduh.yaml").write_text("name: shop\n")
    said = released_when_told(ctx, held, shop)
    lines = line(f"apply {shop} --wait-for-lease 20").lines
    assert said == [BUSY]
    assert lines == (f"deploy {shop} --on local -e production --wait-for-lease 20",)


@pytest.mark.parametrize("words", [f"deploy shop {FAST}", "app rm shop --yes", "rollback shop --to 1"])
def test_when_the_time_is_over_it_ends_with_4_and_nothing_was_changed(
    words: str, line: Line, shop: Path, held: Lease, served: str
) -> None:
    (shop / "index.html").write_text("two")
    with pytest.raises(LeaseHeldError) as caught:
        line(f"{words} --wait-for-lease 0.2")
    assert (caught.value.code, caught.value.as_dict()) == (
        4,
        {
            "name": "lease-held",
            "what": "shop is still being changed by ann@laptop (deploy 01J).",
            "why": "0.2 s are over.",
            "kept": "Nothing was changed.",
            "hint": "Wait longer, or watch it: `webduh deployments shop`.",
        },
    )
    assert page(served) == "one"


def test_where_nobody_holds_it_nothing_is_said(ctx: Context, line: Line, shop: Path, served: str) -> None:
    (shop / "index.html").write_text("two")
    told: list[Event] = []
    ctx.told = told.append
    assert line(f"deploy shop --wait-for-lease 20 {FAST}").release == 2
    assert told == [Progress(done=20.0, total=20.0, unit="s")]


def test_it_ends_when_nobody_waits_for_it_any_more(ctx: Context, line: Line, held: Lease) -> None:
    ctx.abandoned = lambda: True
    with pytest.raises(CancelledError):
        line("deploy shop --wait-for-lease 20 --force")


def test_that_it_waits_is_one_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    face = Waiting()
    face.tell(Warned(code="lease", text=BUSY))
    face.tell(Progress(done=1.0, total=20.0, unit="waiting"))
    assert capsys.readouterr() == ("", f"! {BUSY}\n")
