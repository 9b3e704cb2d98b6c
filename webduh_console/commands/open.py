"""open."""

import click

from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.complete import app_argument, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Done, Result
from webduh_console.errors import TargetError, UsageError


@click.command(name="open", cls=Reading)
@app_argument
@environment_option
@click.option("--print", "only_print", is_flag=True, help="Only say the address.")
@with_context
def open_app(ctx: Context, app: str, environment: str | None, only_print: bool) -> Result:
    """Open an app's address in the browser."""
    key = key_of(find(ctx, app), environment)
    target = ctx.target(target_of(ctx, key))
    actual = target.observe([key])[key]
    if not actual.url:
        raise UsageError(
            f"{key} has no address.",
            why="It was never deployed." if actual.release is None else "None of its processes gets requests.",
            hint=f"webduh deploy {key.app}",
        )
    if actual.health == "down":
        raise TargetError(f"{key} is down.", why=f"{actual.reason}.", hint=f"webduh deploy {key.app}")
    if not only_print:
        import webbrowser

        webbrowser.open(actual.url)
    return Done(actual.url, {"url": actual.url})
