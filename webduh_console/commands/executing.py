"""Runs a command on servers: to its end, or line by line as it writes."""

import shlex
from collections.abc import Iterator, Sequence
from threading import Event as Flag
from typing import TYPE_CHECKING

import msgspec

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.noting import note_target, shown_argv
from webduh_console.errors import CancelledError, WebduhError
from webduh_console.model.observe import LogLine
from webduh_console.model.target import CancelToken

if TYPE_CHECKING:
    from webduh_console.transport.machine import Machine

LIMIT = 600.0
"""Seconds a command may take that is run to its end."""


class ExecRow(msgspec.Struct, frozen=True):
    """What a command did on one server in `server exec`; the code of a server that was not reached is 255."""

    server: str
    code: int
    out: str
    err: str


def named(ctx: Context, names: str) -> list[str]:
    """The servers that `a,b` or `all` stand for, each once; a target of several servers stands for all of them."""
    if names.strip() == "all":
        return [entry.name for entry in ctx.state.targets.all() if entry.kind == "server"]
    words = [name.strip() for name in names.split(",") if name.strip()]
    return list(dict.fromkeys(server.name for name in words for server in ctx.servers(name)))


def answer(ctx: Context, name: str, machine: "Machine", argv: Sequence[str]) -> ExecRow:
    """Run it to its end on one server."""
    try:
        said = machine.sh('exec "$@"', *argv, timeout=LIMIT)
    except WebduhError as error:
        return ExecRow(name, 255, "", str(error))
    note_target(ctx, ctx.target(name), "exec", shown_argv(argv))
    return ExecRow(name, said.code, said.out.decode(errors="replace"), said.err)


def line_of(servers: Sequence[str], script: str) -> str:
    """The line of the command language that does the same."""
    return f"server exec {','.join(servers)} -- {shlex.join(('sh', '-c', script))}"


def lines(ctx: Context, server: str, script: str, stop: Flag) -> Iterator[LogLine]:
    """Run a line of shell on one server, and give what it writes; the last line says how it ended.

    When the flag is set, it is ended there. An error of the connection is the last line, too.
    """
    argv = ("sh", "-c", script)
    running, begun = ctx.server(server).machine.lines(argv, _Stopped(stop)), False
    try:
        while True:
            stream, text = next(running)
            if not begun:
                begun = True
                note_target(ctx, ctx.target(server), "exec", shown_argv(argv))
            yield LogLine(now(), server, "", stream, text, server)
    except StopIteration as ended:
        if not begun:
            note_target(ctx, ctx.target(server), "exec", shown_argv(argv))
        yield _own(server, "done" if not ended.value else f"exited with {ended.value}")
    except CancelledError:
        yield _own(server, "ended before it was done")
    except WebduhError as error:
        yield _own(server, f"{error.what} {error.why}".strip())
    finally:
        running.close()


class _Stopped(CancelToken):
    """Is set as soon as a flag is."""

    def __init__(self, stop: Flag) -> None:
        super().__init__()
        self._event = stop


def _own(server: str, text: str) -> LogLine:
    return LogLine(now(), server, "", "webduh", text, server)
