"""Every command declares whether it changes something; the console's read-only mode goes by that alone."""

from collections.abc import Iterator

import click
import pytest

from webduh_console.commands.context import Context
from webduh_console.commands.language import COMMANDS, Changing, Reading, parse, root, would_change
from webduh_console.config.home import home


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, by its whole name."""
    context = click.Context(root)
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {verb}", leaf) for verb, leaf in command.commands.items())
        else:
            yield name, command


LEAVES = dict(leaves())
CHANGING = {
    "deploy", "rollback", "env set", "env unset", "secret set", "secret unset", "app add", "app move", "app rm",
    "target start", "target stop", "config set", "demo",
}  # fmt: skip


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_is_declared_as_reading_or_changing(name: str) -> None:
    assert isinstance(LEAVES[name], Reading | Changing)


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_that_has_a_dry_run_is_declared_as_changing(name: str) -> None:
    assert isinstance(LEAVES[name], Changing) or "dry_run" not in {one.name for one in LEAVES[name].params}


def test_the_commands_that_change_something_are_these() -> None:
    assert {name for name, leaf in LEAVES.items() if isinstance(leaf, Changing)} >= CHANGING
    assert not {name for name, leaf in LEAVES.items() if isinstance(leaf, Reading)} & CHANGING


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("status", False),
        ("env ls shop", False),
        ("env set shop A=1", True),
        ("env", False),
        ("app rm shop --yes", True),
        ("app rm shop --dry-run", False),
        ("target stop local", True),
        ("config set theme day", True),
        ("deploy . --dry-run", False),
        ("deploy .", True),
        ("plan .", False),
    ],
)
def test_a_line_changes_something_or_not(line: str, changes: bool) -> None:
    assert would_change(parse(line.split(), Context(home()))) is changes


def test_a_command_that_declares_nothing_is_taken_to_change_something() -> None:
    assert would_change(click.Context(click.Command("unknown")))
