"""The command line: the same language as after `webduh`, and the names of actions it does not know."""

from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.worker import NoActiveWorker, get_current_worker

from webduh_console.console.actions import BY_NAME
from webduh_console.console.deployments import Live, drain
from webduh_console.errors import UsageError, WebduhError
from webduh_console.model.events import Event, Warned
from webduh_console.model.names import AppKey

if TYPE_CHECKING:
    from webduh_console.commands.results import Stream, Terminal, Work
    from webduh_console.console.app import ConsoleApp

Typed = dict[str, tuple[str, Any]]
"""Action names as they are typed (`next-theme`) → the action and the node it runs at."""


class Answered(Message):
    """A command's result, why there is none, or the action it names."""

    def __init__(self, line: str, result: Any = None, error: WebduhError | None = None, action: Any = None) -> None:
        super().__init__()
        self.line, self.result, self.error, self.action = line, result, error, action


class Adopted(Message):
    """A script began a deployment."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live


def own_words(app: "ConsoleApp") -> Typed:
    """What the registry lets one type on the present screen."""
    words: Typed = {}
    for active in app.screen.active_bindings.values():
        name = active.binding.id or ""
        if name in BY_NAME and active.enabled:
            words.setdefault(name.replace("_", "-"), (active.binding.action, active.node))
    return words


def completions(app: "ConsoleApp", text: str) -> list[str]:
    """What the language offers, then the actions. Blocking: for workers."""
    from webduh_console.commands.language import completions as of_language

    found = [word for word in of_language(app.context, text) if word]
    if text and " " not in text:
        found += [word for word in app.typed_actions if word.startswith(text) and word not in found]
    return found


def run_line(app: "ConsoleApp", line: str) -> None:
    """Run it in a worker; the app shows what it answers."""
    app.context.told, app.context.abandoned = partial(_tell, app), _abandoned
    work = partial(_run, app, line, own_words(app))
    app.run_worker(work, thread=True, group="command", exit_on_error=False)


def _tell(app: "ConsoleApp", event: Event) -> None:
    """What a command has to say before it can answer."""
    if isinstance(event, Warned):
        app.notify(event.text, markup=False)


def _abandoned() -> bool:
    """Whether the console ends, so that no worker may keep it waiting."""
    try:
        return get_current_worker().is_cancelled
    except NoActiveWorker:
        return False


def _run(app: "ConsoleApp", line: str, actions: Typed) -> None:
    from webduh_console.commands.language import COMMANDS
    from webduh_console.commands.language import run_line as run
    from webduh_console.commands.results import Lists

    try:
        if line in actions and line not in COMMANDS:
            app.post_message(Answered(line, action=actions[line]))
            return
        if app.read_only:
            refuse_change(app, line)
        result = run(app.context, line)
        if isinstance(result, Lists):
            _run_script(app, result.lines)
        else:
            app.post_message(Answered(line, result))
    except WebduhError as error:
        app.post_message(Answered(line, error=error))


def refuse_change(app: "ConsoleApp", line: str) -> None:
    """In read-only mode: UsageError for a command that changes something, as it declares itself."""
    from webduh_console.commands.language import parse, split, would_change

    words = split(line)
    if words and not {"-h", "--help"} & set(words) and would_change(parse(words, app.context)):
        raise UsageError(
            f"`{line}` is not run: the console is read-only.",
            why="`read_only` is set in your settings.",
            kept="Nothing was changed.",
            hint="`webduh config set read_only false` in a shell allows changes again.",
        )


def _run_script(app: "ConsoleApp", lines: tuple[str, ...]) -> None:
    """Run lines one after another, in a command's worker; the first failure ends it."""
    from webduh_console.commands.language import run_line as run
    from webduh_console.commands.results import Stream

    for line in lines:
        result = run(app.context, line)
        if not isinstance(result, Stream):
            app.post_message(Answered(line, result))
            continue
        live = live_of(result)
        app.post_message(Adopted(live))
        drain(live, result.events, app.post_message)
        if result.cancel.is_set:
            return


def live_of(stream: "Stream") -> Live:
    """The deployment a command began."""
    plan = stream.plan
    return Live(plan.id, plan.key, plan.action, plan.target, stream.cancel)


_numbers = count(1)


def follow_work(app: "ConsoleApp", work: "Work", action: str) -> None:
    """Show steps that belong to no deployment as they go."""
    live = Live(f"work-{next(_numbers)}", AppKey("default", "", ""), action, work.title, work.cancel)
    app.follow(app.deployments.adopt(live), lambda: work.events)


def give_terminal(app: "ConsoleApp", wanted: "Terminal") -> None:
    """Let a program have the terminal for itself; the console waits."""
    from textual.app import SuspendNotSupported

    try:
        with app.suspend():
            code = wanted.run()
            if wanted.leaves:
                with suppress(EOFError, KeyboardInterrupt):
                    input(f"\n{wanted.title} ended with {code}. Enter goes back to the console. ")
    except SuspendNotSupported:
        app.show_error(WebduhError(f"The {wanted.title} cannot be opened.", why="This terminal cannot be given away."))
    except WebduhError as error:
        app.show_error(error, wanted.title)
    else:
        app.notify(f"{wanted.title} ended" + (f" with {code}" if code else ""), markup=False)


async def show(app: "ConsoleApp", answered: Answered) -> None:
    """Show a command's result: a table, a text, lines, a word, a deployment as it goes; or do the action it names."""
    from webduh_console.commands.results import Done, Lines, Listing, Stream, Terminal, Text, Work
    from webduh_console.console.screens.result import ListingScreen, LogScreen, TextScreen

    if answered.action is not None:
        await app.run_action(*answered.action)
        return
    match answered.result:
        case Listing() as listing:
            app.push_screen(ListingScreen(listing, answered.line))
        case Text() as text:
            app.push_screen(TextScreen(text.title, text.text))
        case Lines() as lines:
            app.push_screen(LogScreen(answered.line, lambda stop: lines.lines, lines.stop))
        case Done() as done:
            app.notify(done.text, markup=False)
            app.update_board()
        case Work() as work:
            follow_work(app, work, "set-up" if answered.line.startswith("server setup") else answered.line.split()[0])
        case Terminal() as wanted:
            give_terminal(app, wanted)
        case Stream() as stream:
            app.follow(app.deployments.adopt(live_of(stream)), lambda: stream.events)
        case _:
            error = answered.error or UsageError(f"`{answered.line}` has no answer that can be shown here.")
            app.show_error(error, f":{answered.line}")
