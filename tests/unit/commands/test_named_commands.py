"""What errors, hints and docs tell people to type can be typed."""

import re
from pathlib import Path

import click
import pytest

from webduh_console.commands.language import COMMANDS, root

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("webduh_console/**/*.py"), *ROOT.glob("plugins/**/*.py"), *ROOT.glob("docs/*.md")])
TYPED = re.compile(r"`(?:\.venv/bin/)?webduh ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
OTHERS = {"console", "completion"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_command_that_is_named_is_there(file: Path) -> None:
    for verb, word in TYPED.findall(file.read_text("utf-8")):
        assert verb in {*COMMANDS, *OTHERS}, f"webduh {verb}"
        command = root.get_command(click.Context(root), verb)
        if isinstance(command, click.Group):
            assert word in command.commands, f"webduh {verb} {word}"
