"""A Procfile alone: it says what is started, whatever that is made with."""

import re
from collections.abc import Iterable, Iterator

from webduh_console.frameworks import (
    BuildPlan,
    Evidence,
    Match,
    Process,
    Source,
    argv,
    is_secret,
    merged,
    named_in_example,
    procfile,
)
from webduh_console.model.build import EnvVar

_LANGUAGES = {
    **dict.fromkeys(("node", "npm", "npx", "pnpm", "yarn"), "javascript"),
    **dict.fromkeys(("python", "python3", "gunicorn", "uvicorn", "celery"), "python"),
    **dict.fromkeys(("ruby", "bundle", "rake", "rackup"), "ruby"),
    **{name: name for name in ("deno", "bun", "php")},
}
_VARIABLE = re.compile(r"\$(?:\{([A-Z_][A-Z0-9_]*)(:?-[^}]*)?\}|([A-Z_][A-Z0-9_]*))")


class Plugin:
    """A Procfile, where no language says more: its plugin reads the Procfile itself."""

    name = "procfile"
    api = 1

    def detect(self, source: Source) -> Match | None:
        """It is the weakest of all: a language that is known installs and builds, too."""
        lines = procfile(source)
        if not lines:
            return None
        evidence = tuple(Evidence("Procfile", f"says how {name} is started") for name in lines)
        return Match(self.name, "script", 0.4, evidence)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """Its lines, in the image of the language whose program they call; Debian's if it is none that is known."""
        lines = procfile(source)
        return BuildPlan(
            self.name,
            language(lines.values()),
            processes=tuple(Process(name, argv(line)) for name, line in lines.items()),
            env=merged((*variables("Procfile", " ".join(lines.values())), *named_in_example(source))),
            warnings=tuple(_warnings(source, lines)),
        )


def language(lines: Iterable[str]) -> str:
    """The language of the first program that shell lines call; `shell` if it is not known."""
    words = (word.rpartition("/")[2] for line in lines for word in argv(line))
    return next((_LANGUAGES[word] for word in words if word in _LANGUAGES), "shell")


def variables(file: str, text: str) -> Iterator[EnvVar]:
    """The variables that a shell line uses; one without a default must be there."""
    for found in _VARIABLE.finditer(text):
        name = found[1] or found[3]
        if name not in ("PORT", "PATH", "HOME", "PWD", "HOST", "USER"):
            yield EnvVar(name, f"used in {file}", "run", found[2] is None, is_secret(name))


def _warnings(source: Source, lines: dict[str, str]) -> Iterator[str]:
    if "web" not in lines:
        yield "The Procfile has no `web`: no requests come to this app."
    for name, line in lines.items():
        program = argv(line)[0]
        if program.startswith("./") and not source.exists(program[2:]):
            yield f"{name} starts {program}, which is not in the source: say `build:` in webduh.yaml if that makes it."
