"""target: where releases run."""

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from webduh_console.commands import api
from webduh_console.commands.complete import dry_run_option, servers, target_names, with_context
from webduh_console.commands.context import LOCAL, Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.noting import note_here
from webduh_console.commands.results import Column, Done, Listing, Result, Text
from webduh_console.commands.words import size
from webduh_console.errors import UsageError
from webduh_console.model.events import Output, Warned
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.target import Startable, Target
from webduh_console.state.figures import app_subject, server_subject

_name = click.argument("name", default=LOCAL, shell_complete=target_names)


@click.group(cls=Noun)
def target() -> None:
    """List, add, check, start and stop the places where releases run."""


@target.command("add", cls=Changing)
@click.argument("name")
@click.argument("address", required=False)
@click.option(
    "--server",
    "members",
    multiple=True,
    metavar="NAME",
    shell_complete=servers,
    help="Instead of an address: a server that was added before, and is one of several that are one target.",
)
@click.option(
    "--registry",
    metavar="HOST/PATH",
    help="With --server: the servers hand images on through this registry; `target registry` names a user for it.",
)
@click.option(
    "--identity", type=click.Path(dir_okay=False), metavar="FILE", help="The key to log in with; else ssh's own choice."
)
@click.option(
    "--accept-host-key",
    metavar="FINGERPRINT|new",
    help="Accept the server's key when it has this fingerprint, or whatever it is if none is known yet.",
)
@dry_run_option
@with_context
def target_add(
    ctx: Context,
    name: str,
    address: str | None,
    members: tuple[str, ...],
    registry: str | None,
    identity: str | None,
    accept_host_key: str | None,
    dry_run: bool,
) -> Result:
    """Add a server that is reached over SSH: ssh://USER@HOST[:PORT], or a name from ~/.ssh/config.

    It is connected to once, its host key is shown and kept, and nothing is changed there. With --server, as often as
    there are servers, several that were added before become one target.
    """
    from webduh_console.commands.adding import add, join

    if bool(address) == bool(members):
        raise UsageError(
            f"It is not said what {name} is." if not address else f"{name} cannot be an address and several servers.",
            kept="Nothing was changed.",
            hint=f"`webduh target add {name} ssh://USER@HOST`, or `webduh target add {name} --server A --server B`.",
        )
    if address and registry:
        raise UsageError(
            f"{name} needs no registry.",
            why="It is one server: what is deployed there is built there.",
            kept="Nothing was changed.",
            hint="Leave --registry out.",
        )
    if address:
        return add(ctx, name, address, identity, accept_host_key, dry_run)
    if identity or accept_host_key:
        raise UsageError(
            "Keys belong to a server, not to a target of several.",
            kept="Nothing was changed.",
            hint="Leave --identity and --accept-host-key out.",
        )
    return join(ctx, name, members, dry_run, registry)


@target.command("registry", cls=Changing)
@click.argument("name", shell_complete=target_names)
@click.argument("address", required=False)
@click.option("--user", metavar="NAME", help="Who logs in; the password is asked for, unless an option gives it.")
@click.option("--from-env", metavar="NAME", help="Take the password from this variable of the environment.")
@click.option(
    "--from-file",
    type=click.File("r", "utf-8", "surrogateescape"),
    metavar="FILE",
    help="Take the password from a file; - is standard input.",
)
@click.option("--none", is_flag=True, help="Use none: images are carried from server to server through this machine.")
@dry_run_option
@with_context
def target_registry(
    ctx: Context,
    name: str,
    address: str | None,
    user: str | None,
    from_env: str | None,
    from_file: Any,
    none: bool,
    dry_run: bool,
) -> Result:
    """Let the servers of a target hand images on through a registry: HOST[:PORT][/PATH], spoken to over TLS.

    The first server pushes, the others pull at once. With a user, every server logs in before anything is kept; the
    password is sealed here, and given to Docker with each push and pull, which keeps it nowhere.
    """
    from webduh_console.commands import registry as registries
    from webduh_console.commands.variables import secret_value
    from webduh_console.model.registry import Registry

    if none == bool(address):
        raise UsageError(
            f"It is not said which registry {name} uses." if not address else "--none comes without an address.",
            kept="Nothing was changed.",
            hint=f"`webduh target registry {name} registry.example.com/team --user NAME`; `webduh target show {name}` "
            "says what it uses now.",
        )
    if address is None:
        return registries.use_none(ctx, name, dry_run)
    if user is None and (from_env or from_file):
        raise UsageError(
            "It is not said whose password that is.", kept="Nothing was changed.", hint="Say whose it is: --user NAME."
        )
    password = ""
    if user and not dry_run:
        registries.checked(address)
        password = secret_value(ctx, f"the password of {user} at {address}", from_env, from_file)
    return registries.use(ctx, name, Registry(address, user or "", password), dry_run)


@target.command("rm", cls=Changing)
@click.argument("name", shell_complete=target_names)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@with_context
def target_rm(ctx: Context, name: str, yes: bool, dry_run: bool) -> Result:
    """Forget a target here. What runs there goes on, and can be added again."""
    if name == LOCAL:
        raise UsageError("The local target is always there.", kept="Nothing was changed.")
    ctx.target(name)  # raises, and suggests a name, when there is none
    known = ctx.state.targets.get(name)
    address = known.address or ", ".join(known.servers) if known else ""
    if dry_run:
        return Done(f"Would forget {name} ({address}).", {"target": name, "address": address})
    ctx.state.targets.check_free(name)
    if not yes:
        ctx.confirm(f"Forget {name}? What runs at {address} goes on.", f"{name} was not forgotten.")
    ran = [key for place, key in ctx.state.memory.kept() if place == name]
    for key in ran:
        ctx.state.memory.forget(name, key)
    _forget_figures(ctx, name, ran)
    ctx.state.targets.remove(name)
    ctx.forget_server(name)
    note_here(ctx, "target", f"forgot {name} ({address})", target=name)
    return Done(f"{name} is forgotten here; what runs at {address} goes on.", {"target": name, "address": address})


def _forget_figures(ctx: Context, name: str, ran: Sequence[AppKey]) -> None:
    """Those of a target, and of the apps that `ran` there if nothing else is known of them any more."""
    ctx.state.figures.forget(server_subject(name))
    known = {(key.project, key.app) for _, key in ctx.state.memory.kept()}
    known |= {(entry.project, entry.name) for entry in ctx.state.apps.all()}
    for key in ran:
        if (key.project, key.app) not in known:
            ctx.state.figures.forget(app_subject(key))


@target.command("ls", cls=Reading)
@with_context
def target_ls(ctx: Context) -> Result:
    """List the targets."""
    rows = api.targets(ctx)
    columns = (
        Column("name", "TARGET"),
        Column("kind", "KIND"),
        Column("state", "STATE"),
        Column("apps", "APPS", "right"),
        Column("cpu", "CPU", "right"),
        Column("memory", "MEMORY", "right"),
        Column("detail", "DISK"),
    )
    words = [{**msgspec.to_builtins(row), "cpu": f"{row.cpu:.2f}", "memory": size(row.memory)} for row in rows]
    return Listing("targets", columns, words, [msgspec.to_builtins(row) for row in rows])


@target.command("show", cls=Reading)
@_name
@with_context
def target_show(ctx: Context, name: str) -> Result:
    """Show what a target is: its kind, its address, its servers, the registry they use."""
    ctx.target(name)  # raises, and suggests a name, when there is none
    entry = ctx.state.targets.get(name)
    teams = ctx.state.targets.teams(name)
    registry = ctx.state.registries.named(name)
    data = {
        "target": name,
        "kind": entry.kind if entry else LOCAL,
        "address": entry.address if entry else "",
        "servers": list(entry.servers) if entry else [],
        "part_of": list(teams),
        "registry": registry.address if registry else "",
        "registry_user": registry.user if registry else "",
    }
    words = {
        "target": name,
        "kind": data["kind"],
        "address": data["address"],
        "servers": ", ".join(entry.servers) if entry else "",
        "part of": ", ".join(teams),
        "registry": registry.address + (f" as {registry.user}" if registry.user else "") if registry else "",
    }
    return Text(f"target {name}", "\n".join(f"{word:<8} {text}" for word, text in words.items() if text), data)


@target.command("check", cls=Reading)
@_name
@with_context
def target_check(ctx: Context, name: str) -> Result:
    """Print every fact a target needs, with a fix for each that fails. Exits with 1 if one does."""
    return facts_listing(name, list(ctx.target(name).facts()))


def facts_listing(name: str, facts: list[Fact]) -> Listing:
    """Facts as a table; its exit code is 1 if one is wrong."""
    several = len({fact.place for fact in facts}) > 1
    columns = (
        Column("state", ""),
        *((Column("place", "SERVER"),) if several else ()),
        Column("name", "FACT"),
        Column("value", "VALUE"),
        Column("fix", "FIX"),
    )
    words = [
        {"state": "✓" if f.ok else "✗", "place": f.place, "name": f.name, "value": f.value}
        | {"fix": "" if f.ok else f.fix}
        for f in facts
    ]
    failed = any(not fact.ok for fact in facts)
    return Listing(f"facts of {name}", columns, words, [msgspec.to_builtins(f) for f in facts], code=int(failed))


@target.command("start", cls=Changing)
@_name
@dry_run_option
@with_context
def target_start(ctx: Context, name: str, dry_run: bool) -> Result:
    """Start a target, and everything that should serve there."""
    _, switch = _startable(ctx, name)
    if dry_run:
        return Done(f"Would start {name}, and everything that should serve there.", {"target": name, "said": []})
    said = [event.text for event in switch.wake() if isinstance(event, Output | Warned)]
    return Done("; ".join([f"{name} runs", *said]) + ".", {"target": name, "said": said})


@target.command("stop", cls=Changing)
@_name
@dry_run_option
@with_context
def target_stop(ctx: Context, name: str, dry_run: bool) -> Result:
    """Stop everything that runs on a target. Releases, volumes and logs stay."""
    chosen, switch = _startable(ctx, name)
    running = [key for key, actual in chosen.observe().items() if actual.instances]
    what = str(running[0]) if len(running) == 1 else f"{len(running)} apps"
    if dry_run:
        return Done(f"Would stop {what} on {name}.", {"target": name, "stopped": []})
    switch.stop()
    also = f", and with it {what}." if running else "; nothing ran there."
    return Done(f"{name} is stopped{also}", {"target": name, "stopped": [key.slug for key in running]})


def _startable(ctx: Context, name: str) -> tuple[Target, Startable]:
    """The target twice: as what it is, and as what can be started and stopped."""
    chosen = ctx.target(name)
    if not isinstance(chosen, Startable):
        raise UsageError(f"{name} cannot be started or stopped as a whole.", kept="Nothing was changed.")
    return chosen, chosen
