"""Takes an app in an environment away from a target."""

from collections.abc import Iterator

from webduh_console.engine.recovery import recover
from webduh_console.engine.setup import bare
from webduh_console.engine.steps import PlaceRun
from webduh_console.engine.stream import EventStream
from webduh_console.model import audit
from webduh_console.model.events import Event
from webduh_console.model.names import AppKey
from webduh_console.model.target import Lease, Target


def remove(target: Target, key: AppKey, by: str, volumes: bool, trigger: str = "") -> Iterator[Event]:
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
            empty = bare(target.name, by, key)
            run = PlaceRun(empty.plan, empty.cancel, empty.release, None, record, leases[place])
            for step in target.remove(key, volumes):
                if step.place == place:
                    run.fence()
                    yield from step.do(run)
            record.audit(audit.line(by, "remove", f"{key}" + (" with its volumes" if volumes else ""), trigger))
            record.erase(leases[place])
    finally:
        for lease in leases.values():
            lease.release()
