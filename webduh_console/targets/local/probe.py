"""Asks an instance whether it is well, and says in words why it is not."""

import http.client
from dataclasses import dataclass

from webduh_console.errors import UnhealthyError
from webduh_console.model.release import Health
from webduh_console.targets.local.supervisor.values import InstanceState

TIMEOUT = 10.0
KILLED = (-9, 137)
"""The exit codes of a process ended by SIGKILL: its own, and those of a shell or container that reports it."""


@dataclass(frozen=True)
class Answer:
    """What came back: a status and the headers, or the reason why nothing did."""

    status: int = 0
    release: str = ""
    location: str = ""
    reason: str = ""

    def suits(self, health: Health) -> bool:
        """Whether this is the answer of a healthy app."""
        return health.status[0] <= self.status <= health.status[1]

    def __str__(self) -> str:
        if not self.status:
            return self.reason
        where = f", redirecting to {self.location}" if self.location else ""
        return f"it answered {self.status}{where}"


def ask(host: str, port: int, path: str, headers: dict[str, str] | None = None, timeout: float = TIMEOUT) -> Answer:
    """One GET request."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"User-Agent": "webduh", "Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.getheader("X-Webduh-Release", ""), response.getheader("Location", ""))
    except ConnectionRefusedError:
        return Answer(reason=f"nothing listens on port {port}")
    except TimeoutError:
        return Answer(reason=f"no answer within {timeout:g} s")
    except (OSError, http.client.HTTPException) as error:
        return Answer(reason=f"the connection broke: {error}")
    finally:
        connection.close()


def ask_instance(state: InstanceState, health: Health) -> Answer:
    """Ask an instance itself, on whichever loopback address it listens."""
    timeout = max(1.0, min(TIMEOUT, health.timeout))
    answer = ask("127.0.0.1", state.port, health.path, timeout=timeout)
    if not answer.status and answer.reason.startswith("nothing listens"):
        answer = max(answer, ask("::1", state.port, health.path, timeout=timeout), key=lambda a: a.status)
    return answer


def ended(state: InstanceState, seconds: float, last: list[str]) -> UnhealthyError:
    """The error of an instance that is not there any more."""
    code, hint = state.exit, ""
    if state.oom:
        how = "was killed by the system for memory"
        hint = "Give it more memory (`memory:` in webduh.yaml), or let it use less."
    elif code is None:
        how = "is gone: the local supervisor does not know it any more"
    else:
        how = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
        if code in KILLED:
            hint = "A SIGKILL that nobody sent is most often the system's, for memory."
    return UnhealthyError(
        f"{state.name} {how} after {seconds:.1f} s.",
        why="\n".join(["Its last lines:", *last]) if last else "It wrote nothing.",
        kept="What served before serves on.",
        hint=hint or "Mend that and deploy again; `webduh logs` has the lines of releases that serve.",
    )


def elsewhere(state: InstanceState) -> UnhealthyError:
    """The error of an instance that listens on another port than it was given."""
    ports = " and ".join(map(str, state.listening))
    return UnhealthyError(
        f"{state.name} listens on port {ports}, not on {state.port}, which it was given as PORT.",
        why="The old and the new release run side by side for a moment, so each gets a port of its own.",
        kept="What served before serves on.",
        hint="Let it read PORT from its environment, or put ${PORT} into its start command in webduh.yaml.",
    )


def never(state: InstanceState, health: Health, answer: Answer, last: list[str]) -> UnhealthyError:
    """The error of an instance that runs but was not healthy in time."""
    wanted = f"{health.status[0]}-{health.status[1]}"
    return UnhealthyError(
        f"{state.name} did not become healthy within {health.timeout:g} s: {answer}.",
        why="\n".join([f"Wanted was {wanted} on {health.path}, twice in a row. Its last lines:", *last]),
        kept="What served before serves on.",
        hint="Say where and how it answers: `health: {path: …, status: …, timeout: …}` in webduh.yaml.",
    )
