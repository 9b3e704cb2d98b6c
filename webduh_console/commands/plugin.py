"""plugin: the framework plugins, and what helps to write one."""

from pathlib import Path

import click
import msgspec

from webduh_console.commands.complete import dry_run_option, plugin_names, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.results import Column, Done, Listing, Result, Text
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.build import Framework, Optioned
from webduh_console.model.names import is_name, nearest, to_name


@click.group(cls=Noun)
def plugin() -> None:
    """List and show the framework plugins, and write new ones."""


@plugin.command("ls", cls=Reading)
@with_context
def plugin_ls(ctx: Context) -> Result:
    """List the plugins, where they come from, and what is wrong with those that cannot be used."""
    from webduh_console.frameworks.discovery import installed

    found = installed()
    columns = (
        Column("name", "PLUGIN"),
        Column("package", "PACKAGE"),
        Column("version", "VERSION"),
        Column("api", "API", "right"),
        Column("error", "ERROR"),
    )
    data = [msgspec.to_builtins(info) for info in found]
    words = [{key: "" if value is None else value for key, value in row.items()} for row in data]
    return Listing("plugins", columns, words, data)


@plugin.command("show", cls=Reading)
@click.argument("name", shell_complete=plugin_names)
@with_context
def plugin_show(ctx: Context, name: str) -> Result:
    """Say what a plugin knows, which options it has, and where it comes from."""
    from webduh_console.frameworks.discovery import installed

    chosen = _plugin(name)
    info = next(info for info in installed() if info.framework == chosen.name)
    options = chosen.options() if isinstance(chosen, Optioned) else ()
    variants = tuple(getattr(chosen, "variants", ()))
    about = " ".join((type(chosen).__doc__ or "").split())
    data = {
        **msgspec.to_builtins(info),
        "about": about,
        "variants": list(variants),
        "options": [msgspec.to_builtins(option) for option in options],
    }
    rows = [
        ("plugin", f"{chosen.name} (api {chosen.api})"),
        ("about", about),
        ("from", f"{info.package} {info.version}, {info.module}".strip(" ,")),
        ("variants", ", ".join(variants)),
        *(
            ("option", f"{one.name}: {one.help}" + (f" One of {', '.join(one.choices)}." if one.choices else ""))
            for one in options
        ),
    ]
    return Text(f"plugin: {name}", "\n".join(f"{key:<9} {text}" for key, text in rows if text), data)


@plugin.command("test", cls=Reading)
@click.argument("name", shell_complete=plugin_names)
@click.argument("folders", nargs=-1, required=True, type=click.Path())
@with_context
def plugin_test(ctx: Context, name: str, folders: tuple[str, ...]) -> Result:
    """See whether a plugin keeps to the contract, on folders of apps that it should know.

    It is asked twice about each: it must answer the same, start nothing, write nothing, and take less than 20 ms.
    """
    from webduh_console.frameworks.conformance import verdicts
    from webduh_console.frameworks.tree import real_folder

    where = [Path(real_folder(Path(folder).expanduser())) for folder in folders]
    found = list(verdicts(_plugin(name), where))
    columns = (Column("app", "APP"), Column("name", "WHAT"), Column("ok", "OK"), Column("says", "SEEN"))
    rows = [{"app": one.app or name, "name": one.name, "ok": "✓" if one.ok else "✗", "says": one.says} for one in found]
    data = [msgspec.to_builtins(one) for one in found]
    return Listing(f"test of {name}", columns, rows, data, code=int(not all(one.ok for one in found)))


@plugin.command("new", cls=Changing)
@click.argument("name")
@click.argument("folder", required=False, type=click.Path())
@dry_run_option
@with_context
def plugin_new(ctx: Context, name: str, folder: str | None, dry_run: bool) -> Result:
    """Write a working plugin with a test into a new folder, webduh-NAME if none is named."""
    from webduh_console.frameworks.starter import files_of

    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be the name of a plugin.",
            why="Names are made of a-z, 0-9 and single hyphens, at most 40 characters.",
            kept="Nothing was written.",
            hint=f"For example {to_name(name)}.",
        )
    place = Path(folder or f"webduh-{name}").expanduser()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(f"{place} is there already.", kept="Nothing was written.", hint="Name another folder.")
    files = files_of(name)
    data = {"folder": str(place), "files": list(files)}
    if dry_run:
        return Done(f"Would write {', '.join(files)} into {place}.", data)
    try:
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{place} cannot be written.", why=f"{error}.", hint="Name another folder.") from error
    return Done(f"{place} has a plugin for {name}. Next: `pip install -e {place}`, then `webduh plugin ls`.", data)


def _plugin(name: str) -> Framework:
    """The plugin of a name, by its own or that of its entry point; NotFoundError, and why it cannot be used."""
    from webduh_console.frameworks.discovery import installed, plugins

    found = {one.name: one for one in plugins()}
    info = next((info for info in installed() if info.name == name), None)
    if name in found or (info and info.framework in found):
        return found.get(name) or found[info.framework if info else name]
    if info:
        raise UsageError(
            f"The plugin {name} cannot be used.", why=f"{info.error}.", hint="`webduh plugin ls` lists all."
        )
    near = nearest(name, list(found))
    raise NotFoundError(
        f"There is no plugin {name}.",
        kept="Nothing was changed.",
        hint=f"Did you mean {near}?" if near else "`webduh plugin ls` lists the plugins.",
    )
