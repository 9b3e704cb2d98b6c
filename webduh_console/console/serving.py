"""What is done with servers: questions to ask them aside, and the ways to a set-up, a pruning, a shell."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from webduh_console.console.words import size
from webduh_console.errors import WebduhError
from webduh_console.model.inventory import Found, Kind
from webduh_console.model.names import AppKey

if TYPE_CHECKING:
    from webduh_console.commands.machines import Todo
    from webduh_console.console.app import ConsoleApp

_NAMED = 10
"""So many things that go are named in a question; the others are counted."""

Question = Callable[[], Any]
"""Asks a target; blocking."""


def checks(app: "ConsoleApp", target: str) -> Question:
    """Every fact it needs."""
    from webduh_console.commands import machines

    return lambda: machines.checks(app.context, target)


def room(app: "ConsoleApp", target: str, kind: Kind, before: Found | None, several: bool) -> Question:
    """What there is of a kind, as the rows of its room; what those said `before` that are silent now stays."""
    from webduh_console.commands import api
    from webduh_console.console.room_cells import filled

    return lambda: filled(kind, api.inventory(app.context, target, kind), before, several, app.clock())


def setup_plan(app: "ConsoleApp", server: str) -> Question:
    """What would make it ready."""
    from webduh_console.commands import machines

    return lambda: machines.setup_plan(app.context, server)


def prunable(app: "ConsoleApp", server: str) -> Question:
    """What no release names."""
    from webduh_console.commands import machines

    return lambda: machines.prunable(app.context, server)


def pruned(app: "ConsoleApp", server: str) -> Question:
    """Prunes it; the bytes that are free again."""
    from webduh_console.commands import machines

    return lambda: machines.prune(app.context, server)


def freed(server: str, space: int) -> str:
    """What a pruning came to."""
    return f"{size(space)} are free again on {server}." if space > 0 else f"There was nothing to free on {server}."


def confirm_set_up(app: "ConsoleApp", server: str, steps: Sequence[Any], todo: "Todo") -> None:
    """Show what a set-up would do, and do it when that is agreed; its steps are shown as they go."""
    from webduh_console.commands import machines
    from webduh_console.console.commanding import follow_work
    from webduh_console.console.screens.dialogs import ConfirmScreen

    if not any(does for does, _ in todo):
        app.notify(f"Nothing to do: {server} is ready.", markup=False)
        return

    def agreed(yes: bool | None) -> None:
        if yes:
            follow_work(app, machines.set_up(app.context, server, steps), "set-up")

    says = [f"{'+' if does else '✓'} {text[:1].upper()}{text[1:]}." for does, text in todo]
    app.push_screen(ConfirmScreen(f"Set up {server}?", ["\n".join(says), "What is there already stays."]), agreed)


def confirm_prune(app: "ConsoleApp", server: str, found: Sequence[str], prune: Callable[[], None]) -> None:
    """Show what would go, and let it go when that is agreed."""
    from webduh_console.commands.machines import CACHE
    from webduh_console.console.screens.dialogs import ConfirmScreen

    named = [f"- {name}" for name in found[:_NAMED]]
    if len(found) > _NAMED:
        named.append(f"- and {len(found) - _NAMED} more")
    what = "These are named by no release, and go:" if found else "Every image and container of ours is in use."
    cache = f"Build cache beyond {size(CACHE)} goes too. Volumes, and what is not webduh's, stay."
    says = ["\n".join([what, *named]), cache]
    app.push_screen(ConfirmScreen(f"Prune {server}?", says), lambda yes: prune() if yes else None)


def server_shell(app: "ConsoleApp", server: str) -> None:
    """Give the terminal to a shell on a server."""
    from webduh_console.commands import machines
    from webduh_console.console.commanding import give_terminal

    give_terminal(app, machines.server_shell(app.context, server))


def has_shell(app: "ConsoleApp", key: AppKey) -> bool:
    """Whether an instance of an app runs where a person can enter it."""
    from webduh_console.commands import machines

    row = app.board.rows.get(key)
    return row is not None and bool(row.actual.instances) and machines.has_shell(app.context, row.target)


def one_off(app: "ConsoleApp", key: AppKey, line: str) -> str:
    """Let a command run once in the serving release, in the terminal; what is wrong with the line, else nothing."""
    import shlex

    from webduh_console.commands import machines
    from webduh_console.console.commanding import give_terminal

    try:
        argv = shlex.split(line)
    except ValueError as error:
        return f"✗ {str(error).lower()}: close it, or write \\ before it"
    if argv:
        try:
            wanted = machines.one_off(app.context, key, argv)
        except WebduhError as error:
            return f"✗ {error.what}"
        app.call_later(give_terminal, app, wanted)  # once the line at the bottom is closed
    return ""


def app_shell(app: "ConsoleApp", key: AppKey, instance: str | None) -> None:
    """Give the terminal to a shell in an app: in the process of an instance, else where its requests go."""
    from webduh_console.commands import machines
    from webduh_console.console.commanding import give_terminal

    processes = {one.name: one.process for one in app.board.rows[key].actual.instances}
    first = "web" if "web" in processes.values() else next(iter(processes.values()), "web")
    try:
        give_terminal(app, machines.app_shell(app.context, key, processes.get(instance or "", first)))
    except WebduhError as error:
        app.show_error(error)
