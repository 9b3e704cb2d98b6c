"""Apps in Swift: Vapor, Hummingbird, and other packages with a program."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Option,
    Source,
    Tier,
    Version,
    first_version,
    line_version,
    tool_version,
)
from webduh_plugins.compiled import USUAL, Program, one_of, planned
from webduh_plugins.program_text import beside, reading

_PRODUCT = re.compile(r"\.executable\(\s*name:\s*\"([^\"]+)\"")
_TARGET = re.compile(r"\.executableTarget\(\s*name:\s*\"([^\"]+)\"")
_TOOLS = re.compile(r"^//\s*swift-tools-version\s*:\s*(\d[\d.]*)", re.MULTILINE | re.IGNORECASE)
_PACKAGES = (
    ("vapor", re.compile(r"github\.com/vapor/vapor(?:\.git)?\"")),
    ("hummingbird", re.compile(r"github\.com/hummingbird-project/hummingbird(?:\.git)?\"")),
)


class Plugin:
    """Swift, recognized by a Package.swift that has a program."""

    name = "swift"
    api = 1
    variants = ("vapor", "hummingbird")

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("program", "The program that is run, as Package.swift calls it."),)

    def detect(self, source: Source) -> Match | None:
        """A package of libraries alone is no app."""
        names = _programs(source)
        if not names:
            return None
        variant = _variant(source)
        evidence = [Evidence("Package.swift", f"depends on {variant}" if variant else f"has the program {names[0]}")]
        tier: Tier = "framework" if variant else "language"
        return Match(self.name, tier, 0.95 if variant else 0.8, tuple(evidence), variant, ("node", "static"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A release build with Swift's own library in it, which runs on Swift's small image."""
        names, variant = _programs(source), _variant(source)
        name, sure = one_of(
            names or (source.name,), (options.get("program", ""), "App", "Run", "Server", source.name, *USUAL)
        )
        read = reading(source, "Sources/*.swift", "Sources/**/*.swift")
        words, takes_port = _words(variant, read.has(r"@Option"))
        made = f".build/release/{name}"
        line = (
            f"swift build -c release --static-swift-stdlib --product {name} && mkdir -p bin"
            f" && cp {made} bin/ && find -L .build/release -maxdepth 1 -name '*.resources' -exec cp -r {{}} bin/ ';'"
        )
        build = BuildStep(f"build {name}", ("sh", "-c", line), ("swift",), (), (f"bin/{name}",), (".build", "~/.cache"))
        program = Program(
            self.name,
            "swift",
            variant,
            "bin",
            (build,),
            beside=beside(source, read, ".swift", ("Sources", "Tests")),
            package_manager="swift",
        )
        plan = planned(
            source,
            program._replace(path=f"bin/{name}", words=words),
            read,
            {"swift": _version(source)},
            (*_warnings(names, name, sure),),
            takes_port,
        )
        return _on_swift(plan)


def _on_swift(plan: BuildPlan) -> BuildPlan:
    """Swift's image is made of Ubuntu: what is built there runs on the small one of the same kind."""
    import msgspec

    runtime = ("bin", *(path for path in plan.runtime if not path.startswith("bin/")))
    return msgspec.structs.replace(plan, base="swift", runs_on="swift-run", runtime=runtime)


def _programs(source: Source) -> tuple[str, ...]:
    text = source.text("Package.swift")
    found = dict.fromkeys((*_PRODUCT.findall(text), *_TARGET.findall(text)))
    tops = (file.split("/")[1] for file in source.files("Sources/*/main.swift"))
    return tuple(dict.fromkeys((*found, *(tops if text else ()))))


def _variant(source: Source) -> str:
    text = source.text("Package.swift")
    return next((name for name, pattern in _PACKAGES if pattern.search(text)), "")


def _words(variant: str, options: bool) -> tuple[Command, bool]:
    if variant == "vapor":
        return ("serve", "--env", "production", "--hostname", "0.0.0.0", "--port", "${PORT}"), True
    if variant == "hummingbird" and options:
        return ("--hostname", "0.0.0.0", "--port", "${PORT}"), True
    return (), False


def _version(source: Source) -> Version | None:
    tools = _TOOLS.search(source.text("Package.swift"))
    return first_version(
        (
            line_version(source, ".swift-version"),
            tool_version(source, "swift"),
            Version(".".join(tools[1].split(".")[:2]), "Package.swift") if tools else None,
        )
    )


def _warnings(names: tuple[str, ...], name: str, sure: bool) -> Iterator[str]:
    if not sure and len(names) > 1:
        yield (
            f"There are several programs ({', '.join(names)}): {name} is run. Another one is chosen with "
            "`options: {program: NAME}` in webduh.yaml."
        )
