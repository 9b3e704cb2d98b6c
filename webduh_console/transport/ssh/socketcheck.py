"""Why a Unix socket on a server cannot be reached, in words."""

from webduh_console.errors import PassingError, TargetError
from webduh_console.transport.ssh.words import NOTHING_DONE, no_forwarding

SOCKET_CHECK = """
if [ ! -e "$1" ]; then echo missing
elif [ ! -S "$1" ]; then echo other
elif [ ! -w "$1" ]; then echo denied; ls -ldL "$1" | awk '{print $1, $3, $4}'
elif awk -v path="$1" -v real="$(readlink -f "$1")" '
  $4 == "00010000" && ($8 == path || $8 == real) { found = 1 } END { exit !found }' /proc/net/unix
then echo forbidden
else echo silent
fi"""
"""Prints what stands at the path: `missing`, `other`, `denied` with its mode and owners, or `silent`.

Where somebody listens (a flag in /proc/net/unix) and we may write, it is the SSH server that does not want to:
`forbidden`. It gives the same answer to everything.
"""


def socket_trouble(server: str, user: str, path: str, found: str) -> TargetError:
    """The error for what `SOCKET_CHECK` printed; it may pass where what listens there may only be being restarted."""
    kind, _, rest = found.partition("\n")
    if kind == "forbidden":
        return no_forwarding(server, "AllowStreamLocalForwarding", path)
    docker = path.endswith("docker.sock")
    why, hint = {
        "missing": (
            "There is no such socket.",
            "See whether Docker is installed and runs: systemctl status docker" if docker else "Start what makes it.",
        ),
        "other": ("That is not a socket.", "Give the path of a Unix socket."),
        "denied": (
            f"{user!r} may not write to it ({rest})." if rest else f"{user!r} may not write to it.",
            f"As root there: usermod -aG docker {user}; it holds from the next connection on."
            if docker
            else f"Give {user!r} the right to write to it.",
        ),
    }.get(kind, ("Nothing answers there.", "Start what listens there: systemctl start docker" if docker else ""))
    return (TargetError if kind in ("other", "denied") else PassingError)(
        f"The socket {path} of the server {server} cannot be reached.", why=why, kept=NOTHING_DONE, hint=hint
    )
