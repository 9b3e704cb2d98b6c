"""env, secret: what the next deployment will change in an app's variables."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from webduh_console.commands import api
from webduh_console.commands.apps import find, key_of
from webduh_console.commands.complete import (
    app_argument,
    apps_and_folders,
    dry_run_option,
    environment_option,
    with_context,
)
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.noting import note_here
from webduh_console.commands.results import Column, Done, Listing, Result
from webduh_console.errors import QuestionError, UsageError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = {"PORT", "HOST"}
HIDDEN = "•••"

_known_app = click.argument("app", shell_complete=apps_and_folders)
_names = click.argument("names", nargs=-1, required=True, metavar="NAME…")


@click.group(cls=Noun)
def env() -> None:
    """List, set and unset an app's variables. Changes take effect with the next deployment."""


@click.group(cls=Noun)
def secret() -> None:
    """List, set and unset an app's secrets. Values are sealed here, and never shown."""


@env.command("ls", cls=Reading)
@app_argument
@environment_option
@with_context
def env_ls(ctx: Context, app: str, environment: str | None) -> Result:
    """List variables: what serves now, and what the next deployment changes."""
    return _listing(ctx, app, environment, only_secrets=False)


@secret.command("ls", cls=Reading)
@app_argument
@environment_option
@with_context
def secret_ls(ctx: Context, app: str, environment: str | None) -> Result:
    """List the names of secrets."""
    return _listing(ctx, app, environment, only_secrets=True)


@env.command("set", cls=Changing)
@_known_app
@click.argument("pairs", nargs=-1, required=True, metavar="NAME=VALUE…")
@environment_option
@dry_run_option
@with_context
def env_set(ctx: Context, app: str, pairs: tuple[str, ...], environment: str | None, dry_run: bool) -> Result:
    """Set variables. For values that nobody may see, use `secret set`."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} sets nothing.", kept="Nothing was changed.", hint="Write NAME=VALUE.")
        values[checked(name)] = value
    return _set(ctx, app, environment, {name: Variable(value) for name, value in values.items()}, dry_run)


@secret.command("set", cls=Changing)
@_known_app
@click.argument("name")
@environment_option
@click.option("--from-env", metavar="NAME", help="Take the value from this variable of the environment.")
@click.option(
    "--from-file",
    type=click.File("r", "utf-8", "surrogateescape"),
    metavar="FILE",
    help="Take the value from a file; - is standard input.",
)
@dry_run_option
@with_context
def secret_set(
    ctx: Context, app: str, name: str, environment: str | None, from_env: str | None, from_file: Any, dry_run: bool
) -> Result:
    """Set a secret. Its value is asked for, or comes from the environment or a file; never from the command line."""
    checked(name)
    value = secret_value(ctx, name, from_env, from_file)
    if not value:
        raise UsageError(f"The value of {name} is empty.", kept="Nothing was changed.")
    return _set(ctx, app, environment, {name: Variable(value, secret=True)}, dry_run)


def secret_value(ctx: Context, name: str, from_env: str | None, from_file: Any) -> str:
    """A value that nobody may see, from where it was said to be, or asked for; QuestionError when nobody can be."""
    if from_env is not None:
        import os

        if from_env not in os.environ:
            raise UsageError(f"{from_env} is not in the environment.", kept="Nothing was changed.")
        return os.environ[from_env]
    if from_file is not None:
        return str(from_file.read()).removesuffix("\n")
    try:
        return ctx.ask(f"Value of {name}", True)
    except QuestionError as error:
        hint = "Say where it comes from: --from-file FILE (- is standard input) or --from-env NAME."
        raise QuestionError(f"There is no value for {name}.", why=error.why, kept=error.kept, hint=hint) from error


@env.command("unset", cls=Changing)
@_known_app
@_names
@environment_option
@dry_run_option
@with_context
def env_unset(ctx: Context, app: str, names: tuple[str, ...], environment: str | None, dry_run: bool) -> Result:
    """Unset variables."""
    return _unset(ctx, app, environment, names, dry_run)


@secret.command("unset", cls=Changing)
@_known_app
@_names
@environment_option
@dry_run_option
@with_context
def secret_unset(ctx: Context, app: str, names: tuple[str, ...], environment: str | None, dry_run: bool) -> Result:
    """Unset secrets."""
    return _unset(ctx, app, environment, names, dry_run)


def checked(name: str) -> str:
    """A name that a variable can have; UsageError for any other."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a variable's name.",
            why="Names are made of letters, digits and underscores, and begin with no digit.",
            kept="Nothing was changed.",
        )
    if name in RESERVED:
        raise UsageError(f"{name} is given by the target.", kept="Nothing was changed.")
    return name


def _set(ctx: Context, app: str, environment: str | None, variables: dict[str, Variable], dry_run: bool) -> Result:
    key = key_of(find(ctx, app), environment)
    set_variables(ctx, key, variables, dry_run)
    return _said(key.app, "set", list(variables), dry_run)


def set_variables(ctx: Context, key: AppKey, variables: Mapping[str, Variable], dry_run: bool = False) -> None:
    """Have the next deployment set them; UsageError for a value that no environment can hold."""
    for name, variable in variables.items():
        if "\0" in variable.value or not _is_unicode(variable.value):
            raise UsageError(
                f"The value of {name} is not UTF-8 text, or holds a zero byte.",
                kept="Nothing was changed.",
                hint="Encode it, for example in base64.",
            )
    serving = api.serving(ctx, key)
    for name, variable in () if dry_run else variables.items():
        ctx.state.pending.set(key, name, variable, serving.number if serving else None)
    if not dry_run:
        kinds = {"secret" if variable.secret else "env" for variable in variables.values()}
        note_here(ctx, " ".join(sorted(kinds)), f"set {', '.join(variables)}", key)


def _is_unicode(text: str) -> bool:
    """Whether a text from the command line or the environment was UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unset(ctx: Context, app: str, environment: str | None, names: tuple[str, ...], dry_run: bool) -> Result:
    key = key_of(find(ctx, app), environment)
    unset_variables(ctx, key, names, dry_run)
    return _said(key.app, "unset", list(names), dry_run)


def unset_variables(ctx: Context, key: AppKey, names: Sequence[str], dry_run: bool = False) -> None:
    """Have the next deployment take them away; UsageError names one that there is not."""
    serving = api.serving(ctx, key)
    known = {*(serving.variables if serving else {}), *(change.name for change in ctx.state.pending.list(key))}
    for name in names:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"{key} has no variable {name}.", why=f"There are: {there}.", kept="Nothing was changed.")
    for name in () if dry_run else names:
        if serving and name in serving.variables:
            ctx.state.pending.unset(key, name, serving.number)
        else:
            ctx.state.pending.discard(key, [name])
    if not dry_run:
        note_here(ctx, "env", f"unset {', '.join(names)}", key)


def _said(app: str, verb: str, names: list[str], dry_run: bool) -> Done:
    text = f"{', '.join(names)} {'would' if dry_run else 'will'} be {verb} with the next deployment"
    return Done(f"{text}." if dry_run else f"{text}: webduh deploy {app}", {"app": app, "names": names})


def _listing(ctx: Context, app: str, environment: str | None, only_secrets: bool) -> Listing:
    key = key_of(find(ctx, app), environment)
    serving = api.serving(ctx, key)
    now = serving.variables if serving else {}
    pending = {change.name: change.variable for change in ctx.state.pending.list(key)}
    rows, data = [], []
    for name in sorted({*now, *pending}):
        current, coming = now.get(name), pending.get(name)
        hidden = any(v is not None and v.secret for v in (current, coming))
        if only_secrets and not hidden:
            continue
        change = "" if name not in pending else "to be unset" if coming is None else "to be set"
        shown = coming or current
        assert shown is not None
        value = HIDDEN if hidden else shown.value
        rows.append({"name": name, "value": value, "origin": shown.origin, "change": change})
        data.append(
            {
                "name": name,
                "value": None if hidden else shown.value,
                "secret": hidden,
                "origin": shown.origin,
                "pending": {"": None, "to be set": "set", "to be unset": "unset"}[change],
            }
        )
    columns = (Column("name", "NAME"), Column("value", "VALUE"), Column("origin", "FROM"), Column("change", "NEXT"))
    return Listing(f"variables of {key}", columns, rows, data, f"{key} has no variables.")
