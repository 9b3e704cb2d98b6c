"""What the SSH configuration says about a host: asked of `ssh -G`, or read by ourselves where that is missing."""

import glob
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webduh_console.errors import UsageError

if TYPE_CHECKING:
    from webduh_console.transport.ssh.address import Written

_LINE = re.compile(r"\s*([A-Za-z]+)\s*(?:=\s*|\s+|$)(.*?)\s*")
_DEFAULT_KEYS = ("id_rsa", "id_ecdsa", "id_ed25519")
_DEPTH = 16


class Options(msgspec.Struct, frozen=True):
    """What is configured for a host. `jumps` are addresses as written; `proxy` a command with its marks replaced."""

    host: str
    port: int = 22
    user: str = ""
    identities: tuple[str, ...] = ()
    jumps: tuple[str, ...] = ()
    only: bool = False
    alias: str = ""
    proxy: str = ""


def options(written: "Written", config: Path | None = None) -> Options:
    """What the configuration says, below what the user wrote. UsageError when it cannot be read."""
    program = shutil.which("ssh")
    return _asked(program, written, config) if program else read(written, config)


def _asked(program: str, written: "Written", config: Path | None) -> Options:
    argv = [program, "-G"]
    argv += ["-F", str(config)] if config else []
    argv += ["-l", written.user] if written.user else []
    argv += ["-p", str(written.port)] if written.port else []
    try:
        done = subprocess.run(
            [*argv, "--", written.host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unread(written.host, f"{error}.") from error
    if done.returncode:
        raise _unread(written.host, done.stderr.strip().splitlines()[0] if done.stderr.strip() else "")
    said: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        said.setdefault(key, []).append(value.strip())
    return _options(written, said)


def read(written: "Written", config: Path | None = None) -> Options:
    """The same without OpenSSH: read by paramiko, which knows no Include, after we put the included files in place."""
    from paramiko import ConfigParseError, SSHConfig

    path = config or Path("~/.ssh/config").expanduser()
    try:
        found = SSHConfig.from_text("\n".join(_expanded(path, _DEPTH))).lookup(written.host)
    except (ConfigParseError, ImportError, OSError, UnicodeDecodeError) as error:
        raise _unread(written.host, f"{error}") from error
    said = {key: [value] if isinstance(value, str) else list(value) for key, value in found.items()}
    if written.user:
        said["user"] = [written.user]
    if written.port:
        said["port"] = [str(written.port)]
    return _options(written, said)


def _expanded(path: Path, depth: int) -> list[str]:
    """The lines of a configuration file with those of the files it includes, in their place.

    After an included file the section goes on in which it was included; that sections of an included file hold only
    within that one is not kept.
    """
    if not depth or not path.is_file():
        return []
    lines, section = [], "Host *"
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _LINE.fullmatch(line)
        word = found[1].lower() if found else ""
        if found and word == "include":
            for pattern in re.findall(r'"([^"]*)"|(\S+)', found[2]):
                place = Path(pattern[0] or pattern[1]).expanduser()
                for included in sorted(glob.glob(str(path.parent / place))):  # noqa: PTH207 - absolute patterns too
                    lines += _expanded(Path(included), depth - 1)
            lines.append(section)
            continue
        if word in ("host", "match"):
            section = line
        lines.append(line)
    return lines


def _options(written: "Written", said: dict[str, list[str]]) -> Options:
    def first(key: str) -> str:
        value = said.get(key, [""])[0]
        return "" if value.lower() == "none" else value

    host, user = first("hostname") or written.host, written.user or first("user")
    port = written.port or int(first("port") or 22)
    marks = {"h": host, "p": str(port), "r": user, "n": written.host, "%": "%"}
    keys = said.get("identityfile") or [f"~/.ssh/{name}" for name in _DEFAULT_KEYS]
    return Options(
        host,
        port,
        user,
        tuple(str(Path(key.strip('"')).expanduser()) for key in keys if key != "none"),
        tuple(filter(None, (hop.strip() for hop in first("proxyjump").split(",")))),
        first("identitiesonly").lower() == "yes",
        first("hostkeyalias"),
        re.sub(r"%([hprn%])", lambda mark: marks[mark[1]], first("proxycommand")),
    )


def _unread(host: str, why: str) -> UsageError:
    return UsageError(
        f"The SSH configuration for {host!r} cannot be read.",
        why=why,
        hint=f"Try `ssh -G {host}`, and correct ~/.ssh/config.",
    )
