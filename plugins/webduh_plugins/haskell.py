"""Apps in Haskell that Stack or Cabal builds."""

import re

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Evidence,
    Match,
    Option,
    Source,
    Tier,
    Version,
    first_version,
    line_version,
    table,
    tool_version,
)
from webduh_plugins.compiled import USUAL, Program, one_of, planned
from webduh_plugins.crystal import yaml_file
from webduh_plugins.program_text import beside, reading

_FRAMEWORKS = ("yesod", "servant-server", "scotty", "spock", "ihp", "snap", "twain", "warp")
_EXECUTABLE = re.compile(r"^executable\s+([\w.-]+)", re.MULTILINE | re.IGNORECASE)
_RESOLVER = re.compile(r"^(?:resolver|snapshot):\s*\"?(?:lts-)?(\d+)(?:\.\d+)?", re.MULTILINE)
_COMPILER = re.compile(r"^(?:with-)?compiler:\s*ghc-(\d[\d.]*)", re.MULTILINE)
_TESTED = re.compile(r"^tested-with:.*?(?:==|>=)\s*(\d+\.\d+(?:\.\d+)?)", re.MULTILINE | re.IGNORECASE)
# Stackage's long-term snapshots, and the compiler each is made with.
_LTS = {24: "9.10", 23: "9.8", 22: "9.6", 21: "9.4", 20: "9.2", 19: "9.0", 18: "8.10"}
_LIBRARIES = {
    "postgresql-simple": (("libpq-dev",), ("libpq5",)),
    "persistent-postgresql": (("libpq-dev",), ("libpq5",)),
    "postgresql-libpq": (("libpq-dev",), ("libpq5",)),
    "hasql": (("libpq-dev",), ("libpq5",)),
    "zlib": (("zlib1g-dev",), ("zlib1g",)),
    "HsOpenSSL": (("libssl-dev",), ("libssl3t64",)),
}


class Plugin:
    """Haskell, recognized by stack.yaml, package.yaml or a .cabal file with a program."""

    name = "haskell"
    api = 1
    variants = _FRAMEWORKS

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("program", "The program that is run, as the package calls it."),)

    def detect(self, source: Source) -> Match | None:
        """A package with a program."""
        names, needs, file = _package(source)
        if not names:
            return None
        variant = next((one for one in _FRAMEWORKS if one in needs), "")
        tier: Tier = "framework" if variant else "language"
        evidence = [Evidence(file, f"depends on {variant}" if variant else f"has the program {names[0]}")]
        evidence += [Evidence("stack.yaml", "is for Stack")] if source.exists("stack.yaml") else []
        return Match(self.name, tier, 0.95 if variant else 0.85, tuple(evidence), variant, ("node", "static"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """One program; what the compiler makes on the way stays in caches."""
        names, needs, _ = _package(source)
        wanted = (options.get("program", ""), source.name, f"{source.name}-exe", *USUAL)
        name, sure = one_of(names or (source.name,), wanted)
        sure = sure or len(names) == 1
        variant = next((one for one in _FRAMEWORKS if one in needs), "")
        read = reading(source, "*.hs", "app/*.hs", "src/*.hs", "app/**/*.hs", "src/**/*.hs")
        found = [_LIBRARIES[one] for one in _LIBRARIES if one in needs]
        program = Program(
            self.name,
            "haskell",
            variant,
            f"bin/{name}",
            (_build(source, name),),
            beside=beside(source, read, ".hs", ("app", "test", "dist", "dist-newstyle")),
            apt=("libgmp10", *dict.fromkeys(one for _, names_ in found for one in names_)),
            build_apt=tuple(
                dict.fromkeys(("libgmp-dev", "zlib1g-dev", *(one for names_, _ in found for one in names_)))
            ),
            base="haskell",
            package_manager="stack" if source.exists("stack.yaml") else "cabal",
        )
        warnings = (
            []
            if sure
            else [
                f"There are several programs ({', '.join(names)}): {name} is run. Another one is chosen with "
                "`options: {program: NAME}` in webduh.yaml."
            ]
        )
        return planned(source, program, read, {"haskell": _version(source)}, warnings)


def _build(source: Source, name: str) -> BuildStep:
    if source.exists("stack.yaml"):
        run = ("stack", "build", "--system-ghc", "--copy-bins", "--local-bin-path", "bin")
        return BuildStep(f"build {name}", run, ("stack",), (), ("bin",), ("~/.stack", ".stack-work"))
    line = (
        f"cabal update && cabal install exe:{name} --installdir=bin --install-method=copy"
        " --overwrite-policy=always --enable-executable-stripping"
    )
    return BuildStep(
        f"build {name}", ("sh", "-c", line), ("cabal",), (), ("bin",), ("~/.cabal", "~/.local/state/cabal")
    )


def _package(source: Source) -> tuple[tuple[str, ...], frozenset[str], str]:
    """The programs of a package, what it depends on, and the file that says so."""
    if source.exists("package.yaml") and (source.exists("stack.yaml") or source.files("**/*.hs")):
        said = yaml_file(source, "package.yaml")
        names = tuple(table(said, "executables")) or ((str(said.get("name")),) if "executable" in said else ())
        return names, _words(source.text("package.yaml")), "package.yaml"
    file = next(iter((*source.files("*.cabal"), *source.files("*/*.cabal"))), "")
    text = source.text(file)
    return tuple(dict.fromkeys(_EXECUTABLE.findall(text))), _words(text), file


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"(?<![\w./-])[A-Za-z][\w-]*", text))


def _version(source: Source) -> Version | None:
    stack = _RESOLVER.search(source.text("stack.yaml"))
    compiler = _COMPILER.search(source.text("cabal.project"))
    cabal = next(iter(source.files("*.cabal")), "")
    tested = _TESTED.search(source.text(cabal))
    return first_version(
        (
            line_version(source, ".ghc-version"),
            tool_version(source, "ghc", "haskell"),
            Version(_LTS.get(int(stack[1]), ""), "stack.yaml") if stack else None,
            Version(compiler[1], "cabal.project") if compiler else None,
            Version(tested[1], cabal) if tested else None,
        )
    )
