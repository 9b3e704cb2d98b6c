"""A machine that is this one: the scripts of a server are run here by the shell of the SSH transport, without sshd."""

import os
import selectors
import socket
import subprocess
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from webduh_console.model.target import CancelToken
from webduh_console.transport.machine import Answer, Duplex
from webduh_console.transport.process import Line, end_group, run_lines
from webduh_console.transport.ssh.shell import LOOP, STDIN_LIMIT, Shell


class LocalPipes:
    """The standard streams of a program of ours."""

    def __init__(self, argv: Sequence[str | bytes]) -> None:
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._streams = selectors.DefaultSelector()
        for number, stream in enumerate((self.process.stdout, self.process.stderr)):
            assert stream is not None
            self._streams.register(stream, selectors.EVENT_READ, number)

    def write(self, content: bytes) -> None:
        assert self.process.stdin is not None
        left = memoryview(content)
        while left:
            left = left[os.write(self.process.stdin.fileno(), left) :]

    def read(self, seconds: float) -> tuple[bytes, bytes] | None:
        if not self._streams.get_map():
            return None
        came = [b"", b""]
        for key, _ in self._streams.select(seconds):
            came[key.data] = os.read(key.fd, 65_536)
            if not came[key.data]:
                self._streams.unregister(key.fileobj)
        return came[0], came[1]

    @property
    def open(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self._streams.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        end_group(self.process.pid)
        self.process.wait()


def local_shell(*program: str) -> Shell:
    """A shell kept open here; `program` is the shell to use, `sh` unless given."""
    return Shell(LocalPipes([*(program or ("sh",)), "-c", LOOP, "webduh"]))


class HereMachine:
    """A `Machine` on which everything happens here, as the user that runs the tests; `root` is not asked for."""

    def __init__(self, name: str = "here") -> None:
        self.name = name
        self._shell: Shell | None = None

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        if len(stdin) > STDIN_LIMIT:
            done = subprocess.run(
                ["sh", "-c", script, "webduh", *words], input=stdin, capture_output=True, timeout=timeout, check=False
            )
            return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
        self._shell = self._shell or local_shell()
        return self._shell.run(script, words, stdin, timeout)

    def lines(
        self,
        argv: Sequence[str],
        cancel: CancelToken,
        stdin: BinaryIO | Iterable[bytes] | None = None,
        root: bool = False,
    ) -> Generator[Line, None, int]:
        assert stdin is None, "this machine gives programs no input"
        return (yield from run_lines(argv, Path.cwd(), os.environ, cancel))

    def dial(self, path: str) -> Duplex:
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(path)
        return stream

    def connect(self, host: str, port: int, timeout: float = 10.0) -> Duplex:
        return socket.create_connection((host, port), timeout)

    def terminal(self, argv: Sequence[str], root: bool = False) -> int:
        return subprocess.run(argv, check=False).returncode

    def close(self) -> None:
        if self._shell:
            self._shell.close()
            self._shell = None

    def __enter__(self) -> "HereMachine":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
