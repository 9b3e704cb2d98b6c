"""An image handed on through a registry: one server pushes it, once, and the others pull it by its digest."""

import queue
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple

from webduh_console.errors import RegistryError, TargetError, WebduhError
from webduh_console.model.events import Event, Output, Progress
from webduh_console.model.registry import Registry
from webduh_console.model.target import CancelToken, Run, Work
from webduh_console.targets.server.engine import Engine, Stream
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.steps import Parts

Configured = Callable[[], Registry | None]
"""Asked when a deployment begins to need it: the registry of a target, with its password."""
_TURN = 0.2
_KEPT = "What serves was not touched."
PUSHED = "{server} cannot push the image to {address}."
PULLED = "{server} cannot pull the image from {address}."
ENTERED = "{server} cannot log in to {address}."
_CARRY = "`webduh target registry {} --none` lets images be carried through this machine instead."


class _Known(NamedTuple):
    pattern: str
    why: str
    hint: str
    local: bool = False
    """Whether it may be the trouble of one server, so that a quorum may go on without that."""


_LOGIN = "Set user and password anew: `webduh target registry {target} {address} --user NAME`."
_KNOWN = (
    _Known(
        r"no such host|server misbehaving|name resolution", "{server} finds no host {host}.", "Check its name.", True
    ),
    _Known(
        r"x509|tls: |certificate",
        "{server} does not trust its certificate: {said}",
        "Put the certificate of who signed it at /etc/docker/certs.d/{host}/ca.crt on every server.",
        True,
    ),
    _Known(r"HTTP response to HTTPS client", "{host} does not speak TLS.", "Put a proxy before it that does."),
    _Known(r"no basic auth credentials|authentication required$", "It wants a user and a password.", _LOGIN),
    _Known(
        r"unauthorized|incorrect username|\b401\b", "It does not take the user {user!r} with this password.", _LOGIN
    ),
    _Known(
        r"denied|insufficient_scope|\b403\b",
        "It does not let {user!r} use {repository}.",
        "Give that user the right to push and pull there.",
    ),
    _Known(r"manifest unknown|not found", "It does not have the image, though it was pushed.", "Try it again."),
    _Known(r"toomanyrequests|\b429\b", "It has had too many requests.", "Wait, and do it again."),
    _Known(
        r"\b507\b|quota|insufficient storage",
        "It has no room left.",
        "Make room there: remove old images, and let it collect its garbage.",
    ),
    _Known(
        r"connection refused|no route to host|i/o timeout|exceeded|Client\.Timeout|unreachable|\bEOF\b|reset by",
        "{server} does not reach it at {host}: {said}",
        "See whether it runs.",
        True,
    ),
    _Known(
        r"unknown error|unexpected HTTP status|\b50\d\b|blob upload|no space left",
        "It fails while it takes the image: {said}",
        "Its disk may be full; its own log says more.",
    ),
)
_SERVER_FULL = re.compile(r"no space left on device")


class Spread:
    """The way through a registry that all servers of a target share. What was pushed is known for each deployment, so
    that it is pushed once though many wait for it."""

    def __init__(self, target: str, configured: Configured) -> None:
        self._target, self._configured = target, configured
        self._lock = threading.Lock()
        self._pushed: dict[str, str | WebduhError] = {}

    def registry(self) -> Registry | None:
        """The registry as it is configured now."""
        return self._configured()

    def bring(self, run: Run, registry: Registry, source: Parts, there: Parts, reference: str) -> Work:
        """An image of `source`, by the name it is kept under, is at `there`, too. RegistryError, or EngineError when
        it is that server's own trouble."""
        digest = yield from self._once(run, registry, source, reference)
        repository = registry.repository(run.release.key.slug)
        yield Output(text=f"{repository}@{digest} is pulled")
        run.fence()
        try:
            heard = there.engine.pull(repository, digest, registry.login)
            said = yield from _followed(heard, run.cancel)
        except EngineError as error:
            raise worded(registry, self._target, repository, there.place, PULLED, error, True) from error
        name = f"{repository}@{digest}"
        _compare(there, source, name, reference, digest)
        there.engine.tag(name, reference)
        there.engine.remove_image(name)  # it goes when its own name does, and no other keeps it
        return {"bytes": said.bytes}

    def _once(self, run: Run, registry: Registry, source: Parts, reference: str) -> Generator[Event, None, str]:
        """The digest under which the image was pushed; whoever comes first in a deployment pushes it."""
        while not self._lock.acquire(timeout=_TURN):
            run.cancel.check()
        try:
            known = self._pushed.get(run.plan.id)
            if known is None:
                yield Output(text=f"{source.place} pushes the image to {registry.address}")
                self._pushed = {run.plan.id: (known := (yield from self._push(run, registry, source, reference)))}
            if isinstance(known, WebduhError):
                raise known
            return known
        finally:
            self._lock.release()

    def _push(
        self, run: Run, registry: Registry, source: Parts, reference: str
    ) -> Generator[Event, None, str | WebduhError]:
        """The digest; or why there is none, for all who wait for it."""
        repository, tag = registry.repository(run.release.key.slug), reference.rpartition(":")[2]
        source.engine.tag(reference, f"{repository}:{tag}")
        try:
            said = yield from _followed(source.engine.push(repository, tag, registry.login), run.cancel)
        except EngineError as error:
            return worded(registry, self._target, repository, source.place, PUSHED, error)
        finally:
            _untagged(source.engine, f"{repository}:{tag}")
        return said.digest or RegistryError(
            f"The image cannot be pushed to {registry.address}.", why="It named no digest.", kept=_KEPT
        )


def log_in(engine: Engine, server: str, registry: Registry, target: str) -> None:
    """Let a server log in to a registry, which it does not remember; RegistryError says why it cannot."""
    try:
        engine.log_in(registry.host, registry.user, registry.password)
    except EngineError as error:
        raise worded(registry, target, registry.address, server, ENTERED, error) from error


def worded(
    registry: Registry,
    target: str,
    repository: str,
    server: str,
    act: str,
    error: EngineError,
    may_be_here: bool = False,
) -> WebduhError:
    """What Docker said of a registry, for a person. Pure.

    A TargetError when it `may_be_here`, the trouble of that one server, and is known to be of that kind.
    """
    said = error.said
    if not said or (may_be_here and _SERVER_FULL.search(said)):
        return error  # it is Docker, or the way to it, that fails
    known = next((each for each in _KNOWN if re.search(each.pattern, said, re.IGNORECASE)), None)
    words = {"server": server, "host": registry.host, "user": registry.user, "said": _short(said)}
    words |= {"repository": repository, "target": target, "address": registry.address}
    what = act.format(**words)
    why = known.why.format(**words) if known else f"Docker says: {_short(said)}"
    hints = [known.hint.format(**words)] if known else []
    if act is ENTERED:
        return RegistryError(what, why=why, kept="Nothing was changed.", hint=" ".join(hints))
    hint = " ".join([*hints, _CARRY.format(target)])
    chosen = TargetError if may_be_here and known is not None and known.local else RegistryError
    return chosen(what, why=why, kept=_KEPT, hint=hint)


class _Said:
    """What Docker has said of an image on its way."""

    def __init__(self) -> None:
        self.digest = ""
        self._layers: dict[str, tuple[float, float]] = {}

    def hear(self, line: Mapping[str, Any]) -> None:
        """Take note of a line."""
        detail = line.get("progressDetail") or {}
        if line.get("status") in ("Pushing", "Downloading") and detail.get("total"):
            self._layers[str(line.get("id"))] = float(detail.get("current") or 0), float(detail["total"])
        if line.get("status") in ("Pushed", "Download complete") and str(line.get("id")) in self._layers:
            total = self._layers[str(line["id"])][1]
            self._layers[str(line["id"])] = total, total
        self.digest = str((line.get("aux") or {}).get("Digest") or self.digest)

    @property
    def bytes(self) -> float:
        """How many are on the other side."""
        return sum(done for done, _ in self._layers.values())

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress(done=self.bytes, total=sum(total for _, total in self._layers.values()), unit="B")


def _followed(heard: Stream[dict[str, Any]], cancel: CancelToken) -> Generator[Event, None, _Said]:
    """Listen to the end, and tell how far it is; what Docker refuses is an EngineError with its words as `said`."""
    said, told, shown = _Said(), time.monotonic(), 0.0
    for line in _lines(heard, cancel):
        if error := line.get("error"):
            raise EngineError("", said=" ".join(str(error).split()))
        if str(line.get("status", "")).startswith("Retrying in") and shown != (again := time.monotonic() // 5):
            shown = again
            yield Output(text="the registry did not take a layer; Docker tries it again")
        said.hear(line)
        if time.monotonic() - told > _TURN:
            told = time.monotonic()
            yield said.progress
    return said


def _lines(heard: Stream[dict[str, Any]], cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """The lines as they come. Cancelled, Docker stops: it works only as long as somebody listens."""
    lines: queue.SimpleQueue[dict[str, Any] | Exception | None] = queue.SimpleQueue()

    def listen() -> None:
        try:
            for line in heard:
                lines.put(line)
            lines.put(None)
        except Exception as error:  # noqa: BLE001 - raised where the lines are read
            lines.put(error)

    threading.Thread(target=listen, name="registry", daemon=True).start()
    with heard:
        while True:
            cancel.check()
            try:
                line = lines.get(timeout=_TURN)
            except queue.Empty:
                continue
            if isinstance(line, Exception):
                raise line
            if line is None:
                return
            yield line


def _compare(there: Parts, source: Parts, name: str, reference: str, digest: str) -> None:
    """RegistryError unless what was pulled is what was pushed: by its digest, and by its layers."""
    pulled = there.engine.image(name)
    same = pulled is not None and any(each.endswith(f"@{digest}") for each in pulled.digests)
    if not same or there.engine.layers(name) != source.engine.layers(reference):
        there.engine.remove_image(name)
        raise RegistryError(
            f"{there.place} pulled another image than {source.place} pushed.",
            why=f"{name} is not what was built.",
            kept=_KEPT,
            hint="Find out who writes to the registry.",
        )


def _untagged(engine: Engine, name: str) -> None:
    """Take the name away that an image had for the registry; a server that is gone keeps it, which harms nothing."""
    try:
        engine.remove_image(name)
    except TargetError:
        return


def _short(said: str) -> str:
    text = said if len(said) <= 300 else f"{said[:300]}…"
    return text if text.endswith((".", "…")) else f"{text}."
