"""Command lines as they may be shown: without the secrets in them."""

import re
from collections.abc import Callable, Iterable, Sequence

from webduh_console.config.load import looks_secret
from webduh_console.model.mask import MASK, masker

_OPTIONS = frozenset({"AUTH", "MASTERAUTH", "PASS", "PW", "REQUIREPASS"})
"""What programs call a password in their options, and nobody calls a variable."""
_SPACES = re.compile(r"(\s+)")


def argv_mask(secrets: Iterable[str] = ()) -> Callable[[Sequence[str]], str]:
    """A function that shows a command as one text, in which known secrets, and values that look like one, are masked.

    They are looked for in the words of a word, too: `sh -c` has a whole script in one.
    """
    mask = masker(secrets)

    def shown(argv: Sequence[str]) -> str:
        words, hide = [], False
        for word in argv:
            if hide and not word.isspace():
                words.append(MASK)
            elif any(map(str.isspace, word)):
                words.append(mask("".join(_pieces(word))))
            else:
                words.append(_masked(word, mask))
            hide = _names_one(word)
        return " ".join(words)

    return shown


def shown_argv(argv: Sequence[str], secrets: Iterable[str] = ()) -> str:
    """What is run, as `argv_mask` shows it."""
    return argv_mask(secrets)(argv)


def _pieces(text: str) -> Iterable[str]:
    """A text of several words, spaces included."""
    hide = False
    for piece in _SPACES.split(text):
        if not piece or piece.isspace():
            yield piece
            continue
        yield MASK if hide else _masked(piece, lambda text: text)
        hide = _names_one(piece)


def _masked(word: str, mask: Callable[[str], str]) -> str:
    name, equals, value = word.partition("=")
    if equals and value and _is_secret(name, value):
        return f"{name}={MASK}"
    return MASK if looks_secret("", word) else mask(word)


def _names_one(word: str) -> bool:
    """Whether the next word is the value of an option that takes a secret."""
    return word.startswith("-") and "=" not in word and _is_secret(word, "x")


def _is_secret(name: str, value: str) -> bool:
    plain = name.lstrip("-'\"").replace("-", "_")
    return looks_secret(plain, value) or (name.startswith("-") and plain.upper() in _OPTIONS)
