"""A Procfile: which processes an app has, as shell lines."""

import re
import shlex

from webduh_console.model.build import Command, Source

WITHIN = 'cd "$1" && shift && exec "$@"'
_LINE = re.compile(r"([A-Za-z0-9_-]+)\s*:\s*(\S.*)")
_SHELL = re.compile(r"[|&;<>()`*?\[\]#~!\n]|\$(?!PORT\b|\{PORT\})|^\w+=")
_PORT = re.compile(r"\$(?:PORT\b|\{PORT(?::-[^}]*)?\})")


def procfile(source: Source) -> dict[str, str]:
    """The processes of the app's Procfile: name → shell line; empty if there is none."""
    lines = (_LINE.fullmatch(line.strip()) for line in source.text("Procfile").splitlines())
    return {line[1].lower(): line[2] for line in lines if line}


def argv(line: str) -> Command:
    """A shell line as an argv; one that needs a shell gets `sh -c`. `$PORT` becomes `${PORT}`.

    `exec` before a plain command is the shell's word, and no program: without a shell, nothing is replaced.
    """
    line = _PORT.sub("${PORT}", line.strip())
    try:
        words = tuple(shlex.split(line))
    except ValueError:
        words = ()
    if not words or _SHELL.search(line) or re.match(r"exec(?:\s+-|$)", line):
        return ("sh", "-c", line)
    return words[1:] if words[0] == "exec" else words


def within(folder: str, command: Command) -> Command:
    """A command that runs in a folder below the one where it is started."""
    return ("sh", "-c", WITHIN, "sh", folder, *command) if folder else command
