"""A machine that is this one, whose programs can be given input; they see the variables it was made with."""

import os
import queue
import subprocess
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import IO, BinaryIO, Literal

from here_machine import HereMachine

from webduh_console.model.target import CancelToken
from webduh_console.transport.process import Line, end_group


class FedMachine(HereMachine):
    """Programs see `env` too. `cut` ends their input after so many bytes, as a lost line does; `fed` counts those."""

    def __init__(self, name: str = "here", env: Mapping[str, str] | None = None) -> None:
        super().__init__(name)
        self.env = {**os.environ, **(env or {})}
        self.cut: int | None = None
        self.fed = 0

    def lines(
        self,
        argv: Sequence[str],
        cancel: CancelToken,
        stdin: BinaryIO | Iterable[bytes] | None = None,
        root: bool = False,
    ) -> Generator[Line, None, int]:
        process = subprocess.Popen(
            argv,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        came: queue.Queue[Line | None] = queue.Queue(maxsize=100)
        threads = [
            threading.Thread(target=self._feed, args=(process, stdin or ()), daemon=True),
            threading.Thread(target=_pump, args=(process.stdout, "stdout", came), daemon=True),
            threading.Thread(target=_pump, args=(process.stderr, "stderr", came), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            streams = 2
            while streams:
                cancel.check()
                with suppress(queue.Empty):
                    line = came.get(timeout=0.05)
                    if line is None:
                        streams -= 1
                    else:
                        yield line
            return process.wait()
        finally:
            end_group(process.pid)
            process.wait()
            while any(thread.is_alive() for thread in threads[1:]):
                with suppress(queue.Empty):
                    came.get(timeout=0.01)
            threads[0].join(5)
            process.stdout.close()
            process.stderr.close()

    def _feed(self, process: "subprocess.Popen[bytes]", parts: BinaryIO | Iterable[bytes]) -> None:
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin:
            for part in parts:
                if self.cut is not None and self.fed + len(part) > self.cut:
                    process.stdin.write(part[: self.cut - self.fed])
                    return
                self.fed += len(part)
                process.stdin.write(part)


def _pump(stream: IO[bytes], name: Literal["stdout", "stderr"], came: "queue.Queue[Line | None]") -> None:
    for line in stream:
        came.put((name, line.decode(errors="replace").rstrip("\r\n")))
    came.put(None)
