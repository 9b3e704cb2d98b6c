"""Homes with a past, written through the state's own functions, and the moment they are looked at."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from webduh_console.commands.api import Heard, TargetRow
from webduh_console.commands.context import Context
from webduh_console.config.home import Home
from webduh_console.console.app import ConsoleApp
from webduh_console.model.build import Process
from webduh_console.model.events import (
    AnyEvent,
    Finished,
    Output,
    Reverting,
    Serving,
    Started,
    StepFinished,
    StepStarted,
    Warned,
)
from webduh_console.model.inventory import ContainerRow
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import (
    Actual,
    Artifact,
    Deployment,
    Instance,
    Outcome,
    Release,
    Route,
    SourceRef,
    Spec,
    Variable,
)
from webduh_console.state.apps import AppEntry
from webduh_console.state.figures import Taken, app_subject
from webduh_console.state.targets import TargetEntry
from webduh_console.targets.server.vitals import Share, Vitals

NOW = datetime(2026, 3, 4, 17, 5, 9, tzinfo=UTC)
GUESTBOOK = AppKey("default", "guestbook", "production")
STAGING = AppKey("default", "guestbook", "staging")
DOCS = AppKey("default", "docs", "production")
SHOP = AppKey("shop", "storefront", "production")
BLOG = AppKey("default", "blog", "production")
WORKER = AppKey("shop", "mailer", "preview-42")
STEPS = ("check", "build", "lease", "record", "place", "start", "healthy", "switch", "current", "watch", "retire")


def ago(**span: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(**span)


def context(root: Path, settings: str = "times: utc\n") -> Context:
    """A context of the console in an empty home."""
    home = Home(root / "data", root / "config", root / "cache").made()
    (home.config / "settings.yaml").write_text(settings, "utf-8")
    return Context(home, "console")


def frozen() -> datetime:
    """The clock of a test: it stands still."""
    return NOW


def console(
    ctx: Context, every: float = 0.0, clock: Callable[[], datetime] = frozen, at: str | None = None
) -> ConsoleApp:
    """A console over a context whose clock stands still, and which asks nobody."""
    return ConsoleApp(ctx, clock=clock, every=every, at=at)


def release(key: AppKey, number: int, created: datetime, framework: str = "python", **variables: str) -> Release:
    """A release with one web process."""
    return Release(
        number=number,
        key=key,
        target="local",
        spec=Spec(framework, (Process("web", ("python", "app.py")),), routes=(Route(port=20000 + number),)),
        artifact=Artifact(f"{number:02x}" * 32, size=1_843_200 + number * 40_000, files=42),
        source=SourceRef(f"/srv/{key.app}", "ab" * 32, f"{number}f3c9a1d{number}" * 4, "main", number % 2 == 0),
        created=created,
        by="ada@laptop",
        trigger="command",
        deployment=f"01JNH{number:021d}",
        base=number - 1 or None,
        variables={name: Variable(value, name.endswith("KEY")) for name, value in variables.items()},
    )


def instance(key: AppKey, number: int, cpu: float, memory: int, started: datetime, process: str = "web") -> Instance:
    """A running instance."""
    return Instance(
        f"{key.slug}--{process}--{number}", key, process, number, "local", "running", 4000 + number, 20_400 + number,
        started=started, cpu=cpu, memory=memory,
    )  # fmt: skip


def deployment(
    key: AppKey, number: int, started: datetime, outcome: Outcome = "done", action: str = "deploy", **more: Any
) -> Deployment:
    """A deployment that is over."""
    return Deployment(
        id=f"01JNH{key.app.upper()[:4]:0<4}{number:017d}", key=key, target="local", action=action, outcome=outcome,
        started=started, release=number, base=number - 1 or None, seconds=2.4 + number / 10,
        url="http://localhost:20011", by="ada@laptop", trigger="command", **more,
    )  # fmt: skip


def full(root: Path, settings: str = "times: utc\n") -> Context:
    """Five apps in three conditions, with deployments of all kinds, observed three minutes ago."""
    ctx = context(root, settings)
    for project, name in (("default", "guestbook"), ("default", "docs"), ("shop", "storefront"), ("shop", "mailer")):
        ctx.state.apps.add(AppEntry(project, name, f"/srv/{name}", ago(days=30)))
    guestbook = release(GUESTBOOK, 12, ago(hours=2))
    mb = 2**20
    ctx.state.memory.remember(
        "local",
        [
            Actual(
                GUESTBOOK,
                guestbook,
                (
                    instance(GUESTBOOK, 12, 0.12, 84 * mb, ago(hours=2)),
                    instance(GUESTBOOK, 12, 0.03, 41 * mb, ago(hours=2), "worker"),
                ),
                "http://localhost:20011",
                "serving",
            ),
            Actual(STAGING, release(STAGING, 14, ago(minutes=20)),
                   (instance(STAGING, 14, 0.01, 61 * mb, ago(minutes=20)),), "http://localhost:20012", "serving"),
            Actual(DOCS, release(DOCS, 3, ago(days=6), "static"), (), "http://localhost:20013", "serving"),
            Actual(SHOP, release(SHOP, 41, ago(days=1)), (instance(SHOP, 41, 0.94, 512 * mb, ago(days=1)),),
                   "http://localhost:20014", "degraded", "1 of 2 instances answers"),
            Actual(WORKER, release(WORKER, 2, ago(minutes=50)), (), "", "down",
                   "web exited with 1 four times in a minute"),
        ],
        ago(minutes=3),
    )  # fmt: skip
    failed = {
        "name": "unhealthy",
        "what": "The new release of mailer (preview-42) did not become healthy.",
        "why": "The web process listens on port 8000, not on 20402 as PORT says.",
        "kept": "Release 2 was never live; nothing serves.",
        "hint": "Listen on the port in PORT, or say `port: 8000` in webduh.yaml.",
    }
    for one in (
        deployment(DOCS, 3, ago(days=6)),
        deployment(SHOP, 41, ago(days=1)),
        deployment(GUESTBOOK, 11, ago(hours=5)),
        deployment(GUESTBOOK, 12, ago(hours=2)),
        deployment(WORKER, 2, ago(minutes=50), "reverted", error=failed),
        deployment(STAGING, 13, ago(minutes=31), "cancelled"),
        deployment(STAGING, 14, ago(minutes=20)),
    ):
        ctx.state.history.begin(one)
        ctx.state.history.finish(one)
    return ctx


def with_releases(ctx: Context, key: AppKey = GUESTBOOK) -> Context:
    """Four kept releases of an app in the target's own record, the last one serving, with a change waiting."""
    record = ctx.target("local").record(key, "local")
    lease = record.acquire("ada@laptop", "a test's past")
    for number, made in ((9, ago(days=3)), (10, ago(days=1)), (11, ago(hours=5)), (12, ago(hours=2))):
        one = release(key, number, made, GREETING=f"hello {number}", SECRET_KEY="not to be seen", LANG="en")
        record.write(lease, one, plan_of(one))
    record.set_current(lease, 12)
    lease.release()
    ctx.state.pending.set(key, "GREETING", Variable("good day"), 12)
    ctx.state.pending.set(key, "API_KEY", Variable("sealed-away", True), 12)
    return ctx


def with_figures(ctx: Context, minutes: int = 20) -> Context:
    """The guestbook's CPU rises from nothing; its memory has a gap from 10 to 5 minutes ago."""
    subject, now = app_subject(GUESTBOOK), NOW.timestamp()
    for at in range(int(now) - minutes * 60, int(now), 10):
        before = now - at
        taken = [Taken(subject, "cpu", at, (minutes * 60 - before) / 1000)]
        if not 300 < before < 600:
            taken.append(Taken(subject, "memory", at, 64 * 2**20))
        ctx.state.figures.keep(taken)
    return ctx


def with_requests(ctx: Context, hours: int = 26) -> Context:
    """The guestbook answers two requests a second; twenty hours ago it were forty, for ten seconds."""
    now, subject = int(NOW.timestamp()) // 10 * 10, app_subject(GUESTBOOK)
    times = range(now - hours * 3600, now, 10)
    burst = now - 20 * 3600
    ctx.state.figures.keep(Taken(subject, "requests", at, 40.0 if at == burst else 2.0) for at in times)
    return ctx


def with_servers(ctx: Context) -> Context:
    """Two servers beside this machine, an app on one of them."""
    for name, host in (("fra-1", "203.0.113.7"), ("nyc-1", "203.0.113.40")):
        ctx.state.targets.add(TargetEntry(name, "server", f"ssh://deploy@{host}", "", ago(days=20)))
    one = msgspec.structs.replace(release(BLOG, 7, ago(days=2)), target="fra-1")
    running = msgspec.structs.replace(instance(BLOG, 7, 0.21, 96 * 2**20, ago(days=2)), place="fra-1")
    actual = Actual(BLOG, one, (running,), "http://blog.example.com", "serving")
    ctx.state.memory.remember("fra-1", [actual], ago(minutes=3))
    ctx.state.apps.add(AppEntry("default", "blog", "/srv/blog", ago(days=30)))
    past = deployment(BLOG, 7, ago(days=2))
    past = msgspec.structs.replace(past, target="fra-1", url="http://blog.example.com")
    ctx.state.history.begin(past)
    ctx.state.history.finish(past)
    return ctx


def heard(apps: int = 4) -> list[Heard]:
    """What the targets of `with_servers` say: this machine and one server are up, the other is silent."""
    gb = 2**30
    vitals = Vitals(1, 3, 0.42, Share(int(2.6 * gb), 4 * gb), Share(35 * gb, 40 * gb), "28.4.0")
    why = "It does not answer at 203.0.113.40, port 22, within 10 s."
    says = f"The server nyc-1 (203.0.113.40) cannot be reached. {why}"
    return [
        Heard(TargetRow("local", "local", "up", "71.3 GiB free", apps, 1.1, 698 * 2**20)),
        Heard(TargetRow("fra-1", "server", "up", "", 1, 0.21, 96 * 2**20), vitals),
        Heard(TargetRow("nyc-1", "server", "unreachable", says, 0, 0.0, 0), why=why),
    ]


def containers() -> list[ContainerRow]:
    """What runs on the server that is up."""
    return [
        ContainerRow(f"{BLOG.slug}--web--7", "running", f"webduh/{BLOG.slug}:0707070707070707", BLOG.slug, "Up 2 days",
                     0.21, 96 * 2**20, "web", 7, (), ago(days=2), "ab" * 6, "fra-1"),
        ContainerRow("postgres", "exited", "postgres:17", "", "Exited (0) 3 weeks ago", created=ago(days=40),
                     id="cd" * 6, server="fra-1"),
        ContainerRow("webduh-traefik", "running", "traefik:v3.7", "", "Up 20 days",
                     ports=("80→80/tcp", "443→443/tcp"), created=ago(days=20), id="ef" * 6, server="fra-1"),
    ]  # fmt: skip


def facts() -> list[Fact]:
    """What it is found to be: almost as it should be."""
    return [
        Fact("fra-1", "reachable", "told everything in 0.4 s"),
        Fact("fra-1", "system", "Debian GNU/Linux 13 (trixie)"),
        Fact("fra-1", "architecture", "amd64"),
        Fact("fra-1", "user", "deploy, with sudo and no password"),
        Fact("fra-1", "memory", "4.0 GiB, 1.4 GiB free"),
        Fact("fra-1", "disk", "1.4 GiB free, 2100000 inodes at /", False,
             "Remove what is not needed: `webduh server prune fra-1` removes images that no release names."),
        Fact("fra-1", "clock", "94 s behind", False, "Start a time service there: `apt-get install chrony`."),
        Fact("fra-1", "docker", "28.4.0"),
        Fact("fra-1", "port 80", "ours"),
        Fact("fra-1", "port 443", "ours"),
        Fact("fra-1", "traefik", "3.7.15"),
    ]  # fmt: skip


def plan_of(one: Release) -> Plan:
    """The plan a release came from."""
    return Plan(one.deployment, one.key, one.target, "deploy", one.source, one.spec, one.by, one.trigger)


def events(identity: str, upto: str = "end", key: AppKey = GUESTBOOK) -> list[AnyEvent]:
    """A deployment's events: as far as a step, or `end`, `failed`, `reverting`."""
    usual = dict(zip(STEPS, (0.1, 4.0, 0.1, 0.1, 0.4, 0.3, 2.2, 0.1, 0.1, 5.0, 1.0), strict=True))
    took = dict(zip(STEPS, (0.1, 4.6, 0.1, 0.1, 0.4, 0.3, 2.0, 0.1, 0.1, 5.0, 1.1), strict=True))
    phases: dict[str, Any] = dict.fromkeys(STEPS, "prepare") | {
        "build": "build",
        "switch": "commit",
        "current": "commit",
        "retire": "retire",
    }
    at = ago(seconds=8)
    found: list[AnyEvent] = []

    def put(event: AnyEvent, later: float = 0.0) -> None:
        nonlocal at
        at += timedelta(seconds=later)
        found.append(msgspec.structs.replace(event, deployment=identity, seq=len(found) + 1, at=at))

    put(Started(app=key.app, environment=key.environment, target="local", action="deploy", steps=STEPS))
    for name in STEPS:
        place: Any = {"step": name, "place": "local"}
        put(StepStarted(phase=phases[name], usual=usual[name], **place))
        for line in OUTPUT.get(name, ()):
            put(Output(text=line, stream="stderr" if "WARN" in line else "stdout", **place), 0.01)
        if upto in ("failed", "reverting") and name == "healthy":
            put(StepFinished(outcome="failed", seconds=2.0, **place), 2.0)
            put(Reverting(reason="The new release of guestbook did not become healthy."))
            for back in ("start", "place", "record"):
                put(StepStarted(phase="prepare", step=back, place="local"), 0.1)
                if upto == "reverting" and back == "place":
                    return found
                put(Output(text=f"{back}: taken back", step=back, place="local"))
                put(StepFinished(outcome="undone", seconds=0.2, step=back, place="local"), 0.2)
            put(Finished(outcome="reverted", release=None, url="", seconds=8.1, error=FAILURE))
            return found
        if upto == name:
            return found
        put(StepFinished(outcome="done", seconds=took[name], **place), took[name])
        if name == "build":
            put(Warned(code="lock", text="There is no lock file; the newest versions were installed.", **place))
        if name == "current":
            put(Serving(release=13, url="http://localhost:20011", seconds=7.8))
    put(Finished(outcome="done", release=13, url="http://localhost:20011", seconds=13.9))
    return found


OUTPUT = {
    "build": (
        "$ python -m venv .venv",
        "$ .venv/bin/pip install -r requirements.txt",
        "Collecting flask==3.1.0",
        "  Downloading flask-3.1.0-py3-none-any.whl (102 kB)",
        "WARNING: a newer pip is available",
        "Successfully installed blinker-1.9.0 click-8.1.8 flask-3.1.0 itsdangerous-2.2.0 jinja2-3.1.5",
    ),
    "place": ("42 files, 1.8M, digest 0c0c0c0c0c0c",),
    "start": ("web listens at 127.0.0.1:20413",),
    "healthy": ("GET / answered 200 in 0.04 s",),
    "switch": ("http://localhost:20011 leads to release 13",),
}
FAILURE = {
    "name": "unhealthy",
    "what": "The new release of guestbook did not become healthy.",
    "why": "The web process exited with 1 after 0.4 s; its last words: KeyError: 'DATABASE_URL'",
    "kept": "Release 12 serves on; the new instances were removed.",
    "hint": "Set it with `webduh env set guestbook DATABASE_URL=…`, then deploy again.",
}


@asynccontextmanager
async def opened(app: ConsoleApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[Any]]:
    """A running console; whatever it started has ended when this does."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[Any], so: Callable[[], object], limit: float = 30.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + limit
    while not so():
        assert time.monotonic() < end, f"it did not come to be so:\n{drawn(pilot.app)}"
        await pilot.pause(0.02)


async def at_rest(pilot: Pilot[Any], times: int = 5) -> None:
    """Wait until what is drawn, with its colours, stays the same for some looks."""
    seen: list[object] = []

    def same() -> bool:
        look = [list(strip) for strip in pilot.app.screen._compositor.render_strips()]
        seen[:] = [*(one for one in seen if one == look), look]
        return len(seen) > times

    await until(pilot, same)


def drawn(app: ConsoleApp) -> str:
    """What stands on the screen, as text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width].rstrip() for strip in lines[:height])
