"""What a person may type: completions from the local state, and never an error."""

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from webduh_console.commands.context import Context
from webduh_console.commands.results import Result
from webduh_console.errors import WebduhError


def _context(ctx: click.Context) -> Context:
    return ctx.find_object(Context) or Context.open()


def apps(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """The names of the known apps."""
    try:
        entries = _context(ctx).state.apps.all()
    except WebduhError:  # completion must not print; the command itself will say it
        return []
    return [CompletionItem(entry.name, help=entry.home) for entry in entries if entry.name.startswith(text)]


def apps_and_folders(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """Apps, and folders by the shell's own means."""
    return [*apps(ctx, parameter, text), CompletionItem(text, type="dir")]


def environments(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """The environments that were ever deployed."""
    try:
        names = {deployment.key.environment for deployment in _context(ctx).state.history.list(limit=500)}
    except WebduhError:
        return []
    return [CompletionItem(name) for name in sorted(names | {"production", "staging"}) if name.startswith(text)]


def target_names(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """The targets."""
    try:
        names = _context(ctx).target_names()
    except WebduhError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(text)]


def servers(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """The targets that are servers."""
    try:
        entries = _context(ctx).state.targets.all()
    except WebduhError:
        return []
    return [CompletionItem(entry.name, help=entry.address) for entry in entries if entry.name.startswith(text)]


def plugin_names(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """The framework plugins that can be used."""
    from webduh_console.frameworks.discovery import plugins

    return [CompletionItem(one.name) for one in plugins() if one.name.startswith(text)]


app_argument = click.argument("app", default=".", shell_complete=apps_and_folders)
environment_option = click.option(
    "-e", "--environment", metavar="NAME", shell_complete=environments, help="The environment; production unless named."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


def with_context(command: Callable[..., Result]) -> Callable[..., Result]:
    """Hands a command its `Context` as the first argument."""
    return click.pass_obj(command)
