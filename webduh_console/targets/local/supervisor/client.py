"""The typed client of the supervisor: plain sockets, safe to use from any thread, one short connection a call."""

import fcntl
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from webduh_console.errors import TargetError
from webduh_console.model.schedules import ScheduledRun
from webduh_console.targets.local.supervisor import values
from webduh_console.targets.local.supervisor.values import (
    INFO,
    LOCK,
    LOG,
    MARK,
    Info,
    InstanceSpec,
    InstanceState,
    Planned,
    RouteState,
    Sample,
    ScheduleSpec,
)

_TURN = "supervisor.turn"
_START_LIMIT = 10.0
_CALL_LIMIT = 15.0
_PING_LIMIT = 3.0

T = TypeVar("T")
# A type checker takes no union where it wants a type.
_MAYBE: Any = InstanceState | None
Instances = list[InstanceState]
Ways = list[RouteState]
Figures = dict[str, list[Sample]]
Plans = list[Planned]


class Supervisor:
    """The supervisor of one root, the folder where it keeps `supervisor.json`, its lock and its log.

    Every call but `alive` and `ensure` raises TargetError when no supervisor answers.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def alive(self) -> bool:
        """Whether a supervisor answers. Never starts one."""
        info = self.info()
        if info is None:
            return False
        try:
            return _ask(info, values.Ping(), int, _PING_LIMIT) == info.pid
        except TargetError:
            return False

    def info(self) -> Info | None:
        """Who the supervisor says it is, alive or not; None when none was started since the last one ended in order."""
        try:
            return msgspec.json.decode((self.root / INFO).read_bytes(), type=Info)
        except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            return None
        except OSError as error:
            raise TargetError(f"{self.root / INFO} cannot be read.", why=f"{error.strerror}.") from error

    def ensure(self) -> bool:
        """Start the supervisor, detached, unless it runs. True when it was started now; TargetError after 10 s."""
        deadline = time.monotonic() + _START_LIMIT
        while not self.alive():
            with _turn(self.root) as ours:
                if ours and not self.alive() and _launch(self.root, deadline):
                    return True
            if time.monotonic() > deadline:
                raise _not_started(self.root, f"It did not answer within {_START_LIMIT:.0f} s.")
            time.sleep(0.02)
        return False

    def start(self, spec: InstanceSpec) -> InstanceState:
        """Start an instance. One of that name that runs or waits to be restarted is returned as it is.

        One that exited is started anew, unmarked and not routed. TargetError when it cannot be started.
        """
        return self._call(values.Start(values.to_wire(spec)), InstanceState)

    def keep(self, name: str) -> None:
        """Mark an instance good: from now on it is restarted when it ends."""
        self._call(values.Keep(name), type(None))

    def get(self, name: str) -> InstanceState | None:
        """One instance, or None."""
        found: InstanceState | None = self._call(values.Get(name), _MAYBE)
        return found

    def list(self) -> Instances:
        """All instances, sorted by name."""
        return self._call(values.List(), Instances)

    def routes(self) -> Ways:
        """All apps' ports, sorted by slug."""
        return self._call(values.Routes(), Ways)

    def set_schedules(self, slug: str, schedules: tuple[ScheduleSpec, ...]) -> None:
        """These are the schedules of an app from now on; runs that go on are left alone."""
        own = tuple(msgspec.structs.replace(s, spec=values.to_wire(s.spec)) for s in schedules)
        self._call(values.SetSchedules(slug, own), type(None))

    def run_now(self, slug: str, name: str, by: str) -> ScheduledRun:
        """Start a run of a schedule; TargetError when there is none of that name, or one goes on."""
        return self._call(values.RunNow(slug, name, by), ScheduledRun)

    def plans(self) -> Plans:
        """Every schedule, when it is due next, and the run that goes on now."""
        return self._call(values.Plans(), Plans)

    def drain(self, name: str, seconds: float) -> bool:
        """Wait until nothing is in flight on an instance, at most `seconds`; whether that is so."""
        return self._call(values.Drain(name, seconds), bool, _CALL_LIMIT + seconds)

    def stop(self, name: str, grace: float = 10.0) -> None:
        """End an instance: SIGTERM, after `grace` seconds SIGKILL. Returns when its last process is gone.

        An unknown name is fine. What is still in flight on it then is cut off.
        """
        self._call(values.Stop(name, grace), type(None), _CALL_LIMIT + grace)

    def open(self, slug: str, port: int) -> RouteState:
        """Bind an app's port; it answers 503 until it is routed. TargetError names who holds the port."""
        return self._call(values.Open(slug, port), RouteState)

    def route(self, slug: str, release: int, instances: tuple[str, ...], probe: str) -> None:
        """Lead an app's port to these instances, from the next request on.

        A request with `X-Webduh-Probe: <probe>` is answered with `X-Webduh-Release: <release>`, no other ever is.
        """
        self._call(values.Switch(slug, release, instances, probe), type(None))

    def close(self, slug: str) -> None:
        """Give an app's port back; an unknown slug is fine."""
        self._call(values.Close(slug), type(None))

    def samples(self, since: float) -> Figures:
        """The figures of each instance after `since` (seconds since the epoch), oldest first; 15 minutes are kept."""
        return self._call(values.Samples(since), Figures)

    def shutdown(self, grace: float = 10.0) -> None:
        """Stop every instance, each within `grace` seconds, and end the supervisor; returns when it is gone."""
        info = self.info()
        if info is None or not self.alive():
            return
        _ask(info, values.Shutdown(grace), type(None), _CALL_LIMIT + grace)
        deadline = time.monotonic() + _CALL_LIMIT
        while not _unlocked(self.root):
            if time.monotonic() > deadline:
                raise TargetError(
                    f"The supervisor (process {info.pid}) did not end.", hint=f"Its log is {self.root / LOG}."
                )
            time.sleep(0.01)

    def _call(self, call: values.Call, answer: type[T], limit: float = _CALL_LIMIT) -> T:
        info = self.info()
        if info is None:
            raise _absent("It was never started, or it was stopped.")
        return _ask(info, call, answer, limit)


def _ask(info: Info, call: values.Call, answer: type[T], limit: float) -> T:
    """Send one call and decode its answer; TargetError with the supervisor's own words when it failed."""
    line = msgspec.json.encode(values.Request(info.token, call)) + b"\n"
    try:
        with socket.create_connection(("127.0.0.1", info.port), timeout=min(limit, _PING_LIMIT)) as connection:
            connection.settimeout(limit)
            connection.sendall(line)
            with connection.makefile("rb") as stream:
                text = stream.readline()
    except TimeoutError as error:
        raise TargetError(
            f"The local supervisor (process {info.pid}) did not answer within {limit:.0f} s.",
            kept="What it was asked for may still happen.",
            hint=f"If it hangs, end it with `kill {info.pid}`; the next deployment starts it again.",
        ) from error
    except OSError as error:
        raise _absent(f"{error.strerror or error}.") from error
    if not text.endswith(b"\n"):
        raise _absent("It closed the connection.")
    try:
        reply = msgspec.json.decode(text, type=values.Reply)
        if reply.failure is None:
            return msgspec.json.decode(reply.value, type=answer)
    except msgspec.DecodeError as error:
        raise TargetError("The local supervisor is of another version.", why=f"{error}.", hint=_RESTART) from error
    failure = reply.failure
    raise TargetError(failure.what, why=failure.why, kept=failure.kept, hint=failure.hint)


_RESTART = "`webduh target stop local` ends it; the next deployment starts it again."


def _absent(why: str) -> TargetError:
    return TargetError("The local supervisor does not answer.", why=why, hint="The next deployment starts it again.")


def _not_started(root: Path, why: str) -> TargetError:
    try:
        last = (root / LOG).read_text(errors="replace").strip().splitlines()[-1:]
    except OSError:
        last = []
    said = f" Its last words: {last[0]}" if last else ""
    return TargetError("The local supervisor could not be started.", why=why + said, hint=f"Its log is {root / LOG}.")


def _launch(root: Path, deadline: float) -> bool:
    """Start the supervisor and wait until it answers; False when another one (starting or ending) holds the lock."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as said:
        try:
            _spawn(root, writing)
        finally:
            os.close(writing)
        word = _word(said, deadline)
    if word in ("ready", "held"):
        return word == "ready"
    raise _not_started(root, f"{word}." if word else "It ended at once.")


def _spawn(root: Path, ready: int) -> None:
    """Run the supervisor's program, which forks away at once: nobody's child, it leaves its starter no zombie."""
    program = "webduh_console.targets.local.supervisor.daemon"
    with (root / LOG).open("ab") as log:
        subprocess.run(
            [sys.executable, "-P", "-m", program, str(root.absolute()), str(ready)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=root,
            env={name: value for name, value in os.environ.items() if name != MARK},
            pass_fds=(ready,),
            start_new_session=True,
            check=False,
        )


def _word(stream: FileIO, deadline: float) -> str:
    """What the starting supervisor says of itself; empty when it ended or said nothing in time."""
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(max(deadline - time.monotonic(), 0)):
            part = stream.read(4096)
            if not part:
                break
            said += part
    return said.decode(errors="replace").strip()


@contextmanager
def _turn(root: Path) -> Iterator[bool]:
    """Whether it is this caller's turn to start the supervisor; only one at a time has it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(root / _TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TargetError(f"The local supervisor cannot use {root}.", why=f"{error.strerror}.") from error
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _unlocked(root: Path) -> bool:
    """Whether no supervisor of this root lives: it holds the lock until its very end."""
    try:
        descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        return _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
