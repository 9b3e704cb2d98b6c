"""A user's machine and a server of their own: the real command line, and a look at the server behind its back."""

import http.client
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import lifetime
from command_line import CommandLine
from server import Server

from webduh_console.model.names import AppKey
from webduh_console.targets.server.traefik import release_in

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"
ROOT = "/var/lib/webduh"

# Words: the root. Everything that stands on the server for apps, a line each: what kind it is, then its words.
LOOK = r"""
kind='{{if .Label "webduh.schedule"}}run{{else}}container{{end}}'
label="$kind {{.Label \"webduh.slug\"}} {{.Label \"webduh.release\"}} {{.State}} {{.Names}}"
docker ps -a --filter label=webduh.slug --format "$label"
policy='policy {{.Name}} {{.HostConfig.RestartPolicy.Name}} {{.State.Running}}'
docker ps -aq --filter label=webduh.slug | xargs -r docker inspect -f "$policy" 2>/dev/null
docker images --format 'image {{.Repository}}:{{.Tag}}' | grep '^image webduh/'
docker network ls --format 'network {{.Name}}' | grep ' webduh-p-'
docker volume ls --format 'volume {{.Name}}' | grep ' webduh--'
cd "$1" 2>/dev/null || exit 0
find traefik/dynamic -type f ! -name _webduh.yml -printf 'route %f\n'
find apps -mindepth 2 -maxdepth 2 -printf 'kept %P\n'
find apps -path '*/releases/*' -mindepth 3 -maxdepth 3 -printf 'release %P\n'
find apps traefik \( -name '.*' -o -name '*.new' \) ! -path '*/source/*' -printf 'aside %p\n'
for file in apps/*/current; do [ -f "$file" ] && echo "current $file $(cat "$file")"; done
cd apps
for file in */lease.json; do [ -f "$file" ] && echo "lease ${file%/*} $(cat "$file")"; done
for folder in */releases/*/; do
  [ -f "$folder/journal.jsonl" ] && echo "journal $folder $(tail -n 1 "$folder/journal.jsonl")"
  [ -f "$folder/release.json" ] || continue
  echo "digest $folder $(sed 's/.*"artifact":{"digest":"\([^"]*\)".*/\1/' "$folder/release.json")"
done
:
"""


@dataclass(frozen=True)
class Standing:
    """What stands on a server for apps; every value is as LOOK prints it."""

    lines: tuple[str, ...]

    def all(self, kind: str) -> list[list[str]]:
        """The words of every line of a kind."""
        return sorted(line.split(" ", 4)[1:] for line in self.lines if line.startswith(f"{kind} "))

    def names(self, kind: str) -> list[str]:
        """The first words of every line of a kind."""
        return [words[0] for words in self.all(kind)]

    def of(self, slug: str) -> list[str]:
        """Everything that belongs to an app, but for its volumes."""
        return [line for line in self.lines if slug in line and not line.startswith("volume ")]


@dataclass
class ServerWorld(CommandLine):
    """A user with an empty home, whose target `prod` is `server` once it is added."""

    server: Server = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.root.mkdir(parents=True, exist_ok=True)
        self.env["HOME"] = str(self.root)

    def add(self, user: str = "deploy") -> str:
        """Add the server as `prod`, with the host key it was made with."""
        address = f"ssh://{user}@{self.server.host}:{self.server.ssh}"
        accept = ("--accept-host-key", self.server.fingerprint)
        return self.good("target", "add", "prod", address, "--identity", str(self.server.key), *accept)

    def ready(self) -> "ServerWorld":
        """Add the server, and set it up."""
        self.add()
        self.good("server", "setup", "prod", "--yes")
        return self

    def app(self, name: str, **config: object) -> "ServedApp":
        """A folder with an app and its `webduh.yaml`; it is reached at NAME.example.com."""
        folder = self.root / name
        folder.mkdir()
        shutil.copy(HERE / "apps" / "served_app.py", folder / "program.py")
        app = ServedApp(self, folder)
        app.write(version="1")
        app.configure(
            **{
                "name": name,
                "on": "prod",
                "framework": "python",
                "start": "exec python3 program.py",
                "domains": [f"{name}.example.com"],
                "health": {"timeout": 20, "interval": 0.05, "path": "/"},
                "deploy": {"watch": 0, "drain": 2},
                **config,
            }
        )
        return app

    def get(self, host: str, path: str = "/", timeout: float = 10.0) -> tuple[int, str]:
        """Status and body of one answer from outside, on a connection of its own."""
        connection = http.client.HTTPConnection(self.server.host, self.server.http, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def standing(self) -> Standing:
        """What stands on the server, looked at without the product."""
        return Standing(tuple(self.server.sh(LOOK, ROOT).splitlines()))

    def file(self, path: str) -> str:
        """A file below the root on the server; empty when there is none."""
        return self.server.sh('cat -- "$1" 2>/dev/null || :', f"{ROOT}/{path}")


@dataclass
class ServedApp:
    """The source folder of an app."""

    world: ServerWorld
    folder: Path
    environment: str = "production"

    @property
    def name(self) -> str:
        """The app's name, as its folder's."""
        return self.folder.name

    @property
    def key(self) -> AppKey:
        """The app in its environment."""
        path = self.folder / "webduh.yaml"
        return AppKey(json.loads(path.read_text()).get("project", "default"), self.name, self.environment)

    @property
    def kept(self) -> str:
        """Where the server keeps everything of it."""
        return f"{ROOT}/apps/{self.key.slug}"

    @property
    def host(self) -> str:
        """The domain that leads to it."""
        return f"{self.name}.example.com"

    def write(self, **files: str) -> None:
        """Write files of the source by their names."""
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def next_version(self) -> str:
        """Change the source; the new version."""
        version = str(int((self.folder / "version").read_text()) + 1)
        self.write(version=version)
        return version

    def configure(self, **config: object) -> None:
        """Write `webduh.yaml`: JSON is YAML. None takes a key away."""
        path = self.folder / "webduh.yaml"
        before = json.loads(path.read_text()) if path.exists() else {}
        kept = {name: value for name, value in {**before, **config}.items() if value is not None}
        path.write_text(json.dumps(kept, indent=1))

    def let_its_lease_age(self) -> None:
        """Let two minutes pass since the last heartbeat of whoever holds its lease."""
        self.world.server.sh('[ ! -e "$1" ] || touch -d "2 minutes ago" "$1"', f"{self.kept}/lease.json")

    def deploy(self, *words: str) -> str:
        """Deploy; it must end well."""
        return self.world.good("deploy", str(self.folder), *words)

    def body(self, path: str = "/") -> str:
        """What it answers from outside now; it must answer well."""
        status, body = self.world.get(self.host, path)
        assert status == 200, (status, body)
        return body


def assert_settled(app: ServedApp, attempted: bool = False, standing: Standing | None = None) -> int:
    """The number of the one release that runs, is routed to and is current; nothing is half done or left over.

    Images of attempts that came to nothing may be there if something was `attempted` since the last deployment.
    """
    standing, slug = standing or app.world.standing(), app.key.slug
    own = [line for line in standing.lines if slug in line]
    current = {words[1] for words in standing.all("current") if slug in words[0]}
    releases = {name.split("/")[-1] for name in standing.names("release") if name.startswith(slug)}
    containers = [words for words in standing.all("container") if words[0] == slug]
    routed = release_in(app.world.file(f"traefik/dynamic/{slug}.yml"))
    assert len(current) == 1, own
    number = current.pop()
    assert {words[1] for words in containers if words[2] != "exited"} == {number}, containers
    assert {words[2] for words in containers} <= {"running", "exited"}, containers
    assert {words[1] for words in containers} <= releases, (containers, releases)
    assert {words[1] for words in standing.all("run") if words[0] == slug} <= releases, own
    assert str(routed) == number, (routed, own)
    ends = {words[0]: json.loads(" ".join(words[1:]))["kind"] for words in standing.all("journal") if slug in words[0]}
    assert set(ends.values()) == {"end"}, ends
    digests = {words[1].partition(":")[2][:16] for words in standing.all("digest") if slug in words[0]}
    images = {name for name in standing.names("image") if name.startswith(f"webduh/{slug}:")}
    left = images - {f"webduh/{slug}:{digest}" for digest in digests}
    assert attempted or not left, left
    assert not (aside := [name for name in standing.names("aside") if slug in name]), aside
    return int(number)


def assert_untouched(app: ServedApp, version: str = "1") -> None:
    """The release before serves on, and nothing of another one is left."""
    assert app.body() == version
    assert_settled(app, attempted=True)


def nothing_there(app: ServedApp) -> None:
    """No container, image, route or record of an app is left but who did what and the lease's epoch.

    Nor is its project's network, if no other app is in it.
    """
    standing, project = app.world.standing(), app.key.project
    kinds = ("container ", "run ", "image ", "route ", "release ", "current ", "aside ", "kept ")
    stays = {f"kept {app.key.slug}/{name}" for name in ("audit.log", "lease.json", "mutex")}
    left = [line for line in standing.of(app.key.slug) if line.startswith(kinds) and line not in stays]
    assert left == [], left
    if not any(slug.startswith(f"{project}--") for slug in standing.names("container")):
        assert f"webduh-p-{project}" not in standing.names("network"), f"the network of {project} is left"


@contextmanager
def rented_world(servers: Sequence[Server], folder: Path) -> Iterator[ServerWorld]:
    """A user and a server that nobody else has, as good as new."""
    with lifetime.one_of(servers[::-1]) as server:
        server.reset()
        yield ServerWorld(folder, server=server)
