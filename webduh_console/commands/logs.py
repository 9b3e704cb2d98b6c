"""logs."""

import threading
from datetime import timedelta

import click

from webduh_console.commands import api
from webduh_console.commands.apps import find, key_of
from webduh_console.commands.complete import app_argument, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Lines, Result
from webduh_console.config.spec import duration

_HOURS = {"h": 1, "d": 24}
LONGEST = timedelta(days=36_500)


class Duration(click.ParamType[timedelta]):
    """`30s`, `10m`, `2h`, `1d`, or seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The duration; fails with click's own error."""
        text = str(value)
        try:
            if text[-1:] in _HOURS:
                since = timedelta(hours=float(text[:-1]) * _HOURS[text[-1:]])
            else:
                since = timedelta(seconds=duration(float(text) if text.replace(".", "", 1).isdigit() else text))
            if timedelta() <= since <= LONGEST:
                return since
            self.fail(f"{text!r} is not within a hundred years.", param, ctx)
        except (ValueError, TypeError, LookupError, OverflowError):
            self.fail(f"{text!r} is no duration, such as 30s, 10m, 2h or 1d.", param, ctx)


@click.command(cls=Reading)
@app_argument
@environment_option
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines, until Ctrl-C.")
@click.option("-n", "--tail", type=click.IntRange(min=0), default=100, show_default=True, help="How many last lines.")
@click.option("--since", type=Duration(), help="Only lines of the last 30s, 10m, 2h, 1d.")
@click.option("--process", metavar="NAME", help="Only this process.")
@click.option("--release", type=click.IntRange(min=1), metavar="NUMBER", help="Only this release.")
@click.option("--raw", is_flag=True, help="The lines alone, as they were written.")
@with_context
def logs(
    ctx: Context,
    app: str,
    environment: str | None,
    follow: bool,
    tail: int,
    since: timedelta | None,
    process: str | None,
    release: int | None,
    raw: bool,
) -> Result:
    """Read what an app's instances write, merged by time."""
    key, stop = key_of(find(ctx, app), environment), threading.Event()
    last = None if since is not None else tail
    return Lines(api.logs(ctx, key, process, last, follow, stop, since, release), stop, raw)
