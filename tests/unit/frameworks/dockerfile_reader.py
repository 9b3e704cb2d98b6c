"""A strict reader of Dockerfiles, and plans to render."""

import re
from typing import NamedTuple

from webduh_console.frameworks.render import Rendered
from webduh_console.model.build import BuildPlan, BuildStep, Process
from webduh_console.model.release import Variable

WEB = Process("web", ("node", "server.js"))
INSTALL = BuildStep("install", ("npm", "ci"), inputs=("package.json",), outputs=("node_modules",), caches=("~/.npm",))
BUILD = BuildStep("build", ("npm", "run", "build"))
NODE = BuildPlan("node", "javascript", processes=(WEB,), package_manager="npm", install=(INSTALL,), build=(BUILD,))
SECRET, PLAIN = Variable("the-secret-value", secret=True), Variable("the-plain-value")
WORDS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ARG", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


class Instruction(NamedTuple):
    word: str
    rest: str


def read(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile; anything that is not exactly one is an error."""
    found: list[Instruction] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line or line.startswith("# "):
            continue
        while line.endswith("\\"):
            line = line[:-1].rstrip() + " " + next(lines).strip()
        word, _, rest = line.partition(" ")
        assert word in WORDS, line
        assert rest, line
        found.append(Instruction(word, rest))
        if heredoc := re.match(r"<<'(\w+)' ", rest):
            while next(lines) != heredoc[1]:
                pass
    return found


def instructions(rendered: Rendered, word: str) -> list[str]:
    return [found.rest for found in read(rendered.dockerfile) if found.word == word]
