"""plugin: the framework plugins."""

import click
import msgspec

from webduh_console.commands.complete import with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Noun, Reading
from webduh_console.commands.results import Column, Listing, Result


@click.group(cls=Noun)
def plugin() -> None:
    """List the framework plugins."""


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
