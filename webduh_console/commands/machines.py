"""Servers as functions, for the console: what is on them, how they are made ready, and programs in a terminal."""

from collections.abc import Sequence

from webduh_console.commands import api
from webduh_console.commands.apps import target_of
from webduh_console.commands.context import Context
from webduh_console.commands.noting import note_app, note_target, noted, shown_argv
from webduh_console.commands.results import Terminal, Work
from webduh_console.errors import UsageError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.standing import at
from webduh_console.model.target import Ability, CancelToken, Enterable, Step, Target

CACHE = 10 * 2**30
"""How many bytes of build cache stay when a server is pruned."""

Todo = Sequence[tuple[bool, str]]
"""The parts of a set-up: whether each changes something, and the words for it."""


def checks(ctx: Context, target: str) -> list[Fact]:
    """Every fact a target needs, with a fix for each that fails. Read-only."""
    return list(ctx.target(target).facts())


def setup_plan(ctx: Context, server: str) -> tuple[Sequence[Step], Todo]:
    """What would make a server ready, Docker included. Changes nothing; TargetError when it does not answer."""
    return ctx.server(server).setup_plan(install_docker=True)


def set_up(ctx: Context, server: str, steps: Sequence[Step]) -> Work:
    """Carry out the steps of a set-up."""
    from webduh_console.engine.setup import run_steps

    cancel = CancelToken()
    events = run_steps(server, steps, ctx.by, cancel, f"set-up of {server}")
    return Work(server, noted(ctx, ctx.target(server), "setup", server, events), cancel, "is ready")


def prunable(ctx: Context, server: str) -> list[str]:
    """The images and containers of ours that no release names."""
    return ctx.server(server).prunable()


def prune(ctx: Context, server: str) -> int:
    """Remove what is prunable, and old build cache; the bytes that are free again."""
    chosen = ctx.server(server)
    found = ", ".join(chosen.prunable()) or "nothing but old build cache"
    freed = chosen.prune(CACHE)
    note_target(ctx, chosen, "prune", found)
    return freed


def server_shell(ctx: Context, server: str) -> Terminal:
    """A shell on a server."""
    chosen = ctx.server(server)

    def run() -> int:
        note_target(ctx, chosen, "shell", "a shell on the server")
        return chosen.machine.terminal(("sh", "-c", 'exec "${SHELL:-/bin/sh}" -l'))

    return Terminal(f"shell on {server}", run)


def has_shell(ctx: Context, target: str) -> bool:
    """Whether a person can run a program inside an app there."""
    return Ability.SHELL in ctx.target(target).abilities


def app_shell(ctx: Context, key: AppKey, process: str, server: str | None = None) -> Terminal:
    """A shell in a running instance of an app, of several servers on this one; UsageError where that cannot be had."""
    target = ctx.target(target_of(ctx, key))
    inside = enterable(at(target, server) if server else target)

    def run() -> int:
        note_app(ctx, target, key, "shell", f"in {process}")
        return inside.enter(key, process)

    return Terminal(f"shell in {key}", run)


def one_off(ctx: Context, key: AppKey, argv: Sequence[str], server: str | None = None) -> Terminal:
    """A command once, in the release of an app that serves; UsageError where that cannot be had."""
    target = ctx.target(target_of(ctx, key))
    inside = enterable(at(target, server) if server else target)

    def run() -> int:
        serving = api.serving(ctx, key)
        secrets = [v.value for v in serving.variables.values() if v.secret] if serving else []
        note_app(ctx, target, key, "run", shown_argv(argv, secrets))
        return inside.run(key, argv)

    return Terminal(f"{argv[0]} in {key}", run, leaves=True)


def enterable(target: Target) -> Enterable:
    """The target as one in which a person can run a program; UsageError where that cannot be had."""
    if not isinstance(target, Enterable):
        raise UsageError(f"Nothing can be run inside an app on {target.name}.", kept="Nothing was changed.")
    return target
