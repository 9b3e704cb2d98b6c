"""Users who deploy through lines that can be cut, each with apps of their own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fleet_world import NAMES, FleetWorld
from relay import Relay
from server import Server
from server_world import ServedApp, Standing, assert_settled, nothing_there
from visiting import Visits

PATIENT = 180.0
"""How many seconds a command may take here, where many run at once."""
BRIEF = {"watch": 0, "drain": 2, "keep": 1}


@dataclass
class Lane:
    """A user who reaches the servers a, b and c through relays; `own` is the one that is deployed to alone."""

    number: int
    world: FleetWorld
    relays: Mapping[str, Relay]

    @property
    def own(self) -> str:
        """Its server for apps on one."""
        return NAMES[self.number % len(NAMES)]

    @contextmanager
    def away(self, *places: str) -> Iterator[None]:
        """For this user, these servers are not there."""
        for place in places:
            self.relays[place].shut()
        try:
            yield
        finally:
            for place in places:
                self.relays[place].open()


@dataclass
class Subject:
    """An app of a lane, on its server or on all three. `turn` counts what was done to it."""

    lane: Lane
    views: Mapping[str, ServedApp]
    turn: int = 0
    seen: list[str] = field(default_factory=list)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it is deployed to."""
        return tuple(self.views)

    @property
    def first(self) -> ServedApp:
        """The app as its first server has it."""
        return next(iter(self.views.values()))

    @property
    def word(self) -> str:
        """Its folder, as commands name it."""
        return str(self.first.folder)

    def deploy(self, *words: str) -> str:
        """Deploy; it must end well."""
        return self.first.deploy(*words)

    def removed(self) -> str:
        """Remove it; nothing of it is left anywhere."""
        said = self.first.world.good("app", "rm", self.first.name, "--yes", "--volumes", "-o", "json")
        for view in self.views.values():
            nothing_there(view)
            _assert_free(view, view.world.standing())
        return said

    def visits(self) -> dict[str, Visits]:
        """Somebody who asks each server for it."""
        return {
            place: Visits(partial(view.world.get, view.host, timeout=30.0), pause=0.1)
            for place, view in self.views.items()
        }

    def assert_clean(self) -> None:
        """Its source serves everywhere, and nothing else of it is there."""
        version = (self.first.folder / "version").read_text()
        assert {place: view.body() for place, view in self.views.items()} == dict.fromkeys(self.places, version)
        standing = {place: view.world.standing() for place, view in self.views.items()}
        assert len({assert_settled(view, standing=standing[place]) for place, view in self.views.items()}) == 1
        for place, view in self.views.items():
            _assert_free(view, standing[place])
            _assert_kept_well(view, standing[place])


def _assert_free(view: ServedApp, standing: Standing) -> None:
    """Nobody holds its lease: it was given back, or is that of a process that is gone, which nobody has to wait for."""
    (lease,) = [json.loads(" ".join(rest)) for slug, *rest in standing.all("lease") if slug == view.key.slug]
    assert lease["holder"] is None or not Path(f"/proc/{lease['pid']}").exists(), lease


def _assert_kept_well(view: ServedApp, standing: Standing) -> None:
    """What runs comes back after a reboot, and nothing else does; what ran once is gone."""
    config = json.loads((view.folder / "webduh.yaml").read_text())
    own = [words for words in standing.all("policy") if words[0].startswith(f"/{view.key.slug}--")]
    wrong = [words for words in own if words[1] != ("unless-stopped" if words[2] == "true" else "no")]
    assert not wrong, wrong
    processes = {"web", *config.get("processes", {})} - {"release"}
    found = {words[0].removeprefix(f"/{view.key.slug}--").rpartition("--")[0] for words in own}
    assert found == processes, found
    releases = [name for name in standing.names("release") if name.startswith(f"{view.key.slug}/")]
    assert len(releases) <= config["deploy"]["keep"], releases


def make_subject(lane: Lane, name: str, config: Mapping[str, Any], everywhere: bool) -> Subject:
    """A new app of a lane."""
    places = NAMES if everywhere else (lane.own,)
    wishes = {"deploy": BRIEF, **config, "on": "shop" if everywhere else lane.own}
    app = lane.world.app(name, **wishes)
    return Subject(lane, {place: view for place, view in zip(NAMES, app.everywhere, strict=True) if place in places})


@contextmanager
def lanes(servers: Sequence[Server], folder: Path, count: int) -> Iterator[list[Lane]]:
    """So many users of three servers, which are as good as new and set up. They must be the caller's alone."""
    with ExitStack() as stack:
        made = []
        for number in range(count):
            relays = {
                name: stack.enter_context(Relay(server.host, server.ssh))
                for name, server in zip(NAMES, servers, strict=True)
            }
            world = FleetWorld(folder / f"user-{number}", limit=PATIENT, servers=servers)
            world.add({name: relay.address for name, relay in relays.items()})
            made.append(Lane(number, world, relays))
        made[0].world.good("server", "setup", "shop", "--yes")
        yield made
