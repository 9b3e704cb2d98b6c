"""drift: what somebody changed by hand."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click

from webduh_console.commands.apps import find
from webduh_console.commands.complete import apps_and_folders, environment_option, target_names, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Column, Listing, Result
from webduh_console.commands.words import count
from webduh_console.errors import WebduhError
from webduh_console.model.drift import Drift
from webduh_console.model.names import AppKey
from webduh_console.model.standing import apart
from webduh_console.model.target import Driftable, Target

COLUMNS = (
    Column("sign", ""),
    Column("app", "APP"),
    Column("place", "ON"),
    Column("kind", "KIND"),
    Column("name", "WHAT"),
    Column("wanted", "SHOULD BE"),
    Column("found", "IS"),
    Column("mend", "MEND"),
)
DRIFTED = 3


@click.command(cls=Reading)
@click.argument("apps", nargs=-1, metavar="[APP]…", shell_complete=apps_and_folders)
@environment_option
@click.option("--on", metavar="TARGET", shell_complete=target_names, help="Only there, and the target itself too.")
@with_context
def drift(ctx: Context, apps: tuple[str, ...], environment: str | None, on: str | None) -> Result:
    """Say what somebody changed by hand, and the command that mends each. Changes nothing.

    Without APP every app and every target is looked over. Exits with 3 when something differs, with 1 when a target
    cannot be asked.
    """
    wanted = {(entry.project, entry.name) for entry in (find(ctx, app) for app in apps)}
    chosen = apart(ctx.target(on)) if on else [ctx.target(name) for name in ctx.target_names()]
    chosen = [target for target in chosen if isinstance(target, Driftable)]  # others are made of these
    with ThreadPoolExecutor(max_workers=min(len(chosen), 32)) as pool:
        answers = list(pool.map(lambda target: _asked(target, wanted, environment), chosen))
    found = [each for answer in answers if not isinstance(answer, WebduhError) for each in answer]
    silent = {t.name: a for t, a in zip(chosen, answers, strict=True) if isinstance(a, WebduhError)}
    rows = [_words(each) for each in found]
    rows += [_unasked(name, error) for name, error in silent.items()]
    title = f"drift: {count(len(found), 'difference')}"
    code = 1 if silent else DRIFTED if found else 0
    return Listing(title, COLUMNS, rows, [_data(each) for each in found], "Everything is as it was deployed.", code)


def _asked(target: Target, wanted: set[tuple[str, str]], environment: str | None) -> Sequence[Drift] | WebduhError:
    try:
        assert isinstance(target, Driftable)
        return list(target.drift(_keys(target, wanted, environment)))
    except WebduhError as error:
        return error


def _keys(target: Driftable, wanted: set[tuple[str, str]], environment: str | None) -> list[AppKey] | None:
    """The apps that are asked for and have a record there; None for all that there is."""
    if not wanted and environment is None:
        return None
    return [
        key
        for key in target.recorded()
        if (not wanted or (key.project, key.app) in wanted) and environment in (None, key.environment)
    ]


def _words(drift: Drift) -> dict[str, object]:
    """A difference for a person."""
    return {**{c.key: getattr(drift, c.key, "") for c in COLUMNS}, "sign": "~", "app": str(drift.key or "")}


def _unasked(name: str, error: WebduhError) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys((column.key for column in COLUMNS), "")
    return {**row, "sign": "?", "place": name, "found": f"{error.what} {error.why}".strip(), "mend": error.hint}


def _data(drift: Drift) -> dict[str, Any]:
    """A difference for a program."""
    key = drift.key
    return {
        "place": drift.place,
        "project": key.project if key else None,
        "app": key.app if key else None,
        "environment": key.environment if key else None,
        **{name: getattr(drift, name) for name in ("kind", "name", "wanted", "found", "mend")},
    }
