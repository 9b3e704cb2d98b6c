"""Apps in C#, F# and Visual Basic on .NET."""

from collections.abc import Iterator

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Option,
    Process,
    Source,
    Static,
    Tier,
    argv,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins.compiled import USUAL, one_of
from webduh_plugins.dotnet_project import Project, dotnet_version, projects
from webduh_plugins.program_text import reading

_OUT = "out"
_ORDER = ("web", "worker", "program", "wasm")
_LANGUAGES = {"csproj": "csharp", "fsproj": "fsharp", "vbproj": "visualbasic"}
_USUAL = ("web", "api", "server", "webapi", "host", *USUAL)


class Plugin:
    """.NET, recognized by a project file of a program, at the top or in folders below."""

    name = "dotnet"
    api = 1
    variants = ("aspnet", "blazor", "worker", "console")

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("project", "The project that is run, by the name of its file without the ending."),)

    def detect(self, source: Source) -> Match | None:
        """Of several projects, the one that serves; one that a server refers to belongs to that."""
        found, _ = _chosen(source, "")
        if found is None:
            return None
        tier: Tier = "framework" if found.kind in ("web", "wasm") else "language"
        evidence = [Evidence(found.file, f"is {_SAYS[found.kind]}")]
        solution = next(iter((*source.files("*.sln"), *source.files("*.slnx"))), "")
        evidence += [Evidence(solution, "is the solution")] if solution else []
        return Match(self.name, tier, 0.95, tuple(evidence), _variant(found), ("node", "static", "python", "cpp"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """Published without a host of its own, run by the runtime; Blazor in the browser is files."""
        found, sure = _chosen(source, options.get("project", ""))
        project = found or Project(f"{source.name}.csproj", "web", source.name, "", (), ())
        version = dotnet_version(source, project)
        place = project.folder + "/" if project.folder else ""
        read = reading(source, *(f"{place}{one}" for one in ("*.cs", "*.fs", "**/*.cs", "**/*.fs")))
        static = Static(f"{_OUT}/wwwroot", spa=True) if project.kind == "wasm" else None
        lines = procfile(source)
        web = argv(lines["web"]) if "web" in lines else _start(project)
        others = tuple(Process(name, argv(line)) for name, line in lines.items() if name != "web")
        return BuildPlan(
            self.name,
            _LANGUAGES[project.file.rpartition(".")[2]],
            variant=_variant(project),
            install=(
                BuildStep("restore the packages", ("dotnet", "restore", project.file), ("dotnet",), caches=_CACHES),
            ),
            build=(
                BuildStep(
                    "publish",
                    (
                        "dotnet",
                        "publish",
                        project.file,
                        "-c",
                        "Release",
                        "-o",
                        _OUT,
                        "-p:UseAppHost=false",
                        "--no-restore",
                    ),
                    ("dotnet",),
                    outputs=(_OUT,),
                    caches=_CACHES,
                ),
            ),
            processes=() if static else (Process("web", web), *others),
            static=static,
            versions={"dotnet": version.text} if version else {},
            version_source={"dotnet": version.file} if version else {},
            package_manager="dotnet",
            env=merged((*read.env, *named_in_example(source))),
            variables={} if static else {"DOTNET_ENVIRONMENT": "Production", "DOTNET_gcServer": "0"},
            warnings=tuple(_warnings(source, project, sure)),
            base="dotnet-sdk",
            runs_on="" if static else "dotnet",
            runtime=() if static else (_OUT,),
        )


_CACHES = ("~/.nuget/packages",)
_SAYS = {
    "web": "a web app",
    "wasm": "a Blazor app that runs in the browser",
    "worker": "a worker",
    "program": "a program",
    "library": "a library",
}


def _chosen(source: Source, wish: str) -> tuple[Project | None, bool]:
    found = [project for project in projects(source) if project.kind != "library"]
    referred = {path.rpartition("/")[2] for project in found if project.kind == "web" for path in project.references}
    found = [project for project in found if project.file.rpartition("/")[2] not in referred] or found
    for kind in _ORDER:
        names = {_name(project): project for project in found if project.kind == kind}
        if wish and wish.lower() not in names and any(_name(project) == wish.lower() for project in found):
            continue
        if names:
            ends = {name.rpartition(".")[2]: name for name in names}
            name, sure = one_of(
                list(names), (wish.lower(), source.name.lower(), *(ends.get(one, "") for one in _USUAL))
            )
            return names[name], sure
    return None, False


def _name(project: Project) -> str:
    return project.file.rpartition("/")[2].rpartition(".")[0].lower()


def _variant(project: Project) -> str:
    if project.kind == "web":
        return "blazor" if any("Components.WebAssembly.Server" in name for name in project.packages) else "aspnet"
    return {"wasm": "blazor", "worker": "worker"}.get(project.kind, "console")


def _start(project: Project) -> Command:
    """Kestrel is told by a variable where to listen, which settings in files do not overrule."""
    run = ("dotnet", f"{project.assembly}.dll")
    # Settings and pages are looked for in the folder where it is started.
    inside = ("sh", "-c", f'cd {_OUT} && exec "$@"', "sh")
    if project.kind == "web":
        return (*inside, "env", "ASPNETCORE_URLS=http://0.0.0.0:${PORT}", *run)
    return (*inside, *run)


def _warnings(source: Source, project: Project, sure: bool) -> Iterator[str]:
    if not sure:
        others = ", ".join(_name(one) for one in projects(source) if one.kind != "library")
        yield (
            f"There are several projects ({others}): {project.file} is run. Another one is chosen with "
            "`options: {project: NAME}` in webduh.yaml."
        )
    if project.kind in ("worker", "program"):
        yield "It answers no requests: in webduh.yaml, write it as a process that is not `web`."
    if any("EntityFrameworkCore.Sqlite" in name or name == "Microsoft.Data.Sqlite" for name in project.packages):
        yield "It keeps data in SQLite, which ends with a release: write `volumes: {data: /data}`, and keep it there."
