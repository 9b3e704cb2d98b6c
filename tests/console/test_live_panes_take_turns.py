"""Panes that live are drawn one after another, so that a key never waits for all of them; none of them is left out."""

from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widgets import Static
from worlds import until

from webduh_console.console.charts.samples import Line, Sample
from webduh_console.console.charts.window import Window
from webduh_console.console.themes import ROLES, chosen, textual_theme, theme_files
from webduh_console.console.widgets.chart import Chart
from webduh_console.console.widgets.turns import LINES, in_turn

NOW = 1_700_000_000.0


class Pane(Static, can_focus=True):
    """A pane of half the lines of a turn."""


class Panes(App[None]):
    """Five panes."""

    AUTO_FOCUS = None
    CSS = f"Pane {{ height: {LINES // 2}; }} Container {{ overflow-y: auto; }}"

    def compose(self) -> ComposeResult:
        """One below the other."""
        self.panes = [Pane(id=f"pane-{number}") for number in range(5)]
        self.drawn: list[str] = []
        with Container():
            yield from self.panes

    def ask(self, number: int, words: str = "") -> None:
        """Something new for a pane."""
        in_turn(self.panes[number], lambda: self.drawn.append(f"{number}{words}"))


async def test_as_many_as_there_is_room_for_are_drawn_at_once_and_the_others_in_their_order() -> None:
    app = Panes()
    async with app.run_test(size=(40, 100)) as pilot:
        for number in range(5):
            app.ask(number)
        assert app.drawn == ["0", "1"]

        await until(pilot, lambda: len(app.drawn) == 5)
        assert app.drawn == ["0", "1", "2", "3", "4"]


async def test_a_pane_that_asks_again_keeps_its_place_and_is_drawn_once_as_it_is_then() -> None:
    app = Panes()
    async with app.run_test(size=(40, 100)) as pilot:
        for number in range(4):
            app.ask(number)
        app.ask(2, " again")
        app.ask(0, " again")

        await until(pilot, lambda: len(app.drawn) == 5)
        assert app.drawn == ["0", "1", "2 again", "3", "0 again"]


async def test_the_pane_that_has_the_keys_waits_for_none() -> None:
    app = Panes()
    async with app.run_test(size=(40, 100)) as pilot:
        app.panes[4].focus()
        await until(pilot, lambda: app.panes[4].has_focus)
        for number in range(5):
            app.ask(number)

        assert app.drawn == ["0", "1", "4"]


async def test_a_pane_that_is_removed_while_it_waits_is_not_drawn() -> None:
    app = Panes()
    async with app.run_test(size=(40, 100)) as pilot:
        for number in range(4):
            app.ask(number)
        await app.panes[2].remove()

        await until(pilot, lambda: len(app.drawn) == 3)
        assert app.drawn == ["0", "1", "3"]


async def test_every_chart_of_many_shows_the_newest_figures() -> None:
    charts = [Chart(str, lambda top: 1.0, "busy", f"chart-{number}") for number in range(8)]

    class Charts(App[None]):
        CSS = "Chart { height: 10; }"

        def __init__(self) -> None:
            super().__init__()
            name, theme, _ = chosen("night", theme_files())
            self.register_theme(textual_theme(name, theme))
            self.theme = name

        def compose(self) -> ComposeResult:
            yield from charts

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return dict.fromkeys(ROLES, "#808080")

    app = Charts()
    async with app.run_test(size=(60, 80)) as pilot:
        for value in (0.2, 0.5, 1.0):
            for chart in charts:
                samples = [Sample(NOW - 300 + at, value, value, 1.0) for at in range(300)]
                chart.put([Line("", samples)], Window(300.0), NOW)

        def full() -> bool:
            rows = [strip.text for strip in app.screen._compositor.render_strips()]
            return all("⣿" in rows[number * 10] for number in range(8))

        await until(pilot, full)
