"""Runs `git`: its environment, its progress, its complaints. No secret is ever among its words."""

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from webduh_console.model.events import Event, Progress
from webduh_console.model.mask import masker
from webduh_console.model.target import CancelToken
from webduh_console.transport.git.address import Origin
from webduh_console.transport.git.refusals import GitError, missing, refusal
from webduh_console.transport.process import run_lines

Told = Callable[[Event], None]
_PROGRESS = re.compile(r"(?:remote: )?([A-Z][A-Za-z ]+): +[0-9]+% \(([0-9]+)/([0-9]+)\)")
_REMOTE_COUNT = re.compile(r"(?:remote: )?[A-Z][A-Za-z ]+: +[0-9]+(, done\.)?")
_LAST = 30
_USER = "x-access-token"
"""The user that GitHub, GitLab, Gitea and Bitbucket take together with a token."""

_HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$WEBDUH_GIT_USER" "$WEBDUH_GIT_TOKEN"; }; f'


def environment(
    origin: Origin, token: str = "", known_hosts: Path | None = None, outer: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of every `git` that works on a repository: it asks nobody, speaks English, runs no hook.

    The token goes to the repository's own host alone, and never over plain HTTP to another machine.
    """
    env = {name: value for name, value in outer.items() if not name.startswith(("GIT_", "SSH_ASKPASS", "WEBDUH"))}
    env |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_SSH_COMMAND": _ssh(origin, known_hosts)}
    env["GIT_LFS_SKIP_SMUDGE"] = "1"  # a file that is not brought leaves its pointer; otherwise it may be empty
    settings = [("core.hooksPath", os.devnull), ("gc.autoDetach", "false"), ("advice.detachedHead", "false")]
    if origin.url.startswith(("/", "file://")):
        settings.append(("protocol.file.allow", "always"))
    if token and origin.host and origin.confidential:
        env |= {"WEBDUH_GIT_USER": _USER, "WEBDUH_GIT_TOKEN": token}
        settings += [(f"credential.{origin.host}.helper", ""), (f"credential.{origin.host}.helper", _HELPER)]
    env["GIT_CONFIG_COUNT"] = str(len(settings))
    for index, (name, value) in enumerate(settings):
        env |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    return env


def _ssh(origin: Origin, known_hosts: Path | None) -> str:
    """ssh that asks nothing and takes no host key that is not known."""
    words = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20"]
    if known_hosts is not None:
        words += ["-o", f'UserKnownHostsFile=~/.ssh/known_hosts ~/.ssh/known_hosts2 "{known_hosts}"']
    if origin.key:
        words += ["-i", origin.key, "-o", "IdentitiesOnly=yes"]
    return shlex.join(words)


class Git:
    """The `git` program for one repository. `told` hears how far it is; `cancel` ends it."""

    def __init__(self, origin: Origin, env: Mapping[str, str], cancel: CancelToken, told: Told) -> None:
        self.origin, self.env, self.cancel, self._told = origin, env, cancel, told
        self._mask = masker([env["WEBDUH_GIT_TOKEN"]] if "WEBDUH_GIT_TOKEN" in env else [])

    def run(self, folder: Path, *words: str) -> str:
        """What `git WORDS` writes in a folder; GitError says why it does not."""
        code, out, complaints = self._ran(folder, words)
        if code:
            raise refusal(self.origin, self._mask(complaints), code)
        return out

    def asked(self, folder: Path, *words: str) -> str | None:
        """What it writes, None when it says no (exit code 1 and more) to a question about what is here."""
        code, out, _ = self._ran(folder, words)
        return None if code else out

    def _ran(self, folder: Path, words: Sequence[str]) -> tuple[int, str, str]:
        out: list[str] = []
        complaints: list[str] = []
        try:
            lines = run_lines(["git", *words], folder, self.env, self.cancel)
            while True:
                try:
                    stream, text = next(lines)
                except StopIteration as stop:
                    return int(stop.value), "\n".join(out), "\n".join(complaints[-_LAST:])
                if stream == "stdout":
                    out.append(text)
                elif step := _PROGRESS.match(text):
                    self._told(Progress(done=float(step[2]), total=float(step[3]), unit=step[1].lower()))
                elif text.strip() and not _REMOTE_COUNT.fullmatch(text.strip()):
                    complaints.append(text)
        except OSError as error:
            raise missing(error) from error


__all__ = ["Git", "GitError", "Told", "environment"]
