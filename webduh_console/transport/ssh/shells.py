"""The shells that are kept open on a server: some for scripts, and one that ends programs when we can no longer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from webduh_console.errors import TargetError
from webduh_console.transport.ssh.connections import Connections
from webduh_console.transport.ssh.quoting import remote_command
from webduh_console.transport.ssh.shell import LOOP, Shell, ShellEnded
from webduh_console.transport.ssh.streampipes import StreamPipes
from webduh_console.transport.ssh.words import NOTHING_DONE, lost, sentence

_MOST = 4


class Shells:
    """Shells on a server, as the user and as root. Safe to use from several threads."""

    def __init__(self, connections: Connections, user: str) -> None:
        self._connections, self._user = connections, user
        self._free = threading.Condition()
        self._idle: dict[bool, list[Shell]] = {False: [], True: []}
        self._count = {False: 0, True: 0}
        self._wardens: dict[bool, Shell] = {}
        self._ending = threading.Lock()
        self._is_root: bool | None = None

    def through_sudo(self, root: bool) -> bool:
        """Whether what must run as root needs sudo for it."""
        if root and self._is_root is None:
            with self.one(False) as shell:
                self._is_root = shell.user == 0
        return root and not self._is_root

    @contextmanager
    def one(self, sudo: bool) -> Iterator[Shell]:
        """A shell for this thread alone; one on which anything went wrong is not used again."""
        shell = self._taken(sudo)
        try:
            yield shell
        except BaseException:
            self._let_go(shell, sudo)
            raise
        with self._free:
            self._idle[sudo].append(shell)
            self._free.notify()

    def watch(self, group: int, sudo: bool) -> Shell:
        """Have a process group ended there when we are gone; the shell that does it, or ends it before."""
        with self._ending:
            warden = self._wardens.get(sudo)
            if warden is None or not warden.open:
                warden = self._wardens[sudo] = self.opened(sudo)
            try:
                warden.watch(group)
            except (OSError, ShellEnded) as error:
                warden.close()
                raise lost(self._connections.server, "starting a program", sentence(str(error))) from error
        return warden

    def end(self, warden: Shell, group: int) -> None:
        """End a group and no longer watch it. A warden that is gone has done it already."""
        with self._ending, suppress(OSError, ShellEnded):
            if warden.open:
                warden.end(group)

    def kill(self, group: int, sudo: bool) -> None:
        """End a group that nobody watches, such as that of a shell whose script does not end."""
        self.end(self.watch(group, sudo), group)

    def opened(self, sudo: bool) -> Shell:
        """A new shell. TargetError when there is none to be had, or sudo refuses."""
        command = remote_command(LOOP, sudo)
        stream = self._connections.run("command", lambda new: new.start(command))
        try:
            return Shell(StreamPipes(stream))
        except ShellEnded as error:
            stream.close()
            raise self.refused(sudo, error.said) from error
        except TimeoutError as error:
            stream.close()
            raise self.refused(sudo, "It did not answer.") from error
        except (OSError, ValueError) as error:
            stream.close()
            raise lost(self._connections.server, "opening a shell", sentence(stream.link.why)) from error

    def refused(self, sudo: bool, said: str) -> TargetError:
        """Why nothing can be run there, in words."""
        said = said.strip().splitlines()[-1] if said.strip() else "It ended without a word"
        if sudo:
            return TargetError(
                f"The server {self._connections.server} does not let {self._user!r} become root.",
                why=sentence(said),
                kept=NOTHING_DONE,
                hint=f"Allow it there, as root: echo '{self._user} ALL=(ALL) NOPASSWD:ALL' > "
                f"/etc/sudoers.d/{self._user}; or add the server as root@…; or, for Docker alone: "
                f"usermod -aG docker {self._user}",
            )
        return TargetError(
            f"The server {self._connections.server} gives {self._user!r} no shell.",
            why=sentence(said),
            kept=NOTHING_DONE,
            hint="Use a user whose login shell is an ordinary one and whose key has no command of its own.",
        )

    def close(self) -> None:
        """Let go of all that nobody uses."""
        with self._free:
            shells = [shell for shells in self._idle.values() for shell in shells]
            for sudo, idle in self._idle.items():
                self._count[sudo] -= len(idle)
                idle.clear()
            self._free.notify_all()
        with self._ending:
            shells += self._wardens.values()
            self._wardens.clear()
        for shell in shells:
            shell.close()

    def _taken(self, sudo: bool) -> Shell:
        while True:
            with self._free:
                while not self._idle[sudo] and self._count[sudo] >= _MOST:
                    self._free.wait()
                shell = self._idle[sudo].pop() if self._idle[sudo] else None
                if shell is None:
                    self._count[sudo] += 1
            if shell is None:
                break
            if shell.open:
                return shell
            self._let_go(shell, sudo)
        try:
            return self.opened(sudo)
        except BaseException:
            self._let_go(None, sudo)
            raise

    def _let_go(self, shell: Shell | None, sudo: bool) -> None:
        with self._free:
            self._count[sudo] -= 1
            self._free.notify()
        if shell:
            shell.close()
