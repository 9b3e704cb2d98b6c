"""The front door of a server: Traefik's route files, what it does with them, and what passes through."""

import http.client
import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from webduh_console.errors import PassingError, TargetError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Route
from webduh_console.model.target import CancelToken
from webduh_console.targets.probing import Answer, exchange
from webduh_console.targets.server.blame import refused_file
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.lease import RemoteLease
from webduh_console.targets.server.networks import EDGE
from webduh_console.targets.server.traefik import (
    CONTAINER,
    KEY_HEADER,
    OPS_PORT,
    PROBE_HEADER,
    RELEASE_HEADER,
    check_written,
    release_in,
    upstreams_in,
)
from webduh_console.targets.server.wire import DuplexConnection

_TICK = 0.05
_METRIC = re.compile(r"traefik_service_requests_total\{([^}]*)\} ([0-9.e+]+)")
_LOOPBACK = re.compile(r"(0{16}FFFF0000)?[0-9A-F]{6}7F|0{24}01000000")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

# Words: container, network, path of the key. State, port for plain HTTP and address come first, then the key.
_WHERE = r"""
address="{{with index .NetworkSettings.Networks \"$2\"}}{{.IPAddress}}{{end}}"
port="{{range index .HostConfig.PortBindings \"80/tcp\"}}{{.HostPort}}{{end}}"
docker inspect -f "{{.State.Status}} $port $address" "$1" || exit 3
cat -- "$3"
"""

# Words: process ids. A line says whose connections follow.
_SOCKETS = r"""
for pid; do echo "pid $pid"; cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null; done; :
"""


class Shown(msgspec.Struct, frozen=True):
    """What Traefik does for an app now: which release it names, and the `name:port` it sends requests to."""

    release: int | None = None
    upstreams: tuple[str, ...] = ()


class Requests(msgspec.Struct, frozen=True):
    """Requests answered for an app since Traefik started, and how many of them with 5xx."""

    total: int = 0
    failed: int = 0


class _Door(msgspec.Struct, frozen=True):
    """Where Traefik's API is on the server, what opens it, and on which port of the server it serves plain HTTP."""

    address: str
    http: int
    key: str


class Front:
    """Traefik on a server. Everything raises TargetError when that cannot be reached, or Traefik does not run there."""

    def __init__(self, folder: RootFolder) -> None:
        self.folder = folder
        self._machine, self._layout = folder.machine, folder.layout
        self._door: _Door | None = None

    def route(self, key: AppKey) -> str:
        """The text of an app's route file; empty if there is none."""
        return (self.folder.read(self._layout.route_file(key)) or b"").decode(errors="replace")

    def place(self, lease: RemoteLease, text: str) -> None:
        """Make `text` the route file of the lease's app; an empty one takes it away.

        It is checked first, and moved into place under the lease: LeaseLostError when somebody else holds it by now.
        """
        path = self._layout.route_file(lease.key)
        if text:
            check_written(text)
            lease.put(path, text.encode())
        else:
            lease.drop(path)

    def shown(self, key: AppKey) -> Shown:
        """What Traefik's own API says that it does for an app."""
        service = self._get(f"/api/http/services/{key.slug}@file")
        if service is None:
            return Shown()
        header = self._get(f"/api/http/middlewares/{key.slug}-probe@file") or {}
        number = header.get("headers", {}).get("customResponseHeaders", {}).get(RELEASE_HEADER, "")
        urls = [server.get("url", "") for server in service.get("loadBalancer", {}).get("servers", [])]
        release = int(number) if number.isdigit() else None
        return Shown(release, tuple(sorted(url.removeprefix("http://") for url in urls)))

    def wait(self, key: AppKey, text: str, cancel: CancelToken, limit: float = 10.0) -> None:
        """Wait until Traefik does what the route file `text` says; an empty one: until it has no route for the app.

        After `limit` seconds a TargetError names the file that keeps Traefik from reading any, if there is one.
        """
        wanted = Shown(release_in(text), tuple(sorted(upstreams_in(text)))) if text else Shown()
        deadline = time.monotonic() + limit
        while (now := self.shown(key)) != wanted:
            if time.monotonic() > deadline:
                raise self._blocked(key, now)
            cancel.wait(_TICK)

    def ask(self, route: Route, token: str, timeout: float = 10.0) -> Answer:
        """One request to a route through the front door; whoever has the token is told which release answered."""
        port = (self._door or self._where()).http
        connection = self._connection("127.0.0.1", port, timeout)
        host = route.host.replace("*", "webduh", 1)
        return exchange(connection, port, route.path, {"Host": host, PROBE_HEADER: token}, timeout)

    def counts(self) -> dict[str, Requests]:
        """The requests of every app by its slug, since Traefik started."""
        return requests_in(self._ask_api("/metrics")[1].decode(errors="replace"))

    def version(self) -> str:
        """The version of the Traefik that runs."""
        return str((self._get("/api/version") or {}).get("Version", ""))

    def answer(self, path: str) -> dict[str, Any]:
        """What Traefik's API answers, empty for what it does not know."""
        return self._get(path) or {}

    def _get(self, path: str) -> dict[str, Any] | None:
        """What the API answers; None when it does not know what is asked for."""
        status, body = self._ask_api(path)
        if status == 404 and not body.startswith(b"{"):  # not the API's own: its guard is not loaded, or the key is old
            self._door = None
            raise self._shut()
        if status != 200:
            return None
        answer = msgspec.json.decode(body)
        return answer if isinstance(answer, dict) else None

    def _ask_api(self, path: str) -> tuple[int, bytes]:
        """One request to Traefik's API. It is looked up anew when it is not where it was: addresses change."""
        known, self._door = self._door, None
        for door in [known, None] if known else [None]:
            door = door or self._where()
            connection = self._connection(door.address, OPS_PORT, 10.0)
            try:
                connection.request("GET", path, headers={KEY_HEADER: door.key, "Connection": "close"})
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                why = str(error)
                continue
            finally:
                connection.close()
            self._door = door
            return response.status, body
        raise self._silent(why)

    def _connection(self, host: str, port: int, timeout: float) -> DuplexConnection:
        return DuplexConnection(lambda: self._machine.connect(host, port, timeout), host, timeout)

    def _where(self) -> _Door:
        """Find Traefik's container and the key."""
        words = (CONTAINER, EDGE, self._layout.key_file)
        answer = self._machine.sh(_WHERE, *words, root=self.folder.sudo)
        state, _, rest = answer.text.partition("\n")[0].partition(" ")
        port, _, address = rest.partition(" ")
        if answer.code == 3:
            if "No such" in answer.err:
                raise self._down("there is no such container", TargetError)
            raise self._down(" ".join(answer.err.split())[:300])
        if state != "running" or not address.strip():
            raise self._down(f"it is {state}" if state != "running" else f"it is not on the network {EDGE}")
        if answer.code:
            raise self._down(" ".join(answer.err.split())[:300])
        return _Door(address.strip(), int(port or 80), answer.text.rpartition("\n")[2])

    def _down(self, why: str, kind: type[TargetError] = PassingError) -> TargetError:
        return kind(
            f"Traefik ({CONTAINER}) does not run on {self._machine.name}.",
            why=f"{why.rstrip('.').capitalize()}.",
            kept="The routes are as they were.",
            hint=f"Start it with `webduh server setup {self._machine.name}`.",
        )

    def _silent(self, why: str) -> TargetError:
        return PassingError(
            f"Traefik's API on {self._machine.name} does not answer.",
            why=f"{why.rstrip('.') or 'The connection broke'}.",
            kept="The routes are as they were.",
            hint=f"`docker logs {CONTAINER}` there says more; `webduh server setup {self._machine.name}` mends it.",
        )

    def _shut(self) -> TargetError:
        if blocked := self._refused():
            return blocked
        return PassingError(  # it has just begun, and not read its files yet
            f"Traefik's API on {self._machine.name} is shut.",
            why="It does not know our key: its guard file is missing or older than the key.",
            kept="The routes are as they were.",
            hint=f"`webduh server setup {self._machine.name}` writes it anew.",
        )

    def _blocked(self, key: AppKey, now: Shown) -> TargetError:
        """Why Traefik has not taken up an app's route file."""
        does = f"leads to {', '.join(now.upstreams)}" if now.upstreams else "has no route for it"
        return self._refused() or TargetError(
            f"Traefik on {self._machine.name} did not take up the new route of {key}.",
            why=f"Its API still says that it {does}.",
            kept="The route file is put back.",
            hint=f"`docker logs {CONTAINER}` there says more.",
        )

    def _refused(self) -> TargetError | None:
        """The error of a file in Traefik's folder that keeps it from reading any."""
        found = refused_file(self.folder)
        if not found:
            return None
        return TargetError(
            f"Traefik on {self._machine.name} takes up no change of routes.",
            why=f"It cannot read {found.path}: {found.why}.",
            kept="It goes on with the routes it had.",
            hint="Mend or remove that file, then do it again.",
        )


def requests_in(metrics: str) -> dict[str, Requests]:
    """The requests of every service of ours in Traefik's metrics, by the app's slug."""
    sums: dict[str, tuple[int, int]] = {}
    for labels, value in _METRIC.findall(metrics):
        label = dict(_LABEL.findall(labels))
        slug, _, provider = label.get("service", "").partition("@")
        if provider == "file":
            total, failed = sums.get(slug, (0, 0))
            count = int(float(value))
            sums[slug] = (total + count, failed + (count if label.get("code", "").startswith("5") else 0))
    return {slug: Requests(*both) for slug, both in sums.items()}


def in_flight(folder: RootFolder, pids: Sequence[int], port: int) -> dict[int, int]:
    """How many TCP connections to a port each process holds in its network: requests under way, or nearly so.

    Traefik ends an idle connection after a second, so what stays longer is a request, or a websocket. A process that is
    gone has none.
    """
    counts = dict.fromkeys(pids, 0)
    answer = folder.machine.sh(_SOCKETS, *(str(pid) for pid in pids if pid), root=folder.sudo)
    for part in answer.text.split("pid ")[1:]:
        pid, _, table = part.partition("\n")
        counts[int(pid)] = established(table, port)
    return counts


def established(table: str, port: int) -> int:
    """The established connections to a local port in /proc/PID/net/tcp or tcp6, loopback left out."""
    count = 0
    for line in table.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[3] == "01" and fields[1].endswith(f":{port:04X}"):
            count += not _LOOPBACK.fullmatch(fields[2].partition(":")[0])
    return count
