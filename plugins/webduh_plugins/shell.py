"""A start script: an app that says itself how it is started."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import BuildPlan, Evidence, Match, Process, Source, merged, named_in_example
from webduh_plugins.procfile import language, variables

SCRIPTS = ("start.sh", "bin/start", "start", "run.sh", "scripts/start.sh", "entrypoint.sh")
_SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S+)(.*)")
_SHELLS = ("sh", "dash", "bash")
_READS_PORT = re.compile(r"\$\{?PORT\b")
_LINE = re.compile(r"^(?!\s*#).*\S", re.MULTILINE)


class Plugin:
    """`start.sh`, `bin/start` and the like, where nothing else says what the app is."""

    name = "shell"
    api = 1

    def detect(self, source: Source) -> Match | None:
        """A script with a usual name; one without a usual ending must say what runs it."""
        file = next((file for file in SCRIPTS if _is_script(source, file)), None)
        if file is None:
            return None
        return Match(self.name, "script", 0.6, (Evidence(file, "is a start script"),))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """What runs it is in its first line; a file that is not executable is run all the same."""
        file = next((file for file in SCRIPTS if _is_script(source, file)), SCRIPTS[0])
        text = source.text(file)
        lines = [line.strip() for line in _LINE.findall(text)]
        words = _interpreter(text)
        return BuildPlan(
            self.name,
            language([*(line.removeprefix("exec ") for line in lines), " ".join(words)]),
            processes=(Process("web", (*words, file)),),
            env=merged((*variables(file, "\n".join(lines)), *named_in_example(source))),
            warnings=tuple(_warnings(file, text, lines)),
        )


def _is_script(source: Source, file: str) -> bool:
    return source.exists(file) and (file.endswith(".sh") or source.text(file).startswith("#!"))


def _interpreter(text: str) -> tuple[str, ...]:
    found = _SHEBANG.match(text)
    return (found[1].rpartition("/")[2], *found[2].split()) if found else ("sh",)


def _warnings(file: str, text: str, lines: list[str]) -> Iterator[str]:
    if not _READS_PORT.search(text):
        yield f"{file} does not use PORT: write `port:` in webduh.yaml if it listens on another one."
    shell = _interpreter(text)[0] in _SHELLS
    if shell and lines and not lines[-1].startswith("exec "):
        yield (
            f"The last line of {file} has no `exec`: the shell stays in front of the program, which is not told to end."
        )
