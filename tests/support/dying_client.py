"""Runs `deploy` or `rollback` like the command line, and kills itself (-9) at a chosen moment.

    dying_client.py journal N deploy FOLDER     after the N-th journal line
    dying_client.py build 1 deploy FOLDER       at the first output of a build's program

Nothing is patched: the target is wrapped in one whose record counts its lines.
"""

import os
import signal
import sys
from typing import Any

from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.commands.recording import Recorder
from webduh_console.engine.deployment import apply
from webduh_console.model.events import Finished, Output
from webduh_console.model.names import AppKey
from webduh_console.model.target import JournalLine, Lease
from webduh_console.state.apps import AppEntry


def die() -> None:
    """End without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


class CountedRecord:
    """A record that ends its client after so many lines."""

    def __init__(self, record: Any, left: list[int]) -> None:
        self._record, self._left = record, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)

    def append(self, lease: Lease, number: int, *lines: JournalLine) -> None:
        """Write the lines one by one, as a cut may leave them, and die after the chosen one."""
        for line in lines:
            self._record.append(lease, number, line)
            self._left[0] -= 1
            if self._left[0] == 0:
                print(f"died after {line.kind} {line.step}", flush=True)
                die()


class CountedTarget:
    """A target whose records count."""

    def __init__(self, target: Any, count: int) -> None:
        self._target, self._left = target, [count]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def record(self, key: AppKey, place: str) -> CountedRecord:
        """A record that counts on with the others."""
        return CountedRecord(self._target.record(key, place), self._left)


def main(at: str, count: int, action: str, *words: str) -> int:
    """Deploy or roll back; 0 when it was done, 1 when it was not."""
    ctx = Context.open()
    plan = api.plan(ctx, words[0]) if action == "deploy" else api.rollback_plan(ctx, words[0])
    if action == "deploy":
        ctx.state.apps.add(AppEntry(plan.key.project, plan.key.app, plan.source.folder, plan.made))
    target: Any = CountedTarget(ctx.target(plan.target), count) if at == "journal" else ctx.target(plan.target)
    last: Any = None
    for event in apply(target, plan, None, sinks=[Recorder(ctx.state, plan)]):
        if at == "build" and isinstance(event, Output) and event.step == "build" and event.stream == "stdout":
            print("died in the build", flush=True)
            die()
        last = event
    ctx.close()
    return 0 if isinstance(last, Finished) and last.outcome == "done" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
