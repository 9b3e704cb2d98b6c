"""A log line as the pane keeps it."""

from datetime import UTC, datetime
from typing import NamedTuple

from webduh_console.console.logs.escapes import plain, safe
from webduh_console.console.logs.levels import Level, level_of
from webduh_console.console.words import grouped
from webduh_console.model.observe import LogLine

LONGEST = 1_000_000
STREAMS = ("stdout", "stderr", "webduh")


class Entry(NamedTuple):
    """A kept line: `at` in seconds since the epoch, `source` its process or step, `text` safe to draw."""

    at: float
    stream: str
    source: str
    text: str
    level: int = 0

    def moment(self) -> datetime:
        """When it was written, in UTC."""
        return datetime.fromtimestamp(self.at, UTC)


def made(at: float, stream: str, source: str, text: str) -> Entry:
    """A line from raw text: safe to draw, its level found, cut at a million characters."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… {grouped(len(text) - LONGEST)} more were not kept"
    kept = safe(text)
    level = level_of(plain(kept))
    if level == Level.NONE and stream == "webduh":
        level = Level.INFO
    return Entry(at, stream, source, kept, level)


def entry(line: LogLine, name: str = "") -> Entry:
    """A log line as it is kept; `name` says its source, else its process and, of several places, its place."""
    source = name or line.process or line.instance
    if line.place and not name and line.place != source:
        source = f"{source}@{line.place}"
    return made(line.at.timestamp(), line.stream, source, line.text)
