"""Ways through the console: to any place by its name, back and forward, and what is marked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webduh_console.console.places import HOME, Place, Trail, named, offered

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp

BOOKMARKS = "bookmarks"


class Going:
    """Where the user was, and what they marked: a line each in `<config>/bookmarks`, as it would be typed."""

    def __init__(self, app: "ConsoleApp") -> None:
        self.app = app
        self.trail = Trail()
        self._under_way = False
        self._file = app.context.home.config / BOOKMARKS

    def to(self, place: Place) -> None:
        """Show a place over the first screen; what lay between is closed."""
        self._under_way = place != HOME
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        if place.kind == "app" and place.key is not None:
            self.app.open_app(place.key, place.tab or "overview")
        elif place.kind == "target":
            self.app.open_target(place.name, place.tab or "overview")
        elif place.kind == "deployment":
            self.app.open_deployment(place.name)

    def arrived(self, place: Place) -> None:
        """One is at a place now; the first screen is none where it is only passed."""
        if self._under_way and place == HOME:
            return
        self._under_way = False
        self.trail.visit(place)

    def named(self, text: str) -> Place | None:
        """The place that a text means, among what is known."""
        from webduh_console.console.screens.app_tabs import TABS

        return named(text, self.app.board.rows, self._rooms(), TABS)

    def _rooms(self) -> dict[str, Sequence[str]]:
        """The tabs of every target."""
        from webduh_console.console.screens.target_tabs import tabs_of

        return {name: tabs_of(heard.row.kind) for name, heard in self.app.board.targets.items()}

    def to_named(self, text: str) -> None:
        """Show the place that a text means, or say that there is none."""
        place = self.named(text)
        if place is None:
            self.app.notify(f"There is no {text}.", severity="warning", markup=False)
        elif place != HOME:
            self.to(place)

    def jump(self) -> None:
        """Ask where to."""
        from webduh_console.console.screens.app_tabs import TABS
        from webduh_console.console.screens.jump import JumpScreen

        marked = [place for text in self.bookmarks() if (place := self.named(text)) is not None]
        everything = offered(self.app.board, marked, TABS, self.app.clock(), rooms=self._rooms())
        self.app.push_screen(JumpScreen(everything), lambda place: self.to(place) if place is not None else None)

    def step(self, by: int) -> None:
        """Go back (-1) or forward (1) to where the user was."""
        place = self.trail.step(by)
        if place is None:
            self.app.notify("There is nothing before." if by < 0 else "There is nothing after.", markup=False)
        else:
            self.to(place)

    def bookmarks(self) -> list[str]:
        """What is marked, in its order; a file that cannot be read has nothing."""
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    def mark(self, place: Place) -> None:
        """Mark a place, or forget it when it was marked."""
        marked = self.bookmarks()
        known = place.text in marked
        kept = [text for text in marked if text != place.text] if known else [*marked, place.text]
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text("".join(f"{text}\n" for text in kept), "utf-8")
        except OSError as error:
            self.app.notify(f"{self._file} cannot be written: {error.strerror}.", severity="warning", markup=False)
            return
        self.app.notify(f"{place.text} is {'no longer ' if known else ''}marked.", markup=False)
