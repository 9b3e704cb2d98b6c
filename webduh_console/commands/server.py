"""server: machines reached over SSH, and what is on them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from webduh_console.commands import api, executing, inventory, machines
from webduh_console.commands.alerts import Alert, of_server
from webduh_console.commands.complete import dry_run_option, servers, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.noting import note_target, noted
from webduh_console.commands.results import Column, Done, Listing, Result, Text, Work
from webduh_console.commands.target import facts_listing
from webduh_console.commands.words import size
from webduh_console.config.schema import MemorySize
from webduh_console.config.spec import size as bytes_of
from webduh_console.errors import WebduhError
from webduh_console.model.inventory import KINDS, Kind
from webduh_console.model.target import CancelToken

if TYPE_CHECKING:
    from webduh_console.targets.server.inventory.changing import Act
    from webduh_console.targets.server.target import ServerTarget
    from webduh_console.targets.server.vitals import Share

_name = click.argument("name", shell_complete=servers)
_container = click.argument("container")
STATES = {"up": "● up", "unready": "! not ready", "unreachable": "○ unreachable"}
_yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


class ServerRow(msgspec.Struct, frozen=True):
    """A server in `server ls`. One that is reached and cannot be used is `unready`.

    What one that is not `up` says of itself is null, and `note` says why. `load_5` is the load over five minutes.
    """

    name: str
    state: Literal["up", "unready", "unreachable"]
    address: str
    note: str
    apps: int | None = None
    containers: int | None = None
    load: float | None = None
    memory: "Share | None" = None
    disk: "Share | None" = None
    docker: str = ""
    load_5: float | None = None
    cores: int | None = None
    alerts: Sequence[Alert] = ()


class Size(click.ParamType[int]):
    """`512M`, `10G`, or bytes."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes; fails with click's own error."""
        try:
            return bytes_of(msgspec.convert(int(str(value)) if str(value).isdigit() else value, MemorySize))
        except msgspec.ValidationError:
            self.fail(f"{value!r} is no size, such as 512M or 10G.", param, ctx)


@click.group(cls=Noun)
def server() -> None:
    """List, check, set up and look into the servers."""


@server.command("ls", cls=Reading)
@with_context
def server_ls(ctx: Context) -> Result:
    """List the servers, each asked how it is."""
    names = _all_servers(ctx)
    with ThreadPoolExecutor(max_workers=max(min(len(names), 32), 1)) as pool:
        rows = list(pool.map(lambda name: _row(ctx, name), names))
    columns = (
        Column("name", "SERVER"),
        Column("state", "STATE"),
        Column("address", "ADDRESS"),
        Column("apps", "APPS", "right"),
        Column("containers", "CONTAINERS", "right"),
        Column("load", "LOAD", "right"),
        Column("memory", "MEMORY"),
        Column("disk", "DISK"),
        Column("docker", "DOCKER"),
        Column("note", "NOTE"),
    )
    data = [msgspec.to_builtins(row) for row in rows]
    return Listing(
        "servers",
        columns,
        [_worded(row) for row in rows],
        data,
        "There are no servers. `webduh target add NAME ssh://USER@HOST`.",
    )


def _all_servers(ctx: Context) -> list[str]:
    return [entry.name for entry in ctx.state.targets.all() if entry.kind == "server"]


def _row(ctx: Context, name: str) -> ServerRow:
    """What a server says of itself; one that does not answer says why."""
    chosen = ctx.server(name)
    try:
        seen = chosen.vitals()
    except WebduhError as error:
        state: Literal["unready", "unreachable"] = "unready" if api.met(chosen) else "unreachable"
        wrong = of_server(name, error.why or error.what) if state == "unready" else ()
        return ServerRow(name, state, chosen.address, f"{error.what} {error.why}".strip(), alerts=wrong)
    wrong = of_server(name, vitals=seen)
    note = "; ".join(alert.says for alert in wrong)
    return ServerRow(name, "up", chosen.address, note, **msgspec.structs.asdict(seen), alerts=wrong)


def _worded(row: ServerRow) -> dict[str, object]:
    """A row for a person."""
    shares = {"memory": row.memory, "disk": row.disk}
    return {
        **msgspec.structs.asdict(row),
        **{name: f"{size(share.used)} of {size(share.total)}" if share else "" for name, share in shares.items()},
        "apps": "" if row.apps is None else row.apps,
        "containers": "" if row.containers is None else row.containers,
        "load": "" if row.load is None else f"{row.load:.2f}",
        "state": STATES[row.state],
    }


@server.command("check", cls=Reading)
@_name
@with_context
def server_check(ctx: Context, name: str) -> Result:
    """Print every fact a server needs, with a fix for each that fails. Exits with 1 if one does."""
    ctx.servers(name)  # raises for what is no server
    return facts_listing(name, list(ctx.target(name).facts()))


@server.command("setup", cls=Changing)
@_name
@click.option("--install-docker", is_flag=True, help="Install Docker from the distribution if there is none.")
@_yes
@dry_run_option
@with_context
def server_setup(ctx: Context, name: str, install_docker: bool, yes: bool, dry_run: bool) -> Result:
    """Make a server ready: Docker, the folder of its records, the network, Traefik. Twice is once."""
    chosen = ctx.servers(name)
    with ThreadPoolExecutor(max_workers=min(len(chosen), 32)) as pool:
        plans = list(pool.map(lambda server: server.setup_plan(install_docker), chosen))
    steps = [step for own, _ in plans for step in own]
    todo = [(server, does, says) for server, (_, own) in zip(chosen, plans, strict=True) for does, says in own]
    text = "\n".join(_setup_text(server, own) for server, (_, own) in zip(chosen, plans, strict=True))
    data = {"server": name, "steps": [{"server": s.name, "does": does, "says": says} for s, does, says in todo]}
    if not any(does for _, does, _ in todo):
        return Text(f"set-up of {name}", f"{text}\nNothing to do: {name} is ready.", {**data, "outcome": "unchanged"})
    if dry_run:
        return Text(f"set-up of {name}", text, {**data, "outcome": "planned"})
    if not yes:
        ctx.confirm(f"{text}\nDo this?", f"{name} was not set up.")
    from webduh_console.engine.setup import run_steps

    cancel = CancelToken()
    events = noted(ctx, ctx.target(name), "setup", name, run_steps(name, steps, ctx.by, cancel, f"set-up of {name}"))
    return Work(name, events, cancel, "is ready", {"server": name})


def _setup_text(server: "ServerTarget", todo: Sequence[tuple[bool, str]]) -> str:
    """What the set-up of one server would do, as lines."""
    return "\n".join([f"{server.name} ({server.address}):", *(f"  {'+' if d else '✓'} {says}" for d, says in todo)])


@server.command("show", cls=Reading)
@_name
@click.argument("kind", type=click.Choice(KINDS), default="containers")
@with_context
def server_show(ctx: Context, name: str, kind: Kind) -> Result:
    """Show what is on a server, ours or not: its containers, unless another KIND is named.

    Of a target of several servers each is asked; one that does not answer is named, and the exit code is 1. Images and
    volumes that nobody needs are marked as unused. The size of a volume is shown by `disk`, which measures all of them.
    """
    return inventory.listing(ctx, name, kind, inventory.inventory(ctx, name, kind))


@server.command("exec", cls=Changing, context_settings={"ignore_unknown_options": True})
@click.argument("names", metavar="NAME[,NAME…]", shell_complete=servers)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@dry_run_option
@with_context
def server_exec(ctx: Context, names: str, argv: Sequence[str], dry_run: bool) -> Result:
    """Run a command on one or many servers (`a,b`, or `all`), and print what it writes.

    A target of several servers stands for all of them. Of one server the exit code is the command's; of several it is
    1 when the command fails on one of them, or one is not reached.
    """
    chosen = executing.named(ctx, names)
    reached = {name: ctx.server(name).machine for name in chosen}
    if dry_run:
        return Done(f"Would run {' '.join(argv)!r} on {', '.join(chosen)}.", {"servers": chosen, "argv": list(argv)})
    with ThreadPoolExecutor(max_workers=max(min(len(chosen), 32), 1)) as pool:
        rows = list(pool.map(lambda name: executing.answer(ctx, name, reached[name], argv), chosen))
    lines = []
    for row in rows:
        prefix = f"{row.server}: " if len(rows) > 1 else ""
        lines += [f"{prefix}{line}" for line in row.out.splitlines() + row.err.splitlines()]
        if row.code:
            lines.append(f"{prefix}exited with {row.code}")
    worst = rows[0].code if len(rows) == 1 else int(any(row.code for row in rows))
    data = [msgspec.to_builtins(row) for row in rows]
    return Text(" ".join(argv), "\n".join(lines), data, worst if 0 <= worst < 256 else 1)


@server.command("shell", cls=Changing)
@_name
@with_context
def server_shell(ctx: Context, name: str) -> Result:
    """Open a shell on a server."""
    return machines.server_shell(ctx, name)


@server.command("prune", cls=Changing)
@_name
@click.option(
    "--cache", type=Size(), default="10G", show_default=True, metavar="SIZE", help="How much of the build cache stays."
)
@_yes
@dry_run_option
@with_context
def server_prune(ctx: Context, name: str, cache: int, yes: bool, dry_run: bool) -> Result:
    """Remove images that no release names, stopped containers that no app has, and old build cache."""
    chosen = ctx.server(name)
    found = chosen.prunable()
    words = ", ".join(found) or "nothing but old build cache"
    if dry_run:
        return Done(f"Would remove from {name}: {words}.", {"server": name, "remove": list(found)})
    if not yes:
        ctx.confirm(f"Remove from {name}: {words}?", f"{name} was not pruned.")
    freed = chosen.prune(cache)
    note_target(ctx, chosen, "prune", words)
    return Done(f"{size(freed)} are free again on {name}.", {"server": name, "removed": list(found), "freed": freed})


@server.command("start", cls=Changing)
@_name
@_container
@dry_run_option
@with_context
def server_start(ctx: Context, name: str, container: str, dry_run: bool) -> Result:
    """Start a container that is stopped."""
    return _act(ctx, name, container, "start", "started", dry_run)


@server.command("stop", cls=Changing)
@_name
@_container
@dry_run_option
@with_context
def server_stop(ctx: Context, name: str, container: str, dry_run: bool) -> Result:
    """Stop a container. One of an app stays stopped until it is started, or the app is deployed."""
    return _act(ctx, name, container, "stop", "stopped", dry_run)


@server.command("restart", cls=Changing)
@_name
@_container
@dry_run_option
@with_context
def server_restart(ctx: Context, name: str, container: str, dry_run: bool) -> Result:
    """Stop a container and start it again. What it serves is not answered meanwhile."""
    return _act(ctx, name, container, "restart", "restarted", dry_run)


def _act(ctx: Context, name: str, container: str, what: "Act", done: str, dry_run: bool) -> Result:
    data = {"server": name, "container": container, "act": what}
    if dry_run:
        return Done(f"Would {what} {container} on {ctx.server(name).name}.", data)
    inventory.act(ctx, name, container, what)
    return Done(f"{container} on {name} is {done}.", data)


@server.command("rm", cls=Changing)
@_name
@click.argument("kind", type=click.Choice(("image", "volume")))
@click.argument("what")
@_yes
@dry_run_option
@with_context
def server_rm(ctx: Context, name: str, kind: Literal["image", "volume"], what: str, yes: bool, dry_run: bool) -> Result:
    """Remove an image or a volume that nobody needs; what is in a volume is lost.

    One that a release names or a container has is not removed.
    """
    found = inventory.surplus(ctx, name, kind, what)
    words = inventory.lost(found)
    data = {"server": name, "kind": kind, "removed": what, "size": found.size}
    if dry_run:
        return Done(f"Would remove {words} from {name}.", data)
    if not yes:
        ctx.confirm(f"Remove {words} from {name}?", f"Nothing was removed from {name}.")
    inventory.remove(ctx, name, found)
    return Done(f"{words[:1].upper()}{words[1:]} is removed from {name}.", data)
