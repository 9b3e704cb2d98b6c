"""What of a log is shown and what is searched for: words, regular expressions, their negation, levels, sources."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property

import msgspec

from webduh_console.console.logs.escapes import plain
from webduh_console.console.logs.levels import Level

Test = Callable[[str], bool]
_FIELD = re.compile(r'([\w.@-]+)=("?)([^"]*)\2')


class BadPatternError(ValueError):
    """A regular expression cannot be read; the text says what is wrong with it, and where."""


class Filter(msgspec.Struct, frozen=True, dict=True):
    """One filter as it is typed: `words`, `!words`, `~regular expression`, `!~regular expression`.

    Case counts only in a filter with a capital letter. `key=value` also finds `"key": "value"` in JSON.
    """

    text: str

    @property
    def negated(self) -> bool:
        """Whether it leaves out what it matches."""
        return self.text.startswith("!")

    @property
    def is_pattern(self) -> bool:
        """Whether it is a regular expression."""
        return self.text.removeprefix("!").startswith("~")

    @cached_property
    def needle(self) -> str:
        """What is looked for, without `!` and `~`."""
        return self.text.removeprefix("!").removeprefix("~")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What it finds in a line, as a regular expression; BadPatternError when it is none."""
        source = self.needle if self.is_pattern else _source(self.needle)
        try:
            return re.compile(source, 0 if _has_capital(self.needle, self.is_pattern) else re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as error:
            where = f" at {error.pos + 1}" if isinstance(error, re.error) and error.pos is not None else ""
            raise BadPatternError(f"{getattr(error, 'msg', None) or error}{where}") from error

    def test(self) -> Test:
        """Whether a line without colours passes."""
        search, negated, needle = self.pattern.search, self.negated, self.needle
        if self.is_pattern or _FIELD.fullmatch(needle):
            return lambda text: (search(text) is None) is negated
        if _has_capital(needle, False):
            return lambda text: (needle not in text) is negated
        lower = needle.lower()
        return lambda text: (lower not in text.lower()) is negated


def _has_capital(needle: str, is_pattern: bool) -> bool:
    """Whether case counts: `\\S` and the like are no capitals."""
    return any(map(str.isupper, re.sub(r"\\.", "", needle) if is_pattern else needle))


def _source(needle: str) -> str:
    field = _FIELD.fullmatch(needle)
    if field is None:
        return re.escape(needle)
    key, _, value = field.groups()
    return rf'{re.escape(needle)}|"{re.escape(key)}"\s*:\s*"?{re.escape(value)}'


def filters(text: str) -> tuple[Filter, ...]:
    """The filters in a typed line: one regular expression, or words that must all be there or, after `!`, must not.

    Words in quotes are one. BadPatternError when a regular expression cannot be read.
    """
    text = text.strip()
    is_pattern = text.removeprefix("!").startswith("~")
    parts = [("", "", text)] if is_pattern else re.findall(r'(!?)"([^"]+)"|(\S+)', text)
    made = (Filter(word or f"{sign}{quoted}") for sign, quoted, word in parts)
    found = tuple(one for one in made if one.needle)
    for one in found:
        _ = one.pattern
    return found


class View(msgspec.Struct, frozen=True):
    """Which lines are shown: those that pass all filters, are at least as grave as `level`, of no hidden source.

    At `Level.INFO` lines that do not say their level are shown, above it they are not.
    """

    filters: tuple[Filter, ...] = ()
    level: Level = Level.NONE
    hidden: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether everything is shown."""
        return not self.filters and self.level <= Level.DEBUG and not self.hidden

    def levels(self) -> frozenset[int]:
        """The levels that are shown."""
        shown = {int(level) for level in Level if level >= self.level}
        return frozenset(shown | {0} if self.level <= Level.INFO else shown)


def all_of(chosen: tuple[Filter, ...]) -> Test:
    """Whether a kept line passes all filters."""
    tests = [one.test() for one in chosen]
    if len(tests) == 1:
        only = tests[0]
        return lambda text: only(plain(text) if "\x1b" in text else text)

    def passes(text: str) -> bool:
        bare = plain(text) if "\x1b" in text else text
        return all(test(bare) for test in tests)

    return passes


def spans(chosen: tuple[Filter, ...], text: str) -> Iterator[tuple[int, int]]:
    """Where in a text the filters find something, in order, not overlapping."""
    found = sorted(
        match.span() for one in chosen if not one.negated for match in one.pattern.finditer(text) if match[0]
    )
    end = 0
    for start, stop in found:
        if start >= end:
            yield start, stop
            end = stop
