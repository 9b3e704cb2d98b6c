"""Docker's refusals, as they were recorded, in words for a person; and its answers about other things."""

import pytest

from webduh_console.targets.server.refusals import plain, refused, unanswered
from webduh_console.targets.server.resources import Image, Network, Version, image, network, version, volume

WHAT = "shop cannot be started on prod."


@pytest.mark.parametrize(
    ("said", "why", "hint"),
    [
        (
            "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
            'failed: unable to start container process: exec: "gunicorn": executable file not found in $PATH: unknown',
            "The program 'gunicorn' is not in the image.",
            "Name another one, or make the build install it.",
        ),
        (
            'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/start.sh": '
            "permission denied: unknown",
            "The program '/start.sh' cannot be run.",
            "Name another one, or make the build install it.",
        ),
        (
            'exec: "docker-init": executable file not found in $PATH: unknown',
            "Docker's own init program is missing on the server.",
            "Install it there: `apt-get install tini`.",
        ),
        (
            "write /var/lib/docker/tmp/x: no space left on device",
            "The server's disk is full.",
            "Make room: `webduh server prune prod`.",
        ),
        ("No such image: webduh/shop:1", "The image is not there.", "Deploy anew: that builds it again."),
        (
            "could not find an available, non-overlapping IPv4 address pool among the defaults to assign",
            "There is no free range of addresses for the network.",
            "Remove networks that nobody uses: `docker network prune` on the server.",
        ),
        (
            "Minimum memory limit allowed is 6MB",
            "The memory limit is too small: Docker wants at least 6 MB.",
            "Raise `memory:` in webduh.yaml.",
        ),
        (
            "failed to start: fork/exec: cannot allocate memory",
            "The server has no memory left.",
            "Stop something, or take a larger server.",
        ),
        (
            "driver failed programming external connectivity on endpoint shop (0123abc): Bind for 0.0.0.0:80 failed:\n"
            " port is already allocated",
            "Docker says: Bind for 0.0.0.0:80 failed: port is already allocated.",
            "`webduh server check prod`.",
        ),
        ("", "Docker says: nothing.", "`webduh server check prod`."),
    ],
)
def test_a_refusal_is_told_in_words(said: str, why: str, hint: str) -> None:
    error = refused(WHAT, "prod", 500, said)
    assert (error.what, error.why, error.hint, error.status) == (WHAT, why, hint, 500)


def test_a_question_without_an_answer_leaves_open_whether_it_was_done() -> None:
    error = unanswered(WHAT, "prod", "The connection broke.")
    assert (error.status, error.kept) == (0, "Whether Docker still did it is not known.")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Error response from daemon: conflict", "conflict."),
        ("OCI runtime create failed: runc create failed: bad: unknown", "bad."),
        ("It is what it is.", "It is what it is."),
        ("really?", "really?"),
    ],
)
def test_the_names_of_dockers_layers_are_left_out(said: str, words: str) -> None:
    assert plain(said) == words


@pytest.mark.parametrize(
    ("newest", "oldest", "spoken"),
    [
        ("1.41", "1.12", "1.41"),
        ("1.45", "1.24", "1.45"),
        ("1.52", "1.44", "1.45"),
        ("1.60", "1.50", "1.50"),
        ("1.9", "1.2", "1.9"),
    ],
)
def test_the_newest_version_that_both_know_is_spoken(newest: str, oldest: str, spoken: str) -> None:
    answer = {"Version": "26.1.5", "ApiVersion": newest, "MinAPIVersion": oldest, "Os": "linux", "Arch": "arm64"}
    assert version(answer) == Version(version="26.1.5", api=spoken, os="linux", arch="arm64")


def test_an_engine_that_tells_little_is_taken_as_it_is() -> None:
    assert version({}) == Version(version="", api="1.45")
    assert image({"Id": "sha256:a", "RepoTags": None, "Created": 1700000000}) == Image(id="sha256:a")
    assert image({"Id": "sha256:a", "RepoTags": ["<none>:<none>"], "Labels": {"a": "b"}}).labels == {"a": "b"}
    assert network({"Id": "1", "Name": "n", "IPAM": {"Config": None}}) == Network(id="1", name="n")
    assert volume({"Name": "v", "Labels": None}).labels == {}
