from datetime import UTC, datetime

import pytest

from webduh_console.model.audit import LONGEST, Act, line, read
from webduh_console.model.names import AppKey

KEY = AppKey("default", "shop", "production")
AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
STAMP = "2030-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("by", "act", "what", "trigger", "text"),
    [
        ("me@here", "deploy", "release 3 made live", "command", "me@here deploy release 3 made live (command)"),
        ("me@here", "setup", "prod", "console", "me@here setup prod (console)"),
        ("me@here", "run", "ls -l", "", "me@here run ls -l"),
        ("me@here", "shell", "", "script", "me@here shell (script)"),
        ("me and you@here", "run", "ls", "", "me_and_you@here run ls"),
        ("", "run", "ls", "", "somebody run ls"),
        ("me@here", "run", "a\nb\x1b[31m", "", "me@here run a·b·[31m"),
    ],
)
def test_an_act_is_one_line(by: str, act: str, what: str, trigger: str, text: str) -> None:
    assert line(by, act, what, trigger) == text


@pytest.mark.parametrize("act", ["deploy", "rollback", "run", "setup"])
@pytest.mark.parametrize("via", ["", "root", "deploy@203.0.113.9", "deploy@2001:db8::1"])
@pytest.mark.parametrize("trigger", ["", "command", "script", "console"])
@pytest.mark.parametrize("what", ["", "release 1 made live", "ls (a) via b", "[x]", "(command", "via", "ünï ✓"])
def test_what_is_written_is_read_again(act: str, via: str, trigger: str, what: str) -> None:
    text = f"{STAMP} {line('me@here', act, what, trigger)}" + (f" via {via}" if via else "")
    found = read(text.encode(), "prod", KEY)
    if what == "ls (a) via b" and not (via or trigger):
        assert [(each.what, each.via) for each in found] == [("ls (a)", "b")]  # no server writes a line without via
    else:
        assert found == [Act(AT, "me@here", act, what, trigger, via, KEY, "prod")]


@pytest.mark.parametrize(
    "torn",
    [
        b"",
        b"\n",
        b"\xff\xfe",
        b"2030",
        b"2030-01-02T03:04:05Z",
        b"2030-13-45T99:99:99Z me run x",
        b"me run x",
        b"\0" * 9,
    ],
)
def test_a_torn_line_spoils_only_itself(torn: bytes) -> None:
    whole = f"{STAMP} me run one".encode()
    assert [act.what for act in read(whole + b"\n" + torn + b"\n" + whole + b"\n", "prod")] == ["one", "one"]


def test_a_very_long_act_is_cut() -> None:
    (act,) = read(f"{STAMP} {line('me', 'run', 'x' * 10_000)}".encode(), "prod")
    assert len(act.what) == LONGEST
    assert act.what.endswith("x…")


def test_control_characters_in_a_log_reach_no_terminal() -> None:
    (act,) = read(f"{STAMP} me run \x1b]0;title\x07 via \x1b[2J".encode(), "prod")
    assert act.what.isprintable()
    assert act.via.isprintable()
