"""The settings of an app of a repository: typed in the deploy wizard, kept on this machine, the same as a script."""

from pathlib import Path

import pytest
from git_house import GitHouse
from wizard_at_work import CONFIG, SERVER, deployed, looked_at, planned, settled, wizard
from worlds import drawn

from webduh_console.cli.script import run_script
from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.wizard.finishing import WriteScreen
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable

KEY = AppKey("default", "guestbook", "production")


@pytest.fixture
def house(tmp_path: Path) -> GitHouse:
    """A repository with the guestbook, which says where it is asked whether it is well."""
    house = GitHouse(tmp_path / "git", "guestbook")
    house.commit({"app.py": SERVER, "webduh.yaml": f"{CONFIG}health: {{path: /, timeout: 20}}\n"})
    return house


async def test_what_is_typed_for_a_repository_is_kept_here_and_deployed(real: Context, house: GitHouse) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    file = real.home.config / "apps" / "default" / "guestbook" / "webduh.yaml"
    async with looked_at(app, house.url) as pilot:
        await pilot.press("3", *["down"] * 8, "enter", *["backspace"], *"/up", "enter")
        await settled(pilot)
        await pilot.press("a", *"worker sleep 600", "enter")
        await settled(pilot)
        assert "+  path: /up" in drawn(app)
        await pilot.press("p")
        assert isinstance(app.screen, WriteScreen)
        assert "The repository stays as it is" in drawn(app)
        await pilot.press("y")
        plan = await planned(pilot)
        assert plan.plan is not None
        assert plan.plan.warnings[-1] == (
            "Kept here, over what the repository says: health.path, processes.worker (`webduh config show guestbook`)."
        )
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)
    assert file.read_text("utf-8") == "health:\n  path: /up\nprocesses:\n  worker: sleep 600\n"
    release = real.target("local").record(KEY, "local").read(1)
    assert (release.spec.health.path, release.spec.health.timeout) == ("/up", 20)
    assert [process.name for process in release.spec.processes] == ["web", "worker"]
    assert run_line(real, "plan guestbook").data["changes"] == []


async def test_what_is_kept_here_is_seen_the_next_time_and_can_be_emptied(real: Context, house: GitHouse) -> None:
    run_line(real, f"app add {house.url}")
    run_line(real, "config edit guestbook health.path=/up")
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, house.url) as pilot:
        await pilot.press("3", *["down"] * 8)
        line = next(line for line in drawn(app).splitlines() if "health path" in line)
        assert "webduh.yaml:2, kept here" in line
        await pilot.press("enter", *["backspace"] * 3, "enter")
        await settled(pilot)
        looked = wizard(app).looked
        assert looked is not None
        assert (looked.proposed.after, looked.build.health) == ("", "/")


async def test_the_copied_script_of_a_repository_does_the_same(
    real: Context, house: GitHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, house.url) as pilot:
        draft = wizard(app).draft.changed(("health", "path"), "/up").with_variable("GREETING", Variable("hi"))
        wizard(app).change(draft)
        await settled(pilot)
        await pilot.press("y")
        copied = app.clipboard
    assert real.state.apps.all() == []
    script = tmp_path / "same.webduh"
    script.write_text(copied, "utf-8")
    monkeypatch.setenv("WEBDUH_HOME", str(tmp_path / "another"))
    assert run_script(str(script), {}, None) == 0
    there = Context.open()
    release = there.target("local").record(KEY, "local").read(1)
    run_line(there, "target stop local")
    there.close()
    assert (release.spec.health.path, release.variables["GREETING"].value) == ("/up", "hi")
