"""What tests of a server's records need: an app, its releases and plans, and a root folder."""

import os
import time
from pathlib import Path

import msgspec

from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release, Route, SourceRef, Spec, Variable
from webduh_console.model.target import JournalLine, Lease
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.transport.machine import Machine

KEY = AppKey("default", "shop", "production")
SPEC = Spec(framework="static", routes=(Route("shop.example.com"),))
SOURCE = SourceRef("/shop", "a" * 64)
VARIABLES = {"A": Variable("plain-value"), "TOKEN": Variable("s3cret-value\nsecond", secret=True, origin="set")}
ENDLESS = 100.0
"""Seconds after which a holder without a heartbeat is certainly dead."""


def release(number: int, variables: dict[str, Variable] = VARIABLES, key: AppKey = KEY) -> Release:
    artifact = Artifact("sha256:" + "b" * 64, "image", 10, 2, 0.5)
    made = f"D{number}"
    return Release(number, key, "prod", SPEC, artifact, SOURCE, EPOCH, "me", "command", made, variables=variables)


def plan(key: AppKey = KEY) -> Plan:
    return Plan("D1", key, "prod", "deploy", SOURCE, SPEC, "me", "command", variables=VARIABLES)


def write(record: RemoteRecord, lease: Lease, *numbers: int) -> None:
    for number in numbers:
        record.write(lease, release(number, key=record.key), plan(record.key))


def journal(record: RemoteRecord, lease: Lease, number: int, *kinds: str) -> list[JournalLine]:
    lines = [msgspec.convert({"kind": kind, "deployment": "D", "at": EPOCH}, JournalLine) for kind in kinds]
    for line in lines:
        record.append(lease, number, line)
    return lines


def record_on(machine: Machine, root: Path, key: AppKey = KEY) -> RemoteRecord:
    return RemoteRecord(RootFolder(machine, Layout(str(root))), key)


def app_folder(record: RemoteRecord) -> Path:
    return Path(record.folder.layout.app(record.key))


def silenced(record: RemoteRecord, seconds: float = ENDLESS) -> None:
    """Make it so that the lease's holder was last heard of that long ago."""
    then = time.time() - seconds
    os.utime(app_folder(record) / "lease.json", (then, then))


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, but for the locks."""
    files = (path for path in folder.rglob("*") if path.is_file() and "mutex" not in str(path.relative_to(folder)))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
