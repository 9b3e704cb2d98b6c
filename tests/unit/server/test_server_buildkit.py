"""BuildKit's progress as a person reads it, and the words for a build that failed. Pure."""

from collections.abc import Iterable

import pytest

from webduh_console.errors import BuildError, TargetError
from webduh_console.targets.server.buildfailures import build_error
from webduh_console.targets.server.buildkit import Failure, Reading, cleaned, short_name
from webduh_console.targets.server.caps import Caps

GOOD = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 262B 0.0s done
#1 DONE 0.1s

#4 [stage-1 1/4] FROM docker.io/library/busybox:latest
#4 CACHED

#5 [internal] load build context
#5 transferring context: 262B done
#5 DONE 0.0s

#6 [one 2/2] RUN echo hello; sleep 1.2
#6 0.203 hello
#6 1.404
#6 1.405  indented

#7 [two 2/3] RUN echo b
#7 0.1 b
#7 DONE 0.0s

#6 [one 2/2] RUN echo hello; sleep 1.2
#6 1.5 more
#6 DONE 1.7s

#10 exporting to image
#10 exporting layers 0.0s done
#10 writing image sha256:33a9cb35b354c398db6b585770f0423afeeb1309d7ced7e96176a5ff2cb84b4d done
#10 DONE 0.0s
"""

BAD = """\
#4 [b 1/2] FROM docker.io/library/busybox:latest
#4 CACHED

#5 [a 2/2] RUN sleep 0.5; echo a; exit 3
#5 0.805 a
#5 ERROR: process "/bin/sh -c sleep 0.5; echo a; exit 3" did not complete successfully: exit code: 3

#6 [b 2/2] RUN for i in 1 2 3; do echo b$i; sleep 0.3; done
#6 0.205 b1
#6 CANCELED
------
 > [a 2/2] RUN sleep 0.5; echo a; exit 3:
0.805 a
------
Dockerfile:2
--------------------
   1 |     FROM busybox AS a
   2 | >>> RUN sleep 0.5; echo a; exit 3
   3 |     FROM busybox AS b
--------------------
ERROR: failed to solve: process "/bin/sh -c sleep 0.5; echo a; exit 3" did not complete successfully: exit code: 3
"""

SYNTAX = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
deploy/Dockerfile:2
--------------------
   1 |     FROM busybox
   2 | >>> RUNN echo
--------------------
ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)
"""


def read(text: str | Iterable[str]) -> tuple[list[str], Failure]:
    reading = Reading()
    lines = text.split("\n") if isinstance(text, str) else text
    return [shown for line in lines for shown in reading.line(line)], reading.failure()


def test_steps_are_shown_by_name_with_what_they_write_and_how_long_they_took() -> None:
    assert read(GOOD)[0] == [
        "[stage-1 1/4] FROM docker.io/library/busybox:latest",
        "  unchanged",
        "[one 2/2] RUN echo hello; sleep 1.2",
        "hello",
        "",
        " indented",
        "[two 2/3] RUN echo b",
        "b",
        "[one 2/2] RUN echo hello; sleep 1.2",
        "more",
        "  done in 1.7 s",
    ]


def test_a_failed_step_is_told_with_its_last_lines_and_its_place() -> None:
    assert read(BAD)[1] == Failure(
        "[a 2/2] RUN sleep 0.5; echo a; exit 3",
        ("a",),
        "Dockerfile:2",
        "RUN sleep 0.5; echo a; exit 3",
        'process "/bin/sh -c sleep 0.5; echo a; exit 3" did not complete successfully: exit code: 3',
        3,
    )


def test_a_dockerfile_that_cannot_be_read_is_told_with_its_line() -> None:
    says = "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)"
    assert read(SYNTAX)[1] == Failure("", (), "deploy/Dockerfile:2", "RUNN echo", says, None)


def test_only_the_last_fifteen_lines_of_a_step_are_kept() -> None:
    lines = ["#5 [2/2] RUN x", *(f"#5 0.{number:03} line {number}" for number in range(40)), "#5 ERROR: exit code: 1"]
    assert read(lines)[1].last == tuple(f"line {number}" for number in range(25, 40))


def test_lines_like_those_of_the_report_do_not_mislead_it() -> None:
    lines = [
        "#5 [2/2] RUN pip install x",
        "#5 0.2 ERROR: no such package",
        "ERROR: torn by a carriage return",
        "app.py:7",
    ]
    failure = read([*lines, *BAD.split("\n")])[1]
    assert (failure.place, failure.code, failure.text) == ("Dockerfile:2", 3, "RUN sleep 0.5; echo a; exit 3")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["#"],
        ["#1"],
        ["#x y"],
        ["#99999999999999999999 x"],
        ["#1 [a"],
        ["#1 ERROR: x"],
        ["\x00\x1b[31m"],
        ["ERROR: "],
        ["   1 | >>> "],
        ["#1 [1/1] RUN x", "#1 " + "x" * 100_000],
        ["#1 [1/1] RUN x", "#1 0.1 \x07\x1b]0;title\x07"],
        ["\ufffd" * 1000],
    ],
)
def test_whatever_is_written_is_read(lines: list[str]) -> None:
    shown, failure = read(lines)
    assert failure.step in ("", "[1/1] RUN x")
    assert not [line for line in shown if "\x1b" in line or "\x07" in line]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("10%\r50%\r100%", "100%"),
        ("done\r", "done"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("a\tb", "a\tb"),
        ("bell\x07", "bell"),
    ],
)
def test_a_line_is_as_a_terminal_leaves_it(text: str, clean: str) -> None:
    assert cleaned(text) == clean


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("[a 2/2] RUN npm ci", "RUN npm ci"),
        ("[a 2/2] RUN --mount=type=cache,target=/c --mount=type=secret,id=T     npm ci", "RUN npm ci"),
        ("[2/3] RUN " + "x" * 100, "RUN " + "x" * 75 + "…"),
        ("odd", "odd"),
    ],
)
def test_a_steps_name_is_short_in_a_sentence(name: str, short: str) -> None:
    assert short_name(name) == short


def failed(says: str, step: str = "[2/2] RUN x", last: tuple[str, ...] = (), code: int | None = 1) -> Failure:
    return Failure(step, last, "Dockerfile:2", "RUN x", says, code)


def worded(failure: Failure, said: dict[str, str] | None = None, caps: Caps | None = None) -> tuple[str, str, str, str]:
    error = build_error("prod", said or {}, failure, caps or Caps(), lambda text: text.replace("s3cret", "•••"))
    return type(error).__name__, error.what, error.why, error.hint


def test_the_error_of_a_step_has_its_words() -> None:
    assert worded(failed("exit code: 7", last=("one", "two s3cret"), code=7)) == (
        "BuildError",
        "The build step `RUN x` on prod exited with 7 (Dockerfile:2).",
        "one\ntwo •••",
        "Its whole output is above, and in `webduh deployments`.",
    )


def test_a_build_that_never_came_to_a_step_says_what_buildkit_says() -> None:
    assert worded(failed("dockerfile parse error", step="", code=None)) == (
        "BuildError",
        "Building the image on prod failed (Dockerfile:2).",
        "dockerfile parse error",
        "Its whole output is above, and in `webduh deployments`.",
    )


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (
            failed("exit code: 137", code=137),
            "137 means killed, most likely for want of memory: builds on prod may use 64 MiB together.",
        ),
        (
            failed("x", last=("exec /bin/sh: exec format error",)),
            "An image is for another processor than prod has: name a base image that is made for it.",
        ),
        (
            failed('x:1: failed to resolve source metadata for docker.io/library/x:1: failed to do request: Head "h"'),
            "Check the image's name and tag, and that prod reaches its registry.",
        ),
        (
            failed(
                "x", last=("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",)
            ),
            "Builds on prod do not reach the network: check its DNS and its firewall.",
        ),
        (
            failed("x", last=("npm ERR! code EAI_AGAIN",)),
            "Builds on prod do not reach the network: check its DNS and its firewall.",
        ),
        (
            failed("x", last=("cat: write error: No space left on device",)),
            "A disk was full in the build: `webduh server prune prod` frees what no release needs.",
        ),
    ],
)
def test_a_known_reason_gets_its_own_hint(failure: Failure, hint: str) -> None:
    kind, _, _, given = worded(failure, caps=Caps(64 << 20))
    assert (kind, given) == ("BuildError", hint)


FULL_BYTES = {"bytes": "/dev/vda 100 99 1 99% /", "inodes": "/dev/vda 100 4 96 4% /"}
FULL_INODES = {"bytes": "/dev/vda 100 20 80 20% /", "inodes": "/dev/vda 100 100 0 100% /"}


@pytest.mark.parametrize(
    ("said", "failure", "what"),
    [
        (FULL_BYTES, failed("write /var/lib/docker/x: no space left on device"), "prod has no disk space left."),
        (FULL_BYTES, failed("exit code: 1", last=("No space left on device",)), "prod has no disk space left."),
        (FULL_INODES, failed("mkdir x: no space left on device"), "prod has no inodes left: too many files."),
        ({"gone": ""}, failed("x"), "Docker on prod ended in the middle of the build."),
        ({}, failed("Cannot connect to the Docker daemon at unix:///x"), "Docker on prod refused."),
        ({"failed": "buildx"}, failed("x"), "prod cannot build: Docker's buildx is not there."),
        ({"failed": "tag"}, failed("x"), "The image that was built on prod cannot be named."),
    ],
)
def test_what_is_the_servers_fault_is_said_of_the_server(said: dict[str, str], failure: Failure, what: str) -> None:
    error = build_error("prod", said, failure, Caps(), str)
    assert (type(error), error.what, error.kept) == (TargetError, what, "What serves now was not touched.")
    assert error.hint


def test_a_build_error_is_one() -> None:
    assert isinstance(build_error("prod", {}, failed("x"), Caps(), str), BuildError)
