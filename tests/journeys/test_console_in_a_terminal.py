"""The console in a real terminal, from its first frame to the shell's next prompt."""

import itertools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import wait_until
from world import PROGRAM, App, World, get

pytestmark = pytest.mark.skipif(
    shutil.which("tmux") is None and os.environ.get("CI") != "true",
    reason="tmux is not installed: no journey through the console was made",
)
LARGE, TINY = (160, 48), (20, 5)


TALKER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


class Tmux:
    """A tmux server of our own. Its base session stays, so that the server outlives every window."""

    def __init__(self, world: World) -> None:
        self.world = world
        # Unix sockets have short paths, and pytest's folders long ones: tmux is told a name, not a path.
        self.name = f"webduh-{os.getpid()}-{next(_NUMBERS)}"
        self.env = {
            name: value for name, value in world.env.items() if name not in ("NO_COLOR", "TMUX", "COLUMNS", "LINES")
        }
        self.env |= {"COLORTERM": "truecolor", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PS1": "$ ", "ENV": ""}
        self.run("-f", "/dev/null", "-u", "new-session", "-d", "-s", "base", "cat")
        self.run("set-option", "-g", "status", "off")

    def run(self, *words: str) -> str:
        """One tmux command; what it answers."""
        argv = ["tmux", "-L", self.name, *words]
        done = subprocess.run(argv, env=self.env, cwd=self.world.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def shell(self, name: str = "shell", size: tuple[int, int] = LARGE) -> "Shell":
        """A shell in a session of its own."""
        wide, high = map(str, size)
        self.run("new-session", "-d", "-s", name, "-x", wide, "-y", high, "-c", str(self.world.root), "/bin/sh")
        return Shell(self, name)

    def close(self) -> None:
        """End the server and all in it."""
        self.run("kill-server")


class Shell:
    """A shell, and whatever runs in it."""

    def __init__(self, tmux: Tmux, name: str) -> None:
        self.tmux, self.name = tmux, name

    def screen(self) -> str:
        """What is to be seen now."""
        return self.tmux.run("capture-pane", "-p", "-t", self.name)

    def sees(self, *words: str, limit: float = 40.0) -> str:
        """Wait until all of the words are to be seen; the screen then."""
        seen = ""

        def there() -> bool:
            nonlocal seen
            seen = self.screen()
            return all(word in seen for word in words)

        try:
            wait_until(there, f"{words} are seen", limit)
        except AssertionError as error:
            raise AssertionError(f"{words} were never seen:\n{seen}") from error
        return seen

    def until(self, holds: Callable[[str], object], what: str) -> str:
        """Wait until a screen is as it should be."""
        return str(wait_until(lambda: (seen := self.screen()) if holds(self.screen()) else "", what, 40.0))

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self.tmux.run("send-keys", "-t", self.name, *keys)

    def types(self, text: str) -> None:
        """Type a text."""
        self.tmux.run("send-keys", "-t", self.name, "-l", text)

    def command(self, line: str) -> None:
        """Give the shell a command."""
        self.types(line)
        self.keys("Enter")

    def resize(self, size: tuple[int, int]) -> None:
        """Another size of the terminal."""
        wide, high = map(str, size)
        self.tmux.run("resize-window", "-t", self.name, "-x", wide, "-y", high)

    def in_alternate_screen(self) -> bool:
        """Whether a full-screen program has the terminal."""
        return self.tmux.run("display-message", "-p", "-t", self.name, "#{alternate_on}").strip() == "1"


_NUMBERS = itertools.count()


@pytest.fixture
def tmux(world: World) -> Iterator[Tmux]:
    """A tmux server that is gone afterwards."""
    server = Tmux(world)
    yield server
    server.close()


def answers(app: App, body: str) -> None:
    """Wait until an app answers so."""

    def there() -> bool:
        try:
            return get(app.port) == (200, body)
        except OSError:
            return False

    wait_until(there, f"{app.name} answers {body}", 40.0)


def opened(shell: Shell, arguments: str = "") -> None:
    """Open the console in a shell."""
    shell.command(f"{shlex.quote(PROGRAM)} {arguments}".strip())


def test_an_empty_console_teaches_to_deploy_a_folder_by_its_path(world: World, tmux: Tmux) -> None:
    app = world.app("hello")
    shell = tmux.shell()
    opened(shell)
    shell.sees("Nothing is deployed yet.", "Deploy a folder")
    shell.keys("2")
    shell.sees("path of a folder")
    shell.types(str(app.folder))
    shell.keys("Enter")
    shell.sees("● chosen", "hello in production on local")
    shell.keys("Enter")
    shell.sees("Deploy hello", "esc back", "⏎ go")
    shell.keys("Enter")
    shell.sees("serving v1", f"localhost:{app.port}")
    answers(app, "1")
    shell.keys("Escape")
    shell.sees("hello", "● serving", "v1")


def test_an_app_is_deployed_seen_serving_and_rolled_back(world: World, tmux: Tmux) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2")
    shell = tmux.shell()
    opened(shell)
    shell.sees("● serving", "shop", "● live")
    shell.keys("d")
    shell.sees("Deploy shop", "⏎ go")
    shell.keys("Enter")
    shell.sees("● serving v2", "all done after")
    answers(app, "2")
    shell.keys("Escape")
    shell.sees("Now and last")
    shell.keys("r")
    shell.sees("Roll shop back", "⏎ go")
    shell.keys("Enter")
    shell.sees("● serving v3", "all done after")
    answers(app, "1")


def test_logs_follow_a_request(world: World, tmux: Tmux) -> None:
    app = world.app("talker")
    app.write(**{"program.py": TALKER})
    app.deploy()
    shell = tmux.shell()
    opened(shell)
    shell.sees("talker", "● live")
    shell.keys("l")
    shell.sees("Logs", "following")
    assert "asked for /seen-at-once" not in shell.screen()
    get(app.port, "/seen-at-once")
    shell.sees("asked for /seen-at-once")


def test_leaving_gives_the_terminal_back_as_it_was(world: World, tmux: Tmux) -> None:
    shell = tmux.shell()
    shell.command("stty -g > before")
    opened(shell, "; echo left with $?; stty -g > after")
    shell.sees("Nothing is deployed yet.")
    assert shell.in_alternate_screen()
    shell.keys("q")
    shell.sees("left with 0")
    wait_until(lambda: (world.root / "after").exists() and (world.root / "after").read_text(), "stty has answered")
    assert not shell.in_alternate_screen()
    assert (world.root / "after").read_text() == (world.root / "before").read_text()


def test_with_standard_error_in_a_file_it_draws_on_the_terminal_all_the_same(world: World, tmux: Tmux) -> None:
    shell = tmux.shell()
    opened(shell, "2> said; echo left with $?")
    shell.sees("Nothing is deployed yet.")
    shell.keys("q")
    shell.sees("left with 0")
    assert (world.root / "said").read_text() == ""


def test_without_a_terminal_it_says_why_it_cannot_open(world: World, tmux: Tmux) -> None:
    shell = tmux.shell()
    shell.command(f"setsid -w {shlex.quote(PROGRAM)} < /dev/null > out 2> said; echo left with $?")
    shell.sees("left with 2")
    said = (world.root / "said").read_text()
    assert "The console cannot open." in said
    assert "standard error" in said
    assert "webduh status" in said
    assert not re.search(r"\x1b|Traceback", said)


def test_two_consoles_open_at_once_on_an_empty_home_and_see_the_same(world: World, tmux: Tmux) -> None:
    app = world.app("both")
    first, second = tmux.shell("first"), tmux.shell("second")
    opened(first)
    opened(second)
    first.sees("Nothing is deployed yet.")
    second.sees("Nothing is deployed yet.")
    app.deploy()
    first.sees("● serving", "both", "v1")
    second.sees("● serving", "both", "v1")


def test_it_follows_the_size_of_the_terminal(world: World, tmux: Tmux) -> None:
    app = world.app("small")
    app.deploy()
    shell = tmux.shell()
    opened(shell)
    shell.sees("LAST CHANGE", "● live", "? all keys")
    shell.resize(TINY)
    tiny = shell.until(lambda seen: "serving" in seen and "LAST CHANGE" not in seen, "the small screen is drawn")
    assert max(map(len, tiny.splitlines())) <= TINY[0]
    shell.resize(LARGE)
    shell.sees("LAST CHANGE", "? all keys")
    shell.keys("q")
    shell.until(lambda seen: not shell.in_alternate_screen(), "the console is left")


def test_the_programs_of_this_file_are_there() -> None:
    assert Path(PROGRAM).exists()
    assert shutil.which("tmux"), "in CI tmux must be installed"
