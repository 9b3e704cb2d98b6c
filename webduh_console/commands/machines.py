"""Servers as functions, for the console: what is on them, how they are made ready, and programs in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webduh_console.commands.apps import target_of
from webduh_console.commands.context import Context
from webduh_console.commands.results import Terminal, Work
from webduh_console.errors import UsageError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.target import Ability, CancelToken, Enterable, Step

if TYPE_CHECKING:
    from webduh_console.targets.server.vitals import Shown

CACHE = 10 * 2**30
"""How many bytes of build cache stay when a server is pruned."""

Todo = Sequence[tuple[bool, str]]
"""The parts of a set-up: whether each changes something, and the words for it."""


def checks(ctx: Context, target: str) -> list[Fact]:
    """Every fact a target needs, with a fix for each that fails. Read-only."""
    return list(ctx.target(target).facts())


def containers(ctx: Context, server: str) -> "list[Shown]":
    """Every container on a server, ours first. TargetError when it does not answer."""
    return ctx.server(server).containers()


def setup_plan(ctx: Context, server: str) -> tuple[Sequence[Step], Todo]:
    """What would make a server ready, Docker included. Changes nothing; TargetError when it does not answer."""
    return ctx.server(server).setup_plan(install_docker=True)


def set_up(ctx: Context, server: str, steps: Sequence[Step]) -> Work:
    """Carry out the steps of a set-up."""
    from webduh_console.engine.setup import run_steps

    cancel = CancelToken()
    return Work(server, run_steps(server, steps, ctx.by, cancel, f"set-up of {server}"), cancel, "is ready")


def prunable(ctx: Context, server: str) -> list[str]:
    """The images and containers of ours that no release names."""
    return ctx.server(server).prunable()


def prune(ctx: Context, server: str) -> int:
    """Remove what is prunable, and old build cache; the bytes that are free again."""
    return ctx.server(server).prune(CACHE)


def server_shell(ctx: Context, server: str) -> Terminal:
    """A shell on a server."""
    machine = ctx.server(server).machine
    return Terminal(f"shell on {server}", lambda: machine.terminal(("sh", "-c", 'exec "${SHELL:-/bin/sh}" -l')))


def has_shell(ctx: Context, target: str) -> bool:
    """Whether a person can run a program inside an app there."""
    return Ability.SHELL in ctx.target(target).abilities


def app_shell(ctx: Context, key: AppKey, process: str) -> Terminal:
    """A shell in a running instance of an app; UsageError where that cannot be had."""
    target = ctx.target(target_of(ctx, key))
    if not isinstance(target, Enterable):
        raise UsageError(f"Nothing can be run inside an app on {target.name}.", kept="Nothing was changed.")
    return Terminal(f"shell in {key}", lambda: target.enter(key, process))
