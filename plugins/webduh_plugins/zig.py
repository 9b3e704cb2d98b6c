"""Apps in Zig."""

import re

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Evidence,
    Match,
    Source,
    Tier,
    Version,
    first_version,
    line_version,
    tool_version,
)
from webduh_plugins.compiled import USUAL, Program, one_of, planned
from webduh_plugins.program_text import beside, reading

_EXECUTABLE = re.compile(r"addExecutable\(\s*(?:[^;\"]*?\.name\s*=\s*)?\"([^\"]+)\"", re.DOTALL)
_MINIMUM = re.compile(r"\.minimum_zig_version\s*=\s*\"(\d[^\"]*)\"")
_FRAMEWORKS = {"httpz": "httpz", "zap": "zap", "jetzig": "jetzig", "tokamak": "tokamak"}
_NAMED = re.compile(r"\.(?:@\")?(\w+)\"?\s*=\s*\.\{\s*\.(?:url|path)")
_USUAL = "0.15.2"


class Plugin:
    """Zig, recognized by a build.zig that makes a program."""

    name = "zig"
    api = 1
    variants = tuple(_FRAMEWORKS)

    def detect(self, source: Source) -> Match | None:
        """A library alone is no app."""
        if not source.exists("build.zig") or not _programs(source):
            return None
        variant = _variant(source)
        tier: Tier = "framework" if variant else "language"
        says = (
            Evidence("build.zig.zon", f"depends on {variant}") if variant else Evidence("build.zig", "makes a program")
        )
        return Match(self.name, tier, 0.9 if variant else 0.8, (says,), variant, ("node", "static", "cpp"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """Zig has no image of its own; its releases come from PyPI."""
        names = _programs(source) or (source.name,)
        name, _ = one_of(names, (source.name, *USUAL))
        version = _version(source)
        read = reading(source, "src/*.zig", "src/**/*.zig")
        wanted = version.text if version else _USUAL
        release = wanted if re.fullmatch(r"\d+\.\d+\.\d+", wanted) else _USUAL
        run = ("python3", "-m", "ziglang", "build", "-Doptimize=ReleaseSafe", "--prefix", ".")
        program = Program(
            self.name,
            "zig",
            _variant(source),
            f"bin/{name}",
            (BuildStep(f"build {name}", run, ("python3",), (), (f"bin/{name}",), ("~/.cache/zig", ".zig-cache")),),
            (BuildStep("install Zig", ("pip", "install", f"ziglang=={release}"), ("pip",), caches=("~/.cache/pip",)),),
            beside=beside(source, read, ".zig", ("zig-out",)),
            base="python",
            package_manager="zig",
        )
        return planned(source, program, read, {"zig": version})


def _programs(source: Source) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_EXECUTABLE.findall(source.text("build.zig"))))


def _variant(source: Source) -> str:
    named = set(_NAMED.findall(source.text("build.zig.zon")))
    return next((name for name in _FRAMEWORKS if name in named), "")


def _version(source: Source) -> Version | None:
    minimum = _MINIMUM.search(source.text("build.zig.zon"))
    return first_version(
        (
            line_version(source, ".zig-version"),
            line_version(source, ".zigversion"),
            tool_version(source, "zig"),
            Version(minimum[1], "build.zig.zon") if minimum else None,
        )
    )
