"""The small readers that plugins share."""

import pytest
from source_tree import Tree

from webduh_console.frameworks import (
    EnvVar,
    Version,
    argv,
    first_version,
    is_secret,
    line_version,
    merged,
    named_in_example,
    procfile,
    strings,
    table,
    tool_version,
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.12.1\n", "3.12.1"),
        ("# why\n\n3.12  # pinned\n3.11\n", "3.12"),
        ("python-3.11.4", "3.11.4"),
        ("v20.1.0", "20.1.0"),
        ("lts/iron", "lts/iron"),
        ("vermilion", "vermilion"),
        ("\n", None),
    ],
)
def test_a_version_file_holds_one_version(tree: Tree, text: str, version: str | None) -> None:
    found = line_version(tree({".version": text}), ".version", "python-")
    assert found == (None if version is None else Version(version, ".version"))


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".tool-versions": "ruby 3.3\nnodejs 20.1 18\n"}, Version("20.1", ".tool-versions")),
        ({".tool-versions": "# nodejs 1\nnodejs\n"}, None),
        ({"mise.toml": '[tools]\nnode = "22"\n'}, Version("22", "mise.toml")),
        ({".mise.toml": '[tools]\nnode = ["22", "20"]\n'}, Version("22", ".mise.toml")),
        ({"mise.toml": '[tools]\nnode = {version = "21"}\n'}, Version("21", "mise.toml")),
        ({"mise.toml": "[tools]\nnode = 22\n"}, None),
        ({"mise.toml": "tools = 1\n"}, None),
        ({".tool-versions": "node 1\n", "mise.toml": '[tools]\nnode = "2"\n'}, Version("1", ".tool-versions")),
        ({}, None),
    ],
)
def test_tool_files_name_versions(tree: Tree, files: dict[str, str], version: Version | None) -> None:
    assert tool_version(tree(files), "nodejs", "node") == version


def test_the_first_version_there_is_counts() -> None:
    assert first_version((None, Version("", "a"), Version("2", "b"), Version("3", "c"))) == Version("2", "b")
    assert first_version(()) is None


def test_tables_and_lists_of_the_wrong_kind_are_empty() -> None:
    assert (table({"a": {"b": {"c": 1}}}, "a", "b"), table({"a": 1}, "a", "b"), table([1])) == ({"c": 1}, {}, {})
    assert (strings(["a", 1, "b"]), strings("ab"), strings(None)) == (("a", "b"), (), ())


def test_a_procfile_names_processes(tree: Tree) -> None:
    text = "web: gunicorn app:app --bind :$PORT\r\n# worker: no\n\nWorker : python work.py\nnonsense\nempty:\n"
    assert procfile(tree({"Procfile": text})) == {"web": "gunicorn app:app --bind :$PORT", "worker": "python work.py"}
    assert procfile(tree({"Procfile": ""})) == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("node server.js", ("node", "server.js")),
        ("python -c 'print(1)'", ("sh", "-c", "python -c 'print(1)'")),
        ("serve -l $PORT", ("serve", "-l", "${PORT}")),
        ("serve --listen=0.0.0.0:${PORT}", ("serve", "--listen=0.0.0.0:${PORT}")),
        ("serve -p ${PORT:-3000}", ("serve", "-p", "${PORT}")),
        ("serve -p $PORTAL", ("sh", "-c", "serve -p $PORTAL")),
        ("cd sub && node x.js", ("sh", "-c", "cd sub && node x.js")),
        ("A=1 node x.js", ("sh", "-c", "A=1 node x.js")),
        ("echo 'half", ("sh", "-c", "echo 'half")),
        ('say "two words"', ("say", "two words")),
        ("run *.js", ("sh", "-c", "run *.js")),
        ("exec node server.js --port $PORT", ("node", "server.js", "--port", "${PORT}")),
        ("exec ./run -e $STAGE", ("sh", "-c", "exec ./run -e $STAGE")),
        ("exec -a shop node server.js", ("sh", "-c", "exec -a shop node server.js")),
    ],
)
def test_a_shell_line_becomes_an_argv_where_it_can(line: str, words: tuple[str, ...]) -> None:
    assert argv(line) == words


@pytest.mark.parametrize(
    "name",
    ["SECRET", "DJANGO_SECRET_KEY", "API_TOKEN", "DB_PASSWORD", "SENTRY_DSN", "API_KEY", "DATABASE_URL", "stripe_keys"],
)
def test_a_name_that_says_so_is_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["DEBUG", "KEYBOARD", "MONKEY", "TOKENIZER", "NEXT_PUBLIC_KEY", "STRIPE_PUBLISHABLE_KEY", "URL"]
)
def test_a_name_that_only_sounds_so_is_not(name: str) -> None:
    assert not is_secret(name)


def test_an_example_of_variables_gives_names_but_no_values(tree: Tree) -> None:
    source = tree({".env.example": "# c\nAPI_KEY=changeme\nexport DEBUG = 1\nPORT=3000\nnot a line\n"})
    why = "named in .env.example"
    assert named_in_example(source) == (EnvVar("API_KEY", why, secret=True), EnvVar("DEBUG", why))


def test_a_variable_is_listed_once_and_required_if_anyone_requires_it() -> None:
    optional, required = EnvVar("A", "one", default="x"), EnvVar("A", "two", required=True)
    assert merged((EnvVar("B", "b"), optional, required, EnvVar("A", "three"), EnvVar("PORT", "p"))) == (
        required,
        EnvVar("B", "b"),
    )
