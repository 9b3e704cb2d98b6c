"""Whether a plugin keeps to the contract, shown on folders of apps: what `webduh plugin test` says."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from webduh_console.errors import WebduhError
from webduh_console.frameworks.render import render
from webduh_console.frameworks.source import FolderSource
from webduh_console.model.build import BuildPlan, Framework, Match, Optioned, Refining, Verifying

BUDGET = 0.020
"""Seconds that detection of one tree may take."""

_FORBIDDEN = {
    "socket.connect": "connects to a network",
    "socket.getaddrinfo": "looks up a name in a network",
    "subprocess.Popen": "starts a program",
    "os.system": "starts a program",
    "os.exec": "starts a program",
    "os.posix_spawn": "starts a program",
}
_WRITES = frozenset("wax+")


class Verdict(msgspec.Struct, frozen=True):
    """One thing that was looked at: in which app (empty: the plugin itself), whether it is well, and what was seen."""

    app: str
    name: str
    ok: bool
    says: str = ""


def verdicts(plugin: Framework, folders: Sequence[Path]) -> Iterator[Verdict]:
    """What a plugin does with each folder: no network, no program, nothing written, the same answer twice, in time."""
    yield Verdict("", "api", plugin.api == 1, f"{plugin.name} speaks api {plugin.api}")
    for folder in folders:
        try:
            yield from _of_app(plugin, folder)
        except WebduhError as error:
            yield Verdict(folder.name, "source", False, f"{error.what} {error.why}".strip())


def _of_app(plugin: Framework, folder: Path) -> Iterator[Verdict]:
    name = folder.name
    said: list[object] = []
    seen: list[str] = []
    began = time.perf_counter()
    first = _asked(lambda: _answers(plugin, folder), seen, said)
    seconds = time.perf_counter() - began
    again = _asked(lambda: _answers(plugin, folder), [], said)
    if said:
        yield Verdict(name, "answers", False, f"it raised {said[0]!r:.200}")
        return
    assert first is not None
    match, plan = first
    if match is None:
        yield Verdict(name, "detect", False, "it does not know this app")
        return
    reasons = ", ".join(f"{evidence.file} {evidence.says}" for evidence in match.evidence)
    yield Verdict(name, "detect", match.framework == plugin.name, f"{match.tier} {match.confidence:.0%}: {reasons}")
    yield Verdict(name, "evidence", bool(match.evidence), "every match says why" if not match.evidence else "")
    yield Verdict(name, "plan", _runs(plan), _words(plan))
    yield _rendered(name, plan)
    yield Verdict(name, "same twice", first == again, "" if first == again else "two questions, two answers")
    yield Verdict(name, "pure", not seen, ", ".join(dict.fromkeys(seen)))
    yield Verdict(name, "in time", seconds < BUDGET, f"{seconds * 1000:.1f} ms of {BUDGET * 1000:g}")


def _answers(plugin: Framework, folder: Path) -> tuple[Match | None, BuildPlan | None]:
    """All that a plugin says of a folder."""
    source = FolderSource(folder)
    match = plugin.detect(source)
    if match is None:
        return None, None
    if isinstance(plugin, Optioned):
        plugin.options()
    plan = plugin.plan(source, match, {})
    if isinstance(plugin, Refining):
        plan = plugin.refine(source, plan)
    if isinstance(plugin, Verifying):
        plan = msgspec.structs.replace(plan, checks=plugin.verify(source, plan))
    return match, plan


def _runs(plan: BuildPlan | None) -> bool:
    return plan is not None and bool(plan.static or plan.dockerfile or any(one.command for one in plan.processes))


def _words(plan: BuildPlan | None) -> str:
    if plan is None or not _runs(plan):
        return "it says nothing to start, and no folder to serve"
    return f"serves {plan.static.dir}/" if plan.static else plan.dockerfile or " ".join(plan.start or ())


def _rendered(name: str, plan: BuildPlan | None) -> Verdict:
    """Whether a Dockerfile can be made of a plan."""
    try:
        made = render(plan) if plan is not None else None
    except WebduhError as error:
        return Verdict(name, "image", False, f"{error.what} {error.why}".strip())
    return Verdict(name, "image", made is not None, f"on {', '.join(made.bases)}" if made and made.bases else "")


_Answers = tuple[Match | None, BuildPlan | None]


def _asked(ask: Callable[[], _Answers], seen: list[str], said: list[object]) -> _Answers | None:
    """An answer; what it did that a plugin must not do is added to `seen`, what it raised to `said`."""
    watched = _watched()
    watched.append(seen)
    try:
        return ask()
    except WebduhError:
        raise
    except Exception as error:  # noqa: BLE001  # anybody's code may raise anything
        said.append(error)
        return None
    finally:
        watched.remove(seen)


@cache
def _watched() -> list[list[str]]:
    """Where the acts of plugins are written down while they are asked. A hook of the interpreter cannot be taken away
    again, so there is one, and it does nothing while nobody is watched."""
    watched: list[list[str]] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not watched:
            return
        if event == "open" and isinstance(arguments[1], str) and not _WRITES.isdisjoint(arguments[1]):
            watched[-1].append(f"writes {arguments[0]}")
        elif event in _FORBIDDEN:
            watched[-1].append(_FORBIDDEN[event])

    sys.addaudithook(hook)
    return watched
