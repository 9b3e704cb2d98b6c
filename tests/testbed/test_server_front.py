"""Traefik on a real server: what its files do, what its API says, and what is said when it cannot follow."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from server import Server
from setup_place import (
    GUEST,
    PORT,
    ROUTES,
    TOKEN,
    ask,
    machine_of,
    place,
    root_of,
    run_app,
    set_up,
    switch,
    until_answered,
)
from waiting import wait_until

from webduh_console.clock import now
from webduh_console.errors import CancelledError, TargetError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import MetricQuery
from webduh_console.model.release import Route
from webduh_console.model.target import CancelToken
from webduh_console.targets.server import networks
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.front import Front, Requests, Shown, in_flight
from webduh_console.targets.server.traefik import route_file
from webduh_console.targets.server.traffic import Traffic

DYNAMIC = "/var/lib/webduh/traefik/dynamic"


@dataclass
class House:
    """A server that is set up."""

    server: Server
    folder: RootFolder
    front: Front

    def pid(self, upstream: str) -> int:
        """The process of an app's container, as the server numbers it."""
        name = upstream.partition(":")[0]
        return int(self.server.exec("docker", "inspect", "--format", "{{.State.Pid}}", name))


@pytest.fixture
def house(server: Server, tmp_path: Path) -> Iterator[House]:
    with machine_of(server, tmp_path) as machine:
        assert set_up(machine).error == {}
        folder = root_of(machine)
        yield House(server, folder, Front(folder))


@contextmanager
def load(server: Server, path: str = "/") -> Iterator[list[tuple[int, str]]]:
    """Four clients that ask again and again from outside; the list has every answer once they have ended."""
    answers: list[tuple[int, str]] = []
    over = threading.Event()

    def client() -> None:
        while not over.wait(0.01):
            answers.append(ask(server, path))

    clients = [threading.Thread(target=client) for _ in range(4)]
    for one in clients:
        one.start()
    try:
        yield answers
    finally:
        over.set()
        for one in clients:
            one.join()


def test_a_release_is_routed_switched_and_taken_away_again(house: House) -> None:
    first = run_app(house.server, house.folder, 1)
    assert house.front.route(GUEST) == ""
    assert house.front.shown(GUEST) == Shown()
    switch(house.front, 1, first)
    assert house.front.shown(GUEST) == Shown(1, (first,))
    answer = wait_until(lambda: (a := house.front.ask(ROUTES[0], TOKEN)).status == 200 and a, "the app answers")
    assert (answer.status, answer.release) == (200, "1")  # type: ignore[union-attr]
    assert house.front.ask(ROUTES[0], "another token 123").release == ""
    assert ask(house.server) == (200, "release 1")
    second = run_app(house.server, house.folder, 2)
    switch(house.front, 2, second)
    until_answered(house.server, 200, "release 2")
    assert house.front.ask(ROUTES[0], TOKEN).release == "2"
    place(house.front, GUEST, "")
    house.front.wait(GUEST, "", CancelToken())
    place(house.front, GUEST, "")
    assert ask(house.server)[0] == 404
    assert house.server.exec("ls", "-A", DYNAMIC).split() == ["_webduh.yml"]


def test_switching_and_joining_networks_loses_no_request(house: House) -> None:
    upstreams = {number: run_app(house.server, house.folder, number) for number in (1, 2)}
    switch(house.front, 1, upstreams[1])
    until_answered(house.server, 200, "release 1")
    with load(house.server) as answers:
        for number in (2, 1, 2, 1):
            switch(house.front, number, upstreams[number])
        for number in range(3):
            list(networks.ensure_project(house.folder, f"new{number}"))
    assert len(answers) > 100
    assert [answer for answer in answers if answer[0] != 200] == []
    assert {text for _, text in answers} == {"release 1", "release 2"}


def test_requests_and_failures_are_counted(house: House) -> None:
    upstream = run_app(house.server, house.folder, 1)
    switch(house.front, 1, upstream)
    until_answered(house.server, 200, "release 1")
    before = house.front.counts()[GUEST.slug]
    answered = [ask(house.server, path)[0] for path in ("/", "/cgi-bin/broken", "/missing", "/cgi-bin/broken")]
    assert answered == [200, 500, 404, 500]
    after = house.front.counts()[GUEST.slug]
    assert Requests(after.total - before.total, after.failed - before.failed) == Requests(4, 2)


def test_a_request_under_way_is_seen_until_it_ends(house: House) -> None:
    upstream = run_app(house.server, house.folder, 1)
    switch(house.front, 1, upstream)
    until_answered(house.server, 200, "release 1")
    pid = house.pid(upstream)
    wait_until(lambda: in_flight(house.folder, [pid], PORT) == {pid: 0}, "idle connections end")
    slow = threading.Thread(target=ask, args=(house.server, "/cgi-bin/slow"))
    slow.start()
    wait_until(lambda: in_flight(house.folder, [pid], PORT) == {pid: 1}, "the request is seen")
    slow.join()
    wait_until(lambda: in_flight(house.folder, [pid], PORT) == {pid: 0}, "nothing is under way", 5)
    assert in_flight(house.folder, [2**22 - 1, 0], PORT) == {2**22 - 1: 0, 0: 0}
    assert in_flight(house.folder, [], PORT) == {}


def test_a_malformed_file_put_there_by_hand_is_named_when_it_blocks_a_switch(house: House) -> None:
    first, second = run_app(house.server, house.folder, 1), run_app(house.server, house.folder, 2)
    switch(house.front, 1, first)
    house.server.exec("sh", "-c", f"cat >{DYNAMIC}/mine.yml", stdin=b"http: {routers: [\n")
    text = route_file(GUEST, 2, ROUTES, (second,), TOKEN)
    place(house.front, GUEST, text)
    with pytest.raises(TargetError) as caught:
        house.front.wait(GUEST, text, CancelToken(), 2.0)
    assert caught.value.what == f"Traefik on {house.server.name} takes up no change of routes."
    assert caught.value.why.startswith(f"It cannot read {DYNAMIC}/mine.yml: line ")
    assert ask(house.server) == (200, "release 1")
    house.server.exec("rm", f"{DYNAMIC}/mine.yml")
    house.front.wait(GUEST, text, CancelToken())


def test_a_file_that_only_traefik_knows_to_be_wrong_is_named_by_its_log(house: House) -> None:
    first = run_app(house.server, house.folder, 1)
    wrong = b"http: {routers: {x: {rule: 'Host(`x`)', service: y, nonsense: 1}}}\n"
    house.server.exec("sh", "-c", f"cat >{DYNAMIC}/mine.yml", stdin=wrong)
    text = route_file(GUEST, 1, ROUTES, (first,), TOKEN)
    place(house.front, GUEST, text)
    with pytest.raises(TargetError) as caught:
        house.front.wait(GUEST, text, CancelToken(), 2.0)
    assert caught.value.why == f"It cannot read {DYNAMIC}/mine.yml: field not found, node: nonsense."
    house.server.exec("rm", f"{DYNAMIC}/mine.yml")


def test_a_traefik_that_started_with_a_malformed_file_has_no_api_and_the_file_is_named(house: House) -> None:
    house.server.exec("sh", "-c", f"cat >{DYNAMIC}/mine.yml", stdin=b"{{ nope }}\n")
    house.server.exec("docker", "restart", "-t", "2", "webduh-traefik")

    def refused() -> str:
        try:
            house.front.version()
        except TargetError as error:
            return error.why if "mine.yml" in error.why else ""
        return ""

    assert wait_until(refused, "the file is named") == (
        f"It cannot read {DYNAMIC}/mine.yml: it contains {{{{, which Traefik runs as a template."
    )
    house.server.exec("rm", f"{DYNAMIC}/mine.yml")
    wait_until(lambda: answers(house.front), "the API is open again")


def answers(front: Front) -> str:
    """The version that Traefik's API tells; empty while it does not."""
    try:
        return front.version()
    except TargetError:
        return ""


def test_a_traefik_that_does_not_run_or_is_gone_is_said_so(house: House) -> None:
    assert house.front.version().startswith("3.7.")
    house.server.exec("docker", "stop", "-t", "1", "webduh-traefik")
    with pytest.raises(TargetError) as caught:
        house.front.shown(GUEST)
    assert (caught.value.what, caught.value.why) == (
        f"Traefik (webduh-traefik) does not run on {house.server.name}.",
        "It is exited.",
    )
    house.server.exec("docker", "rm", "webduh-traefik")
    with pytest.raises(TargetError, match="There is no such container"):
        Front(house.folder).counts()


def test_a_key_that_was_changed_shuts_the_api_and_setup_is_the_way_out(house: House) -> None:
    house.server.exec("sh", "-c", "printf %064d 7 >/var/lib/webduh/traefik/key")
    with pytest.raises(TargetError) as caught:
        Front(house.folder).version()
    assert "does not know our key" in caught.value.why
    assert set_up(house.folder.machine).outcome == "done"  # type: ignore[arg-type]
    assert Front(house.folder).version().startswith("3.7.")


def test_after_a_reboot_traefik_is_found_at_its_new_address_and_the_routes_are_there(house: House) -> None:
    house.server.exec("docker", "network", "connect", "webduh-0-edge", run_app(house.server, house.folder, 1)[:-5])
    upstream = f"{GUEST.slug}--web--1:{PORT}"
    switch(house.front, 1, upstream)
    house.server.exec("docker", "update", "--restart", "unless-stopped", f"{GUEST.slug}--web--1")
    house.server.reboot()

    def back() -> bool:
        try:
            return house.front.shown(GUEST) == Shown(1, (upstream,)) and ask(house.server) == (200, "release 1")
        except TargetError:
            return False

    wait_until(back, "the app answers again", 60)


def test_waiting_for_a_switch_can_be_cancelled(house: House) -> None:
    cancel = CancelToken()
    text = route_file(GUEST, 9, ROUTES, ("nowhere:1",), TOKEN)
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        house.front.wait(GUEST, text, cancel, 30.0)
    assert time.monotonic() - began < 10


def test_what_is_not_as_it_is_written_here_never_gets_into_the_folder(house: House) -> None:
    for text in ("http: {}", "# x\n{{ nope }}", '# x\n{"http": {}}'):
        with pytest.raises(TargetError, match="was not written"):
            place(house.front, GUEST, text)
    assert house.server.exec("ls", "-A", DYNAMIC).split() == ["_webduh.yml"]


def test_two_apps_on_one_host_are_told_apart_by_their_paths(house: House) -> None:
    other = AppKey("blog", "api", "production")
    first = run_app(house.server, house.folder, 1)
    second = run_app(house.server, house.folder, 2, other)
    switch(house.front, 1, first)
    routes = (Route("guest.example.com", "/cgi-bin"),)
    switch(house.front, 2, second, other, routes)
    until_answered(house.server, 200, "release 1")
    until_answered(house.server, 200, path="/cgi-bin/slow")
    assert house.front.ask(Route("guest.example.com", "/cgi-bin/broken"), TOKEN).release == "2"
    assert house.front.ask(ROUTES[0], TOKEN).release == "1"


def test_requests_a_second_are_those_that_were_made(house: House) -> None:
    switch(house.front, 1, run_app(house.server, house.folder, 1))
    until_answered(house.server, 200, "release 1")
    source, query = Traffic(house.front.counts), MetricQuery("requests", GUEST)
    began = now()

    def made() -> float:
        points = [
            (began.timestamp(), 0.0),
            *(point for s in source.range(query, began, now(), 0) for point in s.points),
        ]
        return sum((later[0] - before[0]) * later[1] for before, later in pairwise(points))

    assert made() == 0
    for _ in range(25):
        assert ask(house.server)[0] == 200
    wait_until(lambda: 20 < made() < 30, "the requests are counted", 20)
