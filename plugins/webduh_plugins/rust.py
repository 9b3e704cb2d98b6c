"""Apps in Rust: packages and workspaces of Cargo."""

import shlex
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Option,
    Source,
    Tier,
    procfile,
    strings,
    table,
)
from webduh_plugins.compiled import USUAL, Program, below, one_of, planned
from webduh_plugins.front_end import FOLDERS, Below, front_end, serves_itself
from webduh_plugins.program_text import beside, reading
from webduh_plugins.rust_package import (
    FRAMEWORKS,
    SYSTEM,
    Package,
    cargo_package,
    features,
    locked,
    needed_features,
    rust_version,
)
from webduh_plugins.rust_web import served, site, tool, whole

_CACHES = ("/usr/local/cargo/registry", "/usr/local/cargo/git")
_NIGHTLY = "rustlang/rust:nightly-slim"


class App(NamedTuple):
    """A package and the program that is run of it. `at` is its folder where the steps run, `root` what they run in."""

    source: Source
    at: str
    package: Package
    program: str
    sure: bool
    root: Source
    from_root: bool = False


class Plugin:
    """Rust, recognized by a Cargo.toml of a package with a program; the framework by the crates it depends on."""

    name = "rust"
    api = 1
    variants = tuple(dict.fromkeys(FRAMEWORKS.values()))

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("program", "The program that is run, as Cargo calls it: `server` for src/bin/server.rs."),)

    def detect(self, source: Source) -> Match | None:
        """A library alone is no app: it may be part of one in Python or JavaScript."""
        app = _app(source, "")
        if app is None:
            return None
        variant = app.package.framework
        tier: Tier = "framework" if variant else "language"
        evidence = tuple(_evidence(app))
        supersedes = ("node", "python", "static", "cpp")
        return Match(self.name, tier, 0.94 if variant else 0.85, evidence, variant, supersedes, _needs(app))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A release build; what Cargo makes on the way stays in caches, and the program alone gets out."""
        app = _app(source, options.get("program", "")) or App(
            source, "", cargo_package(source), cargo_package(source).name or source.name, True, source
        )
        version = rust_version(app.source, app.root)
        nightly = version is not None and version.text.startswith("nightly")
        if made := site(app.source, app.package):
            return msgspec.structs.replace(
                made,
                versions={"rust": version.text} if version else {},
                version_source={"rust": version.file} if version else {},
                base=_NIGHTLY if nightly else "",
            )
        read = reading(app.source, "src/*.rs", "src/**/*.rs")
        words, before, takes_port = _start(app)
        crates = locked(app.root) | app.package.dependencies.keys()
        needed = [SYSTEM[name] for name in SYSTEM if name in crates and not _vendored(name, crates)] + _sqlite(app)
        front = front_end(app.source) if not app.at else None
        front = None if front is None or serves_itself(app.source, front.folder) else front
        program = Program(
            self.name,
            "rust",
            app.package.framework,
            f"bin/{app.program}",
            whole(app.program, app.package) or (_build(app),),
            tool(app.package),
            words,
            before=before,
            beside=(*beside(app.source, read, ".rs", FOLDERS), *((front.made,) if front and front.made else ())),
            apt=tuple(dict.fromkeys(name for _, names in needed for name in names)),
            build_apt=tuple(dict.fromkeys(name for names, _ in needed for name in names)),
            more=("site",) if app.package.framework == "leptos" else (),
            base=_NIGHTLY if nightly else "",
            package_manager="cargo",
            variables=_VARIABLES.get(app.package.framework, {}),
            at=app.at,
            from_root=app.from_root,
        )
        plan = planned(app.source, program, read, {"rust": version}, _warnings(app), takes_port)
        return front.added(plan) if front else plan


_VARIABLES = {"rocket": {"ROCKET_ADDRESS": "0.0.0.0"}, "loco": {"LOCO_ENV": "production"}}


def _app(source: Source, wish: str) -> App | None:
    """The package, the member of a workspace, or the one member that a workspace is about; None without a program."""
    if not source.exists("Cargo.toml"):
        return None
    workspace = source.workspace if source.workspace is not None and source.workspace.kind == "cargo" else None
    if workspace is not None and workspace.path:
        found = _chosen(source, workspace.path, workspace.root, wish)
        return found._replace(from_root=True) if found else None
    own = _chosen(source, "", source, wish)
    if own is not None or workspace is None:
        return own
    members = [_chosen(Below(source, member), member, source, wish) for member in workspace.members]
    apps = {app.program: app for app in members if app is not None}
    serving = [name for name, app in apps.items() if app.package.framework]
    said = strings(table(source.toml("Cargo.toml"), "workspace").get("default-members"))
    usual = [name for name, app in apps.items() if app.at in {path.strip("./") for path in said}]
    serving = usual if len(usual) == 1 else serving
    name, sure = one_of(serving if len(serving) == 1 else list(apps), (wish, source.name, *USUAL))
    return apps[name]._replace(sure=sure) if name else None


def _chosen(source: Source, at: str, root: Source, wish: str) -> App | None:
    package = cargo_package(source)
    if not package.programs:
        return None
    web = [word.rpartition("/")[2] for word in procfile(source).get("web", "").split()[:1]]
    name, sure = one_of(package.programs, (wish, *web, package.usual, package.name, source.name, *USUAL))
    return App(source, at, package, name, sure, root)


def _evidence(app: App) -> Iterator[Evidence]:
    file = "Cargo.toml" if app.from_root or not app.at else f"{app.at}/Cargo.toml"
    crate = next((name for name in FRAMEWORKS if name in app.package.dependencies), "")
    yield Evidence(file, f"depends on {crate}" if crate else f"is the package {app.package.name}")
    yield Evidence(file, f"has the program {app.program}")


def _needs(app: App) -> tuple[str, ...]:
    scripts = app.source.json("package.json").get("scripts") if app.source.exists("package.json") else None
    return ("node",) if isinstance(scripts, dict) and "build" in scripts and not app.at else ()


def _build(app: App) -> BuildStep:
    """One step that builds, and takes the program out of the cache where Cargo leaves it."""
    words = ["cargo", "build", "--release"]
    words += ["--locked"] if app.root.exists("Cargo.lock") else []
    words += ["--package", app.package.name] if app.at else []
    words += ["--bin", app.program]
    asked = needed_features(app.package, app.program)
    words += ["--features", ",".join(asked)] if asked else []
    made, program = f"target/release/{app.program}", below(app.at, f"bin/{app.program}")
    line = f"{shlex.join(words)} && install -D {shlex.quote(made)} {shlex.quote(program)}"
    profile = app.root.toml("Cargo.toml").get("profile")
    release = profile.get("release") if isinstance(profile, dict) else None
    env = {} if isinstance(release, dict) and "strip" in release else {"CARGO_PROFILE_RELEASE_STRIP": "symbols"}
    return BuildStep(f"build {app.program}", ("sh", "-c", line), ("cargo",), (), (program,), (*_CACHES, "target"), env)


def _start(app: App) -> tuple[Command, Command, bool]:
    """The words behind and before the program's name, and whether they say the port."""
    framework = app.package.framework
    if framework == "rocket":
        return (), ("env", "ROCKET_PORT=${PORT}"), True
    if framework == "loco":
        return ("start", "--binding", "0.0.0.0", "--port", "${PORT}"), (), True
    if framework == "leptos":
        return (), served(app.package), True
    return (), (), False


def _vendored(name: str, crates: frozenset[str] | set[str]) -> bool:
    return name == "openssl-sys" and "openssl-src" in crates


def _sqlite(app: App) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """SQLite of the system, unless the one that comes with the crate is asked for."""
    for name in ("rusqlite", "libsqlite3-sys", "diesel"):
        said = app.package.dependencies.get(name)
        asked = features(said)
        if said is not None and (name != "diesel" or "sqlite" in asked):
            bundled = any("bundled" in one for one in asked) or "bundled" in features(
                app.package.dependencies.get("libsqlite3-sys")
            )
            return [] if bundled else [(("libsqlite3-dev", "pkg-config"), ("libsqlite3-0",))]
    return []


def _warnings(app: App) -> Iterator[str]:
    if not app.sure and len(app.package.programs) > 1:
        yield (
            f"There are several programs ({', '.join(app.package.programs)}): {app.program} is run. Another one is "
            "chosen with `options: {program: NAME}` in webduh.yaml, or with `default-run` in Cargo.toml."
        )
    if not app.root.exists("Cargo.lock"):
        yield "There is no Cargo.lock: a later build may have other versions."
    if "shuttle-runtime" in app.package.dependencies:
        yield "It is made for Shuttle: with a main function that listens, and no shuttle-runtime, it runs elsewhere."
