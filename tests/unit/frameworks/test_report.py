"""A detection as JSON, and commands as lines."""

import msgspec
import pytest

from webduh_console.frameworks import BuildPlan, BuildStep, EnvVar, Evidence, Match, Process, Static
from webduh_console.frameworks.report import command_line, report
from webduh_console.model.build import Alternative, Detection


def test_the_json_has_these_keys_and_no_others() -> None:
    evidence = (Evidence("app.py", "has the flask app `app`"),)
    plan = BuildPlan(
        "python",
        "python",
        "flask",
        install=(BuildStep("a", ("python3", "-m", "venv", ".venv")),),
        build=(BuildStep("b", ("echo", "two words")),),
        processes=(Process("worker", ("work",)), Process("web", ("run", "--port", "${PORT}"))),
        static=Static("dist", spa=True),
        port=None,
        health="/healthz",
        versions={"python": "3.12"},
        version_source={"python": ".python-version"},
        package_manager="pip",
        env=(EnvVar("KEY", "read in app.py", "run", True, True),),
        warnings=("careful",),
    )
    lost = Alternative(
        "static", "static", 0.9, (Evidence("index.html", "is the first page"),), "a framework beats static files"
    )
    detection = Detection(Match("python", "framework", 0.95, evidence, "flask"), (lost,), plan)
    assert msgspec.to_builtins(report(detection)) == {
        "framework": "python",
        "language": "python",
        "variant": "flask",
        "evidence": ({"file": "app.py", "says": "has the flask app `app`"},),
        "alternatives": (
            {
                "framework": "static",
                "tier": "static",
                "confidence": 0.9,
                "evidence": ({"file": "index.html", "says": "is the first page"},),
                "lost": "a framework beats static files",
            },
        ),
        "install": ("python3 -m venv .venv",),
        "build": ("echo 'two words'",),
        "start": "run --port ${PORT}",
        "static": {"dir": "dist", "spa": True},
        "port": None,
        "health": "/healthz",
        "versions": {"python": "3.12"},
        "version_source": {"python": ".python-version"},
        "package_manager": "pip",
        "env": (
            {"name": "KEY", "why": "read in app.py", "when": "run", "required": True, "secret": True, "default": None},
        ),
        "warnings": ("careful",),
    }


def test_what_is_not_there_is_null() -> None:
    shown = report(Detection(Match("a", "script", 0.1, ()), (), BuildPlan("a", "b")))
    assert (shown.start, shown.static, shown.port, shown.package_manager) == (None, None, None, None)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("a", "b c"), "a 'b c'"),
        (("a", "--bind", "0.0.0.0:${PORT}"), "a --bind 0.0.0.0:${PORT}"),
        (("sh", "-c", "serve $PORT; true"), "sh -c 'serve $PORT; true'"),
        (("a", "${PORT} b"), "a '${PORT} b'"),
        (("a", ""), "a ''"),
        ((), ""),
    ],
)
def test_a_command_is_shown_as_a_shell_would_read_it(command: tuple[str, ...], line: str) -> None:
    assert command_line(command) == line
