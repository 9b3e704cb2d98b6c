"""One app, and one deployment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from difflib import unified_diff
from typing import Any

import pytest
import worlds
from textual.pilot import Pilot
from worlds import GUESTBOOK, drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.deployments import Live
from webduh_console.console.facts import compared
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ConfirmScreen, LeaveScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen, plan_lines, wish
from webduh_console.console.screens.result import TextScreen, value_text
from webduh_console.model.plan import Change, Plan, Question
from webduh_console.model.release import SourceRef, Spec
from webduh_console.model.target import CancelToken


def running(app: ConsoleApp, upto: str, identity: str = "01JNHRUN") -> Live:
    """A deployment of this console that has come as far as a step."""
    live = Live(identity, worlds.GUESTBOOK, "deploy", "local", CancelToken())
    for event in worlds.events(identity, upto):
        live.arrive(event)
    live.take()
    return app.deployments.adopt(live)


@asynccontextmanager
async def opened_releases(ctx: Context) -> AsyncIterator[tuple[ConsoleApp, Pilot[Any], AppScreen]]:
    """The second app's four releases, shown."""
    app = worlds.console(ctx)
    async with opened(app) as pilot:
        await pilot.press("down", "enter", "2")
        screen = app.screen
        assert isinstance(screen, AppScreen)
        await until(pilot, lambda: len(screen.releases) == 4)
        yield app, pilot, screen


async def test_the_tabs_are_reached_by_their_numbers(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app) as pilot:
        await pilot.press("down", "enter")
        screen = app.screen
        assert isinstance(screen, AppScreen)
        for key, tab in zip("23451", ("releases", "deployments", "logs", "variables", "overview"), strict=True):
            await pilot.press(key)
            await pilot.pause()
            assert screen.tab == tab
        await pilot.press("right_square_bracket")
        assert screen.tab == "releases"


async def test_the_releases_are_there_newest_first_and_the_serving_one_is_marked(released: Context) -> None:
    async with opened_releases(released) as (app, _, screen):
        assert [row.key for row in screen.table("releases").rows] == ["12", "11", "10", "9"]
        assert drawn(app).count("● serving") == 2


async def test_two_releases_are_compared(released: Context) -> None:
    async with opened_releases(released) as (app, pilot, _):
        await pilot.press("equals_sign")
        await until(pilot, lambda: isinstance(app.screen, TextScreen))
        text = drawn(app)
        assert "--- v11  2026-" in text
        assert "+++ v12  2026-" in text
        assert "+  digest: 0c0c0c" in text


def test_a_comparison_leaves_out_what_differs_anyhow_and_the_values_of_secrets() -> None:
    at = datetime(2026, 3, 4, 17, tzinfo=UTC)
    older = worlds.release(GUESTBOOK, 1, at, COLOUR="red", API_KEY="first-value", OLD="x")
    newer = worlds.release(GUESTBOOK, 2, at, COLOUR="blue", API_KEY="other-value", SAME_KEY="kept-value")
    texts, titles = compared(older, newer, UTC)
    assert titles[1] == "v2  2026-03-04 17:00:00 by ada@laptop, command"
    changed = [line for line in unified_diff(*(text.splitlines() for text in texts), n=0) if line[1:3] == "  "]
    assert [line for line in changed if line.strip("+- ").partition(":")[0].isupper()] == [
        "-  API_KEY: secret",
        "-  COLOUR: red",
        "-  OLD: x",
        "+  API_KEY: secret, another value",
        "+  COLOUR: blue",
        "+  SAME_KEY: secret",
    ]
    assert not any("trigger" in line or "built_in" in line for line in changed)


async def test_a_release_is_shown_whole_without_its_secrets(released: Context) -> None:
    async with opened_releases(released) as (app, pilot, _):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TextScreen))
        text = drawn(app)
        assert "framework: python" in text
        assert "not to be seen" not in text


async def test_variables_hide_secrets_and_say_what_waits(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app) as pilot:
        await pilot.press("down", "enter", "5")
        screen = app.screen
        assert isinstance(screen, AppScreen)
        await until(pilot, lambda: screen.table("variables").count() == 4)
        text = drawn(app)
        assert "sealed-away" not in text
        assert "not to be seen" not in text
        assert "! new, at the next deployment" in text
        assert "good day" in text


@pytest.mark.parametrize("upto", ["check", "build", "healthy", "end", "failed", "reverting"])
async def test_a_deployment_shows_every_step_with_glyph_and_word(full: Context, upto: str) -> None:
    app = worlds.console(full)
    async with opened(app, (160, 48)) as pilot:
        app.show_deployment(running(app, upto))
        await pilot.pause()
        text = drawn(app)
        for name in worlds.STEPS:
            assert f" {name} " in text


async def test_an_error_stands_at_the_top_with_why_kept_and_next(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (120, 40)) as pilot:
        app.show_deployment(running(app, "failed"))
        await pilot.pause()
        text = drawn(app)
        for part in ("what", "why", "kept", "hint"):
            assert worlds.FAILURE[part][:50] in text
        assert text.index(worlds.FAILURE["what"]) < text.index("Steps")


async def test_the_output_is_folded_by_step_and_can_be_shown_whole(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (160, 48)) as pilot:
        app.show_deployment(running(app, "healthy"))
        await pilot.pause()
        assert "GET / answered 200" in drawn(app)
        assert "Collecting flask" not in drawn(app)
        await pilot.press("home", "down")
        assert "Collecting flask" in drawn(app)
        await pilot.press("a")
        assert "GET / answered 200" in drawn(app)
        assert "Collecting flask" in drawn(app)


async def test_cancelling_asks_first_and_sets_the_token(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        live = running(app, "healthy")
        app.show_deployment(live)
        await pilot.pause()
        await pilot.press("c")
        assert isinstance(app.screen, ConfirmScreen)
        words = " ".join(drawn(app).replace("│", " ").split())
        assert "taken back in reverse: start, place, record, lease, build, check." in words
        await pilot.press("n")
        assert live.cancel is not None
        assert not live.cancel.is_set
        await pilot.press("c", "y")
        assert live.cancel.is_set
        assert "taking back" in drawn(app)
        live.arrive(worlds.events("01JNHRUN", "failed")[-1])
        live.take()


async def test_leaving_the_screen_stops_nothing_and_coming_back_shows_it_again(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (160, 48)) as pilot:
        live = running(app, "build")
        app.show_deployment(live)
        await pilot.pause()
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)
        for event in worlds.events("01JNHRUN", "end")[live.timeline.taken :]:
            live.arrive(event)
        live.take()
        app.deployment_signal.publish(live)
        app.open_deployment(live.id)
        await pilot.pause()
        assert isinstance(app.screen, DeploymentScreen)
        assert "● serving v13" in drawn(app)


async def test_leaving_the_console_while_something_runs_asks(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        live = running(app, "build")
        await pilot.press("q")
        assert isinstance(app.screen, LeaveScreen)
        await pilot.press("n")
        assert app.is_running
        await pilot.press("q", "y")
        assert live.cancel is not None
        assert live.cancel.is_set
        live.arrive(worlds.events("01JNHRUN", "failed")[-1])
        live.take()
        app.deployment_signal.publish(live)
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == 0


def plan(**more: Any) -> Plan:
    """A plan with something of everything."""
    return Plan(
        "01JNHPLAN", worlds.GUESTBOOK, "local", "deploy", SourceRef("/srv/guestbook"), Spec("python"),
        "ada@laptop", "console",
        base=12,
        changes=(
            Change("artifact", "source", "0c" * 32, "0d" * 32),
            Change("variable", "GREETING", "", "good day"),
            Change("route", "guest.example.com", "/", ""),
        ),
        usual={"build": 4.0, "healthy": 2.2},
        **more,
    )  # fmt: skip


def test_a_plan_says_what_is_added_changed_and_taken_away() -> None:
    text = ["".join(part for part, _ in line).rstrip() for line in plan_lines(plan(warnings=("Mind the gap.",)), 80)]
    assert text == [
        "app          guestbook",
        "environment  production",
        "target       local",
        "from         /srv/guestbook",
        "framework    python",
        "now serving  v12",
        "takes about  6.2 s",
        "",
        "What changes",
        "  ~ artifact  source             0c0c0c0c0c0c → 0d0d0d0d0d0d",
        "  + variable  GREETING           good day",
        "  - route     guest.example.com  /",
        "",
        "!  Mind the gap.",
    ]


async def test_a_question_must_be_answered_before_a_plan_can_be_carried_out(full: Context) -> None:
    asked = Question("variables", "GREETING changed meanwhile. Overwrite it?", "--overwrite")
    answers: list[dict[str, bool]] = []

    def planner(given: dict[str, bool]) -> Plan:
        answers.append(given)
        return plan() if given else plan(questions=(asked,))

    app = worlds.console(full)
    async with opened(app) as pilot:
        screen = PlanScreen("Deploy guestbook", planner)
        agreed: list[Plan | None] = []
        app.push_screen(screen, agreed.append)
        await until(pilot, lambda: screen.plan is not None)
        await pilot.press("enter")
        assert app.screen is screen
        await pilot.press("y")
        await until(pilot, lambda: screen.plan is not None and not screen.plan.questions)
        await pilot.press("enter")
        assert agreed == [plan()]
        assert answers == [{}, {"overwrite": True}]


@pytest.mark.parametrize(
    ("option", "name"), [("--overwrite", "overwrite"), ("--allow-older", "allow_older"), ("--as NAME", "as")]
)
def test_an_option_answers_by_its_name(option: str, name: str) -> None:
    assert wish(option) == name


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (True, "yes"), (1.50, "1.5"), ("a\nb", "a b"), (3, "3"), ("\x1b", "␛")]
)
def test_values_of_a_listing_are_words(value: object, text: str) -> None:
    assert value_text(value) == text


async def test_a_plan_that_a_defect_ended_says_so(full: Context) -> None:
    def planner(answers: dict[str, bool]) -> Plan:
        raise ZeroDivisionError("a defect")

    app = worlds.console(full)
    async with opened(app, (120, 36)) as pilot:
        app.push_screen(PlanScreen("Deploy guestbook", planner))
        await until(pilot, lambda: "The plan was not made: something unexpected went wrong." in drawn(app))
        await until(pilot, lambda: "Working out" not in drawn(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
