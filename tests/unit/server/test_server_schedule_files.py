"""What is written on a server for a schedule, and what has it looked at each minute."""

import itertools
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webduh_console.errors import TargetError
from webduh_console.model.build import Mount, Process, Schedule, Volume
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, SourceRef, Spec, Variable
from webduh_console.targets.server import tick
from webduh_console.targets.server.rendering import options, rendered, run_spec, split
from webduh_console.targets.server.survey import Found
from webduh_console.targets.server.ticking import TICK

AT = datetime(2026, 1, 1, tzinfo=UTC)
TIDY = Schedule("tidy", "15 3 * * 1-5", ("sh", "-c", "echo 'it''s' $WORD"), "Europe/Berlin", 90.0)


def release(app: str = "shop", **variables: str) -> Release:
    spec = Spec(
        framework="python",
        processes=(Process("web", ("./web",)),),
        volumes=(Volume("data", "/da,ta"),),
        files=(Mount("a", "/etc/a b", "sha256:1", 1),),
        memory=64 * 2**20,
        cpus=0.5,
        schedules=(TIDY,),
    )
    own = {name: Variable(value, secret=True) for name, value in variables.items()}
    key = AppKey("default", app, "production")
    return Release(
        7,
        key,
        "prod",
        spec,
        Artifact("sha256:" + "a" * 64, "image"),
        SourceRef("/x"),
        AT,
        "eve",
        "command",
        "ULID",
        variables=own,
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "a b",
        "it's",
        '"x"',
        "$HOME `id`",
        "a\nb",
        "\n",
        "ends\n",
        "a\r\nb",
        "é ✓ 😀",
        "back\\slash",
        "#x",
        "x" * 40_000,
    ],
)
def test_a_value_arrives_as_it_is(tmp_path: Path, value: str) -> None:
    """What Docker's client would be given: its own environment, or a line of the file."""
    inline, exported = split({"VALUE": value})
    if exported:
        files = rendered(release(VALUE=value), TIDY).files
        (tmp_path / "docker").write_text('#!/bin/sh\nprintf %s "$VALUE"\n')
        (tmp_path / "docker").chmod(0o755)
        script = '. "$1/tidy.sh"; docker=$1/docker root=/r slug=s release=7 run=r; start'
        (tmp_path / "tidy.sh").write_text(files["tidy.sh"])
        said = subprocess.run(["sh", "-c", script, "x", str(tmp_path)], capture_output=True, check=True)
        assert said.stdout.decode() == value
    else:
        assert inline == f"VALUE={value}\n"


def test_no_value_is_among_the_words() -> None:
    files = rendered(release(TOKEN="s3cret-one", KEY="s3cret\ntwo"), TIDY).files
    command = files["tidy.sh"].splitlines()[-2]
    assert ("s3cret" in command, "--env KEY" in command, "--env TOKEN" in command) == (False, True, False)
    assert "TOKEN=s3cret-one\n" in files["tidy.env"]
    assert "s3cret" not in repr(rendered(release(TOKEN="s3cret-one"), TIDY))


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "DOCKER_HOST", "IFS", "ENV", "HOME", "not-a-name", "a.b"])
def test_a_name_that_programs_read_themselves_may_have_one_line_only(name: str) -> None:
    assert split({name: "one"}) == (f"{name}=one\n", {})
    with pytest.raises(TargetError, match=name):
        split({name: "one\ntwo"})


def test_the_words_make_the_container_that_the_engine_would_be_told_of() -> None:
    spec = run_spec(release(), TIDY)
    words = options(spec)
    pairs = list(itertools.pairwise(words))
    assert ("--memory", "67108864") in pairs
    assert ("--memory-swap", "67108864") in pairs
    assert ("--cpus", "0.500000000") in pairs
    assert ("--network", "webduh-p-default") in pairs
    assert ("--label", "webduh.schedule=tidy") in pairs
    volume = "webduh--default--shop--production--data"
    own = "volume-label=webduh.slug=default--shop--production"
    assert ("--mount", f'type=volume,src={volume},"dst=/da,ta",{own}') in pairs
    mounted = "/var/lib/webduh/apps/default--shop--production/releases/7/files/0"
    assert ("--mount", f"type=bind,src={mounted},dst=/etc/a b,readonly") in pairs


@pytest.mark.parametrize("app", ["shop", "s" * 30, "a-very-long-name-of-an-app-that-is-cut"])
def test_the_name_of_a_run_fits(app: str) -> None:
    stem = run_spec(release(app), TIDY).name
    assert len(f"{stem}-1795790845") <= 63
    assert stem == stem.strip("-")


def found(**said: str) -> Found:
    return Found({name.replace("_", "."): (value,) for name, value in said.items()}, {}, AT, AT)


ROOT = "/var/lib/webduh"
SCRIPT = tick._digest(TICK)
UNITS = tick._digest("".join(tick.units(ROOT).values()))
CRON = tick._digest(tick.cron_file(ROOT))
SYSTEMD = {"init": "systemd", "rights": "root", "tick_script": SCRIPT}


@pytest.mark.parametrize(
    ("said", "means", "installed"),
    [
        ({"rights": "root"}, "", False),
        ({"init": "systemd", "rights": "no"}, "", False),
        (SYSTEMD, "systemd", False),
        ({**SYSTEMD, "tick_systemd_digest": UNITS, "tick_active": "active"}, "systemd", True),
        ({**SYSTEMD, "tick_systemd_digest": UNITS, "tick_active": "failed"}, "systemd", False),
        ({**SYSTEMD, "tick_systemd_digest": UNITS, "tick_active": "active", "tick_script": "x"}, "systemd", False),
        ({"rights": "sudo -n", "tick_cron": "cron", "tick_script": SCRIPT, "tick_cron_digest": CRON}, "cron", True),
        ({"rights": "sudo -n", "tick_cron": "crond"}, "cron", False),
        ({"rights": "no", "tick_cron": "cron"}, "", False),
        ({"rights": "no", "tick_cron": "cron", "tick_crontab": "yes"}, "crontab", False),
        (
            {"rights": "no", "tick_cron": "cron", "tick_crontab": "yes", "tick_line": "yes", "tick_script": SCRIPT},
            "crontab",
            True,
        ),
    ],
)
def test_what_looks_at_schedules(said: dict[str, str], means: str, installed: bool) -> None:
    state = tick.ticking(found(**said), ROOT)
    assert (state.means, state.installed, state.works) == (means, installed, installed)


def test_a_tick_that_has_not_come_for_minutes_is_wrong() -> None:
    said = {**SYSTEMD, "tick_systemd_digest": UNITS, "tick_active": "active", "now": "10000.5"}
    assert tick.tick_fact("prod", found(**said, tick_last="9960"), ROOT).ok
    late = tick.tick_fact("prod", found(**said, tick_last="9000"), ROOT)
    assert (late.ok, "1000 s ago" in late.value, late.fix != "") == (False, True, True)


def test_a_server_without_any_means_is_fine_until_an_app_needs_it() -> None:
    assert tick.tick_fact("prod", found(rights="root"), ROOT).ok
    (fact,) = tick.plan_facts("prod", found(rights="root"), ROOT, [])
    assert (fact.ok, "cron" in fact.fix) == (False, True)


def test_a_zone_that_the_server_lacks_is_refused() -> None:
    said = {"rights": "root", "tick_cron": "cron", "tick_script": SCRIPT, "tick_cron_digest": CRON}
    facts = list(tick.plan_facts("prod", found(**said, tick_nozone="Europe/Berlin"), ROOT, ["Europe/Berlin"]))
    assert [(fact.name, "tzdata" in fact.fix) for fact in facts] == [("time zone", True)]
    assert tick.wanted_zones((TIDY, Schedule("x", "@daily", ("x",)))) == ["Europe/Berlin"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for name, text in tick.units(ROOT).items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in tick.units(ROOT)]
    said = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    wrong = [line for line in said.stderr.splitlines() if "webduh-schedules" in line]
    assert (said.returncode, wrong) == (0, [])
    when = ["systemd-analyze", "calendar", "*-*-* *:*:00"]
    assert subprocess.run(when, capture_output=True, check=False).returncode == 0
