"""What `git` complains of, in words for a person. Pure."""

import re

from webduh_console.errors import WebduhError
from webduh_console.transport.git.address import KEPT, Origin


class GitError(WebduhError):
    """A repository cannot be read: it is not there, refuses us, is not known or not reached, or lacks what is asked."""

    name = "git"


_CHANGED = re.compile(r"REMOTE HOST IDENTIFICATION HAS CHANGED")
_UNKNOWN_HOST = re.compile(r"Host key verification failed|No .* host key is known")
_RIGHTS = re.compile(
    r"Permission denied|Authentication failed|could not read (Username|Password)|returned error: 40[13]"
    r"|access denied|HTTP Basic: Access denied|Load key .*: "
)
_NO_SUCH = re.compile(
    r"does not appear to be a git repository|[Rr]epository .*not found|returned error: 404|not found: did you run"
    r"|does not exist|project you were looking for could not be found"
)
_NETWORK = re.compile(
    r"Could not resolve|Name or service not known|Temporary failure in name resolution|Connection refused|timed out"
    r"|Could not connect|Failed to connect|unreachable|Connection reset|Connection closed|No route to host"
    r"|unexpected disconnect|early EOF|Empty reply|gnutls_handshake|SSL|certificate"
)
_NOISE = re.compile(
    r"fatal: Could not read from remote repository\.|Please make sure you have|and the repository exists"
)


def refusal(origin: Origin, complaints: str, code: int) -> GitError:
    """The error of a `git` that ended with `code` and complained on standard error."""
    says = _first(complaints) or f"git ended with {code}."
    url = origin.url
    if _CHANGED.search(complaints):
        return _error(
            f"The host key of {url} has changed.",
            "Either that machine was made anew, or somebody stands in between.",
            f"Ask whoever runs it. If it was made anew: `ssh-keygen -R {_host(origin)}`, then connect once by hand.",
        )
    if _UNKNOWN_HOST.search(complaints):
        return _error(
            f"The host key of {url} is not known.",
            "A host that nobody has looked at is not trusted.",
            f"Connect once by hand, and compare the fingerprint that it shows: `ssh -T {_login(origin)}`.",
        )
    if _RIGHTS.search(complaints):
        return _error(f"{url} does not let us in.", says, _way_in(origin))
    if "dubious ownership" in complaints:
        return _error(f"{url} belongs to somebody else.", says, "`git config --global --add safe.directory` allows it.")
    if "transport 'file' not allowed" in complaints:
        return _error(f"A submodule of {url} is a folder of this machine.", says, "Give the submodule a URL.")
    if _NO_SUCH.search(complaints):
        private = "A private repository says the same to who has no rights: "
        hint = "Check the address." + (f" {private}{_way_in(origin)}" if origin.host or origin.over_ssh else "")
        return _error(f"There is no repository {url}.", says, hint)
    if _NETWORK.search(complaints):
        return _error(f"{url} cannot be reached.", says, "Check the address and the network, and try again.")
    if "No space left" in complaints:
        return _error(f"{url} has no room here.", says, "Free some space, or move everything with WEBDUH_HOME.")
    return _error(f"{url} cannot be read.", says, "The words are git's own: try `git ls-remote` on it.")


def missing(error: OSError) -> GitError:
    """The error of a `git` that cannot be started."""
    return _error("git cannot be run.", f"{error.strerror or error}.", "Install git, version 2.31 or later.")


def _error(what: str, why: str, hint: str) -> GitError:
    return GitError(what, why=why, kept=KEPT, hint=hint)


def _first(complaints: str) -> str:
    """The lines that say what is wrong, without the advice that follows."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip() and not _NOISE.search(line)]
    wrong = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "ERROR:"))] or lines
    return "\n".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in wrong[-4:])


def _way_in(origin: Origin) -> str:
    if origin.over_ssh:
        return "give a key that it knows: --deploy-key FILE, or your own ssh agent and ~/.ssh/config."
    if origin.host and not origin.confidential:
        return "a token is never sent over plain HTTP: use https://."
    return "put a token that may read it into WEBDUH_GIT_TOKEN, or set up a credential helper of Git's."


def _login(origin: Origin) -> str:
    """`user@host`, with the port where there is one."""
    if not origin.url.startswith("ssh://"):
        return origin.url.partition(":")[0]
    place = origin.url.removeprefix("ssh://").partition("/")[0]
    login, _, port = place.rpartition(":")
    return f"-p {port} {login}" if login and port.isdigit() else place


def _host(origin: Origin) -> str:
    return _login(origin).rpartition(" ")[2].rpartition("@")[2]
