"""shell, run: a program inside an app."""

from collections.abc import Sequence

import click

from webduh_console.commands.apps import find, key_of
from webduh_console.commands.complete import app_argument, apps_and_folders, environment_option, servers, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing
from webduh_console.commands.machines import app_shell, one_off
from webduh_console.commands.results import Result

_server = click.option(
    "--server", metavar="NAME", shell_complete=servers, help="Of several servers, on this one; by default the first."
)


@click.command(cls=Changing)
@app_argument
@environment_option
@click.option("--process", default="web", show_default=True, metavar="NAME", help="In an instance of this process.")
@_server
@with_context
def shell(ctx: Context, app: str, environment: str | None, process: str, server: str | None) -> Result:
    """Open a shell in a running instance of an app."""
    return app_shell(ctx, key_of(find(ctx, app), environment), process, server)


@click.command(cls=Changing, context_settings={"ignore_unknown_options": True})
@click.argument("app", shell_complete=apps_and_folders)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@environment_option
@_server
@with_context
def run(ctx: Context, app: str, argv: Sequence[str], environment: str | None, server: str | None) -> Result:
    """Run a command once in the serving release of an app, with its variables and volumes."""
    return one_off(ctx, key_of(find(ctx, app), environment), argv, server)
