"""Apps that say themselves how they are started: a Procfile alone, a start script."""

import pytest
from plugin_answers import planned
from source_tree import Tree
from webduh_plugins import procfile, shell

from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins


@pytest.mark.parametrize(
    ("files", "framework"),
    [
        ({"start.sh": "exec ./app $PORT\n"}, "shell"),
        ({"bin/start": "#!/bin/sh\nexec ./app\n"}, "shell"),
        ({"Procfile": "web: ./app --port $PORT\n", "app": ""}, "procfile"),
        ({"Procfile": "worker: ./work\n", "start.sh": "exec ./app"}, "shell"),
        ({"start.sh": "exec x", "index.html": "x"}, "static"),
        ({"start.sh": "python app.py", "requirements.txt": "flask\n"}, "python"),
        ({"Procfile": "web: gunicorn app:app\n", "requirements.txt": "flask\ngunicorn\n"}, "python"),
        ({"start.sh": "x", "Dockerfile": "FROM debian\n"}, "dockerfile"),
    ],
)
def test_the_weakest_evidence_counts_where_there_is_no_other(tree: Tree, files: dict[str, str], framework: str) -> None:
    assert detect(tree(files), plugins()).match.framework == framework


@pytest.mark.parametrize(
    "files", [{"Procfile": ""}, {"Procfile": "# web: x\n"}, {"bin/start": "no script"}, {"start": "\x7fELF"}, {}]
)
def test_what_is_no_script_is_nothing(tree: Tree, files: dict[str, str]) -> None:
    source = tree(files)

    assert shell.Plugin().detect(source) is None
    assert procfile.Plugin().detect(source) is None


@pytest.mark.parametrize(
    ("text", "start", "language"),
    [
        ("exec ./app $PORT", ("sh", "start.sh"), "shell"),
        ("#!/bin/bash\nset -e\nexec node server.js", ("bash", "start.sh"), "javascript"),
        ("#!/usr/bin/env bash\nexec python3 -m http.server $PORT", ("bash", "start.sh"), "python"),
        ("#!/bin/sh -eu\n# node\nexec ./app", ("sh", "-eu", "start.sh"), "shell"),
        ("#!/usr/bin/env -S node --enable-source-maps\nx", ("node", "--enable-source-maps", "start.sh"), "javascript"),
    ],
)
def test_a_script_is_run_by_what_its_first_line_says(
    tree: Tree, text: str, start: tuple[str, ...], language: str
) -> None:
    plan = planned(shell.Plugin(), tree({"start.sh": text}))

    assert (plan.start, plan.language) == (start, language)


def test_what_a_person_should_know_of_a_script_is_said(tree: Tree) -> None:
    plan = planned(shell.Plugin(), tree({"start.sh": "#!/bin/sh\n./app\n# exec\n"}))

    assert [warning.partition(":")[0] for warning in plan.warnings] == [
        "start.sh does not use PORT",
        "The last line of start.sh has no `exec`",
    ]


def test_a_script_that_is_as_it_should_be_is_passed_over_in_silence(tree: Tree) -> None:
    assert planned(shell.Plugin(), tree({"start.sh": "set -e\nexec ./app $PORT\n"})).warnings == ()


def test_each_line_of_a_procfile_is_a_process(tree: Tree) -> None:
    text = "web: ruby web.rb -p $PORT\nworker: ruby work.rb $QUEUE_TOKEN\nrelease: rake db:migrate\n"
    plan = planned(procfile.Plugin(), tree({"Procfile": text}))

    assert plan.language == "ruby"
    assert {one.name: one.command[:2] for one in plan.processes} == {
        "web": ("ruby", "web.rb"),
        "worker": ("sh", "-c"),
        "release": ("rake", "db:migrate"),
    }
    assert [(one.name, one.required, one.secret) for one in plan.env] == [("QUEUE_TOKEN", True, True)]


def test_a_procfile_that_starts_what_is_not_there_is_told(tree: Tree) -> None:
    plan = planned(procfile.Plugin(), tree({"Procfile": "worker: ./work\n"}))

    assert len(plan.warnings) == 2
    assert "no `web`" in plan.warnings[0]
    assert "./work" in plan.warnings[1]
