"""Asks a server what is on it. Where an answer comes from several sources, they are asked at once."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from webduh_console.config.masking import argv_mask
from webduh_console.errors import TargetError
from webduh_console.model.inventory import Kind, Row
from webduh_console.model.release import Release, Variable
from webduh_console.targets.server.files import ABSENT, OPEN, RootFolder
from webduh_console.targets.server.inventory import (
    containers,
    disk,
    images,
    networks,
    processes,
    routes,
    usage,
    volumes,
)
from webduh_console.targets.server.inventory.packing import packed, unpacked
from webduh_console.targets.server.metrics import Figures, Reading

if TYPE_CHECKING:
    from webduh_console.targets.server.engine import Engine
    from webduh_console.targets.server.target import ServerTarget

T = TypeVar("T")
FRESH = 30.0
"""Seconds for which a look at what is used serves as the one before, and the secrets of apps are not read again."""
_BETWEEN = 0.4
"""Seconds between two looks where there is none before: less would tell little of what is used."""
_FILE_SYSTEMS_LIMIT = 30.0
_USAGE, _PROCESSES = packed(usage.LOOK), packed(processes.LOOK)

# The variables of every kept release, a line each.
_VARIABLES = (
    OPEN
    + r"""
cd apps 2>/dev/null || exit 0
find . -maxdepth 4 -name source -prune -o -path './*/releases/[0-9]*/variables.json' -exec cat {} + 2>/dev/null
:
"""
)


class Inventory:
    """What is on one server. It remembers its last looks, from which it tells what is used now. Safe in any thread."""

    def __init__(self, server: "ServerTarget") -> None:
        self.server = server
        self._using, self._listing = threading.Lock(), threading.Lock()
        self._usage: tuple[float, Mapping[str, Reading]] = (-FRESH, {})
        self._processes: tuple[float, processes.Look | None] = (-FRESH, None)
        self._secrets: tuple[float, frozenset[str]] = (-FRESH, frozenset())
        self._shown: dict[tuple[str, ...], str] = {}
        self._masked: frozenset[str] = frozenset()
        self._sizes: Mapping[str, int] = {}
        self._nameless = -FRESH

    def of(self, kind: Kind) -> Sequence[Row]:
        """All there is of a kind. TargetError when the server, its Docker or its Traefik cannot be asked."""
        ask: dict[Kind, Callable[[], Sequence[Row]]] = {
            "containers": self._of_containers,
            "images": self._of_images,
            "volumes": self._of_volumes,
            "networks": self._of_networks,
            "routes": lambda: routes.rows(self.server.front.answer(routes.PATH)),
            "processes": self._of_processes,
            "disk": self._of_disk,
        }
        return [msgspec.structs.replace(row, server=self.server.name) for row in ask[kind]()]

    # Docker.

    @property
    def _engine(self) -> "Engine":
        return self.server.engine

    def _listed(self) -> list[dict[str, Any]]:
        return self._engine.read("The containers cannot be listed", "/containers/json", all=True) or []

    def _of_containers(self) -> Sequence[Row]:
        listed, now = _both(self._listed, self._figures)
        return containers.rows(listed, now)

    def _of_images(self) -> Sequence[Row]:
        with ThreadPoolExecutor(2) as pool:
            listed = pool.submit(self._listed)
            releases = pool.submit(self._releases)
            found = self._engine.read("The images cannot be listed", "/images/json") or []
            return images.rows(found, containers.containers(listed.result()), releases.result())

    def _releases(self) -> list[Release]:
        """What the records name; nothing where there are none yet."""
        from webduh_console.targets.server.snapshots import snapshot

        folder = self.server.folder
        try:
            return [release for seen in snapshot(folder).values() for release in seen.releases]
        except TargetError:
            if folder.run(f"{OPEN}:", accepts=(ABSENT,)).code == ABSENT:
                return []
            raise

    def _of_volumes(self) -> Sequence[Row]:
        found, listed = _both(lambda: self._engine.read("The volumes cannot be listed", "/volumes"), self._listed)
        return volumes.rows(found or {}, listed, self._sizes)

    def _of_networks(self) -> Sequence[Row]:
        found, listed = _both(lambda: self._engine.read("The networks cannot be listed", "/networks"), self._listed)
        return networks.rows(found or [], listed)

    def _of_disk(self) -> Sequence[Row]:
        """The sizes of volumes come with it; they are kept for whoever asks for the volumes."""
        machine = self.server.machine
        answer, kept = _both(lambda: machine.sh(disk.LOOK, timeout=_FILE_SYSTEMS_LIMIT), self._engine.df)
        self._sizes = disk.sizes_of_volumes(kept)
        return [*disk.file_systems(answer.text), *disk.of_docker(kept)]

    # What is used.

    def _figures(self) -> Mapping[str, Figures]:
        with self._using:
            at, before = self._usage
            if time.monotonic() - at >= FRESH:
                before = self._look_at_usage()
                time.sleep(_BETWEEN)
            now = self._look_at_usage()
            self._usage = time.monotonic(), now
        return usage.figures(before, now)

    def _look_at_usage(self) -> dict[str, Reading]:
        machine = self.server.machine
        answer = unpacked(machine.sh(_USAGE), machine.name, "What containers use cannot be read")
        return usage.readings(answer.decode(errors="replace"))

    def _of_processes(self) -> Sequence[Row]:
        with ThreadPoolExecutor(2) as pool:
            names = pool.submit(self._names)
            secrets = pool.submit(self._all_secrets)
            before, now = self._look_twice()
            return processes.rows(before, now, names.result(), self._masking(secrets.result()))

    def _names(self) -> dict[str, str]:
        """The names of containers by their ids; none where there is no Docker, which is not asked for each time."""
        if time.monotonic() - self._nameless < FRESH:
            return {}
        try:
            return {one.id: one.name for one in containers.containers(self._listed())}
        except TargetError:
            self._nameless = time.monotonic()
            return {}

    def _look_twice(self) -> tuple[processes.Look | None, processes.Look]:
        with self._listing:
            at, before = self._processes
            if time.monotonic() - at >= FRESH:
                before = self._look_at_processes()
                time.sleep(_BETWEEN)
            now = self._look_at_processes()
            self._processes = time.monotonic(), now
        return before, now

    def _look_at_processes(self) -> processes.Look:
        machine, way = self.server.machine, processes.way()
        answer = machine.sh(_PROCESSES, way)
        return processes.looked(unpacked(answer, machine.name, "The processes cannot be listed"), way)

    def _all_secrets(self) -> frozenset[str]:
        """The secret values of every kept release."""
        at, known = self._secrets
        if time.monotonic() - at >= FRESH:
            known = secrets_of(self.server.folder)
            self._secrets = time.monotonic(), known
        return known

    def _masking(self, secrets: frozenset[str]) -> Callable[[Sequence[str]], str]:
        """Words commands without secrets; each is masked once as long as the secrets are the same."""
        mask, known, kept = argv_mask(secrets), self._shown, dict[tuple[str, ...], str]()
        if self._masked != secrets:
            self._masked, known = secrets, {}
        self._shown = kept

        def shown(argv: Sequence[str]) -> str:
            words = tuple(argv)
            if words not in kept:
                kept[words] = known[words] if words in known else mask(words)
            return kept[words]

        return shown


def secrets_of(folder: RootFolder) -> frozenset[str]:
    """The secret values in the records of a server; none where nothing was set up. One round trip."""
    answer = folder.run(_VARIABLES, accepts=(ABSENT,))
    found: set[str] = set()
    for line in answer.out.splitlines():
        try:
            variables = msgspec.json.decode(line, type=dict[str, Variable])
        except msgspec.MsgspecError:  # one that is just being written; whoever needs it says what is wrong with it
            continue
        found |= {variable.value for variable in variables.values() if variable.secret}
    return frozenset(found)


def _both(first: Callable[[], T], second: Callable[[], Any]) -> tuple[T, Any]:
    """Both answers, asked for at once."""
    with ThreadPoolExecutor(1) as aside:
        other = aside.submit(second)
        return first(), other.result()
