"""app: the apps this machine knows."""

import shutil
from pathlib import Path

import click

from webduh_console.commands.apps import find, key_of
from webduh_console.commands.complete import apps_and_folders, dry_run_option, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.leases import wait_option, waited
from webduh_console.commands.results import Column, Done, Listing, Result
from webduh_console.commands.sources import SourceWishes, own_settings, put_back, source
from webduh_console.commands.words import ago
from webduh_console.engine.removal import remove
from webduh_console.errors import NotFoundError
from webduh_console.model.names import AppKey
from webduh_console.state.apps import AppEntry
from webduh_console.state.figures import app_subject

_known_app = click.argument("app", shell_complete=apps_and_folders)


@click.group(cls=Noun)
def app() -> None:
    """List, add, move and remove apps."""


@app.command("ls", cls=Reading)
@with_context
def app_ls(ctx: Context) -> Result:
    """List the apps, and the folders or repositories they come from."""
    entries = ctx.state.apps.all()
    columns = (
        Column("name", "APP"),
        Column("project", "PROJECT"),
        Column("folder", "FROM"),
        Column("added", "ADDED"),
    )
    words = [{"name": e.name, "project": e.project, "folder": e.home, "added": ago(e.added)} for e in entries]
    data = [
        {
            "name": e.name,
            "project": e.project,
            "folder": e.folder,
            "added": e.added,
            "url": e.url,
            "ref": e.ref,
            "path": e.path,
        }
        for e in entries
    ]
    return Listing("apps", columns, words, data, "There are no apps yet. Deploy a folder: `webduh deploy FOLDER`.")


@app.command("add", cls=Changing)
@click.argument("folder", type=click.Path())
@click.option("--name", metavar="NAME", help="Its name; by default webduh.yaml's, or the folder's.")
@click.option("--project", metavar="NAME", help="The project it belongs to.")
@click.option("--ref", metavar="NAME", help="The branch, tag or commit of a repository; by default its own branch.")
@click.option("--path", metavar="FOLDER", help="The folder in a repository that holds the app.")
@click.option(
    "--deploy-key", type=click.Path(), metavar="FILE", help="The private key that opens a repository over SSH."
)
@dry_run_option
@with_context
def app_add(ctx: Context, folder: str, dry_run: bool, **wishes: str | None) -> Result:
    """Register a folder or a Git repository as an app, without deploying it: its variables can be set before it is."""
    entry = _entry(ctx, folder, SourceWishes(**wishes))
    (ctx.state.apps.check if dry_run else ctx.state.apps.add)(entry)
    would = "would be" if dry_run else "is"
    data = {"app": entry.name, "folder": entry.folder, **({"url": entry.url} if entry.url else {})}
    return Done(f"{entry.name} {would} the app in {entry.home}.", data)


def _entry(ctx: Context, word: str, wishes: SourceWishes) -> AppEntry:
    """The entry of a folder, or of a repository, which is fetched to see what it calls itself."""
    from webduh_console.transport.git.address import is_address

    word = word if is_address(word) else str(Path(word).expanduser().absolute())
    found = source(ctx, word, wishes)
    put_back(ctx, found)
    return found.entry


@app.command("move", cls=Changing)
@_known_app
@click.argument("folder", type=click.Path())
@dry_run_option
@with_context
def app_move(ctx: Context, app: str, folder: str, dry_run: bool) -> Result:
    """Say that an app's folder is now another."""
    entry, there = find(ctx, app), Path(folder).expanduser().absolute()
    if not there.is_dir():
        raise NotFoundError(f"{folder} is not a folder.", kept="Nothing was changed.")
    if not dry_run:
        ctx.state.apps.move(entry.project, entry.name, there)
    would = "would be" if dry_run else "is now"
    own, says = own_settings(ctx, entry), f"{entry.name} {would} in {there}."
    if own is not None and own.is_dir():
        says += f" What was kept here for the repository does not count for a folder: {own}"
    return Done(says, {"app": entry.name, "folder": str(there)})


@app.command("rm", cls=Changing)
@_known_app
@environment_option
@click.option("--volumes", is_flag=True, help="Remove its volumes too. What is in them is lost.")
@wait_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@with_context
def app_rm(
    ctx: Context, app: str, environment: str | None, volumes: bool, wait_for_lease: float, yes: bool, dry_run: bool
) -> Result:
    """Stop an app and remove its releases; its folder stays, and its volumes unless asked.

    What `config edit` keeps for an app of a repository goes, too.
    """
    entry = find(ctx, app)
    wanted = key_of(entry, environment) if environment else None
    places = [(name, key) for name, key in _places(ctx, entry) if wanted in (None, key)]
    what = ", ".join(f"{key} on {name}" for name, key in places) or str(wanted or entry.name)
    lost = "its releases and volumes" if volumes else "its releases, not its volumes"
    if dry_run:
        return Done(f"Would stop {what} and remove {lost}.", {"app": entry.name, "removed": [], "volumes": volumes})
    if not yes:
        ctx.confirm(f"Stop {what} and remove {lost}?", f"{what} was not removed.")
    for name, key in places:
        waited(ctx, ctx.target(name), key, wait_for_lease)
        for _ in remove(ctx.target(name), key, ctx.by, volumes, ctx.trigger):
            continue
        ctx.state.memory.forget(name, key)
        ctx.state.figures.forget(app_subject(key))
        ctx.state.pending.discard(key, ctx.state.pending.names(key))
    if environment is None:
        ctx.state.apps.remove(entry.project, entry.name)
        shutil.rmtree(ctx.home.settings_of(entry.project, entry.name), ignore_errors=True)
    return Done(
        f"{what} is removed, with {lost}.",
        {"app": entry.name, "removed": [key.environment for _, key in places], "volumes": volumes},
    )


def _places(ctx: Context, entry: AppEntry) -> list[tuple[str, AppKey]]:
    """The targets and environments the app is in; every target is asked, so that none is forgotten.

    And those it was deployed to from here: what was taken back has left its source and its image, but no release that
    would tell.
    """
    names = ctx.target_names()
    found = {(name, key) for name in names for key in ctx.target(name).keys()}  # noqa: SIM118 - a method
    found |= {(past.target, past.key) for past in ctx.state.history.list(limit=500) if past.target in names}
    return sorted((name, key) for name, key in found if (key.project, key.app) == (entry.project, entry.name))
