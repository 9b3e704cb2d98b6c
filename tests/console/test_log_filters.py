"""What a filter finds, and what a search over all lines finds while lines come and go."""

import random
import re
from collections.abc import Callable

import pytest

from webduh_console.console.logs.buffer import CHUNK, LogBuffer
from webduh_console.console.logs.entries import Entry, made
from webduh_console.console.logs.filters import BadPatternError, Filter, View, all_of, filters, spans
from webduh_console.console.logs.finding import Block, Finding, Scan, Seek
from webduh_console.console.logs.levels import Level
from webduh_console.console.logs.log import Log

LINE = '10.0.0.1 "GET /Items/42 HTTP/1.1" 200 12 ms'
JSON = '{"level":30,"user":"ada","ms":12,"ok":true,"path":"/a b"}'


@pytest.mark.parametrize(
    ("text", "line", "passes"),
    [
        ("items", LINE, True),
        ("Items", LINE, True),
        ("iTems", LINE, False),
        ("get items", LINE, True),
        ("get nothing", LINE, False),
        ("!items", LINE, False),
        ("!nothing", LINE, True),
        ("get !post", LINE, True),
        ("get !200", LINE, False),
        ('"GET /Items"', LINE, True),
        ('!"GET /Items"', LINE, False),
        ('"HTTP/1.1\\" 200"', LINE, False),
        (r"~items/\d+", LINE, True),
        (r"~Items/\d+", LINE, True),
        (r"~ITEMS/\d+", LINE, False),
        (r"~\S+ \"GET", LINE, True),
        (r"~^10\..*ms$", LINE, True),
        (r"!~items/\d+", LINE, False),
        (r"!~items/\D+ ", LINE, True),
        ("~get .* 200", LINE, True),
        ("user=ada", JSON, True),
        ("user=Ada", JSON, False),
        ("!user=ada", JSON, False),
        ("ms=12", JSON, True),
        ("ms=13", JSON, False),
        ("ok=true", JSON, True),
        ('path="/a', JSON, False),
        ("user=ada", "level=info user=ada", True),
        ("a.b", "axb", False),
        ("[", "a[b", True),
        ("", LINE, True),
        ("!", LINE, True),
        ("~", LINE, True),
        ("red", "\x1b[31mr\x1b[1med\x1b[0m", True),
        ("31m", "\x1b[31mred\x1b[0m", False),
        ("日本", "これは日本語です", True),
        ("straße", "STRASSE", False),
    ],
)
def test_a_filter_finds_what_it_says(text: str, line: str, passes: bool) -> None:
    assert all_of(filters(text))(line) is passes


@pytest.mark.parametrize("text", ["~(", "~[a", "~a{2,1}", "~*", "!~(", "~(?P<a>x)(?P<a>y)", "~\\", "~a{99999999999}"])
def test_a_pattern_that_cannot_be_read_says_why(text: str) -> None:
    with pytest.raises(BadPatternError, match=r".{5}"):
        filters(text)


def test_words_are_filters_of_their_own_and_a_pattern_is_one() -> None:
    assert [one.text for one in filters('a !b "c d" !"e f" g=h')] == ["a", "!b", "c d", "!e f", "g=h"]
    assert [one.text for one in filters("  ~a b !c ")] == ["~a b !c"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("items", [(15, 20)]),
        ("1 get", [(7, 8), (10, 13), (29, 30), (31, 32), (38, 39)]),
        (r"~\d+ ms", [(38, 43)]),
        ("!items", []),
        ("~x*", []),
        ("nothing", []),
    ],
)
def test_what_was_found_is_known_by_its_place(text: str, found: list[tuple[int, int]]) -> None:
    places = list(spans(filters(text), LINE))
    assert places == [(m.start(), m.end()) for m in re.finditer("1|GET", LINE)] if text == "1 get" else places == found


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (Level.NONE, {0, 1, 2, 3, 4}),
        (Level.DEBUG, {0, 1, 2, 3, 4}),
        (Level.INFO, {0, 2, 3, 4}),
        (Level.WARN, {3, 4}),
        (Level.ERROR, {4}),
    ],
)
def test_lines_without_a_level_are_hidden_with_what_is_not_grave(level: Level, shown: set[int]) -> None:
    assert View(level=level).levels() == shown


# Over many lines.

SOURCES = ("web", "worker", "build")
TEXTS = ("ERROR lost {}", "GET /items/{} 200", "DEBUG query {}", '{{"level":40,"n":{}}}', "  continued {}")


def some(count: int, seed: int, at: float = 0.0) -> list[Entry]:
    """Lines of three sources, each in order, not all in time."""
    chance = random.Random(seed)
    return [
        made(at + n + chance.choice((0, 0, 0, -3, 2)), "stdout", chance.choice(SOURCES), chance.choice(TEXTS).format(n))
        for n in range(count)
    ]


def expected(buffer: LogBuffer, view: View, more: tuple[Filter, ...] = ()) -> list[int]:
    """What a plain look at every line finds."""
    test, levels = all_of((*view.filters, *more)), view.levels()
    return [
        index
        for index, one in enumerate(buffer.lines(), buffer.first)
        if one.level in levels and one.source not in view.hidden and test(one.text)
    ]


VIEWS = [
    View(filters("items")),
    View(filters("!items")),
    View(filters(r"~items/\d*7")),
    View(level=Level.WARN),
    View(level=Level.ERROR),
    View(hidden=frozenset({"web"})),
    View(filters("7 !77"), Level.INFO, frozenset({"worker", "build"})),
    View(filters("nothing at all")),
]


class Threads:
    """Scans run when they are told to, a report at a time."""

    def __init__(self) -> None:
        self.scans: list[Scan] = []

    def run(self, take: Callable[[Block], object]) -> None:
        while self.scans:
            self.scans.pop(0).run(take)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("count", [0, 1, CHUNK, 7 * CHUNK + 11])
def test_a_search_finds_the_same_in_old_and_new_chunks(view: View, count: int) -> None:
    buffer, threads = LogBuffer(), Threads()
    buffer.extend(some(count, 1))
    finding = Finding(Seek(view), buffer, threads.scans.append)
    threads.run(finding.take)
    assert list(finding.found) == expected(buffer, view)
    assert (finding.running, finding.done) == (False, 1.0)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("seed", range(6))
def test_what_comes_late_and_what_is_forgotten_changes_what_was_found(view: View, seed: int) -> None:
    chance, threads = random.Random(seed), Threads()
    buffer = LogBuffer(limit=6 * CHUNK)
    buffer.extend(some(5 * CHUNK + 100, seed))
    finding = Finding(Seek(view), buffer, threads.scans.append)
    at = 5.0 * CHUNK
    for turn in range(12):
        added = buffer.extend(some(chance.randrange(1, 900), seed * 100 + turn, at - chance.randrange(300)))
        at += 400
        finding.add(added)
        if turn == 4:
            threads.run(finding.take)
    threads.run(finding.take)
    assert list(finding.found) == expected(buffer, view)


def test_a_search_that_is_stopped_keeps_what_it_found_and_says_how_far_it_came() -> None:
    buffer, threads = LogBuffer(), Threads()
    buffer.extend(some(10 * CHUNK, 3))
    finding = Finding(Seek(VIEWS[0]), buffer, threads.scans.append)
    scan = threads.scans[0]
    chunk = scan.chunks[-1]
    from array import array

    assert finding.take(Block(scan, chunk.start, array("Q", [chunk.start + 5])))
    finding.stop()
    assert scan.cancelled.is_set()
    assert not finding.take(Block(scan, 0, array("Q", [1])))
    assert list(finding.found) == [chunk.start + 5]
    assert (finding.running, finding.stopped, finding.done) == (False, True, 0.1)
    finding.add(buffer.extend([made(1e6, "stdout", "web", "GET /items/1")]))
    assert list(finding.found) == [chunk.start + 5, 10 * CHUNK]


def test_a_cancelled_scan_ends_at_the_next_chunk() -> None:
    buffer, reports = LogBuffer(), []
    buffer.extend(some(8 * CHUNK, 4))
    scan = Scan(Seek(VIEWS[0]), buffer, buffer.end)
    scan.cancelled.set()
    scan.run(reports.append)
    assert reports == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_search_looks_among_the_shown_lines(view: View) -> None:
    threads = Threads()
    log = Log(threads.scans.append)
    log.extend(some(12_000, 5))
    log.show(view)
    log.seek(filters("7"))
    threads.run(log.take)
    assert log.hits is not None
    assert list(log.hits.found) == expected(log.buffer, view, filters("7"))
    log.cursor = 6000
    first = log.first_hit()
    if log.hits.found:
        before = [index for index in log.hits.found if index <= 6000]
        assert first == (before[-1] if before else log.hits.found[0])
        seen = []
        for _ in range(len(log.hits.found)):
            after = log.next_hit(1)
            assert after is not None
            log.cursor = after
            seen.append(log.hit()[0])
        assert sorted(seen) == list(range(1, len(log.hits.found) + 1))
    else:
        assert first is None
        assert log.next_hit(1) is None


def test_what_is_shown_or_all_can_be_read_while_lines_come() -> None:
    threads = Threads()
    log = Log(threads.scans.append)
    log.extend(some(9000, 6))
    log.show(View(filters("items")))
    threads.run(log.take)
    assert log.shown is not None
    wanted = [log.buffer[index] for index in log.shown.found]
    shown, whole = log.lines(whole=False), log.lines(whole=True)
    everything = list(log.buffer.lines())
    log.extend(some(5000, 7, at=1e6))
    assert list(shown) == wanted
    assert list(whole)[:9000] == everything
