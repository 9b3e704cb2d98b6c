"""demo."""

import shlex
import shutil
from pathlib import Path

import click

import webduh_console
from webduh_console.commands.complete import dry_run_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing
from webduh_console.commands.results import Done, Lists, Result

NEEDS = {"clock-node": "node"}


@click.command(cls=Changing)
@click.argument("folder", required=False, type=click.Path())
@dry_run_option
@with_context
def demo(ctx: Context, folder: str | None, dry_run: bool) -> Result:
    """Deploy a few small examples on this machine.

    They are copied into FOLDER (by default, one of webduh's own), so that you can change them and deploy them again.
    """
    lines = tuple(f"deploy {shlex.quote(str(path))} --yes" for path in folders(ctx, folder, copy=not dry_run))
    if dry_run:
        return Done("Would run:\n" + "\n".join(lines), {"lines": list(lines)})
    return Lists(lines)


def folders(ctx: Context, into: str | None = None, copy: bool = True) -> list[Path]:
    """The examples' folders, copied where a person may change them; those whose tools are not here are left out."""
    shipped = shipped_examples()
    names = [path.name for path in sorted(shipped.iterdir()) if path.is_dir() and _can_run(path.name)]
    place = Path(into).expanduser().absolute() if into else ctx.home.data / "demo"
    for name in names:
        if copy and not (place / name).exists():
            shutil.copytree(shipped / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    return [place / name for name in names]


def shipped_examples() -> Path:
    """The examples of this installation: inside the package, or beside it in a checkout."""
    package = Path(webduh_console.__file__).parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parent / "examples"


def _can_run(name: str) -> bool:
    return name not in NEEDS or shutil.which(NEEDS[name]) is not None
