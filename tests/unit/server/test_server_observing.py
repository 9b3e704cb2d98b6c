"""How well a release is, from what Docker says of its containers."""

from typing import Any

import pytest

from webduh_console.model.build import Process
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.release import Actual, Artifact, Release, SourceRef, Spec
from webduh_console.model.target import Holder
from webduh_console.targets.server.containers import Container, as_instance
from webduh_console.targets.server.observing import actual, judged

KEY = AppKey("default", "shop", "production")
BOTH = (Process("web", ("serve",), 2), Process("worker", ("work",)))
WEB1, WEB2, WORKER = (f"default--shop--production--{name}" for name in ("web--7", "web--7-2", "worker--7"))


def release(processes: tuple[Process, ...] = BOTH) -> Release:
    made = Artifact("sha256:" + "a" * 64, "image")
    return Release(7, KEY, "prod", Spec("x", processes), made, SourceRef("/"), EPOCH, "me", "command", "D7")


def container(name: str, status: str = "running", number: int = 7, **more: Any) -> Container:
    process = "worker" if "worker" in name else "web"
    labels = {"webduh.slug": KEY.slug, "webduh.process": process, "webduh.release": str(number)}
    return Container(**{"id": name, "name": name, "status": status, "labels": labels, **more})


@pytest.mark.parametrize(
    ("containers", "routed", "health", "reason"),
    [
        ([container(WEB1), container(WEB2), container(WORKER)], None, "serving", ""),
        ([container(WEB1), container(WEB2), container(WORKER)], True, "serving", ""),
        (
            [container(WEB1), container(WEB2), container(WORKER)],
            False,
            "down",
            "its address does not lead to release 7: deploy again",
        ),
        ([container(WEB1), container(WORKER)], True, "degraded", f"{WEB2} is gone"),
        (
            [container(WEB1), container(WEB2), container(WORKER, "restarting", exit=1, restarts=4)],
            None,
            "degraded",
            f"{WORKER} is crashing (exit 1), restarted 4 times",
        ),
        (
            [container(WEB1, "exited", exit=137), container(WORKER)],
            None,
            "down",
            f"{WEB1} is exited (exit 137), {WEB2} is gone",
        ),
        ([container("default--shop--production--web--6", number=6)], None, "down", f"{WEB1} is gone, {WEB2} is gone"),
        ([], None, "down", f"{WEB1} is gone, {WEB2} is gone, {WORKER} is gone"),
    ],
)
def test_a_release_is_serving_degraded_or_down(
    containers: list[Container], routed: bool | None, health: str, reason: str
) -> None:
    found = judged(release(), [as_instance(each, "prod") for each in containers], routed)
    assert found[0] == health
    assert found[1].startswith(reason)
    assert bool(found[1]) == bool(reason)


def test_a_release_without_a_web_process_needs_no_address() -> None:
    alone = release((Process("worker", ("work",)),))
    assert judged(alone, [as_instance(container(WORKER), "prod")], False) == ("serving", "")


def test_an_app_is_told_with_its_release_instances_and_who_changes_it() -> None:
    holder = Holder("me@laptop", 3, EPOCH, EPOCH, "deploying release 8")
    seen = container(WEB1, pid=12)
    one = release((Process("web", ("serve",)),))
    assert actual(KEY, "prod", one, [seen], holder, "https://shop.example.com") == Actual(
        KEY,
        one,
        (as_instance(seen, "prod"),),
        "https://shop.example.com",
        "serving",
        "",
        "deploying release 8 by me@laptop",
    )


def test_an_app_without_a_release_was_never_deployed() -> None:
    assert actual(KEY, "prod", None, [], None, "") == Actual(KEY)
    assert actual(KEY, "prod", None, [container(WEB1)], None, "").instances[0].name == WEB1
