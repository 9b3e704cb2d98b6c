"""Runs the tests: first those that may share the machine, some at a time; then, alone, those marked `serial`.

Arguments are handed to pytest. Exits with pytest's code, or with 1 when a process of the tests is left running.
"""

import os
import subprocess
import sys
import time

import psutil

MARK = "WEBDUH_TESTS"
NO_TESTS = 5
WORKERS = min(4, 1 + (os.cpu_count() or 1))
"""One more than there are processors, as many tests wait for a server; at most as the testbed has servers for."""


def main() -> int:
    """Run both parts, then look for what was left."""
    mark = f"{os.getpid()}-{time.time_ns()}"
    env = {**os.environ, MARK: mark}
    pytest = [sys.executable, "-m", "pytest", "-rs", *sys.argv[1:]]  # what is skipped is named
    together = ["-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder"]  # tests/conftest.py orders them
    shared = subprocess.run([*pytest, *together, "-m", "not serial"], env=env, check=False)
    alone = subprocess.run([*pytest, "-m", "serial"], env=env, check=False)
    codes = [code for code in (shared.returncode, alone.returncode) if code not in (0, NO_TESTS)]
    left = left_running(mark)
    for process in left:
        print(f"Left running: {process.pid} {' '.join(process.cmdline())}", file=sys.stderr)
    return max(codes, default=int(bool(left)))


def left_running(mark: str) -> list[psutil.Process]:
    """The processes that carry the mark of this run."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
