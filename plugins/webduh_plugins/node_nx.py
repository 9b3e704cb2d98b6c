"""Apps of an Nx repository that have a project.json and no package.json: their dependencies are the root's."""

import re
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Process,
    Source,
    Static,
    merged,
    table,
    within,
)
from webduh_plugins.node_config import config, plain, resolved
from webduh_plugins.node_install import install_steps
from webduh_plugins.node_manager import versions
from webduh_plugins.node_package import Package, package
from webduh_plugins.node_source import reading

_VARIANTS = {
    "next": "next",
    "angular": "angular",
    "vite": "vite",
    "react": "vite",
    "web": "webpack",
    "rspack": "webpack",
    "webpack": "webpack",
    "esbuild": "",
    "node": "",
    "js": "",
    "remix": "remix",
    "nuxt": "nuxt",
}
_CONFIGS = {"next.config": "next", "nuxt.config": "nuxt", "vite.config": "vite", "webpack.config": "webpack"}
_SERVERS = ("nest", "fastify", "koa", "express")
_OF_SERVERS = {"nest": "@nestjs/core"}


class Project(NamedTuple):
    """An app of Nx: its name, what builds it, where to, and whether that is a server."""

    name: str
    variant: str
    output: str
    serves: bool


def project(source: Source) -> Project | None:
    """The app in a folder; None if there is none, or a library."""
    workspace = source.workspace
    if workspace is None or workspace.kind != "nx" or not workspace.path or not source.exists("project.json"):
        return None
    said = source.json("project.json")
    name = said.get("name")
    build = table(said, "targets", "build") or table(said, "architect", "build")
    executor = build.get("executor") or build.get("builder")
    told = re.match(r"@?(?:nx|nrwl|angular-devkit|angular)/([\w-]+):", executor) if isinstance(executor, str) else None
    named = next((variant for file, variant in _CONFIGS.items() if source.files(f"{file}.*")), None)
    tool = {"build-angular": "angular", "build": "angular"}.get(told[1], told[1]) if told else ""
    variant = _VARIANTS.get(tool, named)
    if variant is None or said.get("projectType") == "library" or workspace.path.endswith("-e2e"):
        return None
    top = package(workspace.root)
    serves = variant in ("", "webpack") and _serves(source, said)
    library = next((one for one in _SERVERS if top.has(_OF_SERVERS.get(one, one))), "") if serves else variant
    return Project(
        name if isinstance(name, str) else workspace.path.rpartition("/")[2], library, _output(source, build), serves
    )


def nx_match(source: Source) -> Match | None:
    """Whether a folder is an app of Nx."""
    found = project(source)
    if found is None:
        return None
    evidence = (Evidence("project.json", "is that of an app of Nx"),)
    return Match("node", "framework" if found.variant else "language", 0.9, evidence, found.variant)


def nx_plan(source: Source) -> BuildPlan:
    """Installed and built at the root, by Nx."""
    workspace, found = source.workspace, project(source)
    assert workspace is not None
    assert found is not None
    root = workspace.root
    top, said = package(root), reading(source)
    asked = versions(root, top.manager)
    static, start = _what_comes_out(workspace.path, found, top)
    build = top.program("nx", "run", f"{found.name}:build", "--configuration=production")
    return BuildPlan(
        "node",
        "javascript",
        variant=found.variant,
        install=install_steps(root, top),
        build=(BuildStep("build", build, top.manager.needs, outputs=(found.output,), env={"NX_DAEMON": "false"}),),
        processes=(Process("web", start),) if start else (),
        static=static,
        port=said.ports[0] if start and not said.reads_port and len(said.ports) == 1 else None,
        versions={name: version.text for name, version in asked.items()},
        version_source={name: version.file for name, version in asked.items()},
        package_manager=top.manager.name,
        env=merged(said.env),
        base="node" if top.manager.name == "bun" else "",
        variables={} if static else {"NODE_ENV": "production", "HOST": "0.0.0.0"},
        from_root=True,
    )


def _what_comes_out(folder: str, found: Project, top: Package) -> tuple[Static | None, Command | None]:
    if found.variant == "next":
        built = found.output if found.output.startswith("dist/") else folder
        if built == folder:
            return None, top.program("next", "start", folder, "-p", "${PORT}")
        return None, within(built, ("../../../node_modules/.bin/next", "start", "-p", "${PORT}"))
    if found.variant == "nuxt":
        return None, ("node", f"{folder}/.output/server/index.mjs")
    if found.variant == "remix":
        return None, within(folder, ("npx", "remix-serve", "build/server/index.js"))
    if found.serves:
        return None, ("node", f"{found.output}/main.js")
    inside = f"{found.output}/browser" if found.variant == "angular" else found.output
    return Static(inside, spa=True), None


def _output(source: Source, build: dict[str, object]) -> str:
    workspace = source.workspace
    assert workspace is not None
    told = table(build, "options").get("outputPath")
    if isinstance(told, dict):
        told = told.get("base")
    if isinstance(told, str):
        return plain(told.replace("{workspaceRoot}/", "").replace("{projectRoot}", workspace.path))
    if source.files("next.config.*"):
        return f"{workspace.path}/.next"
    built = resolved(config(source, "vite.config", "webpack.config", "rspack.config"), "(?:outDir|path)")
    parts = workspace.path.split("/")
    for part in (built or "dist").split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def _serves(source: Source, said: dict[str, object]) -> bool:
    targets = table(said, "targets")
    target = table(targets, "build", "options").get("target")
    executor = table(targets, "serve").get("executor")
    runs = isinstance(executor, str) and executor.endswith((":node", "js:node"))
    settings = config(source, "webpack.config")
    return target == "node" or runs or reading(source).listens or "target: 'node'" in settings
