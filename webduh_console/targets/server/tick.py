"""What has the schedules looked at each minute on a server: a timer of systemd's, else a line for cron. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from webduh_console.model.build import Schedule
from webduh_console.model.observe import Fact
from webduh_console.targets.server.survey import Found
from webduh_console.targets.server.ticking import NAME, TICK

UNIT = "webduh-schedules"
LATE = 150.0
"""So many seconds after the last look something is wrong."""

Means = Literal["systemd", "cron", "crontab", ""]


class Ticking(msgspec.Struct, frozen=True):
    """How a server looks at its schedules each minute. `means` is what it can; `installed` whether it does so, as we
    want it; `last` is when it looked last, in seconds since 1970 (0: never), `now` the server's time."""

    means: Means
    installed: bool
    last: float = 0.0
    now: float = 0.0

    @property
    def works(self) -> bool:
        """Whether schedules are looked at."""
        return self.means != "" and self.installed


def command(root: str) -> str:
    """What is run each minute."""
    return f"/bin/sh {root}/{NAME} {root} tick"


def units(root: str) -> dict[str, str]:
    """The files of systemd's timer by their names."""
    service = f"""\
[Unit]
Description=Runs the schedules of webduh's apps that are due
After=docker.service

[Service]
Type=oneshot
ExecStart={command(root)}
"""
    timer = f"""\
[Unit]
Description=Looks each minute for schedules of webduh's apps

[Timer]
OnCalendar=*-*-* *:*:00
AccuracySec=1s
Unit={UNIT}.service

[Install]
WantedBy=timers.target
"""
    return {f"{UNIT}.service": service, f"{UNIT}.timer": timer}


def cron_file(root: str) -> str:
    """The file in /etc/cron.d."""
    return f"# Written by webduh: looks each minute for schedules of its apps.\n* * * * * root {command(root)}\n"


def cron_line(root: str) -> str:
    """The line in a user's own crontab."""
    return f"* * * * * {command(root)}\n"


def ticking(found: Found, root: str) -> Ticking:
    """What a survey says of it."""
    cron = bool(found.one("tick.cron"))
    means: Means = ""
    if found.root and found.one("init") == "systemd":
        means, text = "systemd", "".join(units(root).values())
    elif found.root and cron:
        means, text = "cron", cron_file(root)
    elif cron and found.one("tick.crontab"):
        means, text = "crontab", ""
    else:
        return Ticking("", False, now=found.number("now"))
    if means == "crontab":
        installed = found.one("tick.line") == "yes"
    else:
        installed = found.one(f"tick.{means}.digest") == _digest(text)
        installed = installed and (means != "systemd" or found.one("tick.active") == "active")
    script = found.one("tick.script") == _digest(TICK)
    return Ticking(means, installed and script, found.number("tick.last"), found.number("now"))


def tick_fact(place: str, found: Found, root: str) -> Fact:
    """Whether schedules would be run; a server without any need not be able to."""
    state, setup = ticking(found, root), f"`webduh server setup {place}`"
    if not state.means:
        return Fact(place, "schedules", "neither systemd nor cron runs: no app with schedules can be deployed")
    if not state.installed:
        return Fact(place, "schedules", f"not looked at: {setup} has {words(state)} do it")
    late = state.now - state.last
    if state.last and late > LATE:
        fix = "`systemctl status webduh-schedules.timer` there, or cron's own log, says why."
        return Fact(place, "schedules", f"looked at by {words(state)}, last {late:.0f} s ago", False, fix)
    return Fact(place, "schedules", f"looked at each minute, by {words(state)}")


def plan_facts(place: str, found: Found, root: str, zones: Sequence[str]) -> Iterator[Fact]:
    """What stands in the way of a plan with schedules."""
    state = ticking(found, root)
    if not state.means:
        fix = "Let cron run there (`sudo apt-get install cron`), then `webduh server setup`; or take `schedules` out."
        yield Fact(place, "schedules", "neither systemd nor cron runs there", False, fix)
    elif not state.installed:
        yield Fact(place, "schedules", "nothing looks at them", False, f"`webduh server setup {place}` mends that.")
    missing = [zone for zone in zones if zone in found.all("tick.nozone")]
    if missing:
        says = f"the server does not know {', '.join(missing)}"
        yield Fact(place, "time zone", says, False, "Install them there: `sudo apt-get install tzdata`.")


def wanted_zones(schedules: Sequence[Schedule]) -> list[str]:
    """The zones that the server must know."""
    return sorted({schedule.timezone for schedule in schedules} - {"UTC"})


def words(state: Ticking) -> str:
    return {"systemd": "a timer of systemd", "cron": "cron", "crontab": "the user's crontab", "": "nothing"}[
        state.means
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
