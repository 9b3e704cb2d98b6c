"""Rust in the browser: sites that Trunk and Dioxus make, and apps that cargo-leptos builds with their server."""

import shlex

from webduh_console.frameworks import BuildPlan, BuildStep, Command, Source, Static, table
from webduh_plugins.rust_package import Package

_TOOLS = ".cargo-tools"
_TARGET = "rustup target add wasm32-unknown-unknown"
_CACHES = ("/usr/local/cargo/registry", "/usr/local/cargo/git")


def site(source: Source, package: Package) -> BuildPlan | None:
    """The plan of a package that is a site alone; None for a server."""
    if _by_trunk(source, package):
        dist = table(source.toml("Trunk.toml"), "build").get("dist")
        folder = dist if isinstance(dist, str) else "dist"
        line = f"{_TARGET} && {_TOOLS}/bin/trunk build --release"
        return _static(package, _tool("trunk"), line, folder)
    if package.framework == "dioxus" and not _has(package, "fullstack", "server", "desktop"):
        made = f"target/dx/{package.name}/release/web/public"
        line = f"{_TARGET} && {_TOOLS}/bin/dx build --release --platform web && cp -r {shlex.quote(made)} dist"
        return _static(package, _tool("dioxus-cli"), line, "dist")
    return None


def whole(program: str, package: Package) -> tuple[BuildStep, ...]:
    """The step that makes a Leptos app with its server; none for another one."""
    if package.framework != "leptos":
        return ()
    made = shlex.quote(f"target/release/{program}")
    line = (
        f"{_TARGET} && {_TOOLS}/bin/cargo-leptos leptos build --release"
        f" && install -D {made} {shlex.quote(f'bin/{program}')} && cp -r {shlex.quote(_site_root(package))} site"
    )
    return (BuildStep(f"build {program}", ("sh", "-c", line), ("cargo",), (), ("bin", "site"), (*_CACHES, "target")),)


def tool(package: Package) -> tuple[BuildStep, ...]:
    """The step that installs what builds a Leptos app."""
    return (_tool("cargo-leptos"),) if package.framework == "leptos" else ()


def served(package: Package) -> Command:
    """What comes before the program of a Leptos app: where it listens, and where its site is."""
    name = table(package.text, "package", "metadata", "leptos").get("output-name")
    output = name if isinstance(name, str) else package.name
    return ("env", "LEPTOS_SITE_ADDR=0.0.0.0:${PORT}", "LEPTOS_SITE_ROOT=site", f"LEPTOS_OUTPUT_NAME={output}")


def _by_trunk(source: Source, package: Package) -> bool:
    page = source.text("index.html")
    browser = package.framework in ("yew", "leptos", "dioxus") or source.exists("Trunk.toml")
    return browser and (
        source.exists("Trunk.toml") or "data-trunk" in page or (package.framework == "yew" and bool(page))
    )


def _static(package: Package, tool: BuildStep, line: str, folder: str) -> BuildPlan:
    build = BuildStep("build the site", ("sh", "-c", line), ("cargo",), (), (folder,), (*_CACHES, "target"))
    return BuildPlan(
        "rust",
        "rust",
        variant=package.framework or "trunk",
        install=(tool,),
        build=(build,),
        static=Static(folder, spa=True),
        package_manager="cargo",
    )


def _tool(name: str) -> BuildStep:
    """A program of Cargo's, built once and kept until Cargo.toml changes."""
    run = ("cargo", "install", "--locked", "--root", _TOOLS, name)
    return BuildStep(f"install {name}", run, ("cargo",), ("Cargo.toml",), (_TOOLS,), _CACHES)


def _site_root(package: Package) -> str:
    said = table(package.text, "package", "metadata", "leptos").get("site-root")
    return said if isinstance(said, str) else "target/site"


def _has(package: Package, *features: str) -> bool:
    said = package.dependencies.get("dioxus")
    asked = said.get("features") if isinstance(said, dict) else None
    return isinstance(asked, list) and any(feature in asked for feature in features)
