"""Themes: readable, whole, and soft when broken."""

from pathlib import Path

import pytest
import worlds

from webduh_console.console.themes import GROUNDS, TEXT_ROLES, chosen, contrast, read_theme, shipped_folder, theme_files
from webduh_console.errors import ConfigError

SHIPPED = sorted(path.stem for path in shipped_folder().glob("*.toml"))


def test_two_themes_ship() -> None:
    assert SHIPPED == ["day", "night"]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("role", TEXT_ROLES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_word_is_readable_on_every_ground(name: str, role: str, ground: str) -> None:
    colors = read_theme(theme_files()[name]).colors
    assert contrast(colors[role], colors[ground]) >= 4.5


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
    assert (name, problems) == ("night", ["There is no theme noon; there are day, night."])


async def test_a_theme_of_the_user_is_found_and_used(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path / "home", "theme: mine\n")
    folder = ctx.home.config / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text((shipped_folder() / "day.toml").read_text("utf-8"), "utf-8")
    app = worlds.console(ctx)
    async with worlds.opened(app) as pilot:
        assert app.theme == "mine"
        await pilot.press("ctrl+t")
        assert app.theme == "day"
    ctx.close()
