"""The line in which a command for servers is typed, and what follows from it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webduh_console.console.widgets.asking import Asking
from webduh_console.errors import WebduhError

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp
    from webduh_console.console.screens.base import ConsoleScreen

MOST = 48
"""So many servers are shown at once: each answer is read in a thread of its own, and other panes need some, too."""
HINT = "SERVERS: COMMAND, as a shell takes it; servers are a,b or all"
_history: list[str] = []


async def ask(screen: "ConsoleScreen", servers: Sequence[str], script: str = "") -> None:
    """Ask for a command on these servers; others may be named instead."""

    def entered(text: str) -> str:
        return run(screen.console, text)

    await screen.ask_for(Asking("$", HINT, entered, text=f"{','.join(servers)}: {script}", history=_history))


def run(app: "ConsoleApp", text: str) -> str:
    """Run what was typed, and show the answers; or say what is wrong with it."""
    from webduh_console.commands import executing
    from webduh_console.console.screens.exec_screen import ExecScreen

    names, colon, script = text.partition(":")
    if not colon or not names.strip():
        return "Name the servers first: a,b: COMMAND"
    if not script.strip():
        return "Type a command after the colon"
    try:
        servers = executing.named(app.context, names)
    except WebduhError as error:
        return f"{error.what} {error.hint}".strip()
    if not servers:
        return "There are no servers"
    if len(servers) > MOST:
        return f"{len(servers)} servers are too many panes: name {MOST} at most, or use `:server exec`"
    if isinstance(app.screen, ExecScreen):
        app.pop_screen()
    app.push_screen(ExecScreen(servers, script.strip()))
    return ""
