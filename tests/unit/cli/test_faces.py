"""What people and programs see, compared whole."""

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from webduh_console.cli.face import CODES, JsonFace, TextFace, code_of, error_lines, json_line, summary, table
from webduh_console.cli.timeline import Timeline
from webduh_console.commands.results import Column, Done, Lines, Listing, Lists, Stream, Text
from webduh_console.errors import (
    BuildError,
    CancelledError,
    ConfigError,
    LeaseHeldError,
    LeaseLostError,
    NotFoundError,
    QuestionError,
    StateError,
    TargetError,
    UnhealthyError,
    UsageError,
    WebduhError,
)
from webduh_console.model.events import (
    AnyEvent,
    Finished,
    Output,
    Progress,
    Reverting,
    Serving,
    Started,
    StepFinished,
    StepStarted,
    Warned,
)
from webduh_console.model.names import AppKey
from webduh_console.model.observe import LogLine
from webduh_console.model.plan import Plan
from webduh_console.model.release import SourceRef, Spec
from webduh_console.model.target import CancelToken

PLAN = Plan(
    "D1",
    AppKey("default", "shop", "staging"),
    "local",
    "deploy",
    SourceRef("/shop"),
    Spec(framework="x"),
    "me",
    "command",
    warnings=("It is large.",),
)


def never(line: str) -> int:
    raise AssertionError(line)


def stream(*events: AnyEvent) -> Stream:
    return Stream(PLAN, iter(events), CancelToken())


COLUMNS = (Column("name", "NAME"), Column("size", "SIZE", "right"), Column("note", "NOTE"))


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (
            [{"name": "a", "size": 1, "note": ""}, {"name": "longer", "size": 1000, "note": ""}],
            ["NAME    SIZE", "a          1", "longer  1000"],
        ),
        ([{"name": "a", "size": 5, "note": "x y"}], ["NAME  SIZE  NOTE", "a        5  x y"]),
        ([{"name": "", "size": 0, "note": "x"}], ["SIZE  NOTE", "   0  x"]),
        ([{"name": "", "size": "", "note": ""}], [""] * 2),
        ([{"name": "a\nb\x1b[31m", "size": "", "note": "\t"}], ["NAME      NOTE", "a·b·[31m  ·"]),
        ([{"name": "ä☃", "size": None, "note": ""}], ["NAME  SIZE", "ä☃    None"]),
    ],
)
def test_a_listing_is_aligned_and_empty_columns_are_left_away(rows: Any, lines: list[str]) -> None:
    assert table(Listing("x", COLUMNS, rows, rows)) == lines


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (WebduhError("It failed."), ["✗ It failed."]),
        (
            TargetError("It failed.", why="First.\nSecond.", kept="All is as it was.", hint="Do\nthis."),
            ["✗ It failed.", "  First.", "  Second.", "  All is as it was.", "  → Do", "  → this."],
        ),
        (UsageError("It failed.", hint="Try."), ["✗ It failed.", "  → Try."]),
    ],
)
def test_an_error_is_what_why_kept_and_what_to_do(
    error: WebduhError, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert error_lines(error.as_dict()) == lines
    TextFace().error(error)
    assert capsys.readouterr() == ("", "\n".join(lines) + "\n")
    JsonFace().error(error)
    assert json.loads(capsys.readouterr().out) == {"error": error.as_dict()}


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        (WebduhError, 1, "failed"),
        (UsageError, 2, "usage"),
        (ConfigError, 2, "config"),
        (NotFoundError, 2, "not-found"),
        (QuestionError, 2, "question"),
        (LeaseHeldError, 4, "lease-held"),
        (LeaseLostError, 4, "lease-lost"),
        (BuildError, 1, "build"),
        (UnhealthyError, 1, "unhealthy"),
        (TargetError, 1, "target"),
        (StateError, 1, "state"),
        (CancelledError, 130, "cancelled"),
    ],
)
def test_every_error_has_its_exit_code_and_name(kind: type[WebduhError], code: int, name: str) -> None:
    assert (kind.code, kind.name, str(kind("A.", hint="B."))) == (code, name, "A. B.")


def done(outcome: Any = "done", **error: str) -> Finished:
    release = 3 if outcome == "done" else None
    url = "http://localhost:8400" if outcome == "done" else ""
    return Finished(deployment="D1", seq=9, outcome=outcome, release=release, url=url, seconds=2.5, error=error)


@pytest.mark.parametrize(
    ("finished", "code"),
    [
        (done(), 0),
        (done("failed", name="build"), 1),
        (done("reverted", name="unhealthy"), 1),
        (done("failed", name="lease-held"), 4),
        (done("failed", name="lease-lost"), 4),
        (done("cancelled", name="cancelled"), 130),
        (done("failed"), 1),
    ],
)
def test_a_deployment_ends_with_an_exit_code(finished: Finished, code: int) -> None:
    assert code_of(finished) == code
    assert set(CODES) == {"cancelled", "lease-held", "lease-lost"}


GOOD = (
    Started(app="shop", environment="staging", target="local", action="deploy", steps=("check", "build")),
    StepStarted(step="check", phase="check"),
    StepFinished(step="check", outcome="done", seconds=0.04),
    StepStarted(step="build", phase="build", usual=4.0),
    Output(step="build", text="$ npm ci"),
    Output(step="build", stream="stdout", text="added 3 packages"),
    Output(step="build", stream="stderr", text="a warning"),
    Progress(step="build", done=1, total=2, unit="files"),
    StepFinished(step="build", outcome="done", seconds=12.0, figures={"files": 3.0, "bytes": 2048.0, "odd": 1.0}),
    Output(step="start", text="shop--web--3 runs on port 20001"),
    StepFinished(step="files", outcome="done", seconds=0.1, figures={"files": 1.0, "bytes": 4.0}),
    StepFinished(step="start", outcome="done", seconds=0.3, figures={"instances": 2.0}),
    Serving(release=3, url="http://localhost:8400", seconds=2.1),
    Warned(code="retire", text="Not everything old is gone.", hint="The next deployment goes on with it."),
    done(),
)
BAD = (
    StepFinished(step="healthy", outcome="failed", seconds=60.0),
    Reverting(reason="It is not well."),
    StepFinished(step="start", outcome="undone", seconds=0.1),
    Warned(code="undo-failed", text="The step x could not be undone."),
    done("reverted", name="unhealthy", what="It is not well.", why="Its last lines:\nboom", kept="", hint="Mend it."),
)


@pytest.mark.parametrize(
    ("events", "text", "code"),
    [
        (
            GOOD,
            """\
deploy shop (staging) on local
  ! It is large.
  ✓ check           0.0 s
  │ added 3 packages
  │ a warning
  ✓ build            12 s   3 files, 2.0 KiB
  ✓ files           0.1 s   1 file, 4 B
  ✓ start           0.3 s   2 started
  ● serving         2.1 s   release 3 at http://localhost:8400
  ! Not everything old is gone. The next deployment goes on with it.
shop (staging): release 3 http://localhost:8400   2.5 s
""",
            0,
        ),
        (
            BAD,
            """\
  ✗ healthy          60 s
  ↩ taking it back: It is not well.
  ↩ start           0.1 s
  ! The step x could not be undone.
✗ It is not well.
  Its last lines:
  boom
  → Mend it.
shop (staging): reverted after 2.5 s, and everything was taken back
""",
            1,
        ),
        (
            (done("cancelled", name="cancelled", what="The deployment was cancelled."),),
            """\
✗ The deployment was cancelled.
shop (staging): cancelled after 2.5 s; everything was taken back
""",
            130,
        ),
    ],
)
def test_a_deployment_in_lines(
    events: tuple[AnyEvent, ...], text: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert TextFace().show(stream(*events), never) == code
    assert capsys.readouterr().out == text


def test_on_a_terminal_what_goes_on_is_one_line_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "30")
    timeline = Timeline(PLAN)
    timeline.draw(StepStarted(step="build", phase="build", usual=4.0))
    timeline.draw(Output(step="build", text="control \x1b[2J and a very long line that is cut"))
    timeline.draw(StepFinished(step="build", outcome="done", seconds=1.0))
    timeline.cancelling()
    replaced = "\r\x1b[K"
    assert terminal.getvalue() == (
        f"{replaced}  … build (usually 4.0 s)"
        f"{replaced}  … build: control ·[2J and a"
        f"{replaced}  ✓ build           1.0 s\n"
        "  ⊘ cancelling: the way back is taken. Ctrl-C again stops at once.\n"
    )


def test_a_deployment_in_json_is_its_events_and_then_what_it_came_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert JsonFace().show(stream(*BAD), never) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines[:-1]] == [
        "step-finished",
        "reverting",
        "step-finished",
        "warned",
        "finished",
    ]
    assert lines[-1] == {
        "app": "shop",
        "project": "default",
        "environment": "staging",
        "target": "local",
        "deployment": "D1",
        "action": "deploy",
        "release": None,
        "outcome": "reverted",
        "url": "",
        "seconds": 2.5,
        "downtime": 0.0,
        "steps": [
            {"name": "healthy", "place": "", "outcome": "failed", "seconds": 60.0, "figures": {}},
            {"name": "start", "place": "", "outcome": "undone", "seconds": 0.1, "figures": {}},
        ],
        "error": {
            "name": "unhealthy",
            "what": "It is not well.",
            "why": "Its last lines:\nboom",
            "kept": "",
            "hint": "Mend it.",
        },
    }
    assert summary(stream(), list(GOOD))["error"] is None


NOON = datetime(2030, 1, 2, 12, 4, 5, 678_000, tzinfo=UTC)
LOG = LogLine(NOON, "default--shop--production--web--7-2", "web", "stderr", "x")
SILENT = LogLine(NOON, "b", "", "webduh", "The server b cannot be reached.", "b")


@pytest.mark.parametrize(
    ("result", "text", "data", "code"),
    [
        (Done("It is done.", {"a": 1}), "It is done.\n", [{"a": 1}], 0),
        (Text("t", "A page.\nOf two lines.", [1, None], 3), "A page.\nOf two lines.\n", [[1, None]], 3),
        (Listing("x", COLUMNS, [], [], "There are none."), "There are none.\n", [[]], 0),
        (Listing("x", COLUMNS[:1], [{"name": "a"}], [{"n": "a"}], code=1), "NAME\na\n", [[{"n": "a"}]], 1),
    ],
)
def test_every_result_in_both_faces(
    result: Any, text: str, data: list[Any], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert TextFace().show(result, never) == code
    assert capsys.readouterr().out == text
    assert JsonFace().show(result, never) == code
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == data


def test_log_lines_for_people_for_programs_and_raw(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(raw: bool = False) -> Lines:
        return Lines(iter([LOG]), CancelToken(), raw)  # type: ignore[arg-type]

    TextFace().show(lines(), never)
    shown = f"{LOG.at.astimezone():%H:%M:%S}.678 web.7-2 ! x\n"
    assert capsys.readouterr().out == shown
    TextFace().show(lines(raw=True), never)
    assert capsys.readouterr().out == "x\n"
    TextFace().show(Lines(iter([SILENT]), CancelToken()), never)
    assert capsys.readouterr().out == f"{LOG.at.astimezone():%H:%M:%S}.678 b · The server b cannot be reached.\n"
    JsonFace().show(lines(), never)
    assert json.loads(capsys.readouterr().out) == {
        "at": "2030-01-02T12:04:05.678000Z",
        "instance": "default--shop--production--web--7-2",
        "process": "web",
        "stream": "stderr",
        "text": "x",
        "place": "",
    }


def test_lines_are_run_up_to_the_first_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    ran = []

    def run(line: str) -> int:
        ran.append(line)
        return 3 if line == "b" else 0

    assert TextFace().show(Lists(("a", "b", "c")), run) == 3
    assert ran == ["a", "b"]
    assert capsys.readouterr().err == "$ webduh a\n$ webduh b\n"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"a": "ä"}, '{"a":"ä"}'),
        ({"a": "x\udcff"}, '{"a": "x\\udcff"}'),
        ([datetime(2030, 1, 2, tzinfo=UTC)], '["2030-01-02T00:00:00Z"]'),
        ("a\nb", '"a\\nb"'),
    ],
)
def test_json_is_one_line_whatever_it_holds(value: object, line: str) -> None:
    assert json_line(value) == line
    json.loads(line)
