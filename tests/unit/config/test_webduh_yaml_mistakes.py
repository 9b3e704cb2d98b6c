"""What is said about a wrong `webduh.yaml`: each mistake with its line, column, setting, and what to write instead."""

# ruff: noqa: E501 - the messages are compared whole

import os
import re
from pathlib import Path

import pytest

from webduh_console.config.load import load
from webduh_console.config.problems import ConfigFileError, Problem

NAME = "a name of a-z, 0-9 and single dashes, at most 40 characters"

MISTAKES = [
    ("nmae: guestbook\n", "1:1 nmae: is not a setting (did you mean name?)"),
    (
        "whatever: 1\n",
        "1:1 whatever: is not a setting (known are build, cpus, deploy, domains, environments, files, framework, health, hooks, install, local, memory, name, on, options, port, processes, project, read_only, start, static, variables, volumes)",
    ),
    ("name: Guest Book\n", f'1:7 name: expected {NAME}, found "Guest Book" (guest-book would do)'),
    ("name: a--b\n", f'1:7 name: expected {NAME}, found "a--b" (a-b would do)'),
    ("name: 123\n", f"1:7 name: expected {NAME}, found 123 (put it in quotes)"),
    ("name: true\n", f"1:7 name: expected {NAME}, found true (put it in quotes)"),
    ("name: [a]\n", f"1:7 name: expected {NAME}, found a list"),
    ("name: {a: b}\n", f"1:7 name: expected {NAME}, found a block of keys"),
    (
        "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        f'1:7 name: expected {NAME}, found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa would do)',
    ),
    ('name: "guest\\n"\n', f'1:7 name: expected {NAME}, found "guest\\n" (guest would do)'),
    ("project: My\n", f'1:10 project: expected {NAME}, found "My" (my would do)'),
    ("framework: Python!\n", f'1:12 framework: expected {NAME}, found "Python!" (python would do)'),
    ("options: [a]\n", "1:10 options: expected a block of keys, found a list"),
    ("options: {level: [1]}\n", "1:18 options.level: expected a text, a number or true/false, found a list"),
    ("install: 3\n", "1:10 install: expected a command or a list, found 3"),
    ("install: ''\n", '1:10 install: expected a command or a list, found ""'),
    ("install:\n  - npm ci\n  - [npm, 1]\n", "3:11 install[1][1]: expected a text, found 1 (put it in quotes)"),
    ("install:\n  - npm ci\n  - []\n", "3:5 install[1]: expected a list of words, found an empty list"),
    ("build: {run: x}\n", "1:8 build: expected a command or a list, found a block of keys"),
    ("start: []\n", "1:8 start: expected a list of words, found an empty list"),
    ("start: 8000\n", "1:8 start: expected a command or a list of words, found 8000"),
    ("start: [python, 3]\n", "1:17 start[1]: expected a text, found 3 (put it in quotes)"),
    (
        "static: /var/www\n",
        '1:9 static: expected a folder inside the app, such as dist or a block of dir, spa, not_found, found "/var/www"',
    ),
    (
        "static: ../dist\n",
        '1:9 static: expected a folder inside the app, such as dist or a block of dir, spa, not_found, found "../dist"',
    ),
    ("static: {spa: true}\n", "1:9 static.dir: is missing"),
    ("static: {dir: dist, spa: yes}\n", '1:26 static.spa: expected true or false, found "yes" (write true)'),
    ("static: {dir: dist, nofound: x}\n", "1:21 static.nofound: is not a setting (did you mean not_found?)"),
    ("port: http\n", '1:7 port: expected a whole number from 1 to 65535, found "http"'),
    (
        'port: "8000"\n',
        '1:7 port: expected a whole number from 1 to 65535, found "8000" (write the number without quotes)',
    ),
    ("port: 0\n", "1:7 port: expected a whole number from 1 to 65535, found 0"),
    ("port: 65536\n", "1:7 port: expected a whole number from 1 to 65535, found 65536"),
    ("port: 80.5\n", "1:7 port: expected a whole number from 1 to 65535, found 80.5"),
    (
        "health: healthz\n",
        '1:9 health: expected a path that begins with / or a block of path, status, timeout, interval, found "healthz"',
    ),
    (
        "health: {path: /, status: 700}\n",
        "1:27 health.status: expected a status such as 204 or a range such as 200-399, found 700",
    ),
    ("health: {path: /, status: 399-200}\n", "1:9 health: status 399-200 ends before it begins"),
    (
        "health: {path: /, status: ok}\n",
        '1:27 health.status: expected a status such as 204 or a range such as 200-399, found "ok"',
    ),
    ("health: {timeout: soon}\n", '1:19 health.timeout: expected a time such as 30, 30s or 2m, found "soon"'),
    ("health: {intervall: 1}\n", "1:10 health.intervall: is not a setting (did you mean interval?)"),
    ("processes: [web]\n", "1:12 processes: expected a block of keys, found a list"),
    ("processes:\n  Web: x\n", f"2:3 processes.Web: expected {NAME} as the key (web would do)"),
    (
        "processes:\n  web:\n    instances: two\n",
        '3:16 processes.web.instances: expected a whole number from 0 to 100, found "two"',
    ),
    (
        "processes:\n  web:\n    instances: -1\n",
        "3:16 processes.web.instances: expected a whole number from 0 to 100, found -1",
    ),
    ("processes:\n  web:\n    comand: x\n", "3:5 processes.web.comand: is not a setting (did you mean command?)"),
    (
        "processes:\n  web: 3\n",
        "2:8 processes.web: expected a command or a list of words or a block of command, instances, overlap, restart, max_retries, found 3",
    ),
    ("start: a\nprocesses: {web: b}\n", "2:13 processes.web: contradicts start in line 1 (keep one of them)"),
    ("start: a\nstatic: dist\n", "2:1 static: contradicts start in line 1 (keep one of them)"),
    ("static: dist\nprocesses:\n  web: b\n", "3:3 processes.web: contradicts static in line 1 (keep one of them)"),
    ("volumes: {data: ../../etc}\n", '1:17 volumes.data: expected a path without .., found "../../etc"'),
    ("volumes: {Data: data}\n", f"1:11 volumes.Data: expected {NAME} as the key (data would do)"),
    ("volumes: data\n", '1:10 volumes: expected a block of keys, found "data"'),
    ("variables:\n  1A: x\n", "2:3 variables.1A: expected a variable name of letters, digits and _ as the key"),
    ("variables:\n  A: [1]\n", "2:6 variables.A: expected a text, a number or true/false, found a list"),
    (
        "variables:\n  A:\n",
        '2:5 variables.A: expected a text, a number or true/false, found nothing (write "" for an empty text)',
    ),
    ("variables: A=1\n", '1:12 variables: expected a block of keys, found "A=1"'),
    (
        "domains: guest.example.com\n",
        '1:10 domains: expected a list, found "guest.example.com" (write it as a list, with - before each)',
    ),
    (
        "domains: [https://guest.example.com]\n",
        '1:11 domains[0]: expected a host name in lower case, such as guest.example.com, found "https://guest.example.com" (guest.example.com would do)',
    ),
    (
        "domains: [Guest.example.com]\n",
        '1:11 domains[0]: expected a host name in lower case, such as guest.example.com, found "Guest.example.com" (guest.example.com would do)',
    ),
    ("domains: [a.example, b.example, a.example]\n", "1:33 domains[2]: a.example is named twice (keep one of them)"),
    ("memory: 512MB\n", '1:9 memory: expected an amount of memory such as 512M or 2G, found "512MB"'),
    ("memory: -1\n", "1:9 memory: expected an amount of memory such as 512M or 2G, found -1"),
    ("memory: lots\n", '1:9 memory: expected an amount of memory such as 512M or 2G, found "lots"'),
    ("deploy: {watch: -5}\n", "1:17 deploy.watch: expected a time such as 30, 30s or 2m, found -5"),
    ("deploy: {drain: 30 s}\n", '1:17 deploy.drain: expected a time such as 30, 30s or 2m, found "30 s"'),
    ("deploy: {keep: 0}\n", "1:16 deploy.keep: expected a whole number from 1 to 1000, found 0"),
    ("deploy: 5\n", "1:9 deploy: expected a block of watch, drain, keep, overlap, found 5"),
    ("on: The Server\n", f'1:5 on: expected {NAME}, found "The Server" (the-server would do)'),
    ("local: {port: 80}\n", "1:15 local.port: expected a whole number from 1024 to 65535, found 80"),
    ("local: 8080\n", "1:8 local: expected a block of port, found 8080"),
    ("environments: {Staging: {}}\n", f"1:16 environments.Staging: expected {NAME} as the key (staging would do)"),
    (
        "environments: {staging: {start: x}}\n",
        "1:26 environments.staging.start: is not a setting (known are cpus, deploy, domains, files, health, local, memory, on, processes, variables)",
    ),
    (
        "environments:\n  staging:\n    variables:\n      A: {}\n",
        "4:10 environments.staging.variables.A: expected a text, a number or true/false, found a block of keys",
    ),
    ("environments: [staging]\n", "1:15 environments: expected a block of keys, found a list"),
    ("name: a\nname: b\n", "2:1 name: is written twice, in lines 1 and 2 (keep one of them)"),
    ("variables:\n  A: 1\n  B: 2\n  A: 3\n", "4:3 variables.A: is written twice, in lines 2 and 4 (keep one of them)"),
    ("name: a\n\tport: 1\n", "2:1: broken YAML: a tab where YAML allows only spaces (indent with spaces)"),
    (
        "name: a: b\n",
        "1:8: broken YAML: mapping values are not allowed here (a value with a colon needs quotes, and every key its own line)",
    ),
    (
        "name: [a\n",
        "2:1: broken YAML: expected ',' or ']', but got '<stream end>' (while parsing a flow sequence in line 1)",
    ),
    ('name: "a\n', "2:1: broken YAML: found unexpected end of stream (while scanning a quoted scalar in line 1)"),
    ("name: a\n---\nname: b\n", "2:1: broken YAML: a second document begins here (leave the --- out)"),
    ("- name\n- port\n", "1:1: expected a block of keys, found a list (write for example name: my-app)"),
    ("just a text\n", "1:1: expected a block of keys, found a single text (write for example name: my-app)"),
    ("name: !secret x\n", "1:7 name: the tag !secret means nothing here (leave the tag out)"),
    (
        "name: !!python/object:os.system x\n",
        "1:7 name: the tag !!python/object:os.system means nothing here (leave the tag out)",
    ),
    ("? [a]\n: b\n", "1:3: a key must be a single word"),
    ("name: *nobody\n", "1:7: broken YAML: found undefined alias 'nobody'"),
    ("a: &a [*a]\n", "1:4: is nested deeper than 40 levels"),
    ("<<: text\n", "1:5 <<: expected a block of keys to merge"),
    ("name: \x01\n", "1:7: the character U+0001 is not allowed in YAML"),
    ("name: {\n", "2:1: broken YAML: expected the node content, but found '<stream end>'"),
    ("%YAML 3.0\n---\nname: a\n", "1:1: broken YAML: found incompatible YAML document (version 1.* is required)"),
    (
        "name: a\n port: 3\n",
        "2:6: broken YAML: mapping values are not allowed here (a value with a colon needs quotes, and every key its own line)",
    ),
    (": x\n", "1:1: broken YAML: expected <block end>, but found ':'"),
    (
        "variables: {A: }\n",
        '1:15 variables.A: expected a text, a number or true/false, found nothing (write "" for an empty text)',
    ),
]


def mistakes(folder: Path, text: str | bytes, name: str = "webduh.yaml") -> list[str]:
    """What loading this text says, without the file's name."""
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigFileError) as caught:
        load(folder)
    return [str(problem).removeprefix(f"{name}:") for problem in caught.value.problems]


@pytest.mark.parametrize(("text", "says"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    assert mistakes(tmp_path, text) == [says]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
name: Guest
processes:
  web:
    instances: two
procesess: 3
variables: {A: 1, A: 2}
deploy:
  drain: -3
  keep: 0
"""
    (tmp_path / "webduh.yaml").write_text(text)
    with pytest.raises(ConfigFileError) as caught:
        load(tmp_path)
    assert str(caught.value).splitlines() == [
        f"{tmp_path / 'webduh.yaml'} has 6 mistakes.",
        f'webduh.yaml:1:7 name: expected {NAME}, found "Guest" (guest would do)',
        'webduh.yaml:4:16 processes.web.instances: expected a whole number from 0 to 100, found "two"',
        "webduh.yaml:5:1 procesess: is not a setting (did you mean processes?)",
        "webduh.yaml:6:19 variables.A: is written twice, in lines 6 and 6 (keep one of them)",
        "webduh.yaml:8:10 deploy.drain: expected a time such as 30, 30s or 2m, found -3",
        "webduh.yaml:9:9 deploy.keep: expected a whole number from 1 to 1000, found 0",
    ]
    assert caught.value.code == 2
    assert caught.value.problems[0] == Problem(
        "webduh.yaml", 1, 7, "name", f'expected {NAME}, found "Guest"', "guest would do"
    )


def test_a_double_key_names_both_lines(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "port: 1\nname: a\nport: 2\n") == [
        "3:1 port: is written twice, in lines 1 and 3 (keep one of them)"
    ]


def test_two_files_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "webduh.yaml").write_text("name: a\n")
    assert mistakes(tmp_path, "name: b\n", "webduh.yml") == [
        "1:1: there is a webduh.yaml and a webduh.yml (keep one of them)"
    ]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"name: caf\xe9\n", "1:10: is not UTF-8: byte 0xe9 (save the file as UTF-8)"),
        (b"name: a\n# \xff\n", "2:3: is not UTF-8: byte 0xff (save the file as UTF-8)"),
        ("name: a\n".encode("utf-16"), "1:1: is not UTF-8: byte 0xff (save the file as UTF-8)"),
        (b"name: a\0b\n", "1:8: the character U+0000 is not allowed in YAML"),
        (b"#" * (256 * 1024 + 1), "1:1: is larger than 256 KiB"),
    ],
)
def test_bytes_that_are_no_yaml_text_are_told(tmp_path: Path, raw: bytes, says: str) -> None:
    assert mistakes(tmp_path, raw) == [says]


def test_an_alias_cannot_blow_up_the_file(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for previous, letter in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{letter}: &{letter} [{', '.join([f'*{previous}'] * 10)}]\n"
    assert [re.sub(r"^\d+:\d+", "L:C", line) for line in mistakes(tmp_path, bomb)] == [
        "L:C: has more than 10000 values; an alias may repeat too much"
    ]


@pytest.mark.parametrize("depth", [50, 5_000])
def test_deep_nesting_ends_in_words(tmp_path: Path, depth: int) -> None:
    (said,) = mistakes(tmp_path, "name: " + "[" * depth + "]" * depth)
    assert said.endswith(": is nested deeper than 40 levels")


def test_a_value_is_shown_short_and_without_control_characters(tmp_path: Path) -> None:
    (said,) = mistakes(tmp_path, 'port: "\\e[31m' + "x" * 200 + '"\n')
    assert said == f'1:7 port: expected a whole number from 1 to 65535, found "\\x1b[31m{"x" * 51}…"'


def test_a_folder_of_that_name_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "webduh.yaml").mkdir()
    with pytest.raises(ConfigFileError, match=r"webduh\.yaml:1:1: is not a file"):
        load(tmp_path)


def test_a_broken_link_does_not_pass_for_no_file(tmp_path: Path) -> None:
    (tmp_path / "webduh.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(ConfigFileError, match=r"webduh\.yaml:1:1: is not a file"):
        load(tmp_path)


def test_a_pipe_of_that_name_does_not_make_us_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "webduh.yaml")
    with pytest.raises(ConfigFileError, match=r"webduh\.yaml:1:1: is not a file"):
        load(tmp_path)
