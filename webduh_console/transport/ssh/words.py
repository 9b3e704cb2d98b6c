"""What goes wrong on the way to a server, in words."""

from webduh_console.errors import PassingError, TargetError, UnreachableError


class HostKeyError(TargetError):
    """A server's host key is unknown, or not the one that is known. `kind` and `fingerprint` are of what it shows."""

    name = "host-key"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        kept: str = "",
        hint: str = "",
        kind: str = "",
        fingerprint: str = "",
    ) -> None:
        super().__init__(what, why=why, kept=kept, hint=hint)
        self.kind, self.fingerprint = kind, fingerprint


NOTHING_DONE = "Nothing was done there."


def unreachable(server: str, why: str, hint: str) -> UnreachableError:
    """The server cannot be reached."""
    return UnreachableError(f"The server {server} cannot be reached.", why=why, kept=NOTHING_DONE, hint=hint)


def lost(server: str, doing: str, why: str) -> PassingError:
    """The connection broke in the middle of something."""
    return PassingError(
        f"The connection to the server {server} was lost while {doing}.",
        why=why,
        kept="What had begun there may be done or half done.",
        hint="Try it again: the connection is made anew. If it stays away, see whether `ssh` reaches it.",
    )


def sentence(text: str | None) -> str:
    """A system's message as a sentence."""
    text = " ".join((text or "").split())
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def too_slow(server: str, timeout: float) -> TargetError:
    """A script that did not end in time."""
    return TargetError(
        f"A script on the server {server} took longer than {timeout:g} s.",
        why="It was ended there.",
        kept="What it had done by then is done.",
        hint="Try it again when the server is less busy.",
    )


def no_forwarding(server: str, option: str, place: str) -> TargetError:
    """The server's configuration forbids a stream."""
    return TargetError(
        f"{place} on the server {server} cannot be reached.",
        why=f"Its SSH server forbids it ({option}).",
        kept=NOTHING_DONE,
        hint=f"Set `{option} yes` in its /etc/ssh/sshd_config and reload sshd.",
    )
