"""Apps in Crystal."""

import re

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Option,
    Source,
    SourceError,
    Tier,
    Version,
    first_version,
    line_version,
    procfile,
    table,
    tool_version,
)
from webduh_plugins.compiled import USUAL, Program, one_of, planned
from webduh_plugins.program_text import beside, reading

_FRAMEWORKS = ("lucky", "amber", "kemal", "athena", "marten", "grip", "spider-gazelle")
# What Crystal's own library and its usual shards are linked with.
_APT = ("libgc1", "libevent-2.1-7t64", "libpcre2-8-0", "libssl3t64", "libyaml-0-2", "zlib1g", "libxml2", "libgmp10")
_MORE = {"sqlite3": "libsqlite3-0"}


class Plugin:
    """Crystal, recognized by shard.yml; the framework by the shards it depends on."""

    name = "crystal"
    api = 1
    variants = _FRAMEWORKS

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("target", "The target that is run, as shard.yml calls it."),)

    def detect(self, source: Source) -> Match | None:
        """A shard with a program: a target, or a file of its name."""
        if not source.exists("shard.yml"):
            return None
        said = shard(source)
        if not _targets(source, said):
            return None
        variant = next((one for one in _FRAMEWORKS if one in table(said, "dependencies")), "")
        says = f"depends on {variant}" if variant else f"has the target {next(iter(_targets(source, said)))}"
        tier: Tier = "framework" if variant else "language"
        evidence = (Evidence("shard.yml", says),)
        return Match(self.name, tier, 0.95 if variant else 0.85, evidence, variant, ("node", "static"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """One program, with the libraries it is linked with."""
        said = shard(source)
        targets = _targets(source, said) or {source.name: f"src/{source.name}.cr"}
        told = _called(source)
        name, sure = one_of(
            list(targets), (options.get("target", ""), told, str(said.get("name")), source.name, *USUAL)
        )
        dependencies = table(said, "dependencies")
        variant = next((one for one in _FRAMEWORKS if one in dependencies), "")
        read = reading(source, "src/*.cr", "src/**/*.cr", "config/*.cr")
        words, takes_port = _words(variant, read.reads_port)
        made = name if told in targets else told or name
        declared = made in table(said, "targets")
        flags = ("--release", "--no-debug")
        run: Command = (
            ("shards", "build", name, "--production", *flags)
            if declared
            else ("crystal", "build", *flags, targets[name], "-o", f"bin/{made}")
        )
        files = tuple(filter(source.exists, ("shard.yml", "shard.lock")))
        install = BuildStep("install the shards", ("shards", "install", "--production"), ("shards",), files, ("lib",))
        program = Program(
            self.name,
            "crystal",
            variant,
            f"bin/{made}",
            (BuildStep(f"build {name}", run, ("crystal",), (), (f"bin/{made}",), ("~/.cache/crystal",)),),
            (install,) if dependencies else (),
            words,
            beside=beside(source, read, ".cr", ("lib", "spec")),
            apt=(*_APT, *(package for shard_, package in _MORE.items() if shard_ in dependencies)),
            base="crystal",
            package_manager="shards",
        )
        warnings = (
            []
            if sure or len(targets) == 1
            else [
                f"There are several targets ({', '.join(targets)}): {name} is run. Another one is chosen with "
                "`options: {target: NAME}` in webduh.yaml."
            ]
        )
        if dependencies and not source.exists("shard.lock"):
            warnings.append("There is no shard.lock: write it with `shards lock`, for without it nothing is installed.")
        return planned(source, program, read, {"crystal": _version(source, said)}, warnings, takes_port)


def shard(source: Source) -> dict[str, object]:
    """What shard.yml says. SourceError if it is broken."""
    return yaml_file(source, "shard.yml")


def yaml_file(source: Source, file: str) -> dict[str, object]:
    """A file in YAML as a table; empty if it is none. SourceError names file and line when it is broken."""
    import yaml

    try:
        found = yaml.safe_load(source.text(file))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        says = getattr(error, "problem", None) or "it is broken"
        raise SourceError(
            f"{file}:{line}:{column} is not YAML.",
            f"Line {line}, column {column}: {says}.",
            f"Mend {file} there and try again.",
            file=file,
            line=line,
            column=column,
        ) from error
    return found if isinstance(found, dict) else {}


def _targets(source: Source, said: dict[str, object]) -> dict[str, str]:
    """The programs: name → main file."""
    declared = {
        name: str(one.get("main", f"src/{name}.cr"))
        for name, one in table(said, "targets").items()
        if isinstance(one, dict)
    }
    name = said.get("name")
    if declared or not isinstance(name, str):
        return declared
    main = f"src/{name}.cr"
    starts = re.search(r"^(?:\w[\w:]*\.(?:run|start|listen)\b|server\.listen)", source.text(main), re.MULTILINE)
    return {name: main} if starts else {}


def _called(source: Source) -> str:
    """What a Procfile calls the program that is made in bin/; empty if it names none."""
    told = re.match(r"(?:exec\s+)?(?:\./)?bin/([\w.-]+)(?:\s|$)", procfile(source).get("web", ""))
    return told[1] if told and not source.exists(f"bin/{told[1]}") else ""


def _words(variant: str, reads_port: bool) -> tuple[Command, bool]:
    if variant == "kemal" and not reads_port:
        return ("--bind", "0.0.0.0", "--port", "${PORT}"), True
    if variant == "marten":
        return ("serve", "--bind", "0.0.0.0", "--port", "${PORT}"), True
    return (), False


def _version(source: Source, said: dict[str, object]) -> Version | None:
    crystal = said.get("crystal")
    return first_version(
        (
            line_version(source, ".crystal-version"),
            tool_version(source, "crystal"),
            Version(str(crystal), "shard.yml") if isinstance(crystal, (str, float, int)) else None,
        )
    )
