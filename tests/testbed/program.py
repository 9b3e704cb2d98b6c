"""Programs that are run for the testbed, and what is waited for."""

import subprocess
import time
from collections.abc import Callable


class TestbedError(Exception):
    """Something of the testbed did not come up; says what, and shows the last words of what failed."""

    __test__ = False  # pytest, this is no test


def run(*argv: str, stdin: bytes = b"", timeout: float = 600) -> str:
    """What a program prints. TestbedError when it fails, with what it said."""
    answer = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, check=False)
    if answer.returncode:
        said = (answer.stdout + answer.stderr).decode(errors="replace")[-3000:]
        raise TestbedError(f"{' '.join(argv)} ended with {answer.returncode}:\n{said}")
    return answer.stdout.decode(errors="replace")


def until(so: Callable[[], bool], what: str, seconds: float = 40, words: Callable[[], str] = str) -> None:
    """Wait for it. TestbedError after that many seconds, with the last words."""
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise TestbedError(f"{what}: not within {seconds:.0f} s.\n{words()}")
        time.sleep(0.05)
