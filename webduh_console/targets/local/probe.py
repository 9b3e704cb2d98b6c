"""Asks an instance whether it is well, and says in words why it is not."""

import http.client

from webduh_console.errors import UnhealthyError
from webduh_console.model.release import Health
from webduh_console.targets import probing
from webduh_console.targets.local.supervisor.values import InstanceState
from webduh_console.targets.probing import Answer as Answer

TIMEOUT = 10.0


def ask(host: str, port: int, path: str, headers: dict[str, str] | None = None, timeout: float = TIMEOUT) -> Answer:
    """One GET request."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    return probing.exchange(connection, port, path, headers or {}, timeout)


def ask_instance(state: InstanceState, health: Health) -> Answer:
    """Ask an instance itself, on whichever loopback address it listens."""
    timeout = max(1.0, min(TIMEOUT, health.timeout))
    answer = ask("127.0.0.1", state.port, health.path, timeout=timeout)
    if not answer.status and answer.reason.startswith("nothing listens"):
        answer = max(answer, ask("::1", state.port, health.path, timeout=timeout), key=lambda a: a.status)
    return answer


def ended(state: InstanceState, seconds: float, last: list[str]) -> UnhealthyError:
    """The error of an instance that is not there any more."""
    gone = "is gone: the local supervisor does not know it any more"
    return probing.ended(state.name, state.exit, state.oom, seconds, last, gone)


def elsewhere(state: InstanceState) -> UnhealthyError:
    """The error of an instance that listens on another port than it was given."""
    ports = " and ".join(map(str, state.listening))
    return UnhealthyError(
        f"{state.name} listens on port {ports}, not on {state.port}, which it was given as PORT.",
        why="The old and the new release run side by side for a moment, so each gets a port of its own.",
        hint="Let it read PORT from its environment, or put ${PORT} into its start command in webduh.yaml; else say "
        "`port:` and `deploy: {overlap: false}` there, and the old release is stopped first.",
    )


def never(state: InstanceState, health: Health, answer: Answer, last: list[str]) -> UnhealthyError:
    """The error of an instance that runs but was not healthy in time."""
    return probing.never(state.name, health, answer, last)
