"""A server that is reached over SSH, as a `Machine`. paramiko is imported when the first connection is made."""

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from webduh_console.errors import PassingError
from webduh_console.model.target import CancelToken
from webduh_console.transport.machine import Answer, Duplex
from webduh_console.transport.process import Line
from webduh_console.transport.ssh import words as worded
from webduh_console.transport.ssh.address import Endpoint, Patience
from webduh_console.transport.ssh.hostkeys import HostKey, HostKeys, other
from webduh_console.transport.ssh.quoting import command_line, remote_command
from webduh_console.transport.ssh.shell import STDIN_LIMIT, ShellEnded
from webduh_console.transport.ssh.socketcheck import SOCKET_CHECK, socket_trouble

if TYPE_CHECKING:
    from webduh_console.transport.ssh.connections import Connections
    from webduh_console.transport.ssh.link import Stream
    from webduh_console.transport.ssh.program import Program
    from webduh_console.transport.ssh.shells import Shells
    from webduh_console.transport.ssh.tunnel import Tunnel

_SOCKET = "direct-streamlocal@openssh.com"
_PORT = "direct-tcpip"


class _Reach(NamedTuple):
    connections: "Connections"
    shells: "Shells"


class SSHMachine:
    """One server. Nothing is connected before something is asked of it; safe to use from several threads.

    `where` is its endpoint, or what finds it out at the first need.
    """

    def __init__(
        self,
        name: str,
        where: Endpoint | Callable[[], Endpoint],
        host_keys: HostKeys,
        patience: Patience = Patience(),
    ) -> None:
        self.name, self._where, self._host_keys, self._patience = name, where, host_keys, patience
        self._finding = threading.Lock()
        self._lock = threading.Lock()
        self._made: _Reach | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it is; UsageError when its address, key or configuration is wrong."""
        with self._finding:
            if not isinstance(self._where, Endpoint):
                self._where = self._where()
            return self._where

    def presented(self) -> HostKey:
        """The host key that the server shows now. HostKeyError when another one is known for it."""
        from webduh_console.transport.ssh.connecting import look, nobody

        return look(self.name, self.endpoint, self._host_keys, nobody, self._patience)

    def accept(self, fingerprint: str) -> HostKey:
        """Keep the host key that the server shows, if it has this fingerprint; `new` stands for any that is unknown.

        The same holds for the hosts on the way. HostKeyError when it shows another one, or another one is known.
        """
        from webduh_console.transport.ssh.connecting import called, look

        def vouch(shown: str) -> bool:
            return fingerprint in ("new", shown)

        key = look(self.name, self.endpoint, self._host_keys, vouch, self._patience)
        if not key.known or not vouch(key.fingerprint):
            raise other(called(self.name, self.endpoint), key, fingerprint)
        return key

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        """Run a short script to its end, by a shell that is kept open: one round trip.

        A script that takes longer than `timeout` seconds is ended there, and TargetError raised.
        """
        if len(stdin) > STDIN_LIMIT:
            return self._sh_apart(script, words, stdin, root, timeout)
        reach = self._reach()
        sudo = reach.shells.through_sudo(root)
        with reach.shells.one(sudo) as shell:
            try:
                return shell.run(script, words, stdin, timeout)
            except TimeoutError as error:
                reach.shells.kill(shell.group, sudo)
                raise worded.too_slow(reach.connections.server, timeout) from error
            except ShellEnded as error:
                raise PassingError(
                    f"The shell on the server {reach.connections.server} ended while it ran a script.",
                    why=worded.sentence(error.said[-500:]) or "It said nothing.",
                    kept="What the script had done by then is done.",
                    hint="Try it again; if it comes back, see whether processes are killed there (dmesg | tail).",
                ) from error
            except OSError as error:
                raise worded.lost(
                    reach.connections.server, "running a script", worded.sentence(error.strerror)
                ) from error

    def lines(
        self,
        argv: Sequence[str],
        cancel: CancelToken,
        stdin: BinaryIO | Iterable[bytes] | None = None,
        root: bool = False,
    ) -> Generator[Line, None, int]:
        """Run a program and yield what it writes, line by line; its exit code comes last (negative: a signal).

        `stdin` is read as fast as the program takes it. However this ends (cancelled, closed, this process killed),
        the program is ended there with its group: SIGTERM, and SIGKILL after 5 s. What the source of `stdin` raises is
        raised here.
        """
        from webduh_console.transport.ssh.program import lines

        return (yield from lines(self._program(argv, root), cancel, stdin))

    def dial(self, path: str) -> Duplex:
        """A stream to a Unix socket there. TargetError says why there is none; `pipe` may be another way."""
        return self._dial(path)

    def connect(self, host: str, port: int, timeout: float = 10.0) -> Duplex:
        """A stream to a TCP port as seen from there; ConnectionRefusedError or TimeoutError as a socket has them."""
        return self._connect(host, port, timeout)

    def pipe(self, argv: Sequence[str], root: bool = False) -> Duplex:
        """A program's input and output as a stream; what it writes as errors is dropped. It ends with its input."""
        reach = self._reach()
        command = remote_command(command_line(argv, before=b"exec ") + b" 2>/dev/null", reach.shells.through_sudo(root))
        if root:
            self.sh("true", root=True)  # sudo's refusal would look like the program's end
        return reach.connections.run("stream", lambda stream: stream.start(command))

    def terminal(self, argv: Sequence[str], root: bool = False) -> int:
        """Run a program in this process's terminal, resized with it; its exit code (negative: a signal).

        When standard input or output is no terminal, the program gets none either, and bytes are passed on.
        """
        from webduh_console.transport.ssh.terminal import run_attached

        reach = self._reach()
        if root:
            self.sh("true", root=True)
        command = remote_command(command_line(argv, before=b"exec "), reach.shells.through_sudo(root))
        return run_attached(reach.connections, command, argv[0])

    def forward(self, local_port: int, host: str, port: int = 0) -> "Tunnel":
        """A port of this machine that leads to `host` and `port` there, or to the Unix socket `host` when it is a path.

        With `local_port` 0 it is any that is free. It ends with its `close`.
        """
        from webduh_console.transport.ssh.tunnel import Tunnel

        if host.startswith("/"):
            return Tunnel(local_port, lambda: self._dial(host))
        return Tunnel(local_port, lambda: self._connect(host, port, 10.0))

    @property
    def alive(self) -> bool:
        """Whether there is a connection, as far as is known without asking."""
        made = self._made
        return made is not None and made.connections.alive

    def close(self) -> None:
        """End every connection. Asked again, it connects anew."""
        with self._lock:
            made, self._made = self._made, None
        if made:
            made.shells.close()
            made.connections.close()

    def __enter__(self) -> "SSHMachine":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _reach(self) -> _Reach:
        from webduh_console.transport.ssh.connections import Connections
        from webduh_console.transport.ssh.shells import Shells

        with self._lock:
            if self._made is None:
                connections = Connections(self.name, self.endpoint, self._host_keys, self._patience)
                self._made = _Reach(connections, Shells(connections, self.endpoint.user))
            return self._made

    def _program(self, argv: Sequence[str], root: bool) -> "Program":
        from webduh_console.transport.ssh.program import Program

        reach = self._reach()
        return Program(reach.connections, reach.shells, argv, root)

    def _sh_apart(self, script: str, words: Sequence[str], stdin: bytes, root: bool, timeout: float) -> Answer:
        """A script with more input than a shell that is kept open takes: it gets a channel of its own."""
        from webduh_console.transport.ssh.program import collected

        program = self._program(["env", "LC_ALL=C", "sh", "-c", script, "webduh", *words], root)
        try:
            return collected(program, stdin, timeout)
        except TimeoutError as error:
            raise worded.too_slow(self._reach().connections.server, timeout) from error

    def _dial(self, path: str, again: bool = True) -> "Stream":
        from webduh_console.transport.ssh.link import RefusedError

        reach = self._reach()
        try:
            return reach.connections.channel(_SOCKET, path, "", 0)
        except RefusedError as error:
            found = "forbidden" if error.forbidden else self.sh(SOCKET_CHECK, path).text
            if found == "forbidden" and again and not error.forbidden:
                return self._dial(path, again=False)  # what listens there may only have begun to
            raise socket_trouble(reach.connections.server, self.endpoint.user, path, found) from error
        except TimeoutError as error:
            raise worded.lost(reach.connections.server, f"opening {path}", f"{error}.") from error

    def _connect(self, host: str, port: int, timeout: float) -> "Stream":
        from webduh_console.transport.ssh.link import RefusedError

        reach = self._reach()
        try:
            return reach.connections.channel(_PORT, host, port, "127.0.0.1", 0, timeout=timeout)
        except RefusedError as error:
            if error.forbidden:
                raise worded.no_forwarding(reach.connections.server, "AllowTcpForwarding", f"{host}:{port}") from error
            if "timed out" in error.text.lower():
                raise TimeoutError(f"{host}:{port}: {error.text}") from error
            raise ConnectionRefusedError(111, error.text or "Connection refused", f"{host}:{port}") from error
