"""What is wrong now is said in words, the grave first, with what mends it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from shop_at_home import Line

from webduh_console.commands.alerts import (
    CHECKED_WITHIN,
    RESTARTED_WITHIN,
    Alert,
    lately,
    of_app,
    of_facts,
    of_server,
    of_vitals,
)
from webduh_console.commands.context import Context
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.release import Actual, Deployment, Instance
from webduh_console.state.apps import AppEntry
from webduh_console.targets.server.vitals import Loaded, Share, Vitals, parsed

NOW = datetime(2026, 3, 4, 17, 5, 9, tzinfo=UTC)
SHOP = AppKey("default", "shop", "production")
STAGING = AppKey("eu", "shop", "staging")


def vitals(disk: int = 50, memory: int = 50, load_5: float = 0.1, cores: int = 2) -> Vitals:
    """Figures of a server, in percent where they are shares."""
    return Vitals(1, 2, 9.9, Share(memory, 100), Share(disk, 100), "29.0.1", load_5, cores)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (vitals(), []),
        (vitals(disk=89, memory=89, load_5=2.0), []),
        (vitals(disk=90), [("disk", "disk 90 % full", False)]),
        (vitals(disk=95), [("disk", "disk 95 % full", True)]),
        (vitals(memory=92), [("memory", "memory 92 % used", False)]),
        (vitals(memory=100), [("memory", "memory 100 % used", True)]),
        (vitals(load_5=2.1), [("load", "load 2.1 over five minutes on 2 cores", False)]),
        (vitals(load_5=1.5, cores=1), [("load", "load 1.5 over five minutes on 1 core", False)]),
        (vitals(load_5=99.0, cores=0), []),  # nobody knows how many there are
        (Vitals(0, 0, 0.0, Share(0, 0), Share(0, 0), ""), []),
    ],
)
def test_what_a_server_has_too_little_of_is_an_alert(seen: Vitals, expected: list[tuple[str, str, bool]]) -> None:
    assert [(alert.name, alert.says, alert.grave) for alert in of_vitals("fra-1", seen)] == expected


def fact(name: str, value: str = "wrong", ok: bool = False, place: str = "fra-1") -> Fact:
    """A check; one that failed has a fix."""
    return Fact(place, name, value, ok, "" if ok else f"mend {name}")


def test_a_check_that_failed_is_an_alert_with_its_fix() -> None:
    assert of_facts([fact("docker", ok=True), fact("traefik", "it is exited"), fact("clock", "94 s behind")]) == [
        Alert("traefik", "fra-1", "traefik: it is exited", "mend traefik", True),
        Alert("clock", "fra-1", "clock: 94 s behind", "mend clock"),
    ]
    assert of_facts([fact("modes", "2755")]) == [Alert("checks", "fra-1", "modes: 2755", "mend modes")]


def test_checks_that_are_no_danger_by_themselves_are_one_alert_of_each_server() -> None:
    facts = [fact("modes"), fact("port 80"), fact("ssh ports"), fact("modes", place="nyc-1"), fact("reachable")]
    assert of_facts(facts) == [
        Alert(
            "checks",
            "fra-1",
            "3 checks failed: modes, port 80, ssh ports",
            "`webduh target check fra-1` has a fix for each.",
        ),
        Alert("checks", "nyc-1", "modes: wrong", "mend modes"),
    ]


def test_the_grave_alerts_of_a_server_come_first_and_none_is_said_twice() -> None:
    facts = [fact("disk", "1.4 GiB free at /"), fact("disk", "0.1 GiB free at /docker"), fact("modes")]
    found = of_server("fra-1", vitals=vitals(disk=93, memory=91), facts=facts)
    assert [alert.says for alert in found] == [
        "disk: 0.1 GiB free at /docker",
        "disk 93 % full",
        "memory 91 % used",
        "modes: wrong",
    ]


def test_why_a_server_cannot_be_used_is_said_once() -> None:
    why = "Docker does not answer."
    assert [alert.says for alert in of_server("fra-1", why)] == [why]
    assert [alert.says for alert in of_server("fra-1", why, facts=[fact("docker", "it is not installed")])] == [
        "docker: it is not installed"
    ]


def test_a_check_of_long_ago_says_nothing_of_now() -> None:
    facts = [fact("clock")]
    assert lately(facts, None, NOW) == ()
    assert lately(facts, NOW - timedelta(seconds=CHECKED_WITHIN), NOW) == facts
    assert lately(facts, NOW - timedelta(seconds=CHECKED_WITHIN + 1), NOW) == ()


def instance(
    state: str = "running", restarts: int = 0, ago: float = 60.0, process: str = "web", **more: Any
) -> Instance:
    """An instance that was started so many seconds ago."""
    known = {"name": "i", "key": SHOP, "process": process, "release": 3, "place": "fra-1", "state": state}
    return msgspec.convert(
        {**known, "key": msgspec.to_builtins(SHOP), "restarts": restarts, "started": NOW - timedelta(seconds=ago)}
        | more,
        Instance,
    )


@pytest.mark.parametrize(
    ("instances", "says"),
    [
        ([instance()], []),
        ([instance(restarts=2)], []),
        ([instance(restarts=3)], ["web restarts again and again, 3 times so far"]),
        ([instance(restarts=3, ago=RESTARTED_WITHIN + 1)], []),  # it runs well since then
        ([instance("crashing")], ["web restarts again and again"]),
        (
            [instance("crashing", 4), instance(restarts=3), instance("crashing", 1, process="worker")],
            ["web restarts again and again, 7 times so far", "worker restarts again and again, 1 time so far"],
        ),
        ([instance("crashing", 4, scheduled=True)], []),
    ],
)
def test_a_process_that_restarts_again_and_again_is_an_alert(instances: list[Instance], says: list[str]) -> None:
    assert [alert.says for alert in of_app(SHOP, Actual(SHOP, instances=tuple(instances)), None, NOW)] == says


def test_a_deployment_that_was_interrupted_is_an_alert_until_another_one_ends() -> None:
    last = Deployment("01", STAGING, "fra-1", "deploy", "interrupted", NOW, release=4)
    assert of_app(STAGING, Actual(STAGING), last, NOW) == [
        Alert(
            "deployment",
            "shop (staging)",
            "deploy v4 was interrupted",
            "`webduh deploy eu/shop -e staging` first finishes what was begun, or takes it back.",
        )
    ]
    assert of_app(STAGING, Actual(STAGING), msgspec.structs.replace(last, outcome="done"), NOW) == []


@pytest.mark.parametrize(("last_line", "cores"), [("4\n", 4), ("", 0)])
def test_a_look_at_a_server_tells_both_averages_and_the_cores(last_line: str, cores: int) -> None:
    text = f"0.52 1.75 0.59 2/345 6789\ntotal 4000\navailable 1000\n/dev/sda1 100 60 40 60% /\n{last_line}"
    memory, disk = Share(3000 * 1024, 4000 * 1024), Share(60 * 1024, 100 * 1024)
    assert parsed(text) == Loaded(0.52, 1.75, memory, disk, cores)


def test_status_and_the_servers_say_their_alerts(line: Line, ctx: Context) -> None:
    ctx.state.apps.add(AppEntry("default", "shop", "/srv/shop", NOW))
    last = Deployment("01JNH", SHOP, "local", "rollback", "interrupted", NOW, release=4)
    ctx.state.history.begin(last)
    ctx.state.history.finish(last)
    status = line("status")
    do = "`webduh deploy shop` first finishes what was begun, or takes it back."
    says = "rollback v4 was interrupted"
    assert [row["alerts"] for row in status.data] == [
        [{"name": "deployment", "about": "shop", "says": says, "do": do, "grave": False}]
    ]
    assert says in status.rows[0]["note"]
    assert line("server ls").data == []
