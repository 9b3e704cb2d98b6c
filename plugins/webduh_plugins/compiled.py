"""What compiled apps have in common: one program, which runs on a small Debian with the files that it reads."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Process,
    Source,
    Version,
    argv,
    merged,
    named_in_example,
    procfile,
    within,
)
from webduh_plugins.program_text import Reading, port_warnings

DEBIAN = "other"
"""The base that runs a program which needs no more than the C library."""

SYSTEM = ("ca-certificates", "tzdata")
"""What a program asks of Debian that talks TLS and knows the time elsewhere."""


class Program(NamedTuple):
    """A compiled app: `path` is the program that its steps make, `beside` what it reads when it runs.

    `words` follow the program's name, `before` comes before it; `apt` is what it is linked with. `at` is the folder
    that `path` and `beside` are in, if that is not the one where the steps run; `more` runs too, from there.
    """

    framework: str
    language: str
    variant: str
    path: str
    build: tuple[BuildStep, ...]
    install: tuple[BuildStep, ...] = ()
    words: Command = ()
    before: Command = ()
    beside: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    build_apt: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    base: str = ""
    health: str = ""
    package_manager: str | None = None
    variables: Mapping[str, str] = {}  # a tuple's default: never changed
    at: str = ""
    from_root: bool = False

    def started(self, path: str, words: Command) -> Command:
        """How one of its programs is started: in its own folder, if it reads what is there."""
        if self.at and self.beside:
            return within(self.at, (*self.before, f"./{path}", *words))
        return (*self.before, f"./{below(self.at, path)}", *words)


def planned(
    source: Source,
    program: Program,
    read: Reading,
    versions: Mapping[str, Version | None],
    warnings: Iterable[str] = (),
    takes_port: bool = False,
) -> BuildPlan:
    """The plan of a compiled app. `takes_port`: its start command says which port it listens on."""
    lines = procfile(source)
    web = as_built(argv(lines["web"]), program) if "web" in lines else program.started(program.path, program.words)
    others = (Process(name, as_built(argv(line), program)) for name, line in lines.items() if name != "web")
    known = {name: version for name, version in versions.items() if version is not None}
    listens = () if takes_port or "web" in lines else tuple(port_warnings(read))
    return BuildPlan(
        program.framework,
        program.language,
        variant=program.variant,
        install=program.install,
        build=program.build,
        processes=(Process("web", web), *others),
        port=None if takes_port else read.port,
        health=program.health,
        versions={name: version.text for name, version in known.items()},
        version_source={name: version.file for name, version in known.items()},
        package_manager=program.package_manager,
        env=merged((*read.env, *named_in_example(source))),
        variables=dict(program.variables),
        warnings=(*warnings, *listens, *kept_warnings(read)),
        base=program.base,
        runs_on=DEBIAN,
        apt=(*SYSTEM, *program.apt),
        build_apt=program.build_apt,
        runtime=(*(below(program.at, path) for path in (program.path, *program.beside)), *program.more),
        from_root=program.from_root,
    )


def below(folder: str, path: str) -> str:
    """A path in a folder; the path itself in no folder."""
    return f"{folder}/{path}" if folder else path


def as_built(command: Command, program: Program) -> Command:
    """A command of a Procfile, in which a program may be called as its language leaves it: `target/release/NAME`."""
    first, rest = command[0].removeprefix("./"), command[1:]
    folder, _, name = first.rpartition("/")
    made = {path.rpartition("/")[2]: path for path in (program.path, *program.more)}
    if name in made and folder in ("", "bin", "target/release", ".build/release", "build", "build/release"):
        return (*program.before, f"./{made[name]}", *rest)
    return command


def kept_warnings(read: Reading) -> Iterator[str]:
    """What is to be said of an app that keeps data in a file of its own folder."""
    for text in read.texts.values():
        found = re.search(r"[\"'](?:sqlite:(?://)?|file:)?(?:\./)?([\w./-]+\.(?:db|sqlite3?))\b[^\"'\n]*[\"']", text)
        if found and not found[1].startswith("/"):
            yield (
                f"It keeps data in {found[1]}, which ends with a release: write `volumes: {{data: /data}}` in "
                "webduh.yaml, and let it keep its data there."
            )
            return


def one_of(names: Sequence[str], wanted: Iterable[str]) -> tuple[str, bool]:
    """The program to run among several, and whether that is sure: one that is wanted, in that order, else the first."""
    for name in wanted:
        if name in names:
            return name, True
    return (names[0] if names else ""), len(names) == 1


USUAL = ("server", "api", "web", "app", "main", "http", "httpd", "serve", "backend", "service", "site")
"""What the program is often called that gets the requests."""
