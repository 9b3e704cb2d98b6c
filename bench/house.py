"""A home that is thrown away, and commands in it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.config.home import Home
from webduh_console.model.events import Finished
from webduh_console.model.names import AppKey
from webduh_console.model.release import Instance

EXAMPLES = Path(__file__).parent.parent / "examples"
WEBDUH = str(Path(sys.executable).with_name("webduh"))


class House:
    """One user's webduh."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Bytecode is kept, as where webduh is installed; what is measured has run once before.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.env = {**kept, "WEBDUH_HOME": str(root / "home"), "WEBDUH_KEY": "file", "TERM": "xterm-256color"}
        home = root / "home"
        self.home = Home(home / "data", home / "config", home / "cache")
        self.context = Context(self.home)

    def deploy(self, folder: Path, **wishes: Any) -> Finished:
        """Deploy within this process, without watching or draining unless wished."""
        plan = api.plan(self.context, str(folder), None, None, **{"watch": 0.0, "drain": 0.0, **wishes})
        last = list(api.apply(self.context, plan))[-1]
        assert isinstance(last, Finished)
        assert last.outcome == "done", last.error
        return last

    def asked(self, *words: str) -> list[Any]:
        """What a command of its own process answers as JSON, a value a line."""
        argv = [WEBDUH, *words, "-o", "json"]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def site(self, name: str) -> Path:
        """A small static site."""
        folder = self.root / "apps" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(f"<h1>{name}</h1>\n" + "<p>words</p>\n" * 100)
        return folder

    def instance(self, app: str) -> Instance:
        """The first running instance of an app."""
        key = AppKey("default", app, "production")
        return self.context.target("local").observe([key])[key].instances[0]


@contextmanager
def house() -> Iterator[House]:
    """A house; whatever runs in it is stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="webduh-bench-", ignore_cleanup_errors=True) as root:
        made = House(Path(root))
        try:
            yield made
        finally:
            made.context.target("local").stop()  # type: ignore[attr-defined]
            made.context.close()
