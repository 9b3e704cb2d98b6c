"""Going anywhere by a few letters, back and forward, and what is marked."""

import pytest
import worlds
from worlds import drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.places import HOME, Found, Place, Trail, matching, named, score
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.app_tabs import TABS
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.jump import JumpScreen
from webduh_console.console.screens.target_screen import TargetScreen
from webduh_console.console.screens.target_tabs import LOCAL_TABS
from webduh_console.console.screens.target_tabs import TABS as TARGET_TABS
from webduh_console.model.names import AppKey

SHOP, STAGING = AppKey("default", "shop", "production"), AppKey("default", "shop", "staging")
OTHER, PREVIEW = AppKey("web", "shop", "production"), AppKey("web", "blog", "preview-42")
KEYS = (STAGING, SHOP, OTHER, PREVIEW)


def said(app: ConsoleApp) -> list[str]:
    """What the console told."""
    return [one.message for one in app._notifications]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("home", HOME),
        ("shop", Place("app", SHOP)),
        ("shop:logs", Place("app", SHOP, tab="logs")),
        ("shop@staging", Place("app", STAGING)),
        ("web/shop", Place("app", OTHER)),
        ("blog", Place("app", PREVIEW)),
        ("web/blog@preview-42:variables", Place("app", PREVIEW, tab="variables")),
        ("prod", Place("target", name="prod")),
        ("target:prod", Place("target", name="prod")),
        ("target:prod:images", Place("target", name="prod", tab="images")),
        ("prod:routes", Place("target", name="prod", tab="routes")),
        ("shop:images", Place("target", name="shop", tab="images")),
        ("target:local:processes", Place("target", name="local", tab="processes")),
        ("target:local:images", None),
        ("target:prod:nothing", None),
        ("deployment:01J", Place("deployment", name="01J")),
        ("shop:nothing", None),
        ("shop@nowhere", None),
        ("target:gone", None),
        ("", None),
        ("deployment:", None),
    ],
)
def test_a_place_is_named_by_what_one_would_type(text: str, place: Place | None) -> None:
    assert named(text, KEYS, {"prod": TARGET_TABS, "shop": TARGET_TABS, "local": LOCAL_TABS}, TABS) == place


@pytest.mark.parametrize(
    "place", [HOME, Place("app", SHOP), Place("app", PREVIEW, tab="logs"), Place("target", name="a", tab="disk")]
)
def test_what_is_kept_of_a_place_leads_back_to_it(place: Place) -> None:
    assert named(place.text, KEYS, {"a": TARGET_TABS}, TABS) == place


@pytest.mark.parametrize(
    ("letters", "better", "worse"),
    [("sh", "shop", "wash"), ("gb", "guest-book", "global"), ("shop", "shop", "sha-op"), ("b", "blog", "web/shop")],
)
def test_letters_at_the_beginning_of_words_and_side_by_side_count_more(letters: str, better: str, worse: str) -> None:
    assert score(letters, better) > score(letters, worse) > 0


def test_an_app_comes_before_its_tabs_and_a_name_before_what_stands_beside_it() -> None:
    tabs = [Found(Place("app", SHOP, tab=tab), "", "", tab) for tab in ("logs", "parts")]
    app, other = Found(Place("app", SHOP), "", "", "serving on local"), Found(Place("target", name="x"), "", "", "shop")
    assert matching("sh", [*tabs, other, app]) == [app, *tabs, other]


def test_what_lacks_a_letter_is_not_found_and_equals_keep_their_order() -> None:
    found = [Found(Place("target", name=name), "", "") for name in ("alpha", "beta", "alpha")]
    assert [each.place.name for each in matching("alp", found)] == ["alpha", "alpha"]
    assert matching("xyz", found) == []
    assert matching(" ", found) == found


def test_a_trail_goes_back_and_forward_and_drops_what_was_ahead() -> None:
    trail = Trail()
    a, b, c = (Place("target", name=name) for name in "abc")
    for place in (a, a, b):
        trail.visit(place)
    assert (trail.places, trail.step(1), trail.step(-1), trail.step(-1)) == ([a, b], None, a, None)
    trail.visit(c)
    assert (trail.places, trail.step(1), trail.step(-1)) == ([a, c], None, a)


def test_a_trail_keeps_a_hundred_places() -> None:
    trail = Trail()
    for number in range(250):
        trail.visit(Place("target", name=str(number)))
    assert (len(trail.places), trail.places[trail.at].name) == (Trail.MOST, "249")


def test_a_trail_keeps_the_tab_of_a_target() -> None:
    trail = Trail()
    for place in (Place("target", name="a"), Place("target", name="a", tab="images")):
        trail.visit(place) if trail.at < 0 else trail.correct(place)
    trail.correct(Place("target", name="b", tab="disk"))
    assert trail.places == [Place("target", name="a", tab="images")]


async def test_a_few_letters_lead_to_an_apps_logs_and_back_and_forward(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (120, 36)) as pilot:
        await pilot.press("ctrl+k")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press(*"guelogs")
        await until(pilot, lambda: "▌" in drawn(app) and "guestbook:logs" in drawn(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and app.screen.tab == "logs")
        await pilot.press("alt+left")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await pilot.press("alt+right")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and app.screen.tab == "logs")
        await pilot.press("alt+right")
        await until(pilot, lambda: said(app) == ["There is nothing after."])
        assert len(app.screen_stack) == 2


async def test_back_leads_to_the_tab_that_was_open(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (120, 36)) as pilot:
        await pilot.press("enter", "5")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and app.screen.tab == "variables")
        await pilot.press("ctrl+k", *"local", "enter")
        await until(pilot, lambda: isinstance(app.screen, TargetScreen))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and app.screen.tab == "variables")


async def test_what_is_marked_comes_first_also_the_next_time(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (120, 36)) as pilot:
        await pilot.press("enter", "4", "b")
        await until(pilot, lambda: said(app) == ["docs:logs is marked."])
        marked = app.going.bookmarks()
    again = worlds.console(full)
    async with opened(again, (120, 36)) as pilot:
        await pilot.press("ctrl+k")
        await until(pilot, lambda: isinstance(again.screen, JumpScreen))
        assert isinstance(again.screen, JumpScreen)
        assert [each.place.text for each in again.screen.offered if each.sign == "★"] == marked
        assert again.screen.offered[0].sign == "★"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(again.screen, AppScreen) and again.screen.tab == "logs")
        await pilot.press("b")
        await until(pilot, lambda: again.going.bookmarks() == [])


async def test_marks_that_cannot_be_kept_are_said_and_lines_that_mean_nothing_are_left_alone(full: Context) -> None:
    folder = full.home.config
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bookmarks").write_text("# mine\ngone:logs\n\nguestbook\n")
    app = worlds.console(full)
    async with opened(app, (120, 36)) as pilot:
        await pilot.press("ctrl+k")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        assert isinstance(app.screen, JumpScreen)
        assert [each.place.text for each in app.screen.offered if each.sign == "★"] == ["guestbook"]
        await pilot.press("escape")
        (folder / "bookmarks").unlink()
        (folder / "bookmarks").mkdir()
        await pilot.press("enter", "b")
        await until(pilot, lambda: any("cannot be written" in text for text in said(app)))


@pytest.mark.parametrize(
    ("text", "wanted"), [("guestbook:releases", AppScreen), ("local", TargetScreen), ("home", HomeScreen)]
)
async def test_it_opens_where_it_is_told_to(text: str, wanted: type, full: Context) -> None:
    app = worlds.console(full, at=text)
    async with opened(app, (120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, wanted))


async def test_a_place_that_is_not_there_is_said(full: Context) -> None:
    app = worlds.console(full, at="nothing")
    async with opened(app, (120, 36)) as pilot:
        await until(pilot, lambda: said(app) == ["There is no nothing."])
