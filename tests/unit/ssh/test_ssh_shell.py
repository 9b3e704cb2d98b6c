"""The shell that is kept open, with the shells that servers have; every one of them runs here."""

import random
import shutil
from collections.abc import Iterator

import pytest
from here_machine import local_shell

from webduh_console.errors import UsageError
from webduh_console.transport.machine import Answer
from webduh_console.transport.ssh.shell import STDIN_LIMIT, Shell, ShellEnded

PROGRAMS = [("dash",), ("bash",), ("bash", "--posix"), ("busybox", "sh")]


@pytest.fixture(params=PROGRAMS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    program: tuple[str, ...] = request.param
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]}")
    kept = local_shell(*program)
    yield kept
    kept.close()


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("true", Answer(0, b"", "")),
        ("exit 3", Answer(3, b"", "")),
        ("exit 255", Answer(255, b"", "")),
        ("kill -9 $$", Answer(-9, b"", "")),
        ("echo a; echo b >&2; exit 1", Answer(1, b"a\n", "b\n")),
        ("printf 'no end'", Answer(0, b"no end", "")),
        ("printf 'a\\0b\\377'", Answer(0, b"a\0b\xff", "")),
        ('echo "$0"', Answer(0, b"webduh\n", "")),
        ("cat", Answer(0, b"", "")),
        ("cd /; x=1; set -e; false", Answer(1, b"", "")),
        ("echo $LC_ALL", Answer(0, b"C\n", "")),
        ("# nothing but a comment", Answer(0, b"", "")),
        ("echo 'it''s'\n\n\necho \"two lines\"\n", Answer(0, b"its\ntwo lines\n", "")),
        ("cat <<'E'\n$x `y` \\\nE\n", Answer(0, b"$x `y` \\\n", "")),
    ],
)
def test_what_a_script_writes_and_how_it_ends(shell: Shell, script: str, answer: Answer) -> None:
    found = shell.run(script)

    assert found if script.startswith("kill") else found == answer
    assert (found.code, found.out) == (answer.code, answer.out)


def test_scripts_do_not_know_of_each_other(shell: Shell) -> None:
    shell.run("cd /tmp; x=1; set -- a b; umask 000; exit 1")

    assert shell.run('[ "$PWD" != /tmp ] || [ -n "$x" ] || echo "$#"').code == 0
    assert shell.run('printf %s "$x"; echo $#').out == b"0\n"


def test_a_script_that_is_no_shell_says_so_and_the_next_one_runs(shell: Shell) -> None:
    wrong = shell.run("if then")

    assert wrong.code != 0
    assert "webduh" in wrong.err
    assert shell.run("echo on").text == "on"


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["", ""],
        ["a b", "c"],
        ["'", '"', "`", "$x", "\\", "*", "~", "!", "-n", "--"],
        ["two\nlines", "end\n", "\n", "\n\n\n"],
        ["\t", "\r", "\x01\x1b[0m\x7f"],
        ["påß", "日本", "\udcff\udc81\udc80"],
        ["x" * 100_000],
    ],
)
def test_words_arrive_as_they_are(shell: Shell, words: list[str]) -> None:
    found = shell.run('for word; do printf "%s\\0" "$word"; done', words)

    assert found == Answer(0, b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words), "")


def test_any_words_and_any_input_arrive_as_they_are(shell: Shell) -> None:
    dice = random.Random(7)
    signs = [*(chr(code) for code in range(1, 256)), *map(chr, range(0xDC80, 0xDD00)), *"\n\n''\"\"\\\\$$``\0"][:-1]
    for size in (0, 1, 100, 1023, 1024, 1025, 5000, 70_000):
        words = ["".join(dice.choices(signs, k=dice.randrange(40))) for _ in range(dice.randrange(8))]
        content = dice.randbytes(size)
        found = shell.run('for word; do printf "%s\\0" "$word"; done; cat', words, content)
        expected = b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words) + content
        assert (found.code, found.out, found.err) == (0, expected, "")


@pytest.mark.parametrize("size", [1, 1000, 100_000, STDIN_LIMIT])
def test_input_that_a_script_leaves_unread_is_not_taken_for_the_next_script(shell: Shell, size: int) -> None:
    assert shell.run("echo first", stdin=b"echo no\n" * (size // 8)).out == b"first\n"
    assert shell.run("head -c 3", stdin=b"abcdef" * (size // 6 + 1)).out == b"abc"
    assert shell.run("echo second").out == b"second\n"


def test_a_word_with_a_zero_byte_is_refused_in_words(shell: Shell) -> None:
    with pytest.raises(UsageError, match="zero byte"):
        shell.run("true", ["a\0b"])

    assert shell.run("echo on").text == "on"


def test_a_megabyte_of_output_and_as_much_of_errors_come_at_once(shell: Shell) -> None:
    found = shell.run("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero | tr '\\0' e >&2")

    assert found.out == bytes(1_000_000)
    assert set(found.err) == {"e"}
    assert len(found.err) == 65_536


def test_a_script_that_takes_too_long_is_given_up(shell: Shell) -> None:
    with pytest.raises(TimeoutError):
        shell.run("sleep 60", timeout=0.2)


def test_a_shell_that_is_killed_says_so(shell: Shell) -> None:
    with pytest.raises(ShellEnded) as caught:
        shell.run("kill -9 $PPID")

    assert caught.value.begun
