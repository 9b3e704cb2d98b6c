"""Words for a shell, so that any POSIX shell reads back the very bytes: dash, bash and busybox are alike here."""

import re
from collections.abc import Sequence

from webduh_console.errors import UsageError

_PLAIN = re.compile(rb"[A-Za-z0-9_@%+=:,./-]+")
_UNSAFE = re.compile(rb"[^A-Za-z0-9 _@%+=:,./-]")
_ODD = re.compile(rb"[^\t\n\x20-\x7e]")
NEWLINE = b"webduh_nl='\n'\n"
"""What sets the variable that stands for a newline within a quoted line; it is evaluated once, before any of them."""


def encoded(word: str) -> bytes:
    """A word's bytes; what was not UTF-8 when it came to us is what it was. UsageError when it holds a zero byte."""
    content = word.encode("utf-8", "surrogateescape")
    if b"\0" in content:
        raise UsageError(
            f"The word {word!r} cannot be given to a program.", why="It holds a zero byte, which ends a word."
        )
    return content


def escaped(content: bytes) -> bytes:
    """Bytes as the argument of `printf %b`, safe within the single quotes of any shell, csh and fish too."""
    return _UNSAFE.sub(lambda found: b"\\0%03o" % found[0][0], content)


def command_line(argv: Sequence[str], before: bytes = b"") -> bytes:
    """An argv as one line that a POSIX shell evaluates, with `before` as it is right before the program's name.

    Bytes beyond ASCII and control characters go through printf, because some shells use them within; the dot after
    them keeps newlines at the end, which a command substitution strips.
    """
    kept, words = [], []
    for number, word in enumerate(map(encoded, argv)):
        if _PLAIN.fullmatch(word):
            words.append(word)
        elif _ODD.search(word):
            kept.append(b"webduh_%d=$(printf %%b. '%s'); " % (number, escaped(word)))
            words.append(b'"${webduh_%d%%.}"' % number)
        else:
            words.append(b"'" + word.replace(b"'", b"'\\''").replace(b"\n", b"'\"$webduh_nl\"'") + b"'")
    return b"".join(kept) + before + b" ".join(words)


def remote_command(lines: bytes, root: bool = False) -> bytes:
    """Shell lines as the command of an SSH channel, whatever shell the user has there: it only sees plain words.

    With `root` they run through sudo, which never asks.
    """
    sudo = b"sudo -n " if root else b""
    return b"exec " + sudo + b'sh -c \'eval "$(printf %b "$1")"\' webduh \'' + escaped(NEWLINE + lines) + b"'"
