"""Adding a server: its address, its key, its host key."""

from pathlib import Path

from webduh_console.clock import now
from webduh_console.commands.context import LOCAL, Context
from webduh_console.commands.noting import note_here
from webduh_console.commands.registry import checked
from webduh_console.commands.results import Done
from webduh_console.errors import QuestionError, UsageError
from webduh_console.model.names import is_name, to_name
from webduh_console.model.registry import Registry
from webduh_console.state.targets import TargetEntry


def join(ctx: Context, name: str, members: tuple[str, ...], dry_run: bool, registry: str | None = None) -> Done:
    """Make one target of servers that were added before, which may use a registry. Nobody is connected to."""
    _check_name(name)
    for member in members:
        ctx.server(member)  # raises for what is no server
    entry = TargetEntry(name, "servers", "", "", now(), tuple(sorted(set(members))))
    listed = ", ".join(entry.servers)
    data = {"target": name, "servers": list(entry.servers), "registry": checked(registry) if registry else ""}
    ctx.state.targets.check(entry)
    if dry_run:
        return Done(f"Would make {name} of {listed}.", data)
    ctx.state.targets.add(entry)
    if registry:
        ctx.state.registries.set(name, Registry(registry))
    note_here(ctx, "target", f"added {name} ({listed})", target=name)
    return Done(f"{name} is added: {listed}. Next: `webduh server check {name}`.", data)


def add(ctx: Context, name: str, address: str, identity: str | None, accept: str | None, dry_run: bool) -> Done:
    """Connect once, have the host key accepted, and keep the server under its name."""
    _check_name(name)
    key = str(Path(identity).expanduser().resolve()) if identity else ""
    if key and not Path(key).is_file():
        raise UsageError(f"There is no key file {key}.", kept="Nothing was changed.")
    entry = TargetEntry(name, "server", address, key, now())
    known = ctx.state.targets.get(name)
    if known is not None and known.address != address:
        ctx.state.targets.check(entry)  # raises, and says for what the name stands
    machine = ctx.machine(entry)
    data = {"target": name, "address": address}
    if dry_run:
        return Done(f"Would add {name} at {address}.", data)
    try:
        shown = machine.presented()
        if not shown.known:
            if accept is None:
                _ask(ctx, name, address, shown.kind, shown.fingerprint)
            machine.accept(accept or shown.fingerprint)
        who = machine.sh("id -un; uname -sm").text.replace("\n", " on ")
    finally:
        machine.close()
    ctx.state.targets.add(entry)
    note_here(ctx, "target", f"added {name} ({address})", target=name)
    says = f"{name} is added: {who} at {address}, host key {shown.fingerprint}."
    return Done(f"{says} Next: `webduh server check {name}`.", {**data, "fingerprint": shown.fingerprint})


def _check_name(name: str) -> None:
    if not is_name(name) or name == LOCAL:
        why = "It is this machine." if name == LOCAL else "Names are made of a-z, 0-9 and single hyphens."
        raise UsageError(
            f"{name!r} cannot be a server's name.",
            why=why,
            kept="Nothing was changed.",
            hint=f"For example {to_name(name) if name != LOCAL else 'prod'}.",
        )


def _ask(ctx: Context, name: str, address: str, kind: str, fingerprint: str) -> None:
    """Show the fingerprint of a host that is not known, and ask."""
    question = f"{address} is not known. Its host key ({kind}) is {fingerprint}. Is that {name}? [y/N]"
    try:
        answer = ctx.ask(question, False)
    except QuestionError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise QuestionError(
            f"The host key of {address} is not known.",
            why=f"It shows {fingerprint} ({kind}).",
            kept="Nothing was changed.",
            hint=f"If that is right: --accept-host-key {fingerprint}. On the server, `ssh-keygen -lf"
            " /etc/ssh/ssh_host_ed25519_key.pub` prints it.",
        )
