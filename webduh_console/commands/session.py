"""shell, run: a program inside an app."""

from collections.abc import Sequence

import click

from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.complete import app_argument, apps_and_folders, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing
from webduh_console.commands.results import Result, Terminal
from webduh_console.errors import UsageError
from webduh_console.model.names import AppKey
from webduh_console.model.target import Enterable


@click.command(cls=Changing)
@app_argument
@environment_option
@click.option("--process", default="web", show_default=True, metavar="NAME", help="In an instance of this process.")
@with_context
def shell(ctx: Context, app: str, environment: str | None, process: str) -> Result:
    """Open a shell in a running instance of an app."""
    key = key_of(find(ctx, app), environment)
    target = _enterable(ctx, key)
    return Terminal(f"shell in {key}", lambda: target.enter(key, process))


@click.command(cls=Changing, context_settings={"ignore_unknown_options": True})
@click.argument("app", shell_complete=apps_and_folders)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@environment_option
@with_context
def run(ctx: Context, app: str, argv: Sequence[str], environment: str | None) -> Result:
    """Run a command once in the serving release of an app, with its variables and volumes."""
    key = key_of(find(ctx, app), environment)
    target = _enterable(ctx, key)
    return Terminal(f"{argv[0]} in {key}", lambda: target.run(key, argv))


def _enterable(ctx: Context, key: AppKey) -> Enterable:
    name = target_of(ctx, key)
    chosen = ctx.target(name)
    if not isinstance(chosen, Enterable):
        raise UsageError(f"Nothing can be run inside an app on {name}.", kept="Nothing was changed.")
    return chosen
