"""What a right `webduh.yaml` means."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from webduh_console.config.load import Loaded, load, looks_secret
from webduh_console.config.schema import (
    AppConfig,
    DeployConfig,
    EnvironmentConfig,
    HealthConfig,
    LocalConfig,
    ProcessConfig,
    StaticConfig,
    schema,
)

WHOLE = """\
name: guestbook
project: family
framework: python
options: {level: 3, fast: true}
install:
  - pip install -r requirements.txt
  - [python3, manage.py, collectstatic]
build: make
start: python3 app.py
port: 8000
health: {path: /healthz, status: 200-399, timeout: 60, interval: 0.25}
processes:
  worker:
    command: [python3, worker.py]
    instances: 2
  release: python3 manage.py migrate
volumes: {data: data}
variables:
  VERSION: 1.10
  COUNTRY: no
  DEBUG: true
  MODE: 0755
  AT: 12:30
  EMPTY: ""
domains: [guest.example.com, "*.guest.example.com"]
memory: 512M
deploy: {watch: 5, drain: 30s, keep: 5}
on: local
local: {port: 8080}
environments:
  staging:
    variables: {DEBUG: false}
    domains: []
    processes: {worker: {instances: 1}}
    memory: 268435456
    deploy: {drain: 0}
    health: /up
    local: {port: 8081}
    on: other
  preview:
"""


def written(folder: Path, text: str, name: str = "webduh.yaml") -> Loaded:
    (folder / name).write_text(text, "utf-8")
    return load(folder)


def test_every_setting_is_read(tmp_path: Path) -> None:
    assert written(tmp_path, WHOLE).config == AppConfig(
        name="guestbook",
        project="family",
        framework="python",
        options={"level": "3", "fast": "true"},
        install=("pip install -r requirements.txt", ("python3", "manage.py", "collectstatic")),
        build="make",
        start="python3 app.py",
        port=8000,
        health=HealthConfig("/healthz", "200-399", 60.0, 0.25),
        processes={
            "worker": ProcessConfig(("python3", "worker.py"), 2),
            "release": "python3 manage.py migrate",
        },
        volumes={"data": "data"},
        variables={
            "VERSION": "1.10",
            "COUNTRY": "no",
            "DEBUG": "true",
            "MODE": "0755",
            "AT": "12:30",
            "EMPTY": "",
        },
        domains=("guest.example.com", "*.guest.example.com"),
        memory="512M",
        deploy=DeployConfig(5.0, "30s", 5),
        on="local",
        local=LocalConfig(8080),
        environments={
            "staging": EnvironmentConfig(
                variables={"DEBUG": "false"},
                domains=(),
                on="other",
                processes={"worker": ProcessConfig(instances=1)},
                memory=268435456,
                deploy=DeployConfig(drain=0.0),
                health="/up",
                local=LocalConfig(8081),
            ),
            "preview": EnvironmentConfig(),
        },
    )


def test_each_setting_knows_its_line(tmp_path: Path) -> None:
    lines = WHOLE.splitlines()
    loaded = written(tmp_path, WHOLE)
    assert loaded.origin("nothing", "health") == f"webduh.yaml:{lines.index('build: make') + 4}"
    assert loaded.lines["processes.worker.instances"] == lines.index("    instances: 2") + 1
    assert loaded.lines["install[1]"] == lines.index("  - [python3, manage.py, collectstatic]") + 1
    assert loaded.lines["environments.staging.variables.DEBUG"] == lines.index("    variables: {DEBUG: false}") + 1


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path) == Loaded()
    assert load(tmp_path / "nowhere") == Loaded()
    (tmp_path / "file").touch()
    assert load(tmp_path / "file") == Loaded()


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only words\n", "---\n", "{}\n", "~\n", "\ufeff", "name:\nvariables:\n"]
)
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, text).config == AppConfig()


@pytest.mark.parametrize(
    "text", ["name: blog\n", "\ufeffname: blog\n", "name: blog\r\n", "{name: blog}", "name: 'blog'"]
)
def test_a_name_may_be_written_in_many_ways(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, text, "webduh.yml").config == AppConfig(name="blog")


def test_anchors_and_merge_keys_work_and_the_own_key_wins(tmp_path: Path) -> None:
    text = """\
variables: &base {A: 1, B: 1}
environments:
  staging: {variables: {<<: *base, B: 2}}
  preview: {variables: {<<: [{A: 3}, *base], C: 3}}
"""
    environments = written(tmp_path, text).config.environments
    assert {name: part.variables for name, part in environments.items()} == {
        "staging": {"A": "1", "B": "2"},
        "preview": {"A": "3", "B": "1", "C": "3"},
    }


@pytest.mark.parametrize(
    ("written_as", "value"),
    [
        ("x", "x"),
        ("1", "1"),
        ("1.0", "1.0"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("True", "true"),
        ("FALSE", "false"),
        ("yes", "yes"),
        ("off", "off"),
        ("2024-01-02", "2024-01-02"),
        (".inf", ".inf"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("=", "="),
        ("!!str 5", "5"),
        ("99999999999999999999999999", "99999999999999999999999999"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("ünïcode ✓", "ünïcode ✓"),
        ("a#b", "a#b"),
        ("${HOME}", "${HOME}"),
    ],
)
def test_a_variable_is_the_text_that_was_written(tmp_path: Path, written_as: str, value: str) -> None:
    assert written(tmp_path, f"variables:\n A: {written_as}\n").config.variables == {"A": value}


@pytest.mark.parametrize(
    ("text", "static"),
    [
        ("static: dist", "dist"),
        ("static: .", "."),
        ("static: {dir: a/b}", StaticConfig("a/b")),
        ("static: {dir: dist, spa: true, not_found: oops.html}", StaticConfig("dist", True, "oops.html")),
    ],
)
def test_static_output_is_a_folder_or_more(tmp_path: Path, text: str, static: object) -> None:
    assert written(tmp_path, text).config == AppConfig(static=static)  # type: ignore[arg-type]


def test_what_looks_like_a_secret_is_warned_about_with_its_line(tmp_path: Path) -> None:
    text = """\
variables:
  API_KEY: abcdef
environments:
  staging:
    variables:
      DATABASE_URL: postgres://me:hunter2@db/x
"""
    assert written(tmp_path, text).warnings == (
        "webduh.yaml:2 variables.API_KEY looks like a secret, and this file is usually shared:"
        " use `webduh secret set` for it.",
        "webduh.yaml:6 environments.staging.variables.DATABASE_URL looks like a secret, and this file is usually"
        " shared: use `webduh secret set` for it.",
    )


def test_a_tiny_memory_limit_is_warned_about(tmp_path: Path) -> None:
    assert written(tmp_path, "memory: 512").warnings == ("webduh.yaml:1 memory is 512 bytes: 512M may be meant.",)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("PASSWORD", "x", True),
        ("DB_PASSWORD", "x", True),
        ("SECRET_KEY", "x", True),
        ("github_token", "x", True),
        ("API_KEY", "", False),
        ("PUBLIC_KEY", "x", False),
        ("API_KEY_FILE", "/run/key", False),
        ("KEYBOARD", "x", False),
        ("TOKENIZER", "x", False),
        ("URL", "https://example.com", False),
        ("URL", "https://me@example.com", False),
        ("URL", "https://example.com/a:b@c", False),
        ("URL", "redis://:pw@host:1", True),
    ],
)
def test_a_secret_is_known_by_its_name_or_its_address(name: str, value: str, secret: bool) -> None:
    assert looks_secret(name, value) is secret


def parts(schema: Any) -> list[dict[str, Any]]:
    """All objects within a JSON Schema, itself included."""
    if isinstance(schema, dict):
        return [schema, *(part for inner in schema.values() for part in parts(inner))]
    return [part for inner in schema for part in parts(inner)] if isinstance(schema, list) else []


def test_the_json_schema_is_whole_and_closed() -> None:
    whole = schema()
    assert list(whole)[:3] == ["$schema", "$id", "title"]
    assert whole["title"] == "webduh.yaml"
    assert set(whole["properties"]) == set(AppConfig.__struct_encode_fields__)
    references = {part["$ref"] for part in parts(whole) if "$ref" in part}
    assert references == {f"#/$defs/{name}" for name in whole["$defs"]}
    blocks = [whole, *whole["$defs"].values()]
    assert [block["additionalProperties"] for block in blocks] == [False] * len(blocks)
    for block in blocks:
        assert [name for name, part in block["properties"].items() if not part.get("description")] == []
    for part in parts(whole):
        re.compile(part["pattern"] if isinstance(part.get("pattern"), str) else "")
    assert json.loads(json.dumps(whole)) == whole


def test_every_example_of_the_schema_is_right() -> None:
    for field in msgspec.structs.fields(AppConfig):
        for example in schema()["properties"][field.encode_name].get("examples", []):
            assert msgspec.convert({field.encode_name: example}, AppConfig) is not None
