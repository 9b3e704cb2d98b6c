"""A user whose target `shop` is three servers: the real command line, and a look at each server behind its back."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import lifetime
from command_line import CommandLine
from server import Server
from server_world import ServedApp, ServerWorld, assert_settled
from test_server_no_request_lost import Load

NAMES = ("a", "b", "c")


@dataclass
class FleetWorld(CommandLine):
    """A user with an empty home; `servers` are known as a, b and c."""

    servers: Sequence[Server] = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.root.mkdir(parents=True, exist_ok=True)
        self.env["HOME"] = str(self.root)

    def __getitem__(self, name: str) -> Server:
        return self.servers[NAMES.index(name)]

    def add(self, doors: Mapping[str, tuple[str, int]] | None = None) -> None:
        """Add the servers, and the target that they are; `doors` lead to their sshd, where it is not reached itself."""
        for name, server in zip(NAMES, self.servers, strict=True):
            host, port = (doors or {}).get(name, (server.host, server.ssh))
            address = f"ssh://deploy@{host}:{port}"
            accept = ("--accept-host-key", server.fingerprint)
            self.good("target", "add", name, address, "--identity", str(server.key), *accept)
        self.good("target", "add", "shop", *(word for name in reversed(NAMES) for word in ("--server", name)))

    def app(self, name: str, **config: object) -> "FleetApp":
        """A folder with an app that is deployed to all three."""
        views = [ServerWorld(self.root, limit=self.limit, server=server) for server in self.servers]
        first = views[0].app(name, **{"on": "shop", **config})
        return FleetApp(self, [ServedApp(view, first.folder) for view in views])

    def row(self, app: str) -> dict[str, object]:
        """What `status` says of an app; it has one row."""
        (row,) = self.read("status", app)
        return dict(row)


@dataclass
class FleetApp:
    """An app on three servers."""

    world: FleetWorld
    everywhere: list[ServedApp]

    @property
    def at_first(self) -> ServedApp:
        """The app as the first server has it."""
        return self.everywhere[0]

    @property
    def name(self) -> str:
        """Its name."""
        return self.at_first.name

    def deploy(self, *words: str) -> str:
        """Deploy; it must end well."""
        return self.at_first.world.good("deploy", str(self.at_first.folder), *words)

    def refused(self, code: int, *words: str, says: tuple[str, ...]) -> str:
        """Deploy; it must fail with this code and these words."""
        return self.world.refused(code, "deploy", str(self.at_first.folder), *words, says=says)

    def bodies(self, places: str = "abc") -> list[str]:
        """What these servers answer."""
        return [app.body() for name, app in zip(NAMES, self.everywhere, strict=True) if name in places]

    def settled(self, places: str = "abc", attempted: bool = False) -> int:
        """The number of the one release that serves at these places; nothing is half done there."""
        chosen = [app for name, app in zip(NAMES, self.everywhere, strict=True) if name in places]
        (number,) = {assert_settled(app, attempted) for app in chosen}
        return number

    def volume(self, name: str, volume: str) -> str:
        """Where a server keeps a volume."""
        return (
            self.world[name]
            .sh("docker volume inspect -f '{{.Mountpoint}}' \"$1\"", f"webduh--{self.at_first.key.slug}--{volume}")
            .strip()
        )


@dataclass
class SpreadLoad(Load):
    """Everybody who asks from outside, each time another server."""

    hosts: Iterator[tuple[str, int]] = field(kw_only=True)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*next(self.hosts))


def spread_load(app: FleetApp) -> SpreadLoad:
    """The load on an app on three servers."""
    return SpreadLoad(app.at_first, hosts=itertools.cycle([(s.host, s.http) for s in app.world.servers]))


@contextmanager
def rented_fleet(servers: Sequence[Server], folder: Path) -> Iterator[FleetWorld]:
    """A user and three servers that nobody else has, added and set up."""
    with lifetime.some_of(servers) as mine:
        with ThreadPoolExecutor(len(mine)) as hands:
            list(hands.map(Server.reset, mine))
        world = FleetWorld(folder, servers=mine)
        world.add()
        world.good("server", "setup", "shop", "--yes")
        yield world
