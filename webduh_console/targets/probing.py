"""What an instance answers when it is asked whether it is well, and in words why it is not. For every target."""

import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from webduh_console.errors import UnhealthyError
from webduh_console.model.release import Health

KILLED = (-9, 137)
"""The exit codes of a process ended by SIGKILL: its own, and those of a shell or container that reports it."""

NOT_RUN = {126: "could not be run", 127: "was not found"}
"""What these exit codes of shells and of Docker's init mean."""


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


def exchange(
    connection: http.client.HTTPConnection, port: int, path: str, headers: Mapping[str, str], timeout: float
) -> Answer:
    """One GET request over a connection that is closed afterwards; `port` and `timeout` are for the words only."""
    try:
        connection.request("GET", path, headers={"User-Agent": "webduh", "Connection": "close", **headers})
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


def answers(ask: Callable[[], Answer], health: Health) -> Answer:
    """Ask until the answer suits, at most for the health check's time; the last answer."""
    deadline = time.monotonic() + health.timeout
    while not (answer := ask()).suits(health) and time.monotonic() < deadline:
        time.sleep(min(health.interval, 0.25))
    return answer


def ended(name: str, code: int | None, oom: bool, seconds: float, last: Sequence[str], gone: str) -> UnhealthyError:
    """The error of an instance that is not there any more; `gone` says so of one without an exit code."""
    hint = ""
    if oom:
        how = "was killed by the system for memory"
        hint = "Give it more memory (`memory:` in webduh.yaml), or let it use less."
    elif code is None:
        how = gone
    else:
        how = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
        if code in KILLED:
            hint = "A SIGKILL that nobody sent is most often the system's, for memory."
        if code in NOT_RUN:
            hint = f"A command {NOT_RUN[code]}: correct `processes:` in webduh.yaml, or make the build install it."
    return UnhealthyError(
        f"{name} {how} after {seconds:.1f} s.",
        why="\n".join(["Its last lines:", *last]) if last else "It wrote nothing.",
        hint=hint or "Mend that and deploy again; `webduh logs` has the lines of releases that serve.",
    )


def never(name: str, health: Health, answer: Answer, last: Sequence[str]) -> UnhealthyError:
    """The error of an instance that runs but was not healthy in time."""
    wanted = f"{health.status[0]}-{health.status[1]}"
    return UnhealthyError(
        f"{name} did not become healthy within {health.timeout:g} s: {answer}.",
        why="\n".join([f"Wanted was {wanted} on {health.path}, twice in a row. Its last lines:", *last]),
        hint="Say where and how it answers: `health: {path: …, status: …, timeout: …}` in webduh.yaml.",
    )
