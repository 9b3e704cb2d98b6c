"""Lines of several sources in the order of their times."""

from collections.abc import Sequence
from heapq import merge

from webduh_console.console.logs.entries import Entry


def in_order(arrivals: Sequence[Entry]) -> list[Entry]:
    """Lines that arrived together, by time; those of one source stay in the order in which it wrote them."""
    by_source: dict[str, list[tuple[float, int, Entry]]] = {}
    latest: dict[str, float] = {}
    for number, entry in enumerate(arrivals):
        at = latest[entry.source] = max(entry.at, latest.get(entry.source, entry.at))
        by_source.setdefault(entry.source, []).append((at, number, entry))
    if len(by_source) < 2:
        return list(arrivals)
    return [entry for _, _, entry in merge(*by_source.values())]


def placed(kept: Sequence[Entry], arrivals: Sequence[Entry]) -> tuple[list[Entry], list[int]]:
    """`kept` lines with `arrivals` (in order) at their places among them, and the places in `kept` they come before.

    A line that came late stands before the later ones of other sources, never before an earlier one of its own.
    """
    last = {entry.source: at for at, entry in enumerate(kept)}
    lines: list[Entry] = []
    places: list[int] = []
    at = 0
    for arrival in arrivals:
        own = last.get(arrival.source, -1)
        while at < len(kept) and (at <= own or kept[at].at <= arrival.at):
            lines.append(kept[at])
            at += 1
        lines.append(arrival)
        places.append(at)
    return [*lines, *kept[at:]], places
