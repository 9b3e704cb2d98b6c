"""A secret's value, plain or in base64, stands nowhere in the open: not here, not on the server, not in an image."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from command_line import FAILED, words_of
from server import Server
from server_world import ROOT, ServedApp, ServerWorld

TOKEN = "tok-7hQ2/x+Zp?>~9vLm-no-one-may-read-this"
PRINTS = """
import base64, os, sys
value = os.environ["TOKEN"].encode()
print("plain", os.environ["TOKEN"], flush=True)
for text in (value, b"a" + value, b"ab" + value):
    print("encoded", base64.b64encode(text).decode(), file=sys.stderr, flush=True)
"""

# Words of every process on the server, a line each, until told to end.
WATCH = """
while [ ! -e "$1" ]; do
  for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$file" 2>/dev/null && echo; done
done | sort -u
"""
# Words: the app's slug. The bytes of every layer of its images, unpacked.
LAYERS = """
cd "$(mktemp -d)" || exit 1
docker images --format '{{.Repository}}:{{.Tag}}' "webduh/$1" | xargs docker save | tar -x || exit 1
find . -type f | while read -r file; do tar -xOf "$file" 2>/dev/null || cat "$file"; done | grep -acF "$2"
rm -rf "$PWD"
"""


def forms(value: str = TOKEN) -> list[str]:
    """The value as it might be seen: plain, and the middle of its base64 in all three alignments."""
    encoded = [base64.b64encode(b"x" * shift + value.encode()).decode() for shift in range(3)]
    return [value, *(text[4:-4].rstrip("=") for text in encoded)]


def given_away(text: str) -> list[str]:
    """The forms that a text shows."""
    return [form for form in forms() if form in text]


class Watcher:
    """Reads the words of every process, here and on the server, all the time."""

    def __init__(self, server: Server) -> None:
        self.server, self.over = server, threading.Event()
        self.looked, self.here = 0, set[str]()

    def __enter__(self) -> "Watcher":
        self._hands = ThreadPoolExecutor(2)
        self.server.sh("rm -f /run/watched-enough")
        self._there = self._hands.submit(self.server.sh, WATCH, "/run/watched-enough")
        self._watching = self._hands.submit(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.server.sh("touch /run/watched-enough")
        self._watching.result(20)
        self.there = self._there.result(20)
        self._hands.shutdown()
        self.server.sh("rm -f /run/watched-enough")

    def _watch(self) -> None:
        while not self.over.wait(0.02):
            self.looked += 1
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.here |= set(given_away(path.read_bytes().decode(errors="replace")))
                except OSError:
                    continue


@pytest.fixture(scope="module")
def app(world: ServerWorld) -> ServedApp:
    """An app whose every part prints the secret."""
    made = world.app("shop", processes={"release": "python3 prints.py"})
    made.write(**{"prints.py": PRINTS})
    (made.folder / "program.py").write_text(PRINTS + (made.folder / "program.py").read_text())
    world.good("app", "add", str(made.folder))
    done = world.run("secret", "set", "shop", "TOKEN", "--from-file", "-", given=TOKEN)
    assert done.returncode == 0, words_of(done)
    return made


def assert_hidden(world: ServerWorld, *outputs: str) -> None:
    """Neither outputs, nor a file of the user's home, nor a file of the server's but for the variables, shows it."""
    shown = [text for text in outputs if given_away(text)]
    assert shown == [], shown
    files = [path for path in world.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) >= 5, files
    assert [path for path in files if given_away(path.read_bytes().decode("latin-1"))] == []
    for form in forms():
        found = world.server.sh('grep -rlF -e "$1" "$2" /tmp /home /run 2>/dev/null || :', form, ROOT).split()
        assert [path for path in found if path.rpartition("/")[2] != "variables.json"] == [], found


def test_a_deployment_and_a_look_at_everything_show_no_secret(world: ServerWorld, app: ServedApp) -> None:
    with Watcher(world.server) as watcher:
        said = [app.deploy("-o", "json")]
        app.next_version()
        said.append(app.deploy())
    newest = world.read("deployments", "shop")[0]["id"]
    for words in (
        ("status",),
        ("releases", "shop", "--show", "2"),
        ("deployments", "shop"),
        ("deployments", "shop", "--show", newest),
        ("logs", "shop"),
        ("secret", "ls", "shop"),
        ("server", "show", "prod"),
        ("server", "check", "prod"),
    ):
        said += [world.good(*words), world.good(*words, "-o", "json")]
    assert "•••" in said[0]
    assert app.body("/TOKEN") == TOKEN
    assert_hidden(world, *said)
    assert watcher.looked > 10
    assert watcher.here == set()
    assert "dockerd" in watcher.there
    assert "webduh" in watcher.there  # every script of ours is called so: our own words were looked at
    assert given_away(watcher.there) == []


def test_no_layer_of_an_image_holds_a_secret(world: ServerWorld, app: ServedApp) -> None:
    app.deploy()
    assert int(world.server.sh(LAYERS, app.key.slug, "version").split()[0]) > 0
    for form in forms():
        assert world.server.sh(f"{LAYERS}\n:", app.key.slug, form).split() == ["0"], form


@pytest.mark.parametrize(
    ("config", "mode", "says"),
    [
        ({"processes": {"release": "python3 prints.py; exit 8"}}, "well", "exited with 8"),
        ({"processes": {}}, "exits", "the database is not there"),
    ],
    ids=["in its release process", "at its start"],
)
def test_an_app_that_fails_with_a_secret_on_its_lips_shows_none(
    world: ServerWorld, app: ServedApp, config: dict[str, object], mode: str, says: str
) -> None:
    before = (app.folder / "webduh.yaml").read_text()
    app.configure(**config)
    app.write(mode=mode)
    try:
        said = [words_of(world.run("deploy", "shop", "-o", form)) for form in ("table", "json")]
        done = world.run("deploy", "shop")
    finally:
        app.write(mode="well", **{"webduh.yaml": before})
    assert done.returncode == FAILED
    assert says in said[0]
    assert_hidden(world, *said, words_of(done), world.good("deployments", "shop", "-o", "json"))
