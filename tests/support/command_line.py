"""A user's machine as a folder, and the real command line in it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).parent / "webduh")
DYING = str(Path(__file__).with_name("dying_client.py"))
LIMIT = 60.0
FAILED, USAGE, HELD = 1, 2, 4

Ended = subprocess.CompletedProcess[str]


@dataclass
class CommandLine:
    """A home under `root`, and the commands that are run in it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    limit: float = LIMIT

    def __post_init__(self) -> None:
        self.home = self.root / "home"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBDUH")}
        said = {"NO_COLOR": "1", "PYTHONFAULTHANDLER": "1"}  # a client that crashes says where
        self.env = {**inherited, "WEBDUH_HOME": str(self.home), **said, **self.env}

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Begin a command."""
        return subprocess.Popen(
            [PROGRAM, *words],
            env={**self.env, **(env or {})},
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, env: Mapping[str, str] | None = None, given: str = "") -> Ended:
        """Run a command to its end."""
        return self._ended([PROGRAM, *words], env, given)

    def good(self, *words: str) -> str:
        """Run a command that must end well; what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def read(self, *words: str) -> Any:
        """What a command answers as JSON."""
        return json.loads(self.good(*words, "-o", "json"))

    def refused(self, code: int, *words: str, says: tuple[str, ...], env: Mapping[str, str] | None = None) -> str:
        """Run a command that must fail with this code and these words, never with a stack trace; all it said."""
        done = self.run(*words, env=env)
        text = words_of(done)
        assert done.returncode == code, text
        assert [word for word in says if word not in text] == [], text
        assert "Traceback" not in text
        assert "unexpected" not in text
        return text

    def dying(self, count: int, *words: str, at: str = "journal") -> Ended:
        """Run `deploy` or `rollback` in a client that is killed (-9) after its `count`-th journal line; see there."""
        return self._ended([sys.executable, DYING, at, str(count), *words], None, "")

    def _ended(self, argv: list[str], env: Mapping[str, str] | None, given: str) -> Ended:
        return subprocess.run(
            argv,
            env={**self.env, **(env or {})},
            cwd=self.root,
            input=given,
            capture_output=True,
            text=True,
            timeout=self.limit,
            check=False,
        )


def words_of(done: Ended) -> str:
    """Everything a command said, on both streams."""
    return f"{done.stdout}\n{done.stderr}"


def last_json(text: str) -> Any:
    """The last JSON line of an output."""
    return json.loads(text.strip().splitlines()[-1])
