"""Apps in Dart, and sites in Flutter."""

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Option,
    Source,
    Static,
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

_FRAMEWORKS = ("dart_frog", "serverpod", "shelf", "alfred", "angel3_framework", "conduit", "jaspr")


class Plugin:
    """Dart, recognized by pubspec.yaml and a program in `bin`; Flutter by its SDK and a folder `web`."""

    name = "dart"
    api = 1
    variants = (*_FRAMEWORKS, "flutter")

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("program", "The program that is run, by the name of its file in `bin`, without the ending."),)

    def detect(self, source: Source) -> Match | None:
        """A package of libraries alone is no app."""
        if not source.exists("pubspec.yaml"):
            return None
        said = yaml_file(source, "pubspec.yaml")
        variant = _variant(said)
        if variant != "flutter" and not _programs(source) and variant != "dart_frog":
            return None
        tier: Tier = "framework" if variant else "language"
        evidence = (Evidence("pubspec.yaml", f"depends on {variant}" if variant else "is for a program in Dart"),)
        return Match(self.name, tier, 0.95 if variant else 0.85, evidence, variant, ("node", "static"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """One program, compiled ahead of time; Flutter as a site."""
        said = yaml_file(source, "pubspec.yaml")
        variant, version = _variant(said), _version(source, said)
        if variant == "flutter":
            return _flutter(source, said)
        programs = _programs(source) or ("server",)
        wanted = (options.get("program", ""), "server", str(said.get("name")), source.name, *USUAL)
        name, sure = one_of(programs, wanted)
        read = reading(source, "bin/*.dart", "lib/*.dart", "lib/**/*.dart", "routes/**/*.dart")
        entry = f"bin/{name}.dart"
        steps = []
        if variant == "dart_frog":
            entry, name = "build/bin/server.dart", "server"
            frog = "dart pub global activate dart_frog_cli && dart pub global run dart_frog_cli:dart_frog build"
            steps = [BuildStep("put the server together", ("sh", "-c", frog), ("dart",), caches=_CACHES)]
        compile_: Command = ("dart", "compile", "exe", entry, "-o", f"out/{name}")
        steps.append(
            BuildStep(
                f"compile {name}",
                ("sh", "-c", f"mkdir -p out && {' '.join(compile_)}"),
                ("dart",),
                (),
                ("out",),
                _CACHES,
            )
        )
        files = tuple(filter(source.exists, ("pubspec.yaml", "pubspec.lock")))
        fetched = ("dart", "pub", "get", *(("--enforce-lockfile",) if source.exists("pubspec.lock") else ()))
        program = Program(
            self.name,
            "dart",
            variant,
            f"out/{name}",
            tuple(steps),
            (BuildStep("get the packages", fetched, ("dart",), files, (), _CACHES),),
            beside=beside(source, read, ".dart", ("lib", "test")),
            base="dart",
            package_manager="pub",
        )
        warnings = (
            []
            if sure
            else [
                f"There are several programs ({', '.join(programs)}): {name} is run. Another one is chosen with "
                "`options: {program: NAME}` in webduh.yaml."
            ]
        )
        return planned(source, program, read, {"dart": version}, warnings)


_CACHES = ("~/.pub-cache",)


def _flutter(source: Source, said: dict[str, object]) -> BuildPlan:
    version = first_version(
        (
            _fvm(source),
            tool_version(source, "flutter"),
            Version(str(table(said, "environment").get("flutter") or ""), "pubspec.yaml"),
        )
    )
    warnings = [] if source.folder("web") else ["There is no folder web: `flutter create --platforms web .` makes it."]
    return BuildPlan(
        "dart",
        "dart",
        variant="flutter",
        install=(BuildStep("get the packages", ("flutter", "pub", "get"), ("flutter",), caches=_CACHES),),
        build=(
            BuildStep("build the site", ("flutter", "build", "web", "--release"), ("flutter",), outputs=("build/web",)),
        ),
        static=Static("build/web", spa=True),
        versions={"flutter": version.text} if version else {},
        version_source={"flutter": version.file} if version else {},
        package_manager="pub",
        warnings=tuple(warnings),
        base="flutter",
    )


def _fvm(source: Source) -> Version | None:
    found = source.json(".fvmrc").get("flutter") if source.exists(".fvmrc") else None
    return Version(found, ".fvmrc") if isinstance(found, str) else None


def _variant(said: dict[str, object]) -> str:
    needed = table(said, "dependencies")
    if "flutter" in needed:
        return "flutter"
    return next((name for name in _FRAMEWORKS if name in needed), "")


def _programs(source: Source) -> tuple[str, ...]:
    return tuple(file.removeprefix("bin/").removesuffix(".dart") for file in source.files("bin/*.dart"))


def _version(source: Source, said: dict[str, object]) -> Version | None:
    sdk = table(said, "environment").get("sdk")
    return first_version(
        (
            line_version(source, ".dart-version"),
            tool_version(source, "dart"),
            Version(sdk, "pubspec.yaml") if isinstance(sdk, str) else None,
        )
    )
