"""Scripts and command lines, read and run for real."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from webduh_console.cli.program import run
from webduh_console.cli.script import Line, read

Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDUH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WEBDUH_KEY", "file")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n\n  \n# nothing\n", []),
        ("status", [Line(1, ["status"], False)]),
        ("\ufeffstatus\n", [Line(1, ["status"], False)]),
        ("status\r\nstatus\r\n", [Line(1, ["status"], False), Line(2, ["status"], False)]),
        ("# first\n\nstatus # last\n", [Line(3, ["status"], False)]),
        ("- status", [Line(1, ["status"], True)]),
        ("-", []),
        ("webduh status", [Line(1, ["status"], False)]),
        ("- webduh status", [Line(1, ["status"], True)]),
        ("webduh", []),
        ("deploy ${WHERE}", [Line(1, ["deploy", "a place"], False)]),
        ("deploy '${WHERE}'", [Line(1, ["deploy", "a place"], False)]),
        ("status 'a\u2028b\x0c'", [Line(1, ["status", "a\u2028b\x0c"], False)]),
        ("# ${NOWHERE} is only a comment", []),
        ("env set a X=#1", [Line(1, ["env", "set", "a", "X=#1"], False)]),
    ],
)
def test_a_script_is_a_command_a_line(text: str, lines: list[Line]) -> None:
    assert read(text, "x", {"WHERE": "a place"}) == (lines, [])


def test_all_wrong_lines_are_said_at_once() -> None:
    lines, wrong = read("status ${A}\nstatus\nstatus 'open\n- status ${B}", "ship", {})
    assert lines == [Line(2, ["status"], False)]
    assert [error.what.partition(": ")[0] for error in wrong] == ["ship:1", "ship:3", "ship:4"]


def shown(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    out, err = capsys.readouterr()
    return out.splitlines(), err.splitlines()


def test_lines_are_run_one_after_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ship").write_text("app ls\n# then\nstatus\n")
    assert run(["--script", "ship"]) == 0
    out, err = shown(capsys)
    assert [line for line in out if line.startswith("$")] == ["$ webduh app ls", "$ webduh status"]
    assert err == []


def test_a_script_stops_at_the_first_failure_with_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ship").write_text("app ls\nstatus nowhere\nstatus\n")
    assert run(["--script=ship"]) == 2
    out, err = shown(capsys)
    assert [line for line in out if line.startswith("$")] == ["$ webduh app ls", "$ webduh status nowhere"]
    assert err[0] == "✗ There is no app nowhere."


def test_a_line_that_may_fail_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ship").write_text("- status nowhere\nstatus\n")
    assert run(["--script", "ship"]) == 0
    assert shown(capsys)[0][-1] == "Nothing is deployed yet."


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("statsu", "ship:2: There is no command statsu."),
        ("status --nope", "ship:2: No such option '--nope'."),
        ("env", "ship:2: env is not a whole command."),
        ("status --help", "ship:2: status --help does nothing."),
        ("--script other", "ship:2: No such option '--script'."),
        ("deploy ${NOWHERE_AT_ALL}", "ship:2: the variable NOWHERE_AT_ALL is not defined."),
    ],
)
def test_a_wrong_line_anywhere_runs_no_line(
    bad: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ship").write_text(f"app ls\n{bad}\n")
    assert run(["--script", "ship"]) == 2
    out, err = shown(capsys)
    assert out == []
    assert err[0].startswith(f"✗ {what.rstrip('.')}")
    assert "  No line was run." in err


def test_values_come_from_the_options_and_then_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_ENV", "releases")
    monkeypatch.setenv("BOTH", "env")
    (tmp_path / "ship").write_text("status ${FROM_ENV}-${BOTH}\n")
    assert run(["--script", "ship", "--var", "BOTH=two words"]) == 2
    assert shown(capsys)[1][0] == "✗ There is no app releases-two words."


def test_a_script_in_json_prints_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ship").write_text("app ls\nstatus\nstatus nowhere\n")
    assert run(["--script", "ship", "-o", "json"]) == 2
    values = [json.loads(line) for line in shown(capsys)[0]]
    assert values[:2] == [[], []]
    assert values[2]["error"]["name"] == "not-found"


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "✗ The script ship cannot be read."), (b"\xff\xfe", "✗ The script ship is not UTF-8 text.")],
)
def test_a_script_that_cannot_be_read_says_why(
    content: bytes | None, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content:
        (tmp_path / "ship").write_bytes(content)
    assert run(["--script", "ship"]) == 2
    assert shown(capsys)[1][0] == what


@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense"],
        ["--script"],
        ["--script", "ship", "status"],
        ["--var", "A", "status"],
        ["--var", "1A=x", "status"],
        ["-o", "yaml", "status"],
        ["-o"],
        ["statsu"],
        ["completion", "tcsh"],
        ["status", "--help-me"],
    ],
)
def test_wrong_words_end_with_2_and_no_stack_trace(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    out, err = shown(capsys)
    assert out == []
    assert err[0].startswith("✗ ")


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["help"], ["help", "env", "set"], ["env", "set", "--help"]])
def test_help_is_printed_and_nothing_is_made(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 0
    assert shown(capsys)[0][0].startswith("Usage: webduh")
    assert not (tmp_path / "home" / "data" / "state.db").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_WEBDUH_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize("where", [["-o", "json", "status"], ["status", "-o", "json"], ["status", "--output=json"]])
def test_json_may_be_asked_for_before_and_after(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(where) == 0
    assert shown(capsys)[0] == ["[]"]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs `webduh` as a process of its own."""

    def start(*words: str, feed: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "webduh_console", *words],
            input=feed,
            env={**os.environ, **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=60,
            check=False,
        )

    return start


def test_a_script_comes_from_standard_input(program: Program) -> None:
    answer = program("--script", "-", feed="app ls\n")
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, "$ webduh app ls")


def test_the_version_is_one_line(program: Program) -> None:
    answer = program("--version")
    assert (answer.returncode, answer.stdout.split()[0], answer.stderr) == (0, "webduh", "")


@pytest.mark.parametrize("env", [{}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_folder_whose_name_is_no_unicode_breaks_no_list(
    program: Program, tmp_path: Path, env: dict[str, str]
) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)  # noqa: PTH102 - the name is bytes
    Path(os.fsdecode(folder), "index.html").write_text("x")
    assert program("app", "add", os.fsdecode(folder)).returncode == 0
    answer = program("app", "ls", **env)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "caf" in answer.stdout
    (entry,) = json.loads(program("app", "ls", "-o", "json", **env).stdout)
    assert os.fsencode(entry["folder"]) == folder


def test_a_reader_that_goes_away_is_no_error_on_the_screen(tmp_path: Path) -> None:
    answer = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m webduh_console config schema | head -c 1"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("{", "")
