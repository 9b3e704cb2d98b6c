"""What the local target makes of what it sees: states, figures, answers, ends of instances."""

import socket
from typing import Any

import msgspec
import pytest
from small_release import KEY, WORKER, release

from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.release import Health, Instance
from webduh_console.targets.local import launch, probe
from webduh_console.targets.local.logs import _parts
from webduh_console.targets.local.metrics import thinned, values
from webduh_console.targets.local.observing import judged
from webduh_console.targets.local.supervisor.values import InstanceState, RouteState, Sample


def instance(name: str, state: Any = "running", **more: Any) -> Instance:
    words = name.split("--")
    return Instance(name, KEY, words[3], 7, "local", state, **more)


ONE, TWO, WORK = launch.all_names(release())
ALL = (instance(ONE), instance(TWO), instance(WORK))
LEADS = RouteState(slug=KEY.slug, port=8400, release=7, instances=(ONE, TWO))


@pytest.mark.parametrize(
    ("instances", "route", "awake", "verdict"),
    [
        (ALL, LEADS, True, ("serving", "")),
        (
            ALL,
            LEADS,
            False,
            (
                "down",
                "the local supervisor is not running: `webduh target start local` starts it and what should serve",
            ),
        ),
        (ALL, None, True, ("down", "its address does not lead to release 7: deploy again")),
        (
            ALL,
            msgspec.structs.replace(LEADS, release=6),
            True,
            ("down", "its address does not lead to release 7: deploy again"),
        ),
        ((ALL[0], ALL[2]), LEADS, True, ("degraded", f"{TWO} is gone")),
        (
            (ALL[0], instance(TWO, "crashing", exit=1, restarts=3), ALL[2]),
            LEADS,
            True,
            ("degraded", f"{TWO} is crashing (exit 1), restarted 3 times"),
        ),
        (ALL[:2], LEADS, True, ("degraded", f"{WORK} is gone")),
        ((ALL[2],), LEADS, True, ("down", f"{ONE} is gone, {TWO} is gone")),
        ((), LEADS, True, ("down", f"{ONE} is gone, {TWO} is gone, {WORK} is gone")),
    ],
)
def test_how_well_a_release_is(instances: Any, route: Any, awake: bool, verdict: tuple[str, str]) -> None:
    assert judged(release(), instances, route, awake) == verdict


def test_workers_alone_need_no_address() -> None:
    assert judged(release(processes=(WORKER,)), (instance(WORK),), None, True) == ("serving", "")
    assert judged(release(processes=(WORKER,)), (), None, True) == ("down", f"{WORK} is gone")


SAMPLES = [Sample(10.0, 0.5, 100, 0), Sample(12.0, 0.25, 110, 8), Sample(12.0, 0.1, 1, 9), Sample(14.0, 0.0, 90, 8)]


@pytest.mark.parametrize(
    ("metric", "points"),
    [
        ("cpu", [(10.0, 0.5), (12.0, 0.25), (12.0, 0.1), (14.0, 0.0)]),
        ("memory", [(10.0, 100.0), (12.0, 110.0), (12.0, 1.0), (14.0, 90.0)]),
        ("requests", [(12.0, 4.0), (14.0, -0.5)]),
    ],
)
def test_figures_are_read_from_samples(metric: str, points: list[tuple[float, float]]) -> None:
    assert values(metric, SAMPLES) == points
    assert values(metric, []) == []


@pytest.mark.parametrize(
    ("times", "step", "kept"),
    [
        ([], 2, []),
        ([1], 2, [1]),
        ([1, 2, 3, 4, 5], 2, [1, 3, 5]),
        ([1, 2, 3], 0, [1, 2, 3]),
        ([1, 9, 10], 2, [1, 9]),
        ([1, 2, 3], 100, [1]),
    ],
)
def test_points_are_thinned_and_none_is_made_up(times: list[int], step: float, kept: list[int]) -> None:
    assert thinned([(float(t), t * 10.0) for t in times], step) == [(float(t), t * 10.0) for t in kept]


LONG = AppKey("p" * 40, "a" * 40, "production")


@pytest.mark.parametrize(
    ("key", "name", "parts"),
    [
        (KEY, "default--shop--production--web--7", ("web", 7)),
        (KEY, "default--shop--production--web--7-2", ("web", 7)),
        (KEY, "default--shop--production--send-mail--12", ("send-mail", 12)),
        (KEY, "default--shop--production--web--x", ("web", None)),
        (KEY, "default--shop--production--web", ("web", None)),
        (KEY, "nonsense", ("web", None)),
        (LONG, instance_name(LONG, "web", 7), ("web", None)),
    ],
)
def test_an_instances_name_tells_its_process_and_release(key: AppKey, name: str, parts: tuple[str, int | None]) -> None:
    assert _parts(key, name) == parts


STATE = InstanceState(name="shop--web--7", slug="s", process="web", release=7, state="exited", port=20001)


@pytest.mark.parametrize(
    ("changes", "last", "what", "why", "hint"),
    [
        ({"exit": 3}, ["a", "b"], "shop--web--7 exited with 3 after 1.5 s.", "Its last lines:\na\nb", "Mend that"),
        ({"exit": 0}, [], "shop--web--7 exited with 0 after 1.5 s.", "It wrote nothing.", "Mend that"),
        ({"exit": -15}, [], "shop--web--7 was ended by signal 15 after 1.5 s.", "It wrote nothing.", "Mend that"),
        ({"exit": -9}, [], "shop--web--7 was ended by signal 9 after 1.5 s.", "It wrote nothing.", "A SIGKILL that"),
        (
            {"exit": -9, "oom": True},
            [],
            "shop--web--7 was killed by the system for memory after 1.5 s.",
            "It wrote nothing.",
            "Give it more memory",
        ),
        ({"exit": 137}, [], "shop--web--7 exited with 137 after 1.5 s.", "It wrote nothing.", "A SIGKILL that"),
        (
            {"exit": None},
            [],
            "shop--web--7 is gone: the local supervisor does not know it any more after 1.5 s.",
            "It wrote nothing.",
            "Mend that",
        ),
    ],
)
def test_an_instance_that_ended_says_how(changes: Any, last: list[str], what: str, why: str, hint: str) -> None:
    error = probe.ended(msgspec.structs.replace(STATE, **changes), 1.5, last)
    assert (error.what, error.why, error.kept) == (what, why, "")
    assert error.hint.startswith(hint)


def test_an_instance_that_listens_elsewhere_says_where() -> None:
    error = probe.elsewhere(msgspec.structs.replace(STATE, listening=(3000, 3001)))
    assert error.what == "shop--web--7 listens on port 3000 and 3001, not on 20001, which it was given as PORT."


def test_an_instance_that_was_never_well_says_what_it_answered() -> None:
    error = probe.never(STATE, Health("/up", (200, 299), 2.5), probe.Answer(503), ["boot"])
    assert error.what == "shop--web--7 did not become healthy within 2.5 s: it answered 503."
    assert error.why == "Wanted was 200-299 on /up, twice in a row. Its last lines:\nboot"


@pytest.mark.parametrize(
    ("answer", "words", "suits"),
    [
        (probe.Answer(200), "it answered 200", True),
        (probe.Answer(399), "it answered 399", True),
        (probe.Answer(302, location="/login"), "it answered 302, redirecting to /login", True),
        (probe.Answer(400), "it answered 400", False),
        (probe.Answer(500), "it answered 500", False),
        (probe.Answer(reason="nothing listens on port 1"), "nothing listens on port 1", False),
    ],
)
def test_an_answer_in_words(answer: probe.Answer, words: str, suits: bool) -> None:
    assert (str(answer), answer.suits(Health())) == (words, suits)


def test_a_port_where_nobody_listens_and_one_that_says_nonsense_are_told_apart() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert str(probe.ask("127.0.0.1", port, "/")) == f"nothing listens on port {port}"
        listener.listen()
        assert str(probe.ask("127.0.0.1", port, "/", timeout=0.1)) == "no answer within 0.1 s"
