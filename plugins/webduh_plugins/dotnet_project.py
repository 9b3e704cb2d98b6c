"""What the project files of .NET say."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import Source, Version, first_version, table, tool_version

_TEST = re.compile(
    r"(^|[./])(?:tests?|unittests?|integrationtests?|specs?|benchmarks?)([./]|$)|tests?\.\w+proj$", re.IGNORECASE
)
_SDK = re.compile(r"<Project\s[^>]*Sdk=\"([^\"]+)\"|<Sdk\s+Name=\"([^\"]+)\"")
_TARGET = re.compile(r"<TargetFrameworks?>\s*([^<]+?)\s*</TargetFramework")
_ASSEMBLY = re.compile(r"<AssemblyName>\s*([^<$]+?)\s*</AssemblyName>")
_OUTPUT = re.compile(r"<OutputType>\s*(\w+)\s*</OutputType>")
_PACKAGE = re.compile(r"<PackageReference\s+Include=\"([^\"]+)\"")
_REFERENCE = re.compile(r"<ProjectReference\s+Include=\"([^\"]+)\"")
_NET = re.compile(r"net(?:coreapp)?(\d+\.\d+)")
_SLN = re.compile(
    r"^Project\(.*?\)\s*=\s*\"[^\"]*\",\s*\"([^\"]+proj)\"|<Project\s+Path=\"([^\"]+proj)\"", re.MULTILINE
)


class Project(NamedTuple):
    """A project file. `kind` is what it makes: web, wasm, worker, program or library."""

    file: str
    kind: str
    assembly: str
    framework: str
    packages: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Its folder; empty for the top."""
        return self.file.rpartition("/")[0]


def projects(source: Source) -> list[Project]:
    """All projects that are no tests, those that a solution names first."""
    solutions = (*source.files("*.sln"), *source.files("*.slnx"))
    named = [a or b for file in solutions for a, b in _SLN.findall(source.text(file))]
    patterns = tuple(f"{folder}*.{kind}" for folder in ("", "*/", "*/*/") for kind in ("csproj", "fsproj", "vbproj"))
    found = [path.replace("\\", "/") for path in named] + [file for one in patterns for file in source.files(one)]
    return [_project(source, file) for file in dict.fromkeys(found) if source.exists(file) and not _TEST.search(file)]


def dotnet_version(source: Source, project: Project) -> Version | None:
    """The version of .NET, as `9.0`: of global.json, of the tools' files, else the one that the project is for."""
    return first_version(_versions(source, project))


def _versions(source: Source, project: Project) -> Iterator[Version | None]:
    for file in dict.fromkeys(("global.json", f"{project.folder}/global.json".lstrip("/"))):
        said = table(source.json(file), "sdk").get("version") if source.exists(file) else None
        yield Version(said, file) if isinstance(said, str) else None
    yield tool_version(source, "dotnet", "dotnet-core")
    for file in (project.file, "Directory.Build.props"):
        targets = _TARGET.search(source.text(file))
        known = _NET.findall(targets[1]) if targets else []
        yield Version(max(known, key=lambda text: float(text)), file) if known else None


def _project(source: Source, file: str) -> Project:
    text = source.text(file)
    found = _SDK.search(text)
    sdk = next(filter(None, found.groups()), "") if found else ""
    sdk = sdk.partition("/")[0]
    assembly = _ASSEMBLY.search(text)
    output = _OUTPUT.search(text)
    kinds = {
        "Microsoft.NET.Sdk.Web": "web",
        "Microsoft.NET.Sdk.BlazorWebAssembly": "wasm",
        "Microsoft.NET.Sdk.Worker": "worker",
        "Aspire.AppHost.Sdk": "library",
    }
    program = output is not None and output[1].lower() in ("exe", "winexe")
    packages = tuple(_PACKAGE.findall(text))
    aspire = "Aspire.Hosting.AppHost" in packages
    targets = _TARGET.search(text)
    return Project(
        file,
        "library" if aspire else kinds.get(sdk, "program" if program else "library"),
        assembly[1] if assembly else file.rpartition("/")[2].rpartition(".")[0],
        targets[1] if targets else "",
        packages,
        tuple(path.replace("\\", "/") for path in _REFERENCE.findall(text)),
    )
