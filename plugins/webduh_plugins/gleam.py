"""Gleam apps: shipped as Erlang, or run as JavaScript."""

import re

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Evidence,
    Match,
    Process,
    Source,
    Static,
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
_SERVERS = frozenset({"wisp", "mist", "ewe", "elli", "gleam_elli", "glen"})
_PAGES = ("gleam", "run", "-m", "lustre/dev", "build", "--minify")


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
        """A shipment has the compiled code alone, and runs where Erlang is; Lustre's tools make files to serve."""
        project = source.toml("gleam.toml")
        pages = _made_of_pages(project)
        version = first_version((tool_version(source, "gleam"),))
        lines = {name: argv(line) for name, line in procfile(source).items()}
        javascript = project.get("target") == "javascript"
        start = ("gleam", "run") if javascript else (f"{_SHIPMENT}/entrypoint.sh", "run")
        build = ("gleam", "build") if javascript else ("gleam", "export", "erlang-shipment")
        listed = ("gleam.toml", *(("manifest.toml",) if source.exists("manifest.toml") else ()))
        fetch = BuildStep("fetch the dependencies", ("gleam", "deps", "download"), ("gleam",), listed, ("build",))
        lines = lines if pages else {"web": start} | lines
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
            build=(
                BuildStep("build", _PAGES if pages else build, ("gleam",), outputs=(pages.dir if pages else "build",)),
            ),
            processes=tuple(Process(name, line) for name, line in lines.items()),
            static=None if "web" in lines else pages,
            port=int(port[1]) if port else None,
            versions={"gleam": version.text} if version else {},
            version_source={"gleam": version.file} if version else {},
            package_manager="gleam",
            env=named_in_example(source),
            warnings=warnings,
            runtime=() if javascript or pages else (_SHIPMENT,),
        )


def _made_of_pages(project: dict[str, object]) -> Static | None:
    """What Lustre's tools make of an app that only a browser runs; None if it has a server, or others build it.

    Before their second version they made no page around the program.
    """
    tools = next(
        (
            said
            for name in ("dev-dependencies", "dev_dependencies", "dependencies")
            if (said := table(project, name).get("lustre_dev_tools"))
        ),
        None,
    )
    major = re.search(r"\d+", str(tools or ""))
    if not major or int(major[0]) < 2 or not _SERVERS.isdisjoint(table(project, "dependencies")):
        return None
    told = table(project, "tools", "lustre", "build").get("outdir")
    folder = told if isinstance(told, str) else "dist"
    if ".." in folder:
        return None  # the pages of a server beside it
    return Static(folder.removeprefix("./").strip("/"), spa=True)
