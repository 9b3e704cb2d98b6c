"""Docker's refusals in words for a person. Pure."""

import re
from typing import NamedTuple

from webduh_console.errors import PassingError, TargetError

_NOISE = re.compile(
    r"(error response from daemon|failed to create (task|shim task)( for container)?|oci runtime create failed"
    r"|runc create failed|unable to start container process|container_linux\.go:\d+|process_linux\.go:\d+"
    r"|starting container process caused|driver failed programming external connectivity on endpoint \S+ \(\w+\)"
    r"|failed to set up container networking|error during container init): ",
    re.IGNORECASE,
)
_AWAY = re.compile(r"cannot connect to the docker daemon|error during connect", re.IGNORECASE)
_PROGRAM = re.compile(r'exec: "([^"]*)"')


class EngineError(TargetError):
    """Docker refused, or did not answer; `status` is the HTTP status of its answer, 0 when none came.

    `said` are Docker's own words, where whoever asked words them for a person.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        kept: str = "Nothing else was changed.",
        hint: str = "",
        status: int = 0,
        said: str = "",
    ) -> None:
        super().__init__(what, why=why, kept=kept, hint=hint)
        self.status, self.said = status, said


class UnansweredError(EngineError, PassingError):
    """Docker did not answer, or is not there: it may be being restarted."""


class _Known(NamedTuple):
    """A refusal that is well known: what Docker's words contain, and what that means. `{}` is the server's name."""

    pattern: str
    why: str
    hint: str


_KNOWN = (
    _Known(
        r'exec: "docker-init"',
        "Docker's own init program is missing on the server.",
        "Install it there: `apt-get install tini`.",
    ),
    _Known(r"no space left on device", "The server's disk is full.", "Make room: `webduh server prune {}`."),
    _Known(r"no such image", "The image is not there.", "Deploy anew: that builds it again."),
    _Known(
        r"non-overlapping IPv4 address pool|Pool overlaps",
        "There is no free range of addresses for the network.",
        "Remove networks that nobody uses: `docker network prune` on the server.",
    ),
    _Known(
        r"minimum memory limit",
        "The memory limit is too small: Docker wants at least 6 MB.",
        "Raise `memory:` in webduh.yaml.",
    ),
    _Known(r"cannot allocate memory", "The server has no memory left.", "Stop something, or take a larger server."),
)


def refused(what: str, server: str, status: int, said: str) -> EngineError:
    """The error of an answer of 400 and above; `what` failed, `said` are Docker's own words."""
    words = " ".join(said.split())
    for known in _KNOWN:
        if re.search(known.pattern, words, re.IGNORECASE):
            return EngineError(what, why=known.why, hint=known.hint.format(server), status=status, said=words)
    program = _PROGRAM.search(words)
    if program and re.search(r"not found|no such file|permission denied", words):
        how = "cannot be run" if "permission denied" in words else "is not in the image"
        return EngineError(
            what,
            why=f"The program {program[1]!r} {how}.",
            hint="Name another one, or make the build install it.",
            status=status,
        )
    hint = f"`webduh server check {server}`."
    return EngineError(what, why=f"Docker says: {plain(words)}", hint=hint, status=status, said=words)


def away(said: str) -> bool:
    """Whether Docker's own client says that it finds no Docker."""
    return bool(_AWAY.search(said))


def unanswered(what: str, server: str, why: str) -> UnansweredError:
    """The error of a question that no answer came to: whether Docker did what was asked is not known."""
    return UnansweredError(
        what,
        why=why,
        kept="Whether Docker still did it is not known.",
        hint=f"Do it again; `webduh server check {server}` looks at the server.",
    )


def plain(said: str) -> str:
    """Docker's words without the names of its own layers, as a sentence."""
    before = None
    while before != said:
        before, said = said, _NOISE.sub("", said, count=1)
    said = said.removesuffix(": unknown").strip() or "nothing"
    return said if said.endswith((".", "!", "?")) else f"{said}."
