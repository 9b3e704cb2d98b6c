"""Every deployment that was begun from here, and its events."""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from webduh_console.errors import NotFoundError, StateError, UsageError
from webduh_console.model.events import AnyEvent, Event, Output, Warned
from webduh_console.model.names import AppKey
from webduh_console.model.release import Deployment, StepRecord
from webduh_console.state import owner
from webduh_console.state.coding import decoded, encoded, text_of, time_of
from webduh_console.state.database import Database

BATCH = 200
LATEST_WRITE = 0.25
MOST_LINES = 100_000
_COLUMNS = (
    'id, project, app, environment, target, action, outcome, started, release, base, finished, seconds, url, "by",'
    ' "trigger", error, steps'
)
Deployments = list[Deployment]
Events = list[AnyEvent]


class History:
    """The deployments begun on this machine, and what happened in them.

    Events are written in batches, at most 0.25 s late.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._waiting: list[tuple[str, str]] = []
        self._lines: dict[str, int] = {}
        self._timer: threading.Timer | None = None
        self._failure: StateError | None = None

    def begin(self, deployment: Deployment) -> None:
        """Keep a deployment that this process begins."""
        self._write(deployment, *owner.me())

    def keep(self, event: Event) -> None:
        """Keep an event of a deployment that was begun; others are no part of the history.

        Of its output, the first 100 000 lines are kept.

        StateError if this or an earlier event cannot be written; the unwritten ones wait for `finish`.
        """
        with self._lock:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            if isinstance(event, Output) and not self._has_room(event):
                return
            self._waiting.append((event.deployment, encoded(event)))
            if len(self._waiting) >= BATCH:
                self.flush()
            elif self._timer is None:
                self._timer = threading.Timer(LATEST_WRITE, self._flush_late)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write all events that still wait."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._waiting:
                known = "INSERT INTO events (deployment, event) SELECT id, ? FROM deployments WHERE id = ?"
                self._database.change_all(known, [(event, deployment) for deployment, event in self._waiting])
                self._waiting = []
            self._failure = None

    def finish(self, deployment: Deployment) -> None:
        """Keep how a deployment ended, after all its events."""
        with self._lock:
            self._lines.pop(deployment.id, None)
            self.flush()
        self._write(deployment, 0, "")

    def learn(self, deployments: Iterable[Deployment]) -> int:
        """Keep deployments that were begun elsewhere; those that are known stay as they are. How many are new."""
        known = {id for (id,) in self._database.rows("SELECT id FROM deployments")}
        new = [deployment for deployment in deployments if deployment.id not in known]
        for deployment in new:
            self._write(deployment, 0, "")
        return len(new)

    def get(self, id: str) -> Deployment:
        """The deployment with this id, or the only one whose id begins so.

        NotFoundError if there is none, UsageError with the candidates if there are several.
        """
        wanted = id.strip().upper()
        found = (
            self._select("WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 6", wanted, wanted + "~") if wanted else []
        )
        if not found:
            raise NotFoundError(f"There is no deployment {id}.", hint="`webduh deployments` lists them.")
        if len(found) > 1 and found[-1].id != wanted:
            candidates = ", ".join(f"{each.id} ({each.key})" for each in found[:5])
            raise UsageError(
                f"More than one deployment begins with {id}.", why=f"There are {candidates}.", hint="Write more of it."
            )
        return found[-1]

    def list(self, key: AppKey | None = None, limit: int = 50, target: str | None = None) -> Deployments:
        """The deployments, newest first, of one app in an environment or on one target."""
        where, values = _where(key, target)
        return self._select(f"{where} ORDER BY started DESC, id DESC LIMIT ?", *values, limit)

    def events(self, id: str) -> Events:
        """All kept events of a deployment, in their order; also of one that another process is running."""
        self.flush()
        rows = self._database.rows("SELECT event FROM events WHERE deployment = ? ORDER BY id", id)
        return [decoded(event, AnyEvent) for (event,) in rows]

    def usual(self, key: AppKey, target: str) -> dict[str, float]:
        """What each step took at its last success, in seconds; of several places the longest."""
        where, values = _where(key, target)
        done = self._select(f"{where} AND outcome = 'done' ORDER BY started DESC LIMIT 20", *values)
        usual: dict[str, float] = {}
        for deployment in done:
            seconds: dict[str, float] = {}
            for step in deployment.steps:
                if step.outcome == "done":
                    seconds[step.name] = max(step.seconds, seconds.get(step.name, 0.0))
            usual = seconds | usual
        return usual

    def interrupted(self) -> Deployments:
        """The deployments that still count as running, though the process that ran them is gone; oldest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS}, pid, born FROM deployments WHERE outcome = 'running' ORDER BY id"
        )
        return [_deployment(row[:-2]) for row in rows if not owner.lives(*row[-2:])]

    def mark_interrupted(self) -> Deployments:
        """Mark those as interrupted, as of their last event, and answer them."""
        return [marked for deployment in self.interrupted() if (marked := self._mark(deployment)) is not None]

    def prune(self, keep: int = 200) -> int:
        """Drop all but the newest `keep` deployments of each app, with their events; how many were dropped."""
        return self._database.change(
            "DELETE FROM deployments WHERE outcome != 'running' AND id IN (SELECT id FROM (SELECT id, row_number() OVER"
            " (PARTITION BY project, app ORDER BY started DESC, id DESC) AS place FROM deployments) WHERE place > ?)",
            keep,
        )

    def close(self) -> None:
        """Write what still waits."""
        self.flush()

    def _mark(self, deployment: Deployment) -> Deployment | None:
        events = self._database.rows(
            "SELECT event FROM events WHERE deployment = ? ORDER BY id DESC LIMIT 1", deployment.id
        )
        end = decoded(events[0][0], AnyEvent).at if events else deployment.started
        seconds = max(0.0, (end - deployment.started).total_seconds())
        changed = self._database.change(
            "UPDATE deployments SET outcome = 'interrupted', finished = ?, seconds = ?"
            " WHERE id = ? AND outcome = 'running'",
            text_of(end),
            seconds,
            deployment.id,
        )
        if not changed:
            return None
        return msgspec.structs.replace(deployment, outcome="interrupted", finished=end, seconds=seconds)

    def _has_room(self, line: Output) -> bool:
        count = self._lines.get(line.deployment, 0)
        self._lines[line.deployment] = count + 1
        if count == MOST_LINES:
            cut = Warned(
                deployment=line.deployment,
                seq=line.seq,
                at=line.at,
                step=line.step,
                place=line.place,
                code="output-cut",
                text=f"Only the first {MOST_LINES} lines of output are kept.",
            )
            self._waiting.append((line.deployment, encoded(cut)))
        return count < MOST_LINES

    def _flush_late(self) -> None:
        with self._lock:
            self._timer = None
            try:
                self.flush()
            except StateError as error:
                self._failure = error

    def _write(self, deployment: Deployment, pid: int, born: str) -> None:
        key = deployment.key
        values: Sequence[Any] = (
            deployment.id,
            key.project,
            key.app,
            key.environment,
            deployment.target,
            deployment.action,
            deployment.outcome,
            text_of(deployment.started),
            deployment.release,
            deployment.base,
            text_of(deployment.finished) if deployment.finished else None,
            deployment.seconds,
            deployment.url,
            deployment.by,
            deployment.trigger,
            encoded(deployment.error),
            encoded(deployment.steps),
            pid,
            born,
        )
        marks = ", ".join("?" * len(values))
        columns = [column.strip() for column in f"{_COLUMNS}, pid, born".split(",")]
        update = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
        self._database.change(
            f"INSERT INTO deployments ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {update}",
            *values,
        )

    def _select(self, rest: str, *values: object) -> Deployments:
        return [_deployment(row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM deployments {rest}", *values)]


def _where(key: AppKey | None, target: str | None) -> tuple[str, list[str]]:
    wanted = {"project": key.project, "app": key.app, "environment": key.environment} if key else {}
    if target is not None:
        wanted["target"] = target
    return "WHERE " + " AND ".join(["1", *(f"{column} = ?" for column in wanted)]), list(wanted.values())


def _deployment(row: Sequence[Any]) -> Deployment:
    """A row of the history in the order of its columns."""
    id, project, app, environment, target, action, outcome, started, release, base, finished, seconds, *rest = row
    url, by, trigger, error, steps = rest
    return Deployment(
        id=id,
        key=AppKey(project, app, environment),
        target=target,
        action=action,
        outcome=outcome,
        started=time_of(started),
        release=release,
        base=base,
        finished=_time(finished),
        seconds=seconds,
        url=url,
        by=by,
        trigger=trigger,
        error=decoded(error, dict[str, str]),
        steps=decoded(steps, tuple[StepRecord, ...]),
    )


def _time(text: str | None) -> datetime | None:
    return time_of(text) if text else None
