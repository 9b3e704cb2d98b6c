"""Which app is meant: by its name, or by its folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from webduh_console.clock import now
from webduh_console.commands.context import LOCAL, Context
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.names import AppKey, is_name, nearest, to_name

if TYPE_CHECKING:
    from webduh_console.state.apps import AppEntry

PRODUCTION = "production"


def find(ctx: Context, word: str) -> "AppEntry":
    """The app of this name (`app` or `project/app`), or of this folder; NotFoundError suggests the nearest."""
    entry = named(ctx, word) or _in_folder(ctx, word)
    if entry is None:
        known = [entry.name for entry in ctx.state.apps.all()]
        meant = nearest(word, known)
        raise NotFoundError(
            f"There is no app {word}.",
            kept="Nothing was changed.",
            hint=f"Did you mean {meant}?" if meant else _what_there_is(known),
        )
    return entry


def _what_there_is(known: list[str]) -> str:
    return f"There are: {', '.join(known[:8])}." if known else "Deploy a folder first: `webduh deploy FOLDER`."


def find_or_name(ctx: Context, word: str, name: str | None = None, project: str | None = None) -> "AppEntry":
    """The app of this name or folder; a folder that is not known yet gets an entry, to be added by the caller."""
    if name is None and not _path_like(word) and (entry := named(ctx, word)):
        return entry
    folder = Path(word).expanduser()
    if not _is_folder(word, folder):
        if name is None and not folder.exists() and (entry := named(ctx, word)):  # project/app
            return entry
        if not _path_like(word) and not folder.exists():
            find(ctx, word)  # raises with the nearest name
        what = "is not a folder" if folder.exists() else "does not exist"
        raise NotFoundError(
            f"{word} {what}.", kept="Nothing was changed.", hint="Name an app, or a folder that holds one."
        )
    known = ctx.state.apps.by_folder(folder)
    if known and name in (None, known.name) and project in (None, known.project):
        return known
    return entry_for(folder, name, project, folder.resolve().name)


def _is_folder(word: str, folder: Path) -> bool:
    """Whether there is a folder; NotFoundError for one that is not ours to look into."""
    try:
        if not folder.is_dir():
            return False
        with os.scandir(folder) as entries:
            next(entries, None)
    except OSError as error:
        raise NotFoundError(
            f"{word} cannot be read.",
            why=f"{error.strerror or error}.",
            kept="Nothing was changed.",
            hint="Deploy as somebody who may read it, or another folder.",
        ) from error
    return True


def entry_for(folder: Path, name: str | None, project: str | None, called: str) -> "AppEntry":
    """The entry of an app that is not known yet: its name is what is asked for, what its webduh.yaml says, or made of
    what its source is `called`."""
    from webduh_console.config.load import load
    from webduh_console.state.apps import AppEntry

    config = load(folder).config
    chosen = name if name is not None else config.name or to_name(called)
    place = project if project is not None else config.project
    for given in (chosen, place):
        if not is_name(given):
            raise UsageError(
                f"{given!r} cannot be a name.",
                why="Names are made of a-z, 0-9 and single hyphens, at most 40 characters.",
                kept="Nothing was changed.",
                hint=f"For example {to_name(given)}.",
            )
    return AppEntry(place, chosen, str(folder.resolve()), now())


def key_of(entry: "AppEntry", environment: str | None) -> AppKey:
    """The app in an environment; `production` unless named."""
    chosen = environment if environment is not None else PRODUCTION
    if not is_name(chosen):
        raise UsageError(f"{chosen!r} cannot be an environment's name.", hint=f"For example {to_name(chosen)}.")
    return AppKey(entry.project, entry.name, chosen)


def _path_like(word: str) -> bool:
    return "/" in word or word.startswith((".", "~"))


def named(ctx: Context, word: str) -> "AppEntry | None":
    """The app of this name (`app` or `project/app`), known here or by a target; None if there is none."""
    project, _, name = word.rpartition("/")
    if project:
        known = ctx.state.apps.get(name, project) if is_name(project) and is_name(name) else None
        return known or next((entry for entry in _remembered(ctx, name) if entry.project == project), None)
    found = [entry for entry in ctx.state.apps.all() if entry.name == word] or _remembered(ctx, word)
    if len(found) > 1 and not any(entry.project == "default" for entry in found):
        names = ", ".join(f"{entry.project}/{entry.name}" for entry in found)
        raise UsageError(f"Several projects have an app {word}.", hint=f"Say which: {names}.")
    return next((entry for entry in found if entry.project == "default"), found[0] if found else None)


def target_of(ctx: Context, key: AppKey) -> str:
    """Where an app in an environment runs, as far as is known here: where it was deployed last with success, if it is
    still there; this machine for one that was never deployed."""
    names = ctx.target_names()
    seen = [e.target for e in ctx.state.memory.recall() if e.actual.key == key and e.actual.release is not None]
    there = [name for name in names if name in seen]
    tried = [d for d in ctx.state.history.list(key, limit=20) if d.target in names]
    done = next((d.target for d in tried if d.outcome == "done" and (not there or d.target in there)), None)
    return done or next(iter(there), None) or next((d.target for d in tried), LOCAL)


def _remembered(ctx: Context, name: str) -> "list[AppEntry]":
    """Apps that a target knows and this machine has no folder of: somebody deployed them from another one."""
    from webduh_console.state.apps import AppEntry

    keys = [entry.actual.key for entry in ctx.state.memory.recall() if entry.actual.key.app == name]
    return [AppEntry(project, name, "", now()) for project in sorted({key.project for key in keys})]


def _in_folder(ctx: Context, word: str) -> "AppEntry | None":
    folder = Path(word).expanduser()
    return ctx.state.apps.by_folder(folder) if folder.is_dir() else None
