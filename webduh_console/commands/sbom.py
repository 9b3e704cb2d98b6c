"""sbom: what a release is made of."""

import json
from typing import Any

import click

from webduh_console import __version__
from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.complete import app_argument, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Column, Listing, Result, Text
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.standing import lead
from webduh_console.model.target import Itemizing


@click.command(cls=Reading)
@app_argument
@environment_option
@click.option(
    "--release", type=click.IntRange(min=1), metavar="NUMBER", help="Of this release, not of the serving one."
)
@click.option("--cyclonedx", is_flag=True, help="Print the whole document, in the JSON of CycloneDX.")
@with_context
def sbom(ctx: Context, app: str, environment: str | None, release: int | None, cyclonedx: bool) -> Result:
    """List the packages in a release: its software bill of materials."""
    key = key_of(find(ctx, app), environment)
    target = ctx.target(target_of(ctx, key))
    record = target.record(key, lead(target, key))
    number = release or record.current()
    if number is None:
        raise NotFoundError(f"Nothing of {key} serves.", hint=f"webduh releases {key.app}")
    if not isinstance(target, Itemizing):
        raise UsageError(f"{target.name} cannot tell what a release is made of.")
    text = target.sbom(record.read(number), __version__).decode()
    said = json.loads(text)
    if cyclonedx:
        return Text(f"sbom of {key}", text, said)
    rows = [_row(one) for one in said["components"]]
    columns = (
        Column("name", "NAME"),
        Column("version", "VERSION"),
        Column("kind", "KIND"),
        Column("licence", "LICENCE"),
    )
    empty = f"Release {number} of {key} holds nothing that a package manager put there."
    return Listing(f"packages of release {number} of {key}", columns, rows, rows, empty)


def _row(one: dict[str, Any]) -> dict[str, Any]:
    licences = [licence["license"]["name"] for licence in one.get("licenses", ())]
    name = f"{one['group']}/{one['name']}" if "group" in one else one["name"]
    kind = one["purl"].removeprefix("pkg:").partition("/")[0]
    return {
        "name": name,
        "version": one["version"],
        "kind": kind,
        "licence": ", ".join(licences),
        "purl": one["purl"],
    }
