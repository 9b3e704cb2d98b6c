"""What is only asked of Docker goes over streams that are kept: here to an HTTP server on a Unix socket."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from docker_daemon import Daemon
from here_machine import HereMachine

from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.layout import ROOT
from webduh_console.targets.server.locating import root_folder
from webduh_console.targets.server.refusals import EngineError


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path / "docker.sock")
    yield made
    made.end()


@pytest.fixture
def engine(daemon: Daemon, tmp_path: Path) -> Iterator[Engine]:
    with HereMachine() as machine:
        made = Engine(machine, str(tmp_path / "docker.sock"))
        yield made
        made.close()


def test_many_questions_go_over_one_stream(daemon: Daemon, engine: Engine) -> None:
    daemon.answers["/v1.45/containers/json"] = (200, [])
    for _ in range(5):
        assert engine.containers("default--shop--production", running=True) == []
    path, _, query = daemon.asked[-1].partition("?")
    assert (path, {name: json.loads(value[0]) for name, value in parse_qs(query).items()}) == (
        "/v1.45/containers/json",
        {"all": 0, "filters": {"label": ["webduh.slug=default--shop--production"]}},
    )
    assert daemon.met == 2  # the first one found the way


def test_a_stream_that_died_is_left_for_another(daemon: Daemon, engine: Engine) -> None:
    daemon.answers["/v1.45/info"] = (200, {"Containers": 3})
    daemon.hangs_up = True
    for _ in range(3):
        assert engine.info() == {"Containers": 3}
    assert daemon.met == 4


def test_what_is_not_there_is_none(engine: Engine) -> None:
    assert (engine.raw("gone/../x"), engine.container("gone"), engine.stats("gone")) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "value", "why"),
    [
        (500, {"message": "no space left on device"}, "The server's disk is full."),
        (503, b"busy", "Docker says: busy."),
        (200, b"<html>", "Docker's answer is no JSON."),
    ],
)
def test_a_refusal_is_said_in_words(status: int, value: object, why: str, daemon: Daemon, engine: Engine) -> None:
    daemon.answers["/v1.45/info"] = (status, value)
    with pytest.raises(EngineError) as caught:
        engine.info()
    assert (caught.value.what, caught.value.why) == ("The state of Docker cannot be read on here.", why)


def test_a_daemon_that_is_gone_is_said(daemon: Daemon, engine: Engine, tmp_path: Path) -> None:
    daemon.answers["/v1.45/info"] = (200, {})
    daemon.hangs_up = True
    engine.info()
    (tmp_path / "docker.sock").unlink()
    with pytest.raises(EngineError):
        engine.info()


def traefik(labels: dict[str, str]) -> dict[str, object]:
    return {"Id": "1", "Name": "/webduh-traefik", "State": {"Status": "running"}, "Config": {"Labels": labels}}


@pytest.mark.parametrize(
    ("answer", "root"),
    [
        ((200, traefik({"webduh.root": "/home/me/.webduh"})), "/home/me/.webduh"),
        ((200, traefik({"webduh.root": "nonsense"})), ROOT),
        ((200, traefik({})), ROOT),
        ((404, {"message": "No such container"}), ROOT),
        ((500, {"message": "it is broken"}), ROOT),
    ],
)
def test_a_label_of_traefik_says_where_the_records_are(
    answer: tuple[int, object], root: str, daemon: Daemon, engine: Engine
) -> None:
    daemon.answers["/v1.45/containers/webduh-traefik/json"] = answer
    folder = root_folder(engine.machine, engine)
    assert (folder.layout.root, folder.sudo) == (root, False)
