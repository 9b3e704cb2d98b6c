"""A secret stands nowhere in the open, though the app, the build and the release process print it in every form."""

import base64
import json
import threading
from pathlib import Path

import pytest
from waiting import wait_until
from world import App, World, words_of

TOKEN = "tok-7hQ2/x+Zp?>~9vLm-no-one-may-read-this"
LINES = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nsecond+line/of=the~key\n-----END KEY-----"
PRINTS = """
import base64, os, sys
for name in ("TOKEN", "LINES"):
    value = os.environ[name].encode()
    print("plain", os.environ[name])
    for text in (value, b"a" + value, b"ab" + value):
        print("encoded", base64.b64encode(text).decode())
        print("url-safe", base64.urlsafe_b64encode(text).decode(), file=sys.stderr)
sys.stdout.flush()
"""


def forms(value: str) -> set[bytes]:
    """Every text that would give a secret away: itself, its lines, and the core of each base64 alignment."""
    found = {value, *(line for line in value.splitlines() if len(line) >= 6)}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"a" * shift + value.encode()).decode().rstrip("=")
            found.add(text[2 * (shift > 0) + shift : -2])
    return {text.encode() for text in found}


SECRETS = forms(TOKEN) | forms(LINES)


def given_away(content: bytes) -> list[bytes]:
    """The forms of the secrets that stand in a content, as they are or as JSON writes them."""
    escaped = {json.dumps(form.decode())[1:-1].encode() for form in SECRETS}
    return sorted(form for form in SECRETS | escaped if form in content)


class Watcher(threading.Thread):
    """Reads the words of every process of this machine, again and again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.found: set[bytes] = set()
        self.looked = 0
        self._stop_looking = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stop_looking.wait(0.02):
            self.looked += 1
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    content = path.read_bytes()
                except OSError:
                    continue
                self.found |= set(given_away(content))

    def stop(self) -> None:
        """End."""
        self._stop_looking.set()
        self.join(10)


def assert_hidden(world: World, *outputs: str) -> None:
    """Neither the outputs nor any file outside the source shows a secret."""
    for output in outputs:
        assert given_away(output.encode()) == [], output
    files = [path for path in world.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) >= 5
    shown = {str(path.relative_to(world.home)): found for path in files if (found := given_away(path.read_bytes()))}
    assert shown == {}


@pytest.fixture
def app(world: World) -> App:
    """An app whose every part prints both secrets."""
    made = world.app("shop", variables={"SHOWN": "TOKEN LINES"}, build="python3 prints.py")
    made.write(**{"prints.py": PRINTS})
    (made.folder / "program.py").write_text(PRINTS + (made.folder / "program.py").read_text())
    world.good("app", "add", str(made.folder))
    for name, value in (("TOKEN", TOKEN), ("LINES", LINES)):
        done = world.run("secret", "set", made.name, name, "--from-file", "-", given=value)
        assert done.returncode == 0, words_of(done)
    return made


def test_a_deployment_shows_no_secret_anywhere(world: World, app: App) -> None:
    watcher = Watcher()
    watcher.start()
    said = [app.deploy("-o", "json")]
    app.write(version="2")
    said.append(app.deploy())
    watcher.stop()
    key = app.kept / "logs"
    wait_until(
        lambda: any("END KEY" in p.read_text() or "•••" in p.read_text() for p in key.glob("*.log")), "it printed"
    )
    for words in (
        ["status"],
        ["releases", app.name, "--show", "2"],
        ["deployments"],
        ["logs", app.name],
        ["secret", "ls", app.name],
    ):
        said += [world.good(*words), world.good(*words, "-o", "json")]
    newest = world.read("deployments", app.name)[0]
    said.append(world.good("deployments", app.name, "--show", newest.get("id", newest.get("deployment"))))
    assert "•••" in said[0]
    assert_hidden(world, *said)
    assert watcher.looked > 10
    assert watcher.found == set()


def assert_fails_hidden(world: World, app: App, says: str) -> None:
    """A deployment fails with these words, and shows no secret on either face or in the history."""
    for output in ("table", "json"):
        done = world.run("deploy", str(app.folder), "-o", output)
        assert done.returncode == 1
        assert says in words_of(done)
        assert_hidden(world, words_of(done), world.good("deployments", app.name, "-o", "json"))


def test_a_build_that_fails_with_a_secret_shows_none(world: World, app: App) -> None:
    app.configure(build="python3 prints.py; exit 7")
    assert_fails_hidden(world, app, "exited with 7")


def test_a_release_process_that_fails_with_a_secret_shows_none(world: World, app: App) -> None:
    app.configure(processes={"release": "python3 prints.py; exit 8"})
    assert_fails_hidden(world, app, "exited with 8")


def test_an_app_that_exits_with_a_secret_on_its_lips_shows_none(world: World, app: App) -> None:
    app.write(mode="exits")
    assert_fails_hidden(world, app, "the database is not there")
