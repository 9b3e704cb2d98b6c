"""A deployment to several places at once: everywhere or nowhere, whatever fails or dies on the way."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from several_places import KEY, PLACES, Spread, plan, spread
from world import HERE, World, free_port, get, left_over_in, wait_until

from webduh_console.engine.deployment import apply
from webduh_console.errors import LeaseHeldError
from webduh_console.model.events import AnyEvent, Finished, StepFinished, StepStarted


@dataclass
class Site:
    """Three places, the source, and what the app should do next."""

    root: Path
    ports: list[int]

    @property
    def target(self) -> Spread:
        """The three places anew, as another client would see them."""
        return spread(self.root, self.ports)

    def source(self, version: str, mode: str = "well") -> Path:
        """Write the source."""
        folder = self.root / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "program.py").write_text((HERE / "apps" / "small_app.py").read_text())
        (folder / "version").write_text(version)
        (folder / "mode").write_text(mode)
        return folder

    def deploy(self, version: str, mode: str = "well") -> list[AnyEvent]:
        """A deployment in this process, to its end."""
        target = self.target
        base = target.record(KEY, "a").current()
        return list(apply(target, plan(self.source(version, mode), int(version), base)))

    def answers(self) -> list[str]:
        """What every place answers."""
        return [get(port)[1] for port in self.ports]

    def clean(self) -> int:
        """Every place is in one clean state, and all in the same; the number of the release."""
        numbers = set()
        for target in self.target.targets.values():
            record = target.record(KEY, "local")
            actual = target.observe([KEY])[KEY]
            numbers.add(record.current())
            assert {instance.release for instance in actual.instances} == {record.current()}
            assert sorted(instance.process for instance in actual.instances) == ["web", "worker"]
            assert record.unfinished() == []
            assert record.holder() is None
            assert left_over_in(target.layout.app(KEY)) == []
        assert len(numbers) == 1
        return numbers.pop() or 0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Three empty places, whose supervisors are stopped at the end."""
    made = Site(tmp_path, [free_port() for _ in PLACES])
    yield made
    for target in made.target.targets.values():
        target.stop()
    wait_until(lambda: not World(tmp_path).processes(), "nothing runs any more")


def outcome(events: list[AnyEvent]) -> str:
    """How it ended."""
    last = events[-1]
    assert isinstance(last, Finished)
    return last.outcome


def test_a_deployment_serves_at_every_place(site: Site) -> None:
    assert outcome(site.deploy("1")) == "done"
    assert outcome(site.deploy("2")) == "done"
    assert site.answers() == ["2", "2", "2"]
    assert site.clean() == 2


def spoiled(site: Site, place: str, mode: str) -> list[AnyEvent]:
    """Deploy version 2; the artifact of one place alone behaves as `mode` says."""
    target = site.target
    artifacts = target.targets[place].layout.artifacts(KEY)
    events = []
    for event in apply(target, plan(site.source("2"), 2, 1)):
        if isinstance(event, StepFinished) and event.step == "artifact" and event.place == place:
            for version in artifacts.glob("*/version"):
                if version.read_text() == "2":
                    (version.parent / "mode").write_text(mode)
        events.append(event)
    return events


def test_one_unhealthy_place_keeps_every_place_as_it_was(site: Site) -> None:
    site.deploy("1")
    events = spoiled(site, "b", "exits")
    assert outcome(events) == "reverted"
    assert not [event for event in events if event.step == "route"]
    assert site.answers() == ["1", "1", "1"]
    assert site.clean() == 1


def test_a_switch_that_fails_at_one_place_is_taken_back_at_the_others(site: Site) -> None:
    """At `c` the release answers probes, but not what comes through the front door."""
    site.deploy("1")
    events = spoiled(site, "c", "fails-visitors")
    assert outcome(events) == "reverted"
    begun = [event.place for event in events if isinstance(event, StepStarted) and event.phase == "commit"]
    assert {"a", "b", "c"} == set(begun)
    assert site.answers() == ["1", "1", "1"]
    assert site.clean() == 1


def test_a_place_that_is_lost_at_the_switch_comes_back_with_the_next_deployment(site: Site) -> None:
    site.deploy("1")
    target = site.target
    info = target.targets["c"].supervisor.info()
    assert info is not None
    events = []
    for event in apply(target, plan(site.source("2"), 2, 1)):
        if isinstance(event, StepFinished) and event.step == "route" and event.place == "a":
            os.kill(info.pid, signal.SIGKILL)
        events.append(event)
    assert outcome(events) == "reverted"
    assert [get(site.ports[0])[1], get(site.ports[1])[1]] == ["1", "1"]
    assert outcome(site.deploy("3")) == "done"
    assert site.answers() == ["3", "3", "3"]
    site.clean()


def test_leases_are_taken_everywhere_or_nowhere(site: Site) -> None:
    site.deploy("1")
    held = site.target.record(KEY, "b").acquire("eve@there", "remove")
    events = site.deploy("2")
    assert outcome(events) == "failed"
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.error["name"] == LeaseHeldError.name
    assert "eve@there" in last.error["what"]
    assert [site.target.record(KEY, place).holder() is None for place in PLACES] == [True, False, True]
    held.release()
    assert outcome(site.deploy("2")) == "done"
    site.clean()


KILLS = [f"{place} {step}" for step in ("address", "start", "healthy", "route", "start-worker") for place in PLACES]


def test_a_client_killed_at_any_place_leaves_nothing_half_done(site: Site) -> None:
    site.deploy("1")
    version, env = 2, {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for kills in [*KILLS, "a watch", "b watch", "a retire-1", "c retire-1"]:
        numbers = {site.target.record(KEY, place).current() for place in PLACES}
        (base,) = numbers
        kills = kills.replace("retire-1", f"retire-{base}")
        source = site.source(str(version))
        argv = [sys.executable, __file__, str(site.root), kills, str(version), str(base), *map(str, site.ports)]
        done = subprocess.run(argv, cwd=HERE, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == -signal.SIGKILL, (kills, done.stdout, done.stderr)
        assert set(site.answers()) <= {str(version - 1), str(version)}, kills
        events = site.deploy(str(version + 1))
        assert outcome(events) == "done", f"{kills}: {msgspec.json.encode(events[-1]).decode()}"
        assert site.answers() == [str(version + 1)] * 3, kills
        try:
            site.clean()
        except AssertionError as error:
            raise AssertionError(f"{kills}: {error}") from error
        version += 2
        assert source.is_dir()


def test_two_deployments_at_once_never_both_hold_the_places(site: Site) -> None:
    site.deploy("1")
    ended: list[str] = []

    def go(number: int) -> None:
        target = site.target
        ended.append(outcome(list(apply(target, plan(folder, number, 1)))))

    folder = site.source("2")
    both = [threading.Thread(target=go, args=(number,)) for number in (2, 3)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert sorted(ended) == ["done", "failed"]
    assert site.answers() == ["2", "2", "2"]
    site.clean()


if __name__ == "__main__":
    root, kills, version, base = sys.argv[1:5]
    dying = spread(Path(root), [int(port) for port in sys.argv[5:]], kills)
    for _ in apply(dying, plan(Path(root) / "shop", int(version), int(base))):
        continue
