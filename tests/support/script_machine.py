"""A machine on which each script is a process of its own: with any shell, any tools and any user of this one."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from here_machine import HereMachine

from webduh_console.transport.machine import Answer


class ScriptMachine(HereMachine):
    """Runs scripts with `program`, a shell that finds its tools in the folder `tools`, as the user and group `ids`.

    `groups` are further groups. Safe to use from several threads; every script that is run is counted in `asked`.
    """

    def __init__(
        self,
        name: str = "here",
        program: Sequence[str] = ("sh",),
        tools: Path | None = None,
        ids: tuple[int, int] | None = None,
        groups: Sequence[int] = (),
    ) -> None:
        super().__init__(name)
        self.program, self.tools, self.ids, self.groups = tuple(program), tools, ids, tuple(groups)
        self.asked: list[tuple[str, ...]] = []

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        self.asked.append(words)
        path = os.environ["PATH"] if self.tools is None else str(self.tools)
        started = subprocess.Popen(
            [*self.program, "-c", script, "webduh", *words],
            env={"PATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **({"user": self.ids[0], "group": self.ids[1], "extra_groups": self.groups} if self.ids else {}),  # type: ignore[call-overload]
        )
        try:
            out, err = started.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.communicate()
            raise
        return Answer(started.returncode, out, err.decode(errors="replace"))


def tools_without(folder: Path, *left_out: str) -> Path:
    """A folder with every tool of this machine but those left out."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for tool in Path(place).glob("*"):
            if tool.name not in left_out:
                (folder / tool.name).unlink(missing_ok=True)
                (folder / tool.name).symlink_to(tool)
    return folder


def busybox_tools(folder: Path) -> Path | None:
    """A folder with the tools of busybox alone, None where there is none."""
    busybox = shutil.which("busybox")
    if busybox is None:
        return None
    folder.mkdir()
    for tool in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (folder / tool).symlink_to(busybox)
    return folder
