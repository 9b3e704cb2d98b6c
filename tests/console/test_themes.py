"""Themes: readable, whole, and soft when broken."""

from pathlib import Path

import pytest
import worlds

from webduh_console.console.themes import GROUNDS, TEXT_ROLES, chosen, contrast, read_theme, shipped_folder, theme_files
from webduh_console.console.widgets.inked import ink_of
from webduh_console.console.widgets.table import Table
from webduh_console.errors import ConfigError

SHIPPED = sorted(path.stem for path in shipped_folder().glob("*.toml"))


PLAIN = "plain"


def test_these_themes_ship() -> None:
    assert SHIPPED == ["contrast", "contrast-day", "day", "forest", "night", "paper", "plain"]
    assert [name for name in SHIPPED if read_theme(theme_files()[name]).ansi] == [PLAIN]


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != PLAIN])
@pytest.mark.parametrize("role", TEXT_ROLES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_word_is_readable_on_every_ground(name: str, role: str, ground: str) -> None:
    colors = read_theme(theme_files()[name]).colors
    assert contrast(colors[role], colors[ground]) >= 4.5


@pytest.mark.parametrize("name", ["contrast", "contrast-day"])
@pytest.mark.parametrize("role", TEXT_ROLES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_those_of_high_contrast_have_it(name: str, role: str, ground: str) -> None:
    colors = read_theme(theme_files()[name]).colors
    assert contrast(colors[role], colors[ground]) >= 7


async def test_the_plain_theme_draws_in_the_terminals_own_colours(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path, f"theme: {PLAIN}\n")
    app = worlds.console(ctx)
    async with worlds.opened(app, (120, 36)):
        table = app.screen.query_one("#apps", Table)
        styles = {segment.style for y in range(table.size.height) for segment in table.render_line(y) if segment.style}
        colors = {color.name for style in styles for color in (style.color, style.bgcolor) if color is not None}
        assert colors <= {"default", "bright_black", "cyan", "green", "yellow", "red", "magenta"}
        assert not app.screen.styles.background.is_transparent or app.native_ansi_color
    ctx.close()


async def test_a_change_of_the_theme_that_is_on_is_taken_up(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path, "theme: mine\n")
    folder = ctx.home.config / "themes"
    folder.mkdir()
    mine = folder / "mine.toml"
    text = (shipped_folder() / "night.toml").read_text("utf-8")
    mine.write_text(text, "utf-8")
    app = worlds.console(ctx)
    async with worlds.opened(app, (120, 36)) as pilot:
        assert ink_of(app.screen.query_one(Table)).colors["accent"] == "#7fb4ff"
        mine.write_text(text.replace("#7fb4ff", "#ff00ff"), "utf-8")
        await worlds.until(pilot, lambda: app.theme_variables["accent"] == "#ff00ff")
        await worlds.until(pilot, lambda: ink_of(app.screen.query_one(Table)).colors["accent"] == "#ff00ff")
        mine.write_text("[colors", "utf-8")
        await worlds.until(pilot, lambda: any("mine.toml" in one.message for one in app._notifications))
        assert app.theme_variables["accent"] == "#ff00ff"
    ctx.close()


async def test_a_change_of_the_keys_is_taken_up_and_what_is_wrong_in_it_is_said(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path)
    app = worlds.console(ctx)
    async with worlds.opened(app, (120, 36)) as pilot:
        (ctx.home.config / "keys.yaml").write_text("deploy: ctrl+y\nnonsense: x\n")
        await worlds.until(pilot, lambda: "ctrl+y" in app.screen.active_bindings)
        said = ["keys.yaml: there is no action nonsense."]
        await worlds.until(pilot, lambda: [one.message for one in app._notifications] == said)
        (ctx.home.config / "keys.yaml").unlink()
        await worlds.until(pilot, lambda: "ctrl+y" not in app.screen.active_bindings)
    ctx.close()


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "why"),
    [("[colors", "Expected ']'"), ('title = "x"\n', "colors"),
     ("[colors]\ntext = '#ffffff'\n", "no colour for background"),
     ("colors = []\n", "Expected"), ("[colours]\n", "unknown field `colours`")],
)  # fmt: skip
def test_a_broken_theme_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_theme(tmp_path / "mine.toml")
    assert why in caught.value.why
    name, _, problems = chosen("mine", theme_files(tmp_path))
    assert (name, len(problems)) == ("night", 1)


def test_a_theme_that_is_not_there_leaves_the_default(tmp_path: Path) -> None:
    name, _, problems = chosen("noon", theme_files(tmp_path))
    assert (name, problems) == ("night", [f"There is no theme noon; there are {', '.join(SHIPPED)}."])


async def test_a_theme_of_the_user_is_found_and_used(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path / "home", "theme: mine\n")
    folder = ctx.home.config / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text((shipped_folder() / "day.toml").read_text("utf-8"), "utf-8")
    app = worlds.console(ctx)
    async with worlds.opened(app) as pilot:
        assert app.theme == "mine"
        await pilot.press("ctrl+t")
        assert app.theme == "contrast"
    ctx.close()
