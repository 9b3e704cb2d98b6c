"""What is done to text wherever it leaves the program: secret values are masked, and it stays on its line."""

import base64
from collections.abc import Callable, Iterable, Iterator

MASK = "•••"
SHORTEST = 6


def _alignments(value: bytes) -> list[str]:
    """What of `value` every base64 text that contains it must show, for its three alignments."""
    shown = []
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + value).decode().rstrip("=")
        first = -(-shift * 8 // 6)
        last = (shift + len(value)) * 8 // 6
        shown.append(encoded[first:last])
    return shown


def masker(values: Iterable[str]) -> Callable[[str], str]:
    """A function that replaces each secret of six characters and more, line by line and in base64, by a mask."""
    needles: set[str] = set()
    for value in values:
        for line in {value, *value.splitlines()}:
            if len(line) >= SHORTEST:
                needles.add(line)
                for text in _alignments(line.encode()):
                    needles |= {text, text.replace("+", "-").replace("/", "_")}
    ordered = sorted(needle for needle in needles if len(needle) >= SHORTEST)

    def mask(text: str) -> str:
        shown, end = [], 0
        for first, last in sorted(span for needle in ordered for span in _spans(needle, text)):
            if first >= end:
                shown += [text[end:first], MASK]
            end = max(end, last)
        return "".join([*shown, text[end:]])

    return mask


def _spans(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a needle stands in a text, overlapping itself or not."""
    first = text.find(needle)
    while first >= 0:
        yield first, first + len(needle)
        first = text.find(needle, first + 1)


def one_line(text: str) -> str:
    """A text that stays on its line and moves nothing on the screen."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "·" for c in text)
