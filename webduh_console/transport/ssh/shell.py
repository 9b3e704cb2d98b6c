"""A shell that is kept open and asked line by line: a script costs one round trip and one process."""

import secrets
import time
from collections.abc import Sequence
from typing import Protocol

from webduh_console.transport.machine import Answer
from webduh_console.transport.ssh.quoting import NEWLINE, command_line, encoded, escaped

STDIN_LIMIT = 262_144
"""How much standard input `Shell.run` takes, in bytes."""
_INLINE = 1024
_SCRIPTS = 500
_STDERR_KEPT = 65_536
_LOST_SIGNALS = range(129, 193)

LOOP = (
    NEWLINE
    + rb"""LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
webduh_watched=
webduh_end() {
  kill -s TERM -- "-$1" || return 0
  i=0
  while [ "$i" -lt 50 ]; do
    kill -s 0 -- "-$1" || return 0
    sleep 0.1 || sleep 1
    i=$((i + 1))
  done
  kill -s KILL -- "-$1"
}
webduh_forget() {
  webduh_left=
  for id in $webduh_watched; do [ "$id" = "$1" ] || webduh_left="$webduh_left $id"; done
  webduh_watched=$webduh_left
}
while IFS= read -r webduh_line; do eval "$webduh_line"; done
for id in $webduh_watched; do webduh_end "$id" </dev/null >/dev/null 2>&1 & done
wait
"""
)
"""What the shell runs: it evaluates each line it reads. When its input ends, it ends the process groups it watches."""

GROUP = (
    rb"{ read -r webduh_s </proc/$$/stat; } 2>/dev/null && webduh_s=${webduh_s##*) } && "
    rb"set -- $webduh_s && webduh_g=$3 || webduh_g=$(ps -o pgid= -p $$); "
)
"""What sets `webduh_g` to the shell's process group."""

_GREETING = (
    GROUP + rb"webduh_d=$(printf abc | dd bs=3 count=1 iflag=fullblock 2>/dev/null); "
    rb"""printf '%s %s -%s' "$(id -u)" "$webduh_g" "$webduh_d" """
)


class ShellEnded(Exception):  # noqa: N818 - it is not always an error
    """The shell is gone; `said` is what it wrote last, `begun` whether it had ever answered."""

    def __init__(self, said: str, begun: bool) -> None:
        super().__init__(said)
        self.said, self.begun = said, begun


class Pipes(Protocol):
    """The standard streams of a program that runs somewhere."""

    def write(self, content: bytes, /) -> None:
        """Write all of it to the program's input; OSError when the program is gone."""

    def read(self, seconds: float, /) -> tuple[bytes, bytes] | None:
        """What came on its output and on its error output, waiting at most `seconds` for the first of it.

        Both are empty when nothing came; None when both streams have ended.
        """

    @property
    def open(self) -> bool:
        """Whether the program is there, as far as is known without asking."""

    def close(self) -> None:
        """Let go of it."""


class Shell:
    """A shell at the other end of `pipes` that runs `LOOP`. For one thread at a time.

    `user` is the numeric id it runs as, `group` its process group. After any exception it can only be closed.
    """

    def __init__(self, pipes: Pipes, timeout: float = 15.0) -> None:
        self._pipes, self._nonce, self._count = pipes, secrets.token_hex(16), 0
        self._known: dict[str, int] = {}
        self.group = self.user = -1
        # what a login shell prints before us ends in a line of its own
        user, group, counts = self.ask(rb"echo; " + _GREETING, timeout).text.split()[-3:]
        self.user, self.group, self._counts = int(user), int(group), counts == "-abc"

    def run(self, script: str, words: Sequence[str] = (), stdin: bytes = b"", timeout: float = 60.0) -> Answer:
        """Run `sh -c SCRIPT webduh WORDS…` in a shell of its own; at most `STDIN_LIMIT` bytes of standard input.

        ShellEnded when the shell is gone, TimeoutError when the script still runs after `timeout` seconds: its group
        is then to be ended by somebody else. What a script leaves running must not hold its output streams.
        """
        before, after = b"", b""
        number = self._known.get(script)
        if number is None:
            if len(self._known) >= _SCRIPTS:
                self._known.clear()  # their places there are taken anew
            number = len(self._known)
            source, after = self._carried(encoded(script))
            before = b"webduh_s%d=$(%s); " % (number, source)
        line = command_line(words, before=b'sh -c "$webduh_s%d" webduh ' % number)
        if stdin:
            source, content = self._carried(stdin)
            line, after = b"%s | { %s; }" % (source, line), after + content
        answer = self.ask(before + line + (b"" if stdin else b" </dev/null"), timeout, after)
        self._known[script] = number
        return answer

    def _carried(self, content: bytes) -> tuple[bytes, bytes]:
        """A command that prints `content`, and what must come after the line for it.

        A shell reads a line byte by byte, and has to: what comes after it is not the shell's. So what is long comes
        after the line, where `dd` takes exactly that much; one that cannot count (an old busybox) is not asked.
        """
        if self._counts and len(content) > _INLINE:
            return b"dd bs=%d count=1 iflag=fullblock 2>/dev/null" % len(content), content
        return b"printf %%b '%s' 2>/dev/null" % escaped(content), b""

    def watch(self, group: int) -> None:
        """End that process group as soon as this shell's input ends, which is when whoever holds it dies."""
        self.ask(b"trap '' HUP INT TERM PIPE; webduh_watched=\"$webduh_watched %d\"" % group, 15.0)

    def end(self, group: int) -> None:
        """End a process group there: SIGTERM, and SIGKILL after 5 s; does not wait for it. No longer watch it."""
        self.ask(b"webduh_forget %d; { webduh_end %d </dev/null >/dev/null 2>&1 & }" % (group, group), 15.0)

    def ask(self, line: bytes, timeout: float, after: bytes = b"") -> Answer:
        """Evaluate a line in the shell itself; `after` is what the line's commands read from the shell's input."""
        self._count += 1
        mark = f"{self._nonce}.{self._count}.".encode()
        self._pipes.write(line + b"; webduh_c=$?; printf %s%%d. $webduh_c; printf %s >&2\n" % (mark, mark) + after)
        out, err = bytearray(), bytearray()
        found, deadline = -1, time.monotonic() + timeout
        while True:
            seen = max(0, len(out) - len(mark))
            came = self._pipes.read(max(0.0, deadline - time.monotonic()))
            if came is None:
                said = (bytes(err) + bytes(out)).decode(errors="replace").strip()
                raise ShellEnded(said[-2000:], self.user >= 0)
            out += came[0]
            err += came[1]
            found = out.find(mark, seen) if found < 0 else found
            if found >= 0 and out.endswith(b".") and err.endswith(mark):
                code = int(out[found + len(mark) : -1])
                text = bytes(err[-len(mark) - _STDERR_KEPT : -len(mark)]).decode(errors="replace")
                return Answer(exit_code(code), bytes(out[:found]), text)
            if not came[0] and not came[1] and time.monotonic() >= deadline:
                raise TimeoutError
            if len(err) > 4 * _STDERR_KEPT:
                del err[: -2 * _STDERR_KEPT]

    @property
    def open(self) -> bool:
        """Whether the shell is there, as far as is known without asking."""
        return self._pipes.open

    def close(self) -> None:
        """Let go of the shell; it ends with its input."""
        self._pipes.close()


def exit_code(code: int) -> int:
    """A shell's exit code, in which a signal is a number from 129 on, as ours: the negative number of the signal."""
    return 128 - code if code in _LOST_SIGNALS else code
