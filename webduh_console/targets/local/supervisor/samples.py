"""The figures of the instances over time, and their limits of memory."""

import time
from collections import deque
from collections.abc import Collection

from webduh_console.targets.local.supervisor.instance import Instance
from webduh_console.targets.local.supervisor.table import Row, Table, listening
from webduh_console.targets.local.supervisor.values import Sample

PERIOD = 2.0
LIMIT_PERIOD = 0.5
KEPT = 450


class Sampler:
    """Looks at the instances' process trees: every 0.5 s where there are limits, else every 2 s; keeps 15 minutes."""

    def __init__(self) -> None:
        self._series: dict[str, deque[Sample]] = {}
        self._cpu: dict[str, dict[int, float]] = {}
        self._recorded = 0.0

    def look(self, instances: Collection[Instance]) -> float:
        """Look once, and end what is over its limit; the seconds until the next look."""
        moment = time.monotonic()
        running = [instance for instance in instances if instance.run is not None]
        trees = self._trees(running)
        for instance in running:
            rows = trees[instance.spec.name]
            instance.memory = sum(row.memory for row in rows.values())
            if 0 < instance.spec.memory < instance.memory:
                instance.kill_over_limit()
        if moment - self._recorded >= PERIOD - LIMIT_PERIOD / 2:
            self._record(instances, trees, moment - self._recorded)
            self._recorded = moment
        limited = any(instance.spec.memory for instance in running)
        return LIMIT_PERIOD if limited else PERIOD

    def since(self, at: float) -> dict[str, list[Sample]]:
        """The samples of each instance after `at`, seconds since the epoch."""
        return {name: [sample for sample in series if sample.at > at] for name, series in self._series.items()}

    def forget(self, name: str) -> None:
        """Drop the figures of an instance that is no more."""
        self._series.pop(name, None)
        self._cpu.pop(name, None)

    def ports(self, instances: Collection[Instance]) -> None:
        """Find out on which ports the instances listen now."""
        running = [instance for instance in instances if instance.run is not None]
        trees = self._trees(running)
        found = listening(trees)
        for instance in running:
            instance.listening = found[instance.spec.name]

    def _trees(self, running: Collection[Instance]) -> dict[str, dict[int, Row]]:
        if not running:
            return {}
        table = Table.read()
        return {instance.spec.name: {pid: table.rows[pid] for pid in table.tree(instance.pid)} for instance in running}

    def _record(self, instances: Collection[Instance], trees: dict[str, dict[int, Row]], seconds: float) -> None:
        at = time.time()
        for instance in instances:
            name = instance.spec.name
            cpu = {pid: row.cpu for pid, row in trees.get(name, {}).items()}
            before = self._cpu.get(name)
            if before is not None:
                instance.cpu = sum(max(spent - before.get(pid, 0.0), 0.0) for pid, spent in cpu.items()) / seconds
            self._cpu[name] = cpu
            series = self._series.setdefault(name, deque(maxlen=KEPT))
            series.append(Sample(at, round(instance.cpu, 4), instance.memory, instance.backend.served))
