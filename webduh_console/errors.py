"""Every error a person may meet: what failed, why, what was left as it was, what to do next."""

from typing import ClassVar


class WebduhError(Exception):
    """The base of all errors that are worded for a person.

    `what` failed (with the name of the thing and the place), `why` it failed, what was `kept` as it was, and a `hint`
    that says what to do next. Each is a sentence or empty. `code` is the exit code of the process, `name` the stable
    word in JSON.
    """

    code: ClassVar[int] = 1
    name: ClassVar[str] = "failed"

    def __init__(self, what: str, *, why: str = "", kept: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.kept, self.hint = what, why, kept, hint

    def __str__(self) -> str:
        return " ".join(filter(None, (self.what, self.why, self.kept, self.hint)))

    def as_dict(self) -> dict[str, str]:
        """The error as JSON keys: name, what, why, kept, hint."""
        return {"name": self.name, "what": self.what, "why": self.why, "kept": self.kept, "hint": self.hint}


class UsageError(WebduhError):
    """The words of a command are wrong, or name something that does not exist."""

    code = 2
    name = "usage"


class ConfigError(WebduhError):
    """A configuration file is wrong: `webduh.yaml`, a user's settings, a theme, a key map."""

    code = 2
    name = "config"


class NotFoundError(UsageError):
    """A named thing does not exist; the hint suggests the nearest name."""

    name = "not-found"


class QuestionError(UsageError):
    """A question needs an answer and there is no terminal to ask; the hint names the option that answers it."""

    name = "question"


class LeaseHeldError(WebduhError):
    """Somebody else is changing this app in this environment."""

    code = 4
    name = "lease-held"


class LeaseLostError(WebduhError):
    """The lease was taken over while we held it: whoever holds it now decides, and nothing more may be changed here."""

    code = 4
    name = "lease-lost"


class BuildError(WebduhError):
    """A build step failed; `why` ends with its last lines."""

    name = "build"


class UnhealthyError(WebduhError):
    """A new instance did not become healthy: exited, never answered, answered wrongly, listens elsewhere."""

    name = "unhealthy"


class TargetError(WebduhError):
    """A target cannot do what is asked: its supervisor is down, a port is taken, a disk is full."""

    name = "target"


class PassingError(TargetError):
    """A target cannot do it now, and may in a moment: a connection was lost, Docker is being restarted.

    Whether what was begun was done is not known; what may be repeated can be tried again.
    """

    name = "passing"


class OvertakenError(TargetError):
    """Somebody else made a release live since this was planned."""

    name = "overtaken"


class RegistryError(WebduhError):
    """A registry of images does not take, keep or give one."""

    name = "registry"


class UnreachableError(PassingError):
    """A server cannot be reached at all."""

    name = "unreachable"


class StateError(WebduhError):
    """The local state cannot be used: newer than this program, locked, unreadable, without its key."""

    name = "state"


class CancelledError(WebduhError):
    """The work was cancelled by whoever asked for it."""

    code = 130
    name = "cancelled"


def unexpected(error: Exception) -> WebduhError:
    """A defect, in words a person can send to us; the traceback goes to the log."""
    import logging

    logging.getLogger("webduh").error("unexpected", exc_info=error)
    return WebduhError(
        f"Something unexpected went wrong: {type(error).__name__}: {error}",
        hint="This is a defect of webduh; the log file has the details (`webduh config path`).",
    )
