"""`schedules:` in webduh.yaml: every mistake by its line, and what follows for a release."""

from pathlib import Path

import pytest

from webduh_console.config import spec
from webduh_console.config.load import Loaded, load
from webduh_console.config.problems import ConfigFileError
from webduh_console.model.build import BuildPlan, Process, Schedule

PLAN = BuildPlan("python", "python", processes=(Process("web", ("./web",)), Process("mail", ("./mail",))))


def loaded(folder: Path, text: str) -> Loaded:
    (folder / "webduh.yaml").write_text(text)
    return load(folder)


def schedules(folder: Path, text: str, environment: str = "production") -> tuple[Schedule, ...]:
    found = loaded(folder, text)
    return spec.spec(spec.overridden(PLAN, found, environment), found, environment).schedules


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    text = "schedules:\n  tidy: {cron: '@daily', run: ./tidy | log}\n"
    assert schedules(tmp_path, text) == (Schedule("tidy", "@daily", ("sh", "-c", "./tidy | log"), "UTC", 0.0),)


def test_what_is_said(tmp_path: Path) -> None:
    text = "schedules:\n  tidy: {cron: 0 3 * * *, run: [./tidy, a b], timezone: Europe/Berlin, timeout: 2m}\n"
    assert schedules(tmp_path, text) == (Schedule("tidy", "0 3 * * *", ("./tidy", "a b"), "Europe/Berlin", 120.0),)


def test_an_environment_adds_and_replaces(tmp_path: Path) -> None:
    text = """\
schedules:
  tidy: {cron: '@daily', run: ./tidy}
environments:
  staging:
    schedules:
      tidy: {cron: '@hourly', run: ./tidy}
      more: {cron: '@weekly', run: ./more}
"""
    assert [(s.name, s.cron) for s in schedules(tmp_path, text)] == [("tidy", "@daily")]
    assert [(s.name, s.cron) for s in schedules(tmp_path, text, "staging")] == [
        ("tidy", "@hourly"),
        ("more", "@weekly"),
    ]


MISTAKES = {
    "schedules:\n  tidy:\n    cron: 61 * * * *\n    run: x\n": ":3:5 schedules.tidy.cron",
    "schedules:\n  tidy:\n    run: x\n    cron: 0 0 0 3 * *\n": ":4:5 schedules.tidy.cron",
    "schedules:\n  tidy:\n    cron: '@daily'\n    run: x\n    timezone: Mars/Base\n": ":5:5 schedules.tidy.timezone",
    "schedules:\n  tidy:\n    cron: '@daily'\n": "schedules.tidy.run: is missing",
    "schedules:\n  tidy:\n    run: x\n": "schedules.tidy.cron: is missing",
    "schedules:\n  web: {cron: '@daily', run: x}\n": ":2:3 schedules.web: a schedule cannot be called web",
    "schedules:\n  release: {cron: '@daily', run: x}\n": "a schedule cannot be called release",
    "processes: {tidy: x}\nschedules:\n  tidy: {cron: '@daily', run: x}\n": ":3:3 schedules.tidy: tidy is a process",
    "schedules:\n  Tidy Up: {cron: '@daily', run: x}\n": "expected a name of a-z",
    "schedules:\n  tidy: {cron: '@daily', run: x, every: 5}\n": "schedules.tidy.every: is not a setting",
    "schedules:\n  tidy: {cron: '@daily', run: x, timeout: soon}\n": "schedules.tidy.timeout: expected a time",
    "environments:\n  staging:\n    schedules:\n      tidy: {cron: x, run: x}\n": "staging.schedules.tidy.cron",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigFileError) as caught:
        loaded(tmp_path, text)
    assert MISTAKES[text] in str(caught.value)


def test_the_name_of_a_process_that_was_detected_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match="mail is a process already"):
        schedules(tmp_path, "schedules:\n  mail: {cron: '@daily', run: x}\n")
