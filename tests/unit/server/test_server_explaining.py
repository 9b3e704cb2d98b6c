"""Where the seconds and the bytes of a build went, from what BuildKit and Docker say."""

from webduh_console.model.events import Part
from webduh_console.targets.server.buildkit import Reading
from webduh_console.targets.server.explaining import parts

PROGRESS = """\
#4 [app 1/4] FROM docker.io/library/python:3.13-slim
#4 CACHED
#5 [app 2/4] WORKDIR /app
#5 DONE 0.1s
#6 [dependencies 2/2] RUN --mount=type=cache,id=pip,target=/root/.cache pip install flask
#6 0.2 Collecting flask
#6 DONE 8.6s
#7 [app 3/4] COPY --from=dependencies /app/.venv ./.venv
#7 DONE 0.7s
#8 [app 4/4] COPY . .
#8 CACHED
"""
HISTORY = """\
0\tCMD ["python"]
7345\tCOPY . . # buildkit
0\tENV PORT=8080
15099494\tCOPY /app/.venv ./.venv # buildkit
0\tWORKDIR /app
40000000\tRUN /bin/sh -c apt-get update # buildkit
99000000\t/bin/sh -c #(nop) ADD file:1 in /
"""
BASE = Part("what it is built on", None, 139000000)


def times(progress: str) -> list[tuple[str, float | None]]:
    reading = Reading()
    for line in progress.splitlines():
        list(reading.line(line))
    return reading.times()


def test_every_step_has_its_time_and_what_it_left_in_the_image() -> None:
    assert parts(times(PROGRESS), HISTORY.splitlines()) == (
        BASE,
        Part("[app] WORKDIR /app", 0.1, 0),
        Part("[dependencies] RUN pip install flask", 8.6, None),
        Part("[app] COPY --from=dependencies /app/.venv ./.venv", 0.7, 15099494),
        Part("[app] COPY . .", None, 7345),
    )


def test_an_image_that_was_built_before_has_sizes_alone() -> None:
    assert parts([], HISTORY.splitlines()) == (
        BASE,
        Part("WORKDIR /app", None, 0),
        Part("COPY /app/.venv ./.venv", None, 15099494),
        Part("COPY . .", None, 7345),
    )


def test_nothing_is_known_of_an_image_that_docker_says_nothing_of() -> None:
    assert parts([], []) == (Part("what it is built on", None, 0),)
