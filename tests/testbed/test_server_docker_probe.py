"""An instance on a server is asked whether it is well, through SSH, and where it listens instead."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_place import FOREVER, Place, placed
from server import Server
from waiting import wait_until

from webduh_console.model.release import Health
from webduh_console.targets.probing import Answer
from webduh_console.targets.server import probe
from webduh_console.targets.server.containers import Container
from webduh_console.targets.server.probe import Listener

HEALTH = Health("/index.html", (200, 299), 2)
CGI = """#!/bin/sh
echo "Status: 302 Found"
echo "Location: http://$HTTP_HOST/login"
echo "X-Webduh-Release: $HTTP_X_WEBDUH_PROBE"
echo
"""
PAGES = "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -h /www "


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Iterator[Place]:
    made = placed(server, tmp_path)
    yield made
    made.engine.close()
    made.machine.close()


def asked(place: Place, container: Container, health: Health = HEALTH) -> Answer:
    return probe.ask_container(place.machine, container, 8080, health, "shop.example.com")


def test_a_web_process_answers_at_its_own_address(place: Place) -> None:
    container = place.run(PAGES + "-p 8080")
    answer = wait_until(lambda: (found := asked(place, container)).status and found)
    assert (str(answer), answer.suits(HEALTH)) == ("it answered 200", True)
    missing = Health("/nothing", (200, 299), 2)
    assert (str(asked(place, container, missing)), asked(place, container, missing).suits(missing)) == (
        "it answered 404",
        False,
    )
    assert probe.listeners(place.machine, container.pid) == (Listener("::", 8080),)
    assert probe.misplaced(probe.listeners(place.machine, container.pid), 8080) == ""


def test_the_app_sees_its_own_domain_and_what_else_is_sent(place: Place) -> None:
    container = place.run(
        f"mkdir -p /www/cgi-bin; echo '{CGI}' > /www/cgi-bin/up; chmod +x /www/cgi-bin/up; {PAGES}-p 8080"
    )
    wait_until(lambda: probe.listeners(place.machine, container.pid))
    sent = {"X-Webduh-Probe": "t"}
    answer = probe.ask(place.machine, container.address, 8080, "/cgi-bin/up", "*.example.com", sent)
    assert answer == Answer(302, "t", "http://webduh.example.com/login")
    assert str(answer) == "it answered 302, redirecting to http://webduh.example.com/login"


def test_nobody_listening_is_told_from_no_answer_and_from_no_address(place: Place) -> None:
    container = place.run(FOREVER)
    assert str(asked(place, container)) == "nothing listens on port 8080"
    assert probe.listeners(place.machine, container.pid) == ()
    place.engine.kill(container.name)
    gone = wait_until(lambda: (c := place.engine.container(container.name)) and not c.running and c)
    assert str(asked(place, gone)) == "it has no address yet"
    assert probe.listeners(place.machine, gone.pid) == ()
    deaf = place.run("while :; do sleep 9 | nc -l -p 8080 >/dev/null; done", number=2)
    wait_until(lambda: probe.listeners(place.machine, deaf.pid))
    assert str(probe.ask(place.machine, deaf.address, 8080, "/", timeout=0.5)) == "no answer within 0.5 s"


@pytest.mark.parametrize(
    ("where", "found", "words"),
    [
        ("3000", Listener("::", 3000), "it listens on port 3000, not on 8080"),
        ("127.0.0.1:8080", Listener("127.0.0.1", 8080), "it listens on 127.0.0.1:8080 only"),
        ("127.0.0.1:3000", Listener("127.0.0.1", 3000), "it listens on 127.0.0.1:3000 only"),
    ],
)
def test_a_process_that_listens_elsewhere_is_told_where(place: Place, where: str, found: Listener, words: str) -> None:
    container = place.run(PAGES + f"-p {where}")
    listeners = wait_until(lambda: probe.listeners(place.machine, container.pid))
    assert listeners == (found,)
    assert probe.misplaced(listeners, 8080) == words
    assert str(asked(place, container)) == "nothing listens on port 8080"
