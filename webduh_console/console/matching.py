"""The filter behind `/`: words that must be there, and `!words` that must not."""

from collections.abc import Callable


def matcher(needle: str) -> Callable[[str], bool]:
    """Whether a text matches all words of a filter.

    Case counts only in words with a capital; an empty filter matches all.
    """
    wanted = [word for word in needle.split() if not word.startswith("!")]
    unwanted = [word[1:] for word in needle.split() if len(word) > 1 and word.startswith("!")]
    if not wanted and not unwanted:
        return lambda text: True

    def contains(text: str, lower: str, word: str) -> bool:
        return word in (text if any(map(str.isupper, word)) else lower)

    def matches(text: str) -> bool:
        lower = text.lower()
        return all(contains(text, lower, word) for word in wanted) and not any(
            contains(text, lower, word) for word in unwanted
        )

    return matches
