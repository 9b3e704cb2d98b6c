"""Levels, fields and escape sequences of log lines."""

import json

import pytest
from worlds import NOW

from webduh_console.console.logs.entries import LONGEST, entry, made
from webduh_console.console.logs.escapes import colored, plain, safe
from webduh_console.console.logs.fields import fields_of, logfmt_of, logfmt_pieces, short, unfolded
from webduh_console.console.logs.levels import KEYS, Level, level_of
from webduh_console.model.observe import LogLine

ERRORS = [
    "ERROR could not connect",
    "2026-03-04T12:00:00Z ERROR worker stopped",
    "2026-03-04 12:00:00,123 - app.db - ERROR - lost",
    "[error] 12#12: *3 open() failed",
    "2026/03/04 12:00:00 [crit] 7#7: no space left",
    "error: cannot find module",
    "Error: listen EADDRINUSE",
    "12:00:01 error: boom",
    "E0304 15:04:05.123456 1 main.go:7] lost",
    "F0304 15:04:05.123456 1 main.go:7] gone",
    "KeyError: 'DATABASE_URL'",
    "java.lang.IllegalStateException: no",
    "Traceback (most recent call last):",
    "panic: runtime error: index out of range",
    "thread 'main' panicked at src/main.rs:2:5",
    "fatal: not a git repository",
    "npm ERR! code ENOENT",
    "npm error code ENOENT",
    "src/a.ts(1,2): error TS2304: Cannot find name",
    "error[E0308]: mismatched types",
    "Segmentation fault (core dumped)",
    "<3>kernel: out of memory",
    "FATAL:  password authentication failed",
    "2026-03-04 12:00:00 UTC [7] FATAL:  the database system is starting up",
    "[CRITICAL] WORKER TIMEOUT",
    'time=x level=error msg="no"',
    "ts=1 lvl=eror msg=no",
    "severity=CRITICAL x=1 y=2",
    '{"level":"error","msg":"no"}',
    '{"level":50}',
    '{"level":60}',
    '{"severity":"ERROR"}',
    '{"severity":"EMERGENCY"}',
    '{"@l":"Fatal","@m":"no"}',
    '{"log.level":"error"}',
    '{"log":{"level":"error"}}',
    '{"levelname":"CRITICAL"}',
    '{"level":3,"short_message":"no"}',
]
WARNINGS = [
    "WARN queue is behind",
    "WARNING: a newer pip is available",
    "warning: unused variable",
    "npm warn deprecated x",
    "npm WARN deprecated x",
    "[warn] deprecated",
    "W0304 15:04:05.123456 1 main.go:7] slow",
    "<4>slow",
    "level=warn msg=slow took=3s",
    '{"level":40}',
    '{"level":"warning"}',
    '{"level":4}',
    '{"lvl":"WRN"}',
]
INFOS = [
    "INFO started",
    "2026-03-04T12:00:00Z INFO worker started",
    "info: listening",
    "[info] ready",
    "[12:00:01 INF] ready",
    "I0304 15:04:05.123456 1 main.go:7] ready",
    "<6>ready",
    "level=info msg=ready port=1",
    '{"level":30,"msg":"ready"}',
    '{"level":"Information"}',
    '{"severity":"NOTICE"}',
]
DEBUGS = [
    "DEBUG query",
    "[debug] query",
    "debug: query",
    "TRACE enter",
    "<7>query",
    "level=debug msg=query n=1",
    '{"level":20}',
    '{"level":10}',
    '{"level":"trace"}',
    '{"loglevel":"verbose"}',
]
NONE = [
    "",
    "plain words",
    "no error found",
    "0 errors, 0 warnings",
    "errors=0 warnings=2",
    "GET /error HTTP/1.1 200",
    "GET /api/info 200",
    "/var/log/error.log opened",
    "the information desk",
    "error_count is 3",
    "for your info",
    'GET /items?level="x" 200',
    "{not json}",
    '{"level":true}',
    '{"level":{"error":1}}',
    '{"msg":"ERROR inside of a message"}',
    '{"game":{"level":50}}',
    '["error"]',
    "<999999999>",
    "level=",
    "the debugger is attached",
]
EACH = [
    *((text, Level.ERROR) for text in ERRORS),
    *((text, Level.WARN) for text in WARNINGS),
    *((text, Level.INFO) for text in INFOS),
    *((text, Level.DEBUG) for text in DEBUGS),
    *((text, Level.NONE) for text in NONE),
]


@pytest.mark.parametrize(("text", "level"), EACH)
def test_a_level_is_found_where_a_line_says_it_and_nowhere_else(text: str, level: Level) -> None:
    assert level_of(text) == level


@pytest.mark.parametrize("key", [key for key in KEYS if key != "log.level"])
@pytest.mark.parametrize("value", ["error", "ERROR", "Error", 50])
def test_every_key_of_a_level_is_known(key: str, value: object) -> None:
    assert level_of(json.dumps({"a": 1, key: value})) == Level.ERROR


@pytest.mark.parametrize("number", range(61))
def test_numbers_are_those_of_syslog_up_to_seven_and_of_pino_above(number: int) -> None:
    syslog = [4, 4, 4, 4, 3, 2, 2, 1, 1, 1]
    expected = syslog[number] if number < 10 else 1 if number < 30 else 2 if number < 40 else 3 if number < 50 else 4
    assert level_of(json.dumps({"level": number})) == expected


ESCAPES = [
    ("plain", "plain"),
    ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
    ("\x1b[2J\x1b[Hcleared", "cleared"),
    ("\x1b[1;1Hup\x1b[10A", "up"),
    ("\x1b]0;title\x07text", "text"),
    ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1b]52;c;ZXZpbA==\x07copied", "copied"),
    ("\x1bPq#0\x1b\\sixel", "sixel"),
    ("\x1b_Gf=100;AAAA\x1b\\kitty", "kitty"),
    ("\x1bc reset", " reset"),
    ("\x1b(B charset", " charset"),
    ("\x1b[?1049hother screen", "other screen"),
    ("\x1b[5n\x1b[c\x1b[6nasks", "asks"),
    ("\x1b", "␛"),
    ("\x1b[", "␛["),
    ("\x1b]0;never ends", "␛]0;never ends"),
    ("\x9b31m eight bit", "�31m eight bit"),
    ("10%\r20%\r", "10%␍20%"),
    ("dos\r\n", "dos"),
    ("a\x00b\x07c\x08d", "a␀b␇c␈d"),
    ("a\tb", "a       b"),
    ("\x1b[32m✓\x1b[0m\tok", "\x1b[32m✓\x1b[0m       ok"),
    ("12345678\tb", "12345678        b"),
    ("\u202eevil", "�evil"),
    ("line\u2028break", "line�break"),
]


@pytest.mark.parametrize(("raw", "kept"), ESCAPES)
def test_of_escape_sequences_only_colours_are_kept(raw: str, kept: str) -> None:
    assert safe(raw) == kept


@pytest.mark.parametrize("raw", [raw for raw, _ in ESCAPES])
def test_nothing_that_is_drawn_has_a_control_character(raw: str) -> None:
    assert all(text.isprintable() for text, _ in colored(safe(raw)))
    assert "".join(text for text, _ in colored(safe(raw))) == plain(safe(raw))


@pytest.mark.parametrize(
    ("codes", "role"),
    [
        ("31", "bad"), ("32", "good"), ("33", "warn"), ("34", "accent"), ("35", "loud"), ("36", "busy"),
        ("91", "bad"), ("1;31", "bold bad"), ("4", "underline text"), ("7", "reverse text"), ("2", "faint"),
        ("38;5;1", "bad"), ("38;5;196", "bad"), ("38;5;244", "muted"), ("38;2;10;200;10", "good"),
        ("38;2;250;250;250", "text"), ("31;39", "text"), ("1;22", "text"), ("48;5;1", "text"), ("", "text"),
        ("31;0", "text"), ("38;5", "text"), ("999", "text"), ("99999999999999999999", "text"), ("3", "italic text"),
    ],
)  # fmt: skip
def test_colours_become_roles_of_the_theme(codes: str, role: str) -> None:
    assert colored(f"\x1b[{codes}mx") == [("x", role)]


def test_a_colour_ends_where_it_is_reset() -> None:
    assert colored("a\x1b[31mb\x1b[1mc\x1b[0md") == [("a", "text"), ("b", "bad"), ("c", "bold bad"), ("d", "text")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"level":30,"time":1,"msg":"hello","user":"ada"}', "hello  user=ada"),
        ('{"user":"ada","message":"hello"}', "hello  user=ada"),
        ('{"a":1,"b":true,"c":null,"d":"two words","e":[1,2],"f":{"g":1}}',
         'a=1  b=true  c=null  d="two words"  e=[1,2]  f={"g":1}'),
        ('{"level":"info"}', '{"level":"info"}'),
        ('{"msg":"a\\nb"}', "a␊b"),
        ('{"msg":"\\u001b[2J"}', "␛[2J"),
        ('{"k\\u0007":"x"}', "k␇=x"),
        ("{}", "{}"),
        ('{"msg":"","x":""}', 'msg=""  x=""'),
    ],
)  # fmt: skip
def test_json_is_short_with_its_message_first(text: str, shown: str) -> None:
    fields = fields_of(text)
    assert fields is not None
    assert "".join(piece for piece, _ in short(fields)) == shown


@pytest.mark.parametrize("text", ["", "{", "{]}", '{"a":}', "[1]", '"x"', '{"a":1} more', "{" * 5000 + "}" * 5000])
def test_what_is_no_object_has_no_fields(text: str) -> None:
    assert fields_of(text) is None


def test_an_object_is_unfolded_with_indents_and_texts_of_several_lines() -> None:
    fields = {"a": {"b": [1, {"c": None}], "d": {}}, "stack": "Error: x\n  at y\n"}
    assert ["".join(text for text, _ in line) for line in unfolded(fields)] == [
        "{",
        "  a: {",
        "    b: [",
        "      1,",
        "      {",
        "        c: null",
        "      }",
        "    ],",
        "    d: {}",
        "  },",
        "  stack: Error: x",
        "      at y",
        "}",
    ]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("level=info msg=ready", {"level": "info", "msg": "ready"}),
        ('a=1 b="two \\"words\\"" c=', {"a": "1", "b": 'two "words"', "c": ""}),
        ("GET /x?a=1&b=2 200", {}),
        ("only=one", {}),
        ("x == y and z = 1", {}),
    ],
)
def test_logfmt_is_known_by_two_pairs(text: str, pairs: dict[str, str]) -> None:
    assert logfmt_of(text) == pairs


@pytest.mark.parametrize("text", ["level=info msg=ready", 'before a=1 b="c d" after', "a=1  b=2 "])
def test_logfmt_is_drawn_as_it_is_written(text: str) -> None:
    assert "".join(piece for piece, _ in logfmt_pieces(text)) == text


def test_a_line_beyond_all_measure_is_cut_and_says_so() -> None:
    kept = made(0.0, "stdout", "web", "a" * (LONGEST + 1234))
    assert kept.text == "a" * LONGEST + "… 1 234 more were not kept"
    assert len(made(0.0, "stdout", "web", "a" * 100_000).text) == 100_000


@pytest.mark.parametrize(
    ("process", "instance", "place", "name", "source"),
    [
        ("web", "i", "", "", "web"),
        ("web", "i", "fra-1", "", "web@fra-1"),
        ("", "fra-1", "fra-1", "", "fra-1"),
        ("", "i", "", "", "i"),
        ("web", "i", "fra-1", "build", "build"),
    ],
)
def test_a_source_is_the_process_and_where_it_runs(
    process: str, instance: str, place: str, name: str, source: str
) -> None:

    assert entry(LogLine(NOW, instance, process, "stdout", "x", place), name).source == source
