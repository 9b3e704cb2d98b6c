"""Takes an app in an environment away from a target."""

from collections.abc import Iterator

from webduh_console.clock import now
from webduh_console.engine.recovery import recover
from webduh_console.engine.steps import PlaceRun
from webduh_console.engine.stream import EventStream
from webduh_console.model.events import Event
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release, SourceRef, Spec
from webduh_console.model.target import CancelToken, Lease, Target


def remove(target: Target, key: AppKey, by: str, volumes: bool) -> Iterator[Event]:
    """Finish what was cut off, then stop it everywhere, remove its files, and its record last.

    Volumes only if asked.
    """
    records = {place: target.record(key, place) for place in sorted(target.places)}
    leases: dict[str, Lease] = {}
    stream = EventStream("", str)
    stream.close()
    try:
        for place, record in records.items():
            leases[place] = record.acquire(by, "remove")
        recover(target, key, stream, records, leases)
        for place, record in records.items():
            run = PlaceRun(
                _nothing(key, target.name, by), CancelToken(), _none(key, target.name, by), None, record, leases[place]
            )
            for step in target.remove(key, volumes):
                if step.place == place:
                    run.fence()
                    yield from step.do(run)
            record.audit(f"{by} removed {key}" + (" with its volumes" if volumes else ""))
            record.erase(leases[place])
    finally:
        for lease in leases.values():
            lease.release()


def _nothing(key: AppKey, target: str, by: str) -> Plan:
    return Plan("", key, target, "deploy", SourceRef(""), Spec(framework=""), by, "command")


def _none(key: AppKey, target: str, by: str) -> Release:
    return Release(0, key, target, Spec(framework=""), Artifact(""), SourceRef(""), now(), by, "command", "")
