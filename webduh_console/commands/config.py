"""config: webduh.yaml, and the user's settings."""

from pathlib import Path

import click
import msgspec

from webduh_console.commands.complete import app_argument, apps_and_folders, dry_run_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.results import Column, Done, Listing, Result, Text
from webduh_console.errors import UsageError


@click.group(cls=Noun)
def config() -> None:
    """Check webduh.yaml, and read or change your settings."""


@config.command("schema", cls=Reading)
@click.option("--project", is_flag=True, help="That of webduh-project.yaml.")
@with_context
def config_schema(ctx: Context, project: bool) -> Result:
    """Print the JSON Schema of webduh.yaml, for editors."""
    from webduh_console.config import project as projects
    from webduh_console.config import schema as apps

    whole = projects.schema() if project else apps.schema()
    return Text("schema", msgspec.json.format(msgspec.json.encode(whole)).decode(), whole)


@config.command("check", cls=Reading)
@click.argument("folder", default=".", type=click.Path())
@with_context
def config_check(ctx: Context, folder: str) -> Result:
    """Check the webduh.yaml of a folder; every mistake is named at once."""
    from webduh_console.config.load import load
    from webduh_console.frameworks.tree import real_folder

    loaded = load(Path(real_folder(Path(folder))))
    if loaded.file is None:
        return Done(f"{folder} has no webduh.yaml; none is needed.", {"file": None, "warnings": []})
    warned = "".join(f"\n  ! {warning}" for warning in loaded.warnings)
    return Done(f"{loaded.file} is right.{warned}", {"file": str(loaded.file), "warnings": list(loaded.warnings)})


@config.command("edit", cls=Changing)
@click.argument("app", shell_complete=apps_and_folders)
@click.argument("pairs", nargs=-1, metavar="KEY=VALUE…")
@click.option("--unset", "taken", multiple=True, metavar="KEY", help="Take this setting away.")
@dry_run_option
@with_context
def config_edit(ctx: Context, app: str, pairs: tuple[str, ...], taken: tuple[str, ...], dry_run: bool) -> Result:
    """Change settings in webduh.yaml, such as port=8000 or processes.web="python app.py".

    APP is a name, a folder, or the address of a repository that is an app. A repository is not written to: what is set
    for it is kept on this machine, in a webduh.yaml that counts over the repository's.

    Comments, order and quotes of all others stay; the file is made if there is none. With --dry-run the difference is
    shown.
    """
    from webduh_console.commands.sources import settings_folder
    from webduh_console.config import proposing

    texts: dict[tuple[str, ...], str | None] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not all(key.split(".")):
            raise UsageError(f"{pair!r} sets nothing.", kept="Nothing was written.", hint="Write KEY=VALUE.")
        texts[proposing.path_of(key)] = value
    texts |= {proposing.path_of(key): None for key in taken}
    if not texts:
        raise UsageError("No setting is named.", kept="Nothing was written.", hint="Write KEY=VALUE, or --unset KEY.")
    folder, own = settings_folder(ctx, app)
    if own and (name := next((path[0] for path in texts if path[0] in ("name", "project")), None)):
        raise UsageError(
            f"{name} says which app it is, and is not kept with its settings.",
            kept="Nothing was written.",
            hint=f"Deploy it as another app: `webduh deploy URL --{name} NAME`.",
        )
    wanted = proposing.proposed(folder, texts)
    data = {"file": str(wanted.file), "difference": list(wanted.difference)}
    if dry_run:
        return Text(f"{wanted.file}", "\n".join(wanted.difference) or "Nothing would change.", data)
    proposing.write(wanted, own)
    return Done(f"{wanted.file} is written." if wanted.difference else f"{wanted.file} says that already.", data)


@config.command("show", cls=Reading)
@app_argument
@with_context
def config_show(ctx: Context, app: str) -> Result:
    """List what webduh.yaml says of an app, and where each setting stands.

    Of a repository, also what is kept on this machine over that: `config edit` changes it.
    """
    from webduh_console.commands.sources import own_settings, put_back, source

    found = source(ctx, app)
    try:
        loaded = found.loaded(ctx)
    finally:
        put_back(ctx, found)
    data = [
        {"setting": path, "value": _shown(path, text), "from": loaded.origin(path), "kept_here": path in loaded.own}
        for path, text in loaded.texts.items()
    ]
    own = own_settings(ctx, found.entry)
    empty = f"{found.entry.name} says nothing about itself; none is needed."
    if own is not None:
        empty += f" What is kept here would be in {own}."
    columns = (Column("setting", "SETTING"), Column("value", "VALUE"), Column("from", "FROM"))
    return Listing("settings", columns, data, data, empty)


def _shown(path: str, text: str) -> str:
    """A value as it may be seen."""
    from webduh_console.commands.variables import HIDDEN
    from webduh_console.config.load import looks_secret

    name = path.rpartition(".")[2]
    return HIDDEN if "variables." in path and looks_secret(name, text) else text


@config.command("path", cls=Reading)
@with_context
def config_path(ctx: Context) -> Result:
    """Say where everything is kept. WEBDUH_HOME moves it all."""
    paths = {
        "data": ctx.home.data,
        "config": ctx.home.config,
        "cache": ctx.home.cache,
        "settings": ctx.home.config / "settings.yaml",
        "images": ctx.home.images,
        "log": ctx.home.data / "log" / "webduh.log",
    }
    rows = [{"name": name, "path": str(path)} for name, path in paths.items()]
    return Listing("paths", (Column("name", "WHAT"), Column("path", "PATH")), rows, rows)


@config.command("images", cls=Reading)
@click.option("--all", "shipped", is_flag=True, help="Print the table that ships, in the form of images.toml.")
@with_context
def config_images(ctx: Context, shipped: bool) -> Result:
    """List the images that apps are built on; images.toml among your settings stands over them."""
    from webduh_console.frameworks.render import load_bases
    from webduh_console.frameworks.render.bases import TABLE

    bases = load_bases(ctx.home.images)
    data = [{"name": name, **msgspec.to_builtins(base)} for name, base in bases.items()]
    if shipped:
        return Text("images", TABLE.read_text("utf-8"), {"images": data})
    rows = [
        {"name": name, "image": base.image, "version": base.version, "known": " ".join(base.known)}
        for name, base in bases.items()
    ]
    columns = (Column("name", "NAME"), Column("image", "IMAGE"), Column("version", "USUAL"), Column("known", "KEPT UP"))
    return Listing("images", columns, rows, data)


@config.command("get", cls=Reading)
@with_context
def config_get(ctx: Context) -> Result:
    """List your settings."""
    values = msgspec.to_builtins(ctx.settings)
    rows = [{"name": name, "value": value} for name, value in values.items()]
    return Listing("settings", (Column("name", "NAME"), Column("value", "VALUE")), rows, rows)


@config.command("set", cls=Changing)
@click.argument("name")
@click.argument("value")
@dry_run_option
@with_context
def config_set(ctx: Context, name: str, value: str, dry_run: bool) -> Result:
    """Change one setting."""
    from webduh_console.config.settings import check_setting, save_setting

    if dry_run:
        check_setting(name, value)
        return Done(f"{name} would be {value}.", {"name": name, "value": value})
    ctx.settings = save_setting(ctx.home, name, value)  # the next line of a script goes by it
    return Done(f"{name} is now {value}.", {"name": name, "value": value})
