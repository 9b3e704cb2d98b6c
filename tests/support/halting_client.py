"""Deploys, rolls back or catches up like the command line, and halts at a chosen line of the journal.

    halting_client.py "do start a" 60 deploy FOLDER

Each line that was written is told on standard output, as JSON: `{"line": "do start a"}`. After the chosen one nothing
more is written to any journal until a line comes on standard input. The last thing told is how it ended. The number is
the seconds for which what goes wrong is tried again.

Nothing is patched: the target is wrapped in one whose records tell of their lines.
"""

import json
import re
import sys
import threading
from collections.abc import Callable
from typing import Any

from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.commands.recording import Recorder
from webduh_console.engine.deployment import apply
from webduh_console.model.events import Finished, Reverting, Warned
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.standing import Several
from webduh_console.model.target import JournalLine, Lease

_NUMBER = re.compile(r"(?<=-)\d+$")


def named(line: JournalLine, place: str) -> str:
    """A line in words that are the same in the next deployment: `did retire-N a`."""
    return f"{line.kind} {_NUMBER.sub('N', line.step) or '-'} {place}"


def say(**words: object) -> None:
    """Tell something, at once."""
    print(json.dumps(words), flush=True)


class Halt:
    """Tells every line, and waits at the chosen one; whoever writes meanwhile waits, too."""

    def __init__(self, at: str) -> None:
        self._at, self._lock = at, threading.Lock()

    def write(self, record: Any, lease: Lease, number: int, line: JournalLine, place: str) -> None:
        """Write a line, tell it, and wait if it is the one."""
        with self._lock:
            record.append(lease, number, line)
            words = named(line, place)
            say(line=words)
            if words == self._at:
                self._at = ""
                sys.stdin.readline()


class ToldRecord:
    """A record that tells of its lines, written one by one, as a cut may leave them."""

    def __init__(self, record: Any, halt: Halt, place: str) -> None:
        self._record, self._halt, self._place = record, halt, place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)

    def append(self, lease: Lease, number: int, *lines: JournalLine) -> None:
        """Write them."""
        for line in lines:
            self._halt.write(self._record, lease, number, line, self._place)


class ToldTarget:
    """A target whose records tell."""

    def __init__(self, target: Any, halt: Halt) -> None:
        self._target, self._halt = target, halt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def record(self, key: AppKey, place: str) -> ToldRecord:
        """A record that tells."""
        return ToldRecord(self._target.record(key, place), self._halt, place)


class ToldSeveral(ToldTarget):
    """The same of several places."""

    def standing(self, key: AppKey) -> Any:
        """As it is."""
        return self._target.standing(key)

    def at(self, place: str) -> Any:
        """As it is."""
        return self._target.at(place)

    def only(self, places: tuple[str, ...]) -> "ToldSeveral":
        """Those that are left tell, too."""
        return ToldSeveral(self._target.only(places), self._halt)


def main(at: str, patience: float, action: str, word: str) -> int:
    """Do it; 0 when it was done, 1 when it was not."""
    plans: dict[str, Callable[..., Plan]] = {
        "deploy": api.plan,
        "rollback": api.rollback_plan,
        "behind": api.catch_up_plan,
    }
    ctx = Context.open()
    plan = plans[action](ctx, word)
    if action == "deploy":
        api.adopt(ctx, plan)
    target, halt = ctx.target(plan.target), Halt(at)
    told: Any = ToldSeveral(target, halt) if isinstance(target, Several) else ToldTarget(target, halt)
    last: Any = None
    for event in apply(told, plan, None, sinks=[Recorder(ctx.state, plan)], patience=patience):
        if isinstance(event, (Warned, Reverting)):
            say(said=event.text if isinstance(event, Warned) else f"back: {event.reason}")
        last = event
    ctx.close()
    done = isinstance(last, Finished) and last.outcome == "done"
    say(outcome=last.outcome, error=last.error)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]))
