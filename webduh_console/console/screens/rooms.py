"""A room of a target: what is on its machines, of one kind. What can be done with a row is done from here."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from textual.binding import BindingType

from webduh_console.console.actions import BY_NAME, allowed, bindings
from webduh_console.console.facts import outline
from webduh_console.console.room_cells import ROOMS, Filled, columns_of
from webduh_console.console.target_cells import key_of
from webduh_console.console.widgets.lines import error_lines
from webduh_console.console.widgets.table import Table, titled
from webduh_console.console.words import ago, size
from webduh_console.errors import WebduhError
from webduh_console.model.inventory import ContainerRow, Found, ImageRow, Kind, Row, VolumeRow
from webduh_console.model.names import AppKey

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp


class RoomPane(Table):
    """The rows of one kind. `error` is why they are not what is there now."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table", "rooms")

    def __init__(self, kind: Kind, several: bool, id: str | None = None) -> None:
        super().__init__(columns_of(kind, several), [[("Not asked yet.", "faint")]], id=id or kind)
        self.kind, self.several = kind, several
        self.by_key: Mapping[str, Row] = {}
        self.found: Found | None = None
        self.at: datetime | None = None
        self.widths: tuple[int, ...] = ()
        self.error = self.note = ""

    @property
    def chosen(self) -> Row | None:
        """What is under the cursor."""
        return self.by_key.get(self.key or "")

    @property
    def app_key(self) -> AppKey | None:
        """The app that has what is under the cursor."""
        row = self.chosen
        return key_of(row.app) if row is not None and hasattr(row, "app") else None

    def fill(self, filled: Filled, now: datetime) -> None:
        """Show what was found."""
        self.found, self.by_key, self.note, self.widths = filled.found, filled.by_key, filled.note, filled.widths
        self.at, self.error = now, ""
        self.say(ROOMS[self.kind].empty)
        self.put(filled.rows, filled.widths)
        self.word(now)

    def fail(self, error: WebduhError, now: datetime) -> None:
        """Nobody answered: what was shown stays, and is marked as old; where nothing was, it is told in full."""
        self.error = error.what
        self.empty = list(error_lines(error.as_dict(), max(16, self.size.width - 4)))
        self.word(now)
        self.refresh()

    def say(self, words: str) -> None:
        """Say why nothing is shown."""
        self.empty = [[(words, "faint")]]
        self.refresh()

    def word(self, now: datetime) -> None:
        """Put on the border how many there are, and how old that is if it is not what is there now."""
        parts = [f"! {self.error}"] if self.error else []
        if self.error and self.at is not None:
            parts.append(f"as of {ago(self.at, now)}")
        elif not self.error:
            parts.append(self.note)
        titled(self, self.kind.capitalize(), " · ".join(filter(None, parts)))

    def text(self) -> str:
        """Everything that is known of the row under the cursor."""
        row = self.chosen
        return "\n".join(outline(msgspec.to_builtins(row))) if row is not None else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What an action needs must be under the cursor."""
        known = BY_NAME.get(action)
        if known is None or action == "choose":
            return super().check_action(action, parameters)
        row = self.chosen
        if known.needs == "container" and not isinstance(row, ContainerRow):
            return False
        if known.needs == "surplus" and not (isinstance(row, ImageRow | VolumeRow) and row.unused):
            return False
        return allowed(known, self.console.read_only)

    @property
    def console(self) -> "ConsoleApp":
        """The app."""
        return cast("ConsoleApp", self.app)

    def action_order(self) -> None:
        """Sort by the next column."""
        self.sort_next()

    def action_order_reverse(self) -> None:
        """Turn the order round."""
        self.turn()

    def agreed(self, title: str, says: list[str], line: str) -> None:
        """Run a line of the command language when a person has agreed to it."""
        from webduh_console.console.screens.dialogs import ConfirmScreen

        def run(yes: bool | None) -> None:
            if yes:
                self.console.run_line(line)

        self.app.push_screen(ConfirmScreen(title, [*says, f"It is done as `{line}` does it."]), run)


class ContainerPane(RoomPane):
    """Containers, which can be started and stopped."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table", "rooms", "containers")

    def action_restart(self) -> None:
        """Restart the container under the cursor, after a question."""
        self._act("restart")

    def action_stop_or_start(self) -> None:
        """Stop what runs, start what does not, after a question."""
        row = self.chosen
        runs = isinstance(row, ContainerRow) and row.state in ("running", "paused", "restarting")
        self._act("stop" if runs else "start")

    def _act(self, what: str) -> None:
        row = self.chosen
        if not isinstance(row, ContainerRow):
            return
        key, says = key_of(row.app), []
        if row.name == "webduh-traefik" and what != "start":
            says = [f"Every request to {row.server} goes through it: nothing there answers meanwhile."]
        elif key is not None:
            says = [f"It is {row.process or 'a part'} of {key}, release {row.release}."]
            if what == "stop":
                says.append("It stays stopped until it is started again, or the app is deployed.")
        line = f"server {what} {shlex.join((row.server, row.name))}"
        self.agreed(f"{what.capitalize()} {row.name} on {row.server}?", says, line)


class SurplusPane(RoomPane):
    """Images or volumes: those that nobody needs can be removed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table", "rooms", "surplus")

    def action_remove_unused(self) -> None:
        """Remove what is under the cursor, after a question that says what is lost."""
        row = self.chosen
        if isinstance(row, ImageRow):
            name = next((name for name in row.names if "@" not in name), row.id)
            says = [f"No release names it, and no container was made from it. {size(row.size)} at most are free again."]
            if len(row.names) > 1:
                says.append(f"It goes with all its names: {', '.join(row.names)}.")
            what, says = "image", [*says, "What is in no registry can then only be built again."]
        elif isinstance(row, VolumeRow):
            what, name = "volume", row.name
            held = f"{size(row.size)} of data" if row.size is not None else "All data in it"
            key = key_of(row.app)
            whose = f" It is one of {key}'s." if key is not None else ""
            says = [f"No container has it.{whose} {held} would be lost, and nothing brings it back."]
        else:
            return
        line = f"server rm {shlex.join((row.server, what, name))} --yes"
        self.agreed(f"Remove the {what} {name} from {row.server}?", says, line)


def pane_of(kind: Kind, several: bool) -> RoomPane:
    """The pane of a kind."""
    if kind == "containers":
        return ContainerPane(kind, several)
    return SurplusPane(kind, several) if kind in ("images", "volumes") else RoomPane(kind, several)
