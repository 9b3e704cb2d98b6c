"""Apps with a Dockerfile on the local target, by a real Docker engine."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DOCKERFILE = """\
FROM busybox
ARG COLOUR=none
COPY www /www
RUN echo $COLOUR > /www/colour.txt
EXPOSE 8080
CMD ["sh", "-c", "env > /www/env.txt; exec httpd -f -p 8080 -h /www"]
"""
DEAF = (
    DOCKERFILE.replace("env > ", "trap '' TERM; env > ")
    .replace("exec httpd", "httpd")
    .replace('/www"]', '/www & wait"]')
)


@dataclass
class Box:
    """A home of its own, an app with a Dockerfile, and the engine that runs it."""

    folder: Path
    env: dict[str, str]

    def webduh(self, *words: str, code: int = 0) -> Any:
        """The last JSON value of a command that ends with `code`."""
        answer = subprocess.run(
            [sys.executable, "-m", "webduh_console", *words, "-o", "json"],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert answer.returncode == code, answer.stdout + answer.stderr
        return json.loads(answer.stdout.splitlines()[-1])

    def deploy(self, **more: int) -> Any:
        return self.webduh("deploy", str(self.folder), "--watch", "0.3", "--drain", "1", **more)

    def write(self, page: str, dockerfile: str = DOCKERFILE) -> None:
        (self.folder / "www").mkdir(parents=True, exist_ok=True)
        (self.folder / "www" / "index.html").write_text(page)
        (self.folder / "Dockerfile").write_text(dockerfile)

    def docker(self, *words: str) -> list[str]:
        answer = subprocess.run(["docker", *words], env=self.env, capture_output=True, text=True, check=True)
        return answer.stdout.splitlines()

    def containers(self) -> list[str]:
        return sorted(self.docker("ps", "--all", "--format", "{{.Names}}"))


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def box(tmp_path: Path, docker_host: str) -> Iterator[Box]:
    env = {**os.environ, "WEBDUH_HOME": str(tmp_path / "home"), "WEBDUH_KEY": "file", "DOCKER_HOST": docker_host}
    made = Box(tmp_path / "box", env)
    made.write("one")
    yield made
    made.webduh("target", "stop")
    assert made.containers() == []


def test_a_dockerfile_app_is_built_replaced_taken_back_and_stopped(box: Box) -> None:
    first = box.deploy()
    assert (first["outcome"], first["release"], page(first["url"])) == ("done", 1, "one")
    assert box.containers() == ["default--box--production--web--1"]

    box.write("two")
    second = box.deploy()
    assert (second["url"], page(second["url"])) == (first["url"], "two")
    assert box.containers() == ["default--box--production--web--2"]

    back = box.webduh("rollback", "box", "--watch", "0.3", "--drain", "1")
    assert (back["release"], page(back["url"])) == (3, "one")
    assert box.containers() == ["default--box--production--web--3"]

    box.webduh("target", "stop")
    assert box.containers() == []
    box.webduh("target", "start")
    assert page(back["url"]) == "one"

    box.webduh("app", "rm", "box", "--yes")
    assert box.containers() == []
    assert box.docker("images", "--quiet", "webduh/default--box--production") == []


def test_variables_reach_the_container_and_the_build_and_secrets_stay_out_of_every_argv(box: Box) -> None:
    box.webduh("app", "add", str(box.folder))
    box.webduh("env", "set", "box", "COLOUR=green", "WORDS=two words")
    box.env["VALUE"] = "s3cret-and-long"
    box.webduh("secret", "set", "box", "TOKEN", "--from-env", "VALUE")
    box.env.pop("VALUE")
    url = box.deploy()["url"]

    assert page(f"{url}/colour.txt") == "green\n"
    shown = dict(line.partition("=")[::2] for line in page(f"{url}/env.txt").splitlines())
    wanted = {
        "COLOUR": "green",
        "WORDS": "two words",
        "TOKEN": "s3cret-and-long",
        "PORT": "8080",
        "WEBDUH_APP": "box",
        "WEBDUH_RELEASE": "1",
    }
    assert {name: shown.get(name) for name in wanted} == wanted
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [argv for argv in running if b"s3cret-and-long" in argv]
    assert "s3cret-and-long" not in "".join(box.docker("history", "--no-trunc", box.docker("images", "-q")[0]))


def test_an_app_that_ignores_sigterm_leaves_no_container(box: Box) -> None:
    box.write("deaf", DEAF)
    assert page(box.deploy()["url"]) == "deaf"
    box.webduh("target", "stop")
    assert box.containers() == []


def test_a_container_that_outlived_a_killed_supervisor_is_replaced(box: Box) -> None:
    url = box.deploy()["url"]
    info = json.loads((Path(box.env["WEBDUH_HOME"]) / "data" / "local" / "supervisor.json").read_text())
    os.kill(info["pid"], signal.SIGKILL)
    until(lambda: not Path(f"/proc/{info['pid']}").exists())
    assert box.containers() == ["default--box--production--web--1"]
    box.webduh("target", "start")
    assert page(url) == "one"
    assert box.containers() == ["default--box--production--web--1"]


def test_a_container_that_ends_is_started_again(box: Box) -> None:
    url = box.deploy()["url"]
    box.docker("kill", "default--box--production--web--1")
    until(lambda: box.webduh("status", "box")[0]["instances"][0]["restarts"] == 1)
    until(lambda: box.webduh("status", "box")[0]["state"] == "serving" and bool(box.containers()))
    until(lambda: _answers(url))


def _answers(url: str) -> bool:
    try:
        return page(url) == "one"
    except OSError:
        return False


def test_a_build_that_fails_names_its_step_and_the_old_release_serves_on(box: Box) -> None:
    url = box.deploy()["url"]
    box.write("two", DOCKERFILE + "RUN exit 3\n")
    failed = box.deploy(code=1)
    assert failed["error"]["name"] == "build"
    assert "The build step image failed" in failed["error"]["what"]
    assert page(url) == "one"
    assert box.containers() == ["default--box--production--web--1"]


def test_an_image_that_never_answers_is_taken_back_with_its_container(box: Box) -> None:
    url = box.deploy()["url"]
    box.write("two", DOCKERFILE.replace("exec httpd -f -p 8080 -h /www", "exit 7"))
    failed = box.deploy(code=1)
    assert (failed["outcome"], failed["error"]["name"]) == ("reverted", "unhealthy")
    assert "exited with 7" in failed["error"]["what"]
    assert page(url) == "one"
    assert box.containers() == ["default--box--production--web--1"]


def test_an_image_that_docker_has_lost_is_built_again(box: Box) -> None:
    box.deploy()
    box.webduh("target", "stop")
    box.docker("rmi", "--force", *box.docker("images", "--quiet", "webduh/default--box--production"))
    again = box.webduh("deploy", str(box.folder), "--watch", "0", "--force")
    assert (again["outcome"], page(again["url"])) == ("done", "one")


def test_an_engine_that_does_not_answer_is_named_before_anything_is_done(box: Box) -> None:
    there = box.env["DOCKER_HOST"]
    box.env["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
    failed = box.deploy(code=1)
    box.env["DOCKER_HOST"] = there
    assert [(step["name"], step["outcome"]) for step in failed["steps"]] == [("check", "failed")]
    assert "docker: its engine does not answer: " in failed["error"]["why"]
    assert "/nonexistent/docker.sock" in failed["error"]["why"]
