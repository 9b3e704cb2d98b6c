"""Pictures of the deploy wizard at three sizes."""

import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import worlds
from source_tree import written
from textual.pilot import Pilot
from textual.widgets import Input
from worlds import at_rest, drawn, until

from webduh_console.commands.context import Context
from webduh_console.commands.draft import Draft
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.model.release import Variable

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48)], ids=["80x24", "120x36", "160x48"])
Picture = Callable[..., bool]
FILES = {
    "package.json": '{"name": "shop", "scripts": {"build": "next build", "start": "next start"},'
    ' "dependencies": {"next": "15.1.0"}, "engines": {"node": "22"}}\n',
    "package-lock.json": "{}\n",
    "app/page.js": "export default () => process.env.API_URL\n",
    "worker.js": "setInterval(() => {}, 1000)\n",
    "webduh.yaml": "# the shop\nhealth: /up\nprocesses:\n  worker: node worker.js\n",
    "index.html": "<p>shop\n",
}


FOLDER = Path(f"/tmp/webduh-pictures-{zlib.crc32(repr(FILES).encode()):08x}/shop")
"""A place that is the same in every picture of the same files."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop in its place, which it takes whole, since others may be looking at it now."""
    written(tmp_path / "shop", FILES)
    FOLDER.parent.mkdir(exist_ok=True)
    with suppress(OSError):  # it is there already
        (tmp_path / "shop").rename(FOLDER)
    return FOLDER


def at(*keys: str, change: Callable[[Draft], Draft] = lambda draft: draft) -> Callable[[Pilot[Any]], Any]:
    """What is done before a picture: the shop is looked at, changed, and keys are pressed."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        app.push_screen(WizardScreen(change(Draft(str(FOLDER)))))
        await until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.looked)
        await pilot.press(*keys)
        await app.workers.wait_for_complete()
        await until(pilot, lambda: app.size.width < 140 or f"deploy {FOLDER}" in drawn(app))
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await at_rest(pilot)

    return before


@SIZES
def test_what_was_detected(full: Context, shop: Path, snap_compare: Picture, size: tuple[int, int]) -> None:
    assert snap_compare(worlds.console(full), terminal_size=size, run_before=at())


@SIZES
def test_settings_that_were_changed(full: Context, shop: Path, snap_compare: Picture, size: tuple[int, int]) -> None:
    def change(draft: Draft) -> Draft:
        return draft.changed(("port",), "8000").changed(("options", "output"), "standalone")

    before = at("3", *["down"] * 8, change=change)
    assert snap_compare(worlds.console(full), terminal_size=size, run_before=before)


@SIZES
def test_the_dockerfile(full: Context, shop: Path, snap_compare: Picture, size: tuple[int, int]) -> None:
    assert snap_compare(worlds.console(full), terminal_size=size, run_before=at("4"))


@SIZES
def test_the_variables(full: Context, shop: Path, snap_compare: Picture, size: tuple[int, int]) -> None:
    def change(draft: Draft) -> Draft:
        return draft.with_variable("API_KEY", Variable("never-in-a-picture", True)).with_variable(
            "LOG", Variable("info")
        )

    assert snap_compare(worlds.console(full), terminal_size=size, run_before=at("5", change=change))


@SIZES
def test_the_targets(full: Context, shop: Path, snap_compare: Picture, size: tuple[int, int]) -> None:
    worlds.with_servers(full)
    assert snap_compare(worlds.console(full), terminal_size=size, run_before=at("6", "down", "enter"))
