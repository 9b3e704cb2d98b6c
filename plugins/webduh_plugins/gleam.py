"""Gleam apps: shipped as Erlang, or run as JavaScript."""

import re

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Evidence,
    Match,
    Process,
    Source,
    argv,
    first_version,
    named_in_example,
    procfile,
    table,
    tool_version,
)

_SHIPMENT = "build/erlang-shipment"
_PORT = re.compile(r"\bmist\.port\(\s*(\d+)\s*\)")
_WEB = ("wisp", "mist", "lustre")


class Plugin:
    """Gleam, recognized by gleam.toml."""

    name = "gleam"
    api = 1

    def detect(self, source: Source) -> Match | None:
        """The project's file is enough."""
        if not source.exists("gleam.toml"):
            return None
        needed = table(source.toml("gleam.toml"), "dependencies")
        named = next((name for name in _WEB if name in needed), "")
        more = (Evidence("gleam.toml", f"depends on {named}"),) if named else ()
        return Match(self.name, "language", 0.9, (Evidence("gleam.toml", "is the project of Gleam"), *more), named)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A shipment has the compiled code alone, and runs where Erlang is."""
        project = source.toml("gleam.toml")
        version = first_version((tool_version(source, "gleam"),))
        lines = {name: argv(line) for name, line in procfile(source).items()}
        javascript = project.get("target") == "javascript"
        start = ("gleam", "run") if javascript else (f"{_SHIPMENT}/entrypoint.sh", "run")
        words = ("gleam", "build") if javascript else ("gleam", "export", "erlang-shipment")
        listed = ("gleam.toml", *(("manifest.toml",) if source.exists("manifest.toml") else ()))
        fetch = BuildStep("fetch the dependencies", ("gleam", "deps", "download"), ("gleam",), listed, ("build",))
        build = BuildStep("build", words, ("gleam",), outputs=("build",))
        code = "".join(source.text(file) for file in (*source.files("src/*.gleam"), *source.files("src/*/*.gleam")))
        port = _PORT.search(code)
        warnings = (
            () if source.exists("manifest.toml") else ("There is no manifest.toml: each build may get other versions.",)
        )
        return BuildPlan(
            self.name,
            "gleam",
            variant=match.variant,
            install=(fetch,),
            build=(build,),
            processes=tuple(Process(name, line) for name, line in ({"web": start} | lines).items()),
            port=int(port[1]) if port else None,
            versions={"gleam": version.text} if version else {},
            version_source={"gleam": version.file} if version else {},
            package_manager="gleam",
            env=named_in_example(source),
            warnings=warnings,
            runtime=() if javascript else (_SHIPMENT,),
        )
