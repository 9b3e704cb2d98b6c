"""The lease of an app in an environment, as files of this machine."""

import os
import secrets
import socket
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from webduh_console.clock import now
from webduh_console.model.names import AppKey
from webduh_console.model.target import Holder
from webduh_console.targets import records
from webduh_console.transport.files import locked, write_file
from webduh_console.transport.process import start_time


class _Kept(msgspec.Struct):
    """The lease's file. `epoch` outlives holders: it only grows."""

    epoch: int = 0
    holder: Holder | None = None
    token: str = ""
    host: str = ""
    pid: int = 0
    started: float = 0.0

    def alive(self, at: datetime) -> bool:
        """Whether the holder may still be at work: on this machine its process tells, elsewhere its heartbeat."""
        if self.holder is None:
            return False
        if self.host == socket.gethostname():
            return start_time(self.pid) == self.started
        return at - self.holder.beat < records.STALE


@dataclass
class FileLease:
    """A lease that was taken by `acquire`. Every method but `holder` reads the file anew."""

    folder: Path
    key: AppKey
    token: str
    holder: Holder = field(repr=False)

    def check(self) -> None:
        """LeaseLostError unless it is still ours."""
        kept = _read(self.folder)
        if kept.token != self.token:
            raise records.lost(self.key, kept.holder)

    def renew(self) -> None:
        """Say that we live."""
        with locked(self.folder / "mutex"):
            self.check()
            kept = _read(self.folder)
            kept.holder = self.holder = msgspec.structs.replace(self.holder, beat=now())
            _write(self.folder, kept)

    def release(self) -> None:
        """Give it back; nothing happens when it is no longer ours."""
        with locked(self.folder / "mutex"):
            kept = _read(self.folder)
            if kept.token == self.token:
                _write(self.folder, _Kept(epoch=kept.epoch))


def acquire(folder: Path, key: AppKey, owner: str, doing: str) -> FileLease:
    """Take the lease in `folder`, or raise LeaseHeldError. A dead holder's is taken over under the next epoch."""
    with locked(folder / "mutex"):
        kept, at = _read(folder), now()
        if kept.holder is not None and kept.alive(at):
            raise records.held(key, kept.holder, at)
        for aside in folder.glob(".*"):  # a client that was killed while it wrote; nobody else writes here now
            if aside.is_file():
                aside.unlink(missing_ok=True)
        holder = Holder(owner=owner, epoch=kept.epoch + 1, since=at, beat=at, doing=doing)
        token, pid = secrets.token_hex(16), os.getpid()
        _write(folder, _Kept(holder.epoch, holder, token, socket.gethostname(), pid, start_time(pid)))
    return FileLease(folder, key, token, holder)


def holder(folder: Path) -> Holder | None:
    """Who holds the lease in `folder` and is alive."""
    kept = _read(folder)
    return kept.holder if kept.holder is not None and kept.alive(now()) else None


def _read(folder: Path) -> _Kept:
    try:
        return msgspec.json.decode((folder / "lease.json").read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept()


def _write(folder: Path, kept: _Kept) -> None:
    write_file(folder / "lease.json", msgspec.json.encode(kept))
