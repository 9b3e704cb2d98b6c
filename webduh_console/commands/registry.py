"""The registry of a target of several servers: named, logged in to from every server, and kept."""

from webduh_console.commands.context import Context
from webduh_console.commands.noting import note_here
from webduh_console.commands.results import Done
from webduh_console.errors import UsageError, WebduhError
from webduh_console.model.registry import Registry, refusal


def checked(address: str) -> str:
    """An address that can be a registry's; UsageError says why it cannot."""
    if why := refusal(address):
        hint = "For example registry.example.com/team."
        raise UsageError(f"{address} cannot be a registry.", why=why, kept="Nothing was changed.", hint=hint)
    return address


def use(ctx: Context, target: str, registry: Registry, dry_run: bool) -> Done:
    """Let a target use a registry from its next deployment on; with a user, every server must get in first."""
    _several(ctx, target)
    checked(registry.address)
    data = {"target": target, "registry": registry.address, "user": registry.user}
    if dry_run:
        return Done(f"Would let {target} use {registry.address}.", data)
    if registry.user:
        _log_in(ctx, target, registry)
    ctx.state.registries.set(target, registry)
    note_here(ctx, "target", f"{target} uses the registry {registry.address}", target=target)
    got_in = f", and every server of it gets in as {registry.user}" if registry.user else ""
    says = f"{target} uses {registry.address} from its next deployment on{got_in}."
    return Done(says, data)


def use_none(ctx: Context, target: str, dry_run: bool) -> Done:
    """Let images of a target be carried through this machine again."""
    _several(ctx, target)
    known = ctx.state.registries.named(target)
    data = {"target": target, "registry": "", "user": ""}
    if known is None:
        return Done(f"{target} uses no registry.", data)
    if dry_run:
        return Done(f"Would let {target} use {known.address} no more.", data)
    ctx.state.registries.unset(target)
    note_here(ctx, "target", f"{target} uses the registry {known.address} no more", target=target)
    return Done(f"{target} uses {known.address} no more: images are carried through this machine.", data)


def _several(ctx: Context, target: str) -> None:
    """UsageError unless a target is several servers."""
    ctx.target(target)  # raises, and suggests a name, when there is none
    entry = ctx.state.targets.get(target)
    if entry is None or not entry.servers:
        raise UsageError(
            f"{target} needs no registry.",
            why="It is one machine: what is deployed there is built there.",
            kept="Nothing was changed.",
            hint="A registry is for a target of several servers.",
        )


def _log_in(ctx: Context, target: str, registry: Registry) -> None:
    """Have every server log in; the first error says why one cannot."""
    from webduh_console.targets.server.fleet import Fleet
    from webduh_console.targets.server.registries import log_in

    fleet = ctx.target(target)
    assert isinstance(fleet, Fleet)
    answers = fleet.asked(lambda server: log_in(server.engine, server.name, registry, target))
    for answer in answers.values():
        if isinstance(answer, WebduhError):
            raise answer
