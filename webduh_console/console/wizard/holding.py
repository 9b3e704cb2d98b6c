"""What the parts of the wizard's screen share."""

from typing import Any

from textual.screen import Screen
from textual.worker import Worker

from webduh_console.commands.draft import Draft
from webduh_console.commands.looking import Kept, Looked
from webduh_console.console.wizard.settings import Setting
from webduh_console.errors import WebduhError
from webduh_console.model.target import CancelToken

TABS = ("source", "detected", "settings", "dockerfile", "variables", "target")


class Holding(Screen[Any], inherit_bindings=False):
    """A draft, what is known of its source, and what is to be said of both.

    `error` says why the source could not be looked at as the draft is now; `note` what is to be done next. `kept` is
    what waits for a deployment that has not come yet. `cancel` is there while the source is looked at, and `progress`
    says how far that is. `offered` are the settings by their ids; `half` is what was typed in lines that were
    closed before Enter. `preparing` writes what was typed, before the plan.
    """

    draft: Draft
    looked: Looked | None
    error: WebduhError | None
    kept: Kept | None
    note: str
    tab: str
    cancel: CancelToken | None
    progress: str
    offered: dict[str, Setting]
    half: dict[str, str]
    preparing: Worker[None] | None

    def remember(self) -> None:
        """Keep what was typed for as long as the console runs."""
        raise NotImplementedError

    def script(self) -> list[str]:
        """The lines of a script that does the same."""
        raise NotImplementedError

    def look(self) -> None:
        """Look at the source anew."""
        raise NotImplementedError

    def fill(self) -> None:
        """Draw anew."""
        raise NotImplementedError

    def show_tab(self, name: str) -> None:
        """Show one tab."""
        raise NotImplementedError

    def go_on(self) -> None:
        """To what is needed next."""
        raise NotImplementedError
