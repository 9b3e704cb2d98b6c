"""The supervisor's program: `python -m …supervisor.daemon ROOT [READY]`.

With READY, a file descriptor, it detaches and writes there `ready` once it answers, `held` when another supervisor has
the root, or why it cannot run. Without, it stays in the foreground. SIGTERM ends it in order.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

_GRACE = 10.0
_LOG_LIMIT = 1024 * 1024
_DESCRIPTORS = 65536


def main() -> int:
    """Run until the end; the exit code."""
    root = Path(sys.argv[1])
    ready = int(sys.argv[2]) if len(sys.argv) > 2 else -1
    if ready >= 0:
        if os.fork():
            os._exit(0)
        os.set_inheritable(ready, False)
    lock = _lock(root)
    if lock < 0:
        _say(ready, "held")
        return 1
    try:
        _prepare(root)
        import asyncio

        asyncio.run(_run(root, ready))
    except OSError as error:
        _say(ready, f"{error.strerror}: {error.filename}" if error.filename else str(error))
        raise
    return 0


async def _run(root: Path, ready: int) -> None:
    import asyncio
    import gc
    import signal

    from webduh_console.targets.local.supervisor import orphans
    from webduh_console.targets.local.supervisor.control import Control
    from webduh_console.targets.local.supervisor.kernel import Kernel
    from webduh_console.targets.local.supervisor.scheduling import Scheduler
    from webduh_console.targets.local.supervisor.values import INFO, MARK

    ended = orphans.end(root)
    if ended:
        _note(f"ended what the last supervisor left: {', '.join(map(str, ended))}")
    mark = f"{MARK}={os.urandom(16).hex()}"
    orphans.write(root, mark, {})
    kernel = Kernel(root, mark)
    token = os.urandom(32).hex()
    scheduler = Scheduler(kernel, root)
    scheduler.settle()
    control = Control(kernel, token, scheduler)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, control.ending.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    port = await control.open()
    _publish(root, port, token)
    watching = [asyncio.create_task(kernel.watch()), asyncio.create_task(scheduler.watch())]
    _note(f"answers on port {port}, process {os.getpid()}")
    gc.freeze()
    _say(ready, "ready")
    await control.ending.wait()
    control.close()
    await scheduler.close()
    await kernel.shutdown(_GRACE)
    await scheduler.closed()
    for task in watching:
        task.cancel()
    (root / INFO).unlink(missing_ok=True)
    _note("ended")


def _lock(root: Path) -> int:
    """Hold the root's lock until this process ends; -1 when another one holds it."""
    import fcntl

    from webduh_console.targets.local.supervisor.values import LOCK

    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return -1
    return descriptor


def _prepare(root: Path) -> None:
    """Keep the log short, and allow as many connections as the system lets us."""
    import resource

    from webduh_console.targets.local.supervisor.values import LOG

    log = root / LOG
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        os.truncate(log, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _publish(root: Path, port: int, token: str) -> None:
    """Write where we answer, for the owner's eyes only."""
    import msgspec

    from webduh_console import __version__
    from webduh_console.clock import now
    from webduh_console.targets.local.supervisor.values import INFO, Info

    info = Info(pid=os.getpid(), port=port, token=token, started=now(), version=__version__)
    aside = root / f"{INFO}.new"
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(info))
    aside.replace(root / INFO)


def _say(ready: int, word: str) -> None:
    """Tell whoever started us, once."""
    if ready >= 0:
        try:
            os.write(ready, word.encode(errors="replace"))
            os.close(ready)
        except OSError:
            _note(f"nobody waits to hear: {word}")
    elif word != "ready":
        _note(word)


def _note(text: str) -> None:
    from webduh_console.clock import now

    sys.stderr.write(f"{now():%Y-%m-%dT%H:%M:%SZ} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
