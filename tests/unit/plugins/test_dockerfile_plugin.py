"""An app that brings its own Dockerfile."""

import pytest
from plugin_answers import planned
from source_tree import Tree
from webduh_plugins.dockerfile import Instruction, Plugin, instructions

from webduh_console.frameworks import BuildPlan, EnvVar, Evidence, Match, SourceError, Volume

WHOLE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
ARG TOKEN
FROM node:22.1-slim AS assets
RUN npm ci \\
  # a comment between continued lines
  && npm run build

FROM python:${PYTHON}-slim AS base
ENV PORT=8000 DATA="/var/data"
RUN <<EOF
FROM nothing
EXPOSE 1
EOF
FROM base
ARG VERSION=dev
COPY --from=assets /dist /dist
VOLUME ["$DATA", "/cache"]
EXPOSE $PORT 9090/tcp 53/udp
HEALTHCHECK --interval=5s CMD curl -f http://localhost:${PORT}/healthz || exit 1
CMD ["python", "app.py"]
"""


def plan(tree: Tree, text: str, more: dict[str, str] | None = None) -> BuildPlan:
    return planned(Plugin(), tree({"Dockerfile": text, **(more or {})}))


def test_a_whole_dockerfile(tree: Tree) -> None:
    assert plan(tree, WHOLE) == BuildPlan(
        "dockerfile",
        "python",
        dockerfile="Dockerfile",
        port=8000,
        health="/healthz",
        versions={"node": "22.1-slim", "python": "3.12-slim"},
        version_source={"node": "Dockerfile:4", "python": "Dockerfile:9"},
        env=(
            EnvVar("PYTHON", "ARG in Dockerfile", "build", False, False, "3.12"),
            EnvVar("TOKEN", "ARG in Dockerfile", "build", True, True, None),
            EnvVar("VERSION", "ARG in Dockerfile", "build", False, False, "dev"),
        ),
        volumes=(Volume("var-data", "/var/data"), Volume("cache", "/cache")),
        warnings=("Dockerfile exposes 2 ports: requests go to 8000, not to 9090.",),
    )


@pytest.mark.parametrize("name", ["Dockerfile", "Containerfile"])
def test_either_name_is_found(tree: Tree, name: str) -> None:
    source = tree({name: "FROM caddy:2\nEXPOSE 80\n"})
    match = Plugin().detect(source)
    assert match == Match("dockerfile", "dockerfile", 1.0, (Evidence(name, "is there"),))
    assert Plugin().plan(source, match, {}).dockerfile == name


def test_without_one_there_is_no_match(tree: Tree) -> None:
    assert Plugin().detect(tree({"Dockerfile.dev": "FROM a", "docker/Dockerfile": "FROM a"})) is None


def test_the_option_names_another_file(tree: Tree) -> None:
    source = tree({"docker/web.Dockerfile": "FROM node:20\nEXPOSE 3000\n"})
    match = Match("dockerfile", "wish", 1.0, ())
    found = Plugin().plan(source, match, {"dockerfile": "docker/web.Dockerfile"})
    assert (found.dockerfile, found.port, found.version_source) == (
        "docker/web.Dockerfile",
        3000,
        {"node": "docker/web.Dockerfile:1"},
    )


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("FROM a:1\nEXPOSE 80", 80),
        ("from a:1\nexpose 80/tcp", 80),
        ("FROM a:1\nEXPOSE 53/udp 80", 80),
        ("FROM a:1\nEXPOSE 8000-8010", 8000),
        ("FROM a:1\nENV P 3000\nEXPOSE $P", 3000),
        ("FROM a:1\nEXPOSE ${P:-3000}", 3000),
        ("FROM a:1\nARG P=99\nEXPOSE ${P}", 99),
        ("FROM a:1 AS b\nEXPOSE 80\nFROM b", 80),
        ("FROM a:1 AS b\nEXPOSE 80\nFROM c:1", None),
        ("FROM a:1\nEXPOSE 70000 nonsense", None),
        ("FROM a:1", None),
    ],
)
def test_expose_names_the_port(tree: Tree, text: str, port: int | None) -> None:
    found = plan(tree, text)
    assert found.port == port
    assert any("exposes no port" in warning for warning in found.warnings) == (port is None)


@pytest.mark.parametrize(
    ("check", "path"),
    [
        ("CMD curl http://localhost/up", "/up"),
        ('CMD ["wget", "-qO-", "http://127.0.0.1:8080/health?full=1"]', "/health?full=1"),
        ("CMD curl http://localhost:3000", ""),
        ("CMD pg_isready", ""),
        ("NONE", ""),
        ("CMD curl https://example.com/health", ""),
    ],
)
def test_a_health_check_names_the_path(tree: Tree, check: str, path: str) -> None:
    assert plan(tree, f"FROM a:1\nEXPOSE 80\nHEALTHCHECK {check}\n").health == path


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("FROM python:3", "python"),
        ("FROM ghcr.io/astral-sh/uv:0.5", "python"),
        ("FROM golang:1.25 AS b\nFROM scratch", "go"),
        ("FROM node:22 AS b\nFROM nginx:1", "javascript"),
        ("FROM nginx:1", "html"),
        ("FROM localhost:5000/mine:2", "docker"),
    ],
)
def test_the_base_images_tell_the_language(tree: Tree, text: str, language: str) -> None:
    assert plan(tree, text).language == language


@pytest.mark.parametrize("image", ["python", "python:latest", "localhost:5000/python"])
def test_an_unfixed_base_image_is_warned_about(tree: Tree, image: str) -> None:
    warning = "Dockerfile:1 does not fix the version of python: a later build may differ."
    assert warning in plan(tree, f"FROM {image}\nEXPOSE 80\n").warnings


def test_a_compose_file_beside_it_is_warned_about(tree: Tree) -> None:
    found = plan(tree, "FROM a:1\nEXPOSE 80\n", {"compose.yaml": "services: {}"})
    assert found.warnings == ("compose.yaml is not read: only the image of Dockerfile is deployed.",)


@pytest.mark.parametrize("text", ["", "# nothing\n", "RUN x\n", "\0\udcff"])
def test_a_file_without_an_image_is_an_error(tree: Tree, text: str) -> None:
    with pytest.raises(SourceError, match="Dockerfile describes no image"):
        plan(tree, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN a \\\n\n# c\n  b\n", [Instruction("RUN", "a b", 1)]),
        ("# escape=`\nRUN a `\n b\nRUN c\\\n", [Instruction("RUN", "a b", 2), Instruction("RUN", "c\\", 4)]),
        ("COPY <<-'X' /a\nFROM b\n\tX\nCMD c", [Instruction("COPY", "<<-'X' /a", 1), Instruction("CMD", "c", 4)]),
        ("RUN a \\", [Instruction("RUN", "a", 1)]),
        ("\r\nRUN a\r\n", [Instruction("RUN", "a", 2)]),
    ],
)
def test_instructions_are_read_as_docker_reads_them(text: str, found: list[Instruction]) -> None:
    assert list(instructions(text)) == found
