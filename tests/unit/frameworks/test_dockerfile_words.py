"""Words in a Dockerfile: whatever a plan holds, the shell and the program get it as it was."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from webduh_console.frameworks.render import in_image
from webduh_console.frameworks.render.words import copy, exec_form, run, settings

ODD = (
    "a b",
    "$HOME",
    "${X}",
    "`id`",
    "'",
    '"',
    "\\",
    "a\\",
    "*",
    "é ü 漢 🎈",
    "",
    "#",
    "<<EOF",
    "a\nb",
    "--x",
    "[",
    "!",
    "\t",
    "a;b",
    "&&",
    "%s",
    "~",
)


def told(text: str, env: dict[str, str] | None = None) -> list[str]:
    """What a RUN with this text gives a program that says its words, as BuildKit starts it."""
    argv = json.loads(text) if text.startswith("[") else ["/bin/sh", "-c", text]
    answer = subprocess.run(argv, env={**os.environ, **(env or {})}, capture_output=True, check=True)
    return answer.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("word", ODD)
def test_every_word_of_a_command_arrives_as_it_is(word: str) -> None:
    assert told(run(("printf", "%s\\0", "first", word, "last"), {})) == ["first", word, "last"]


@pytest.mark.parametrize("word", [word for word in ODD if word])
def test_every_word_of_a_steps_environment_arrives_as_it_is(word: str) -> None:
    assert told(run(("sh", "-c", 'printf "%s\\0" "$A"'), {"A": word})) == [word]
    assert told(run(("python3", "-c", "import os; print(os.environ['A'], end='\\0')"), {"A": word})) == [word]


@pytest.mark.parametrize(
    "line",
    ["printf 'a\\0'; printf 'b\\0'", "[ -d / ] && printf 'a\\0' && printf 'b\\0'", "printf 'a\\0'\nprintf 'b\\0'"],
)
def test_a_line_for_a_shell_is_one(line: str) -> None:
    assert told(run(("sh", "-c", line), {"X": "1"})) == ["a", "b"]


def test_a_line_for_a_shell_is_written_as_it_is() -> None:
    assert run(("sh", "-c", "npm run a && npm run b"), {}) == "npm run a && npm run b"


def test_no_line_of_a_run_goes_on_or_begins_something_else() -> None:
    texts = [run(("echo", word), {"A": other}) for word in ODD for other in ODD]

    assert not [text for text in texts if "\n" in text or "<<" in text or text.endswith("\\")]


@pytest.mark.parametrize(
    "command", [("printenv", "A", "B"), ("sh", "-c", "printenv A B"), ("sh", "-c", "printenv A\nprintenv B")]
)
def test_secrets_are_read_from_their_files_when_the_step_runs(command: tuple[str, ...], tmp_path: Path) -> None:
    values = {"A": "one 'two' $three", "B": "four\nfive"}
    for name, value in values.items():
        (tmp_path / name).write_text(value)

    text = run(command, {"C": "x"}, ("A", "B"))
    argv = json.loads(text) if text.startswith("[") else ["/bin/sh", "-c", text]
    argv = [word.replace("/run/secrets", str(tmp_path)) for word in argv]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "one 'two' $three\nfour\nfive\n"


@pytest.mark.parametrize("word", ODD)
def test_the_exec_form_is_json_that_gives_the_words_back(word: str) -> None:
    assert json.loads(exec_form(("a", word))) == ["a", word]
    assert "\n" not in exec_form(("a", word))


@pytest.mark.parametrize(
    ("paths", "line"),
    [
        (["package.json", "a-b_c.d+e@f"], "COPY package.json a-b_c.d+e@f ./"),
        (["a b"], 'COPY ["a b", "./"]'),
        (["[id].js"], 'COPY ["[[]id].js", "./"]'),
        (["a*?"], 'COPY ["a[*][?]", "./"]'),
        (["$HOME"], 'COPY ["\\\\$HOME", "./"]'),
        (["it's"], 'COPY ["it\\\\\'s", "./"]'),
        (["ü"], 'COPY ["ü", "./"]'),
        (["a\\b"], 'COPY ["a\\\\\\\\b", "./"]'),
    ],
)
def test_a_copied_path_is_that_path_and_no_pattern(paths: list[str], line: str) -> None:
    assert copy(paths, "./") == line


def test_options_of_a_copy_come_first() -> None:
    assert copy(["/app/dist"], "/srv", "--from=build") == "COPY --from=build /app/dist /srv"


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("production", "A=production"),
        ("0.0.0.0:80,a=b", "A=0.0.0.0:80,a=b"),
        ("a b", 'A="a b"'),
        ('"', 'A="\\""'),
        ("$X", 'A="\\$X"'),
        ("\\", 'A="\\\\"'),
        ("", 'A=""'),
        ("é#'", 'A="é#\'"'),
    ],
)
def test_a_setting_is_quoted_when_it_must_be(value: str, word: str) -> None:
    assert settings({"A": value}) == [word]


def test_what_an_env_instruction_cannot_hold_is_left_to_the_start() -> None:
    assert settings({"A": "one\ntwo", "B C": "x", "1A": "x", "D": "y"}) == ["D=y"]


@pytest.mark.parametrize(
    ("command", "started"),
    [
        (("uvicorn", "--port", "${PORT}"), ("uvicorn", "--port", "8080")),
        (("gunicorn", "--bind", "0.0.0.0:${PORT}"), ("gunicorn", "--bind", "0.0.0.0:8080")),
        (("sh", "-c", "a ${PORT} $PORT ${PORT:-1}"), ("sh", "-c", "a 8080 $PORT ${PORT:-1}")),
        ((), ()),
    ],
)
def test_the_port_in_a_command_is_a_number_in_the_image(command: tuple[str, ...], started: tuple[str, ...]) -> None:
    assert in_image(command, 8080) == started


def test_shell_words_are_those_the_shell_reads() -> None:
    line = run(("echo", "a b", "c"), {"X": "y z"})

    assert shlex.split(line) == ["X=y z", "echo", "a b", "c"]
