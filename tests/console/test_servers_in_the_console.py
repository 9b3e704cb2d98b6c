"""Servers beside the apps: what each says, what is silent, and what can be done with one, by keys alone."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rooms_world
import worlds
from textual.pilot import Pilot
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.results import Terminal, Work
from webduh_console.console.app import ConsoleApp
from webduh_console.console.commanding import follow_work, give_terminal
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ConfirmScreen, ErrorScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import plan_lines
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.serving import freed
from webduh_console.console.target_cells import check_lines, container_cells, key_of, target_row
from webduh_console.console.watching import Aside, Broke, Told
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.engine.setup import run_steps
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Route, SourceRef, Spec
from webduh_console.model.target import CancelToken
from webduh_console.state.targets import TargetEntry


@pytest.fixture
def served(full: Context) -> Context:
    """Five apps here, one on a server, and a server that is silent."""
    return worlds.with_servers(full)


@contextmanager
def a_mute_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def offered(app: ConsoleApp) -> set[str]:
    return {action.name for action, _ in app.screen.query_one(ActionBar).offered()}


def said(app: ConsoleApp) -> list[str]:
    return [one.message for one in app._notifications]


async def heard(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """Every target has answered, or could not."""
    for one in worlds.heard():
        app.post_message(Told(one))
    await until(pilot, lambda: len(app.board.answered) == 2 and app.board.silent())
    await app.workers.wait_for_complete()
    await pilot.pause(0.3)


async def on_the_server(pilot: Pilot[Any], app: ConsoleApp) -> TargetScreen:
    """The screen of the server that is up, by keys."""
    await heard(pilot, app)
    await pilot.press("t", "down", "enter")
    screen = app.screen
    assert isinstance(screen, TargetScreen)
    screen.post_message(Answer("containers", rooms_world.room("containers", *worlds.containers())))
    screen.post_message(Answer("checks", worlds.facts()))
    await until(pilot, lambda: screen.facts and screen.running.count())
    return screen


async def test_every_target_is_there_before_any_has_answered(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (160, 48)):
        text = drawn(app)
        assert text.count("◌ asking") == 3
        assert text.count("not asked yet") == 3


async def test_a_silent_target_says_why_and_its_apps_are_unknown(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (160, 48)) as pilot:
        await heard(pilot, app)
        text = " ".join(drawn(app).split())
        assert "● up fra-1 1 0.21 2.6G 88%" in text
        assert "✗ unreachable nyc-1 It does not answer" in text
        assert "✗ nyc-1 silent" in text
        assert "Targets 1 of 3 silent" in text
        fra, nyc, *_ = reversed(worlds.heard())
        app.post_message(Told(msgspec.structs.replace(fra, row=msgspec.structs.replace(
            fra.row, name="fra-1"))))  # fmt: skip
        await until(pilot, lambda: app.board.rows[worlds.BLOG].actual.health == "unknown")
        assert app.board.rows[worlds.BLOG].actual.release is not None
        assert nyc.row.name == "fra-1"
        app.post_message(Told(nyc))
        await until(pilot, lambda: app.board.rows[worlds.BLOG].actual.health == "serving")


async def test_enter_on_a_target_opens_it_and_enter_on_a_container_opens_its_app(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        screen = await on_the_server(pilot, app)
        text = " ".join(drawn(app).split())
        assert "● up at ssh://deploy@203.0.113.7 Docker 28.4.0" in text
        assert "2.6G/4.0G" in text
        assert "● running blog web--7 0.21 96M" in text
        await pilot.press("enter")
        assert isinstance(app.screen, AppScreen)
        assert app.screen.key == worlds.BLOG
        await pilot.press("escape", "down", "enter")
        assert said(app) == ["This container belongs to no app."]
        assert app.screen_stack[-1] is screen


async def test_a_check_that_fails_comes_first_with_its_fix(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        await on_the_server(pilot, app)
        text = " ".join(drawn(app).split())
        assert "Checks 2 of 11 to mend" in text
        assert "✗ clock 94 s behind fix Start a time service there" in text.replace("│ │ ", "")
        assert text.index("✗ disk") < text.index("✗ clock") < text.index("✓ reachable")


async def test_a_set_up_shows_its_plan_and_is_done_only_when_agreed(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        screen = await on_the_server(pilot, app)
        todo = [(False, "docker: ready"), (True, "make /var/lib/webduh, for everyone in the group docker")]
        screen.post_message(Answer("set-up", ([], todo)))
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "y yes" in drawn(app))
        text = drawn(app)
        assert "✓ Docker: ready." in text
        assert "+ Make /var/lib/webduh, for everyone in the group docker." in text
        await pilot.press("n")
        assert app.screen is screen
        assert app.deployments.all == {}
        screen.post_message(Answer("set-up", ([], todo)))
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "y yes" in drawn(app))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
        await until(pilot, lambda: "Set up fra-1" in drawn(app) and "✓ done" in drawn(app))


async def test_a_set_up_with_nothing_to_do_asks_nothing(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        screen = await on_the_server(pilot, app)
        screen.post_message(Answer("set-up", ([], [(False, "docker: ready")])))
        await until(pilot, lambda: "Nothing to do: fra-1 is ready." in said(app))
        assert app.screen is screen


async def test_pruning_shows_what_goes_first(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        screen = await on_the_server(pilot, app)
        screen.post_message(Answer("prune", [f"webduh/blog:{number:016x}" for number in range(12)]))
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "y yes" in drawn(app))
        text = drawn(app)
        assert "- webduh/blog:0000000000000009" in text
        assert "- and 2 more" in text
        assert "Build cache beyond 10G goes too." in text
        await pilot.press("escape")
        assert app.screen is screen
        screen.post_message(Answer("pruned", 3 * 2**20))
        await until(pilot, lambda: "3.0M are free again on fra-1." in said(app))


@pytest.mark.parametrize(
    ("space", "says"), [(2**30, "1.0G are free again on a."), (0, "There was nothing to free on a.")]
)
def test_what_a_pruning_came_to_is_one_sentence(space: int, says: str) -> None:
    assert freed("a", space) == says


async def test_read_only_offers_nothing_that_changes_a_server(tmp_path: Path) -> None:
    ctx = worlds.with_servers(worlds.full(tmp_path / "home", "read_only: true\n"))
    app = worlds.console(ctx)
    async with opened(app, (120, 40)) as pilot:
        screen = await on_the_server(pilot, app)
        assert not offered(app) & {"server_shell", "set_up", "prune"}
        assert "check" in offered(app)
        await pilot.press("s", "i", "p")
        assert app.screen is screen
    ctx.close()


async def test_this_machine_is_a_target_without_a_shell_of_its_own(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        await heard(pilot, app)
        assert "shell" not in offered(app)
        await pilot.press("t", "enter")
        assert isinstance(app.screen, TargetScreen)
        assert app.screen.target == "local"
        assert not offered(app) & {"server_shell", "set_up", "prune"}
        assert " ".join(drawn(app).split()).count("● running") == 4


async def test_the_targets_keys_work_on_no_app(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        await heard(pilot, app)
        assert "deploy" in offered(app)
        await pilot.press("t")
        await pilot.pause()
        assert not offered(app) & {"deploy", "rollback", "logs"}
        await pilot.press("t")
        assert isinstance(app.screen, HomeScreen)
        assert app.screen.focused is app.screen.apps


async def test_an_app_on_a_server_has_a_shell_and_one_here_has_none(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (160, 48)) as pilot:
        await heard(pilot, app)
        app.open_app(worlds.BLOG)
        await pilot.pause()
        assert "shell" in offered(app)
        await pilot.press("escape")
        app.open_app(worlds.GUESTBOOK)
        await pilot.pause()
        assert "shell" not in offered(app)


async def test_a_terminal_that_cannot_be_had_is_an_error_and_no_end(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        give_terminal(app, Terminal("shell on fra-1", lambda: 0))
        await until(pilot, lambda: isinstance(app.screen, ErrorScreen))
        await until(pilot, lambda: "The shell on fra-1 cannot be opened." in drawn(app))


async def test_a_server_that_hangs_delays_neither_a_key_nor_the_other_targets(full: Context) -> None:
    with a_mute_port() as port:
        full.state.targets.add(TargetEntry("mute", "server", f"ssh://deploy@127.0.0.1:{port}", "", now()))
        app = ConsoleApp(full, clock=now, every=0.2)
        async with opened(app, (160, 48)) as pilot:
            await until(pilot, lambda: "local" in app.board.answered)
            began = time.monotonic()
            await pilot.press("t", "down", "enter")
            assert isinstance(app.screen, TargetScreen)
            await until(pilot, lambda: "asking mute …" in drawn(app))
            await pilot.press("escape")
            answered = app.board.answered["local"]
            await until(pilot, lambda: app.board.answered["local"] > answered)
            assert time.monotonic() - began < 8
            assert app.board.targets["mute"].row.state == ""
            leaving = time.monotonic()
        assert time.monotonic() - leaving < 5


async def test_a_server_that_refuses_is_named_with_its_reason(full: Context) -> None:
    with a_mute_port() as port:
        pass
    full.state.targets.add(TargetEntry("gone", "server", f"ssh://deploy@127.0.0.1:{port}", "", now()))
    app = ConsoleApp(full, clock=now, every=0.2)
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: app.board.silent().get("gone"))
        await until(pilot, lambda: "✗ unreachable" in drawn(app))
        assert "Nothing listens on port" in app.board.silent()["gone"]
        await pilot.press("t", "down", "enter", "c")
        screen = app.screen
        assert isinstance(screen, TargetScreen)
        await until(pilot, lambda: screen.facts)
        assert "✗ reachable" in drawn(app)
        assert "What runs here is not known while it does not answer." in drawn(app)


async def test_a_target_that_is_forgotten_leaves_the_list(full: Context) -> None:
    with a_mute_port() as port:
        pass
    full.state.targets.add(TargetEntry("gone", "server", f"ssh://deploy@127.0.0.1:{port}", "", now()))
    app = ConsoleApp(full, clock=now, every=0.2)
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: "gone" in app.board.silent())
        full.state.targets.remove("gone")
        await until(pilot, lambda: "gone" not in app.board.targets)


def test_work_aside_posts_its_answer_a_defect_by_name_and_nothing_once_stopped() -> None:
    posted: list[Any] = []
    aside = Aside(posted.append)
    aside.start("well", lambda: Answer("well"))
    aside.start("broken", lambda: [][0])
    end = time.monotonic() + 10
    while len(posted) < 2:
        assert time.monotonic() < end
    assert {type(message) for message in posted} == {Answer, Broke}
    gate = threading.Event()
    late = Aside(posted.append)
    late.start("late", lambda: Answer("late") if gate.wait(10) else None)
    late.stop()
    gate.set()
    while any(thread.name == "late" for thread in threading.enumerate()):
        assert time.monotonic() < end
    assert len(posted) == 2


async def test_work_of_a_command_is_shown_with_its_steps_and_its_end(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (120, 40)) as pilot:
        await heard(pilot, app)
        cancel = CancelToken()
        work = Work("fra-1", run_steps("fra-1", [], "ada@laptop", cancel, "set-up of fra-1"), cancel, "is ready")
        follow_work(app, work, "set-up")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
        await until(pilot, lambda: "webduh › apps › set-up fra-1" in drawn(app) and "Set up fra-1" in drawn(app))


def test_a_plan_names_its_target_and_its_domains() -> None:
    routes = (Route("guest.example.com"), Route("www.example.com", "/notes"))
    spec = Spec("python", routes=routes)
    plan = Plan("1", worlds.GUESTBOOK, "fra-1", "deploy", SourceRef("/srv/guestbook"), spec, "ada", "console")
    lines = ["".join(text for text, _ in line).split() for line in plan_lines(plan, 90)]
    assert ["target", "fra-1"] in lines
    assert ["domain", "guest.example.com,", "www.example.com/notes"] in lines


@pytest.mark.parametrize(("slug", "known"), [("default--blog--production", worlds.BLOG), ("", None), ("a--b", None)])
def test_a_containers_label_names_its_app(slug: str, known: object) -> None:
    assert key_of(slug) == known


def test_no_name_of_a_container_is_obeyed() -> None:
    ours, theirs, _ = worlds.containers()
    cells = container_cells(msgspec.structs.replace(theirs, name="a\x1b[31mb", status="\n"))
    assert "".join(text for text, _ in cells[2]) == "a␛[31mb"
    assert "".join(text for text, _ in container_cells(ours)[2]) == "web--7"


def test_a_server_that_stopped_answering_is_not_called_up() -> None:
    up = worlds.heard()[1]
    assert target_row(up, worlds.ago(seconds=3), worlds.NOW).cells[0] == (("● up", "good"),)
    assert target_row(up, worlds.ago(seconds=30), worlds.NOW).cells[0] == (("◌ no answer", "warn"),)


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_checks_fit_the_width(width: int) -> None:
    from webduh_console.console.ink import width_of

    facts = [*worlds.facts(), Fact("fra-1", "port 80", "x" * 200, False, "y " * 200)]
    assert max(width_of(line) for line in check_lines(facts, width)) <= max(width, 34)


async def test_a_command_is_asked_for_where_it_can_run_and_a_line_that_is_none_is_named(served: Context) -> None:
    app = worlds.console(served)
    async with opened(app, (160, 48)) as pilot:
        await heard(pilot, app)
        app.open_app(worlds.GUESTBOOK)
        await until(pilot, lambda: app.screen.query(ActionBar) and "rollback" in offered(app))
        assert "run_command" not in offered(app)  # nobody can enter what runs on this machine
        await pilot.press("escape")
        app.open_app(worlds.BLOG)
        await until(pilot, lambda: app.screen.query(ActionBar) and "run_command" in offered(app))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: "runs once in the serving release" in drawn(app))
        await pilot.press(*"echo 'it", "enter")
        await until(pilot, lambda: "no closing quotation" in drawn(app))
        await pilot.press("escape")
        await until(pilot, lambda: "no closing quotation" not in drawn(app))
