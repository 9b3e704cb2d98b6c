import click
import pytest

from webduh_console.commands.context import Context
from webduh_console.commands.language import (
    COMMANDS,
    as_written,
    completions,
    expand,
    help_text,
    output_of,
    parse,
    root,
    run_line,
    split,
)
from webduh_console.commands.results import Text
from webduh_console.errors import NotFoundError, UsageError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("   ", []),
        ("# all of it", []),
        ("  # all of it", []),
        ("deploy shop", ["deploy", "shop"]),
        ("deploy shop # now", ["deploy", "shop"]),
        ("deploy shop # don't", ["deploy", "shop"]),
        ("env set shop URL=http://x/#top", ["env", "set", "shop", "URL=http://x/#top"]),
        ("env set shop 'A=# no comment'", ["env", "set", "shop", "A=# no comment"]),
        ('env set shop "A=two  words"', ["env", "set", "shop", "A=two  words"]),
        ("env set shop A='it'\"'\"'s'", ["env", "set", "shop", "A=it's"]),
        (r"a\ b \# c", ["a b", "#", "c"]),
        ("a'b#c'd#e #f", ["ab#cd#e"]),
        ('a "" b', ["a", "", "b"]),
        ("a\tb", ["a", "b"]),
        ("ä ☃", ["ä", "☃"]),
        ("a $HOME `x` ; | & > *", ["a", "$HOME", "`x`", ";", "|", "&", ">", "*"]),
    ],
)
def test_a_line_is_split_as_in_a_shell_but_nothing_is_special(line: str, words: list[str]) -> None:
    assert split(line) == words


@pytest.mark.parametrize("line", ["a 'b", 'a "b', "a \\", "a 'b # c"])
def test_a_quote_that_is_not_closed_is_an_error(line: str) -> None:
    with pytest.raises(UsageError, match="cannot be split into words"):
        split(line)


VARIABLES = {"A": "1", "WORDS": "two words", "QUOTE": "it's", "NESTED": "${A}", "EMPTY": "", "_x1": "y"}


@pytest.mark.parametrize(
    ("words", "expanded"),
    [
        ([], []),
        (["${A}"], ["1"]),
        (["x${A}y${A}"], ["x1y1"]),
        (["${WORDS}"], ["two words"]),
        (["${QUOTE}"], ["it's"]),
        (["${NESTED}"], ["${A}"]),
        (["${EMPTY}"], [""]),
        (["${_x1}"], ["y"]),
        (["$A", "$", "${", "${}", "${1}", "${A", "$${A}"], ["$A", "$", "${", "${}", "${1}", "${A", "$1"]),
        (["${A }", "${A-b}"], ["${A }", "${A-b}"]),
        (["${$}{A}", "${$}${A}", "${$}{$}"], ["${A}", "$1", "${$}"]),
    ],
)
def test_a_value_is_put_in_and_never_becomes_several_words(words: list[str], expanded: list[str]) -> None:
    assert expand(words, VARIABLES, "x:1") == expanded


def test_an_undefined_variable_is_named_with_its_line() -> None:
    with pytest.raises(UsageError) as caught:
        expand(["a", "${NOWHERE}"], VARIABLES, "ship.webduh:3")
    assert caught.value.as_dict() == {
        "name": "usage",
        "what": "ship.webduh:3: the variable NOWHERE is not defined.",
        "why": "",
        "kept": "No line was run.",
        "hint": "Give it with --var NOWHERE=VALUE, or in the environment.",
    }


def leaves() -> list[tuple[str, ...]]:
    """Every command down to its last verb."""
    found: list[tuple[str, ...]] = []
    context = root.make_context("webduh", [], resilient_parsing=True)
    for name in COMMANDS:
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            found += [(name, verb) for verb in command.commands]
        else:
            found.append((name,))
    return found


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_has_help_that_says_what_it_does_and_how_to_get_json(
    words: tuple[str, ...], ctx: Context
) -> None:
    text = help_text(words, ctx)
    assert text.startswith(f"Usage: webduh {' '.join(words)} ")
    assert "-o, --output" in text
    paragraph = text.partition("\n\n")[2].partition("\n\n")[0].strip()
    assert paragraph
    assert paragraph.endswith(".")
    for option in ("-h", "--help"):
        answer = run_line(ctx, f"{' '.join(words)} {option}")
        assert isinstance(answer, Text)
        assert answer.text == text


CHANGING = [
    ("deploy",),
    ("rollback",),
    ("demo",),
    *(("env", verb) for verb in ("set", "unset")),
    *(("secret", verb) for verb in ("set", "unset")),
    *(("app", verb) for verb in ("add", "move", "rm")),
    *(("target", verb) for verb in ("start", "stop")),
    ("config", "set"),
]


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_every_command_that_changes_something_can_say_first_what_it_would_do(
    words: tuple[str, ...], ctx: Context
) -> None:
    assert "--dry-run" in help_text(words, ctx)


def test_the_whole_help_names_every_command_in_one_line_each(ctx: Context) -> None:
    text = root.get_help(root.make_context("webduh", [], resilient_parsing=True))
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        ("deplyo", "There is no command deplyo.", "Did you mean deploy?"),
        ("helpp", "There is no command helpp.", "Did you mean help?"),
        ("env sett a", "There is no command env sett.", "Did you mean set?"),
        ("target qqq", "There is no command target qqq.", "See `webduh target --help`."),
        ("xyzzy", "There is no command xyzzy.", "See `webduh --help`."),
    ],
)
def test_an_unknown_command_gets_the_nearest(line: str, what: str, hint: str, ctx: Context) -> None:
    with pytest.raises(NotFoundError) as caught:
        run_line(ctx, line)
    assert (caught.value.what, caught.value.hint) == (what, hint)


@pytest.mark.parametrize(
    "line",
    [
        "deploy a b",
        "deploy --nonsense",
        "deploy --watch -1",
        "deploy --watch many",
        "status -o yaml",
        "rollback --to 0",
        "logs --tail -1",
        "logs --since never",
        "env set",
        "env set shop",
        "app move shop",
        "config set theme",
        "deployments --limit 0",
        "-x",
    ],
)
def test_wrong_words_are_an_error_that_points_to_the_help(line: str, ctx: Context) -> None:
    with pytest.raises(UsageError) as caught:
        run_line(ctx, line)
    assert caught.value.code == 2
    assert caught.value.kept == "Nothing was done."
    assert "--help" in caught.value.hint


def test_an_empty_line_is_no_command(ctx: Context) -> None:
    for text in ("", "  ", "# a comment"):
        with pytest.raises(UsageError, match="no command in an empty line"):
            run_line(ctx, text)


@pytest.mark.parametrize("line", ["env", "secret", "app", "target", "config", "plugin"])
def test_a_noun_alone_shows_its_verbs(line: str, ctx: Context) -> None:
    answer = run_line(ctx, line)
    assert isinstance(answer, Text)
    assert answer.text.startswith(f"Usage: webduh {line} ")


@pytest.mark.parametrize(
    ("words", "output"),
    [(["status"], "table"), (["status", "-o", "json"], "json"), (["app", "ls", "--output", "json"], "json")],
)
def test_the_output_is_read_from_the_line(words: list[str], output: str, ctx: Context) -> None:
    assert output_of(parse(words, ctx)) == output


def test_parsing_checks_words_and_touches_nothing(ctx: Context) -> None:
    for words in (["deploy", "nowhere"], ["app", "rm", "nowhere"], ["env", "set", "nowhere", "A=1"], ["rollback", "x"]):
        parse(words, ctx)
    assert not ctx.home.data.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dep", {"deploy", "deployments"}),
        ("env ", {"ls", "set", "unset"}),
        ("env s", {"set"}),
        ("deploy --dr", {"--drain", "--dry-run"}),
        ("status -o ", {"table", "json"}),
        ("status -e sta", {"staging"}),
        ("", set(COMMANDS)),
    ],
)
def test_what_may_stand_next_is_known(text: str, expected: set[str], ctx: Context) -> None:
    assert set(completions(ctx, text)) == expected


@pytest.mark.parametrize("text", ["xyzzy ", "env xyzzy ", "deploy --xyzzy ", "'", '"', "\\", "status -o yaml "])
def test_asking_what_may_stand_next_is_never_an_error(text: str, ctx: Context) -> None:
    completions(ctx, text)


def test_known_apps_are_completed_and_never_an_error(ctx: Context, line: object, shop: object) -> None:
    assert callable(line)
    line(f"app add {shop}")
    assert "shop" in completions(ctx, "logs s")
    assert "shop" not in completions(ctx, "logs x")
    (ctx.home.data / "state.db").write_bytes(b"no database at all, " * 100)
    broken = Context(ctx.home)
    assert "shop" not in completions(broken, "logs s")


@pytest.mark.parametrize(
    "word", ["plain", "two words", "it's", "${A}", "${$}", "$${A}", "${$}{A}", "--port=${PORT}", "#no"]
)
def test_a_word_is_written_into_a_script_so_that_it_is_read_as_it_is(word: str) -> None:
    assert expand(split(as_written(word)), VARIABLES, "here") == [word]
