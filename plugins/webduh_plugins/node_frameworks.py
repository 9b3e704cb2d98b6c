"""The frameworks of JavaScript: what each is told by, what its build makes, and how it is started."""

import re
from collections.abc import Callable
from typing import NamedTuple

from webduh_console.frameworks import Command, Source, Static, table
from webduh_plugins.node_package import Package


class Output(NamedTuple):
    """What a build makes: files to serve, or a server to start (or neither: the start script knows).

    `steps` are commands to run after the build; `outputs` the folders that it makes.
    """

    static: Static | None = None
    command: Command | None = None
    outputs: tuple[str, ...] = ()
    variables: dict[str, str] = {}  # noqa: RUF012  # a tuple's default: never changed
    steps: tuple[Command, ...] = ()
    warning: str = ""


class Kind(NamedTuple):
    """A framework: the dependencies that tell it, its program, its build words, and what comes out.

    `serves` are the words of start scripts that belong to the framework's own development or preview server.
    """

    name: str
    told_by: tuple[str, ...]
    output: Callable[[Source, Package], Output]
    build: Command = ()
    config: str = ""
    serves: tuple[str, ...] = ()


def site(folder: str, *, spa: bool = False) -> Callable[[Source, Package], Output]:
    """The output of a framework that always writes its files into one folder."""
    return lambda source, package: Output(Static(folder, spa=spa), outputs=(folder,))


def server(*command: str) -> Callable[[Source, Package], Output]:
    """The output of a framework whose server is always started the same way; without a command, the app says how."""
    return lambda source, package: Output(command=command or None)


def kind(found: Package) -> tuple[Kind, str] | None:
    """The framework that a package is made with, and the dependency that told it."""
    for one in KINDS:
        if name := next(filter(found.has, one.told_by), None):
            return one, name
    return None


def config(source: Source, name: str) -> str:
    """The text of a framework's configuration file, whatever its ending, without its comments."""
    text = "".join(source.text(file) for file in source.files(f"{name}.*"))
    return re.sub(r"/\*.*?\*/|(?<![:\"'\w])//[^\n]*", "", text, flags=re.DOTALL)


def _says(text: str, key: str, value: str) -> bool:
    return re.search(rf"\b{key}\s*:\s*[\"'`]?{value}\b", text) is not None


def _text(text: str, key: str) -> str:
    found = re.search(rf"\b{key}\s*:\s*[\"'`]\.?/?([^\"'`]+?)/?[\"'`]", text)
    return found[1] if found else ""


def _next(source: Source, found: Package) -> Output:
    settings = config(source, "next.config")
    built = _text(settings, "distDir") or ".next"
    if _says(settings, "output", "export"):
        folder = _text(settings, "distDir") or "out"
        return Output(Static(folder), outputs=(folder,))
    if _says(settings, "output", "standalone"):
        whole = f"{built}/standalone"
        copies = [("cp", "-R", f"{built}/static", f"{whole}/{built}/static")]
        copies += [("cp", "-R", "public", f"{whole}/public")] if source.folder("public") else []
        command = ("node", f"{whole}/server.js")
        return Output(None, command, (built,), {"HOSTNAME": "0.0.0.0"}, tuple(copies))
    return Output(command=found.program("next", "start", "-p", "${PORT}"), outputs=(built,))


def _nuxt(source: Source, found: Package) -> Output:
    if "generate" in found.scripts.get("build", "") or _says(config(source, "nuxt.config"), "preset", "static"):
        return Output(Static(".output/public"), outputs=(".output",))
    return _nitro(source, found)


def _nitro(source: Source, found: Package) -> Output:
    return Output(command=("node", ".output/server/index.mjs"), outputs=(".output",), variables={"HOST": "0.0.0.0"})


def _sveltekit(source: Source, found: Package) -> Output:
    if found.has("@sveltejs/adapter-node"):
        return Output(command=("node", "build"), outputs=("build",))
    if found.has("@sveltejs/adapter-static"):
        settings = config(source, "svelte.config")
        fallback = _text(settings, "fallback")
        folder = _text(settings, "pages") or "build"
        lost = fallback if fallback and fallback != "index.html" else "404.html"
        return Output(Static(folder, spa=fallback == "index.html", not_found=lost), outputs=(folder,))
    warning = "SvelteKit has no adapter that makes a server: depend on @sveltejs/adapter-node. Its preview is started."
    return Output(command=found.program("vite", "preview", "--host", "0.0.0.0", "--port", "${PORT}"), warning=warning)


def _react_router(source: Source, found: Package) -> Output:
    if _says(config(source, "react-router.config"), "ssr", "false"):
        return Output(Static("build/client", spa=True), outputs=("build",))
    return Output(command=found.program("react-router-serve", "build/server/index.js"), outputs=("build",))


def _remix(source: Source, found: Package) -> Output:
    built = "build/server/index.js" if found.has("vite") else "build/index.js"
    return Output(command=found.program("remix-serve", built), outputs=("build",))


def _astro(source: Source, found: Package) -> Output:
    settings = config(source, "astro.config")
    folder = _text(settings, "outDir") or "dist"
    if "@astrojs/node" in settings and found.has("@astrojs/node"):
        command = ("node", f"{folder}/server/entry.mjs")
        return Output(None, command, (folder,), {"HOST": "0.0.0.0"})
    others = ("@astrojs/vercel", "@astrojs/netlify", "@astrojs/cloudflare")
    other = next((name for name in others if name in settings), None)
    warning = f"{other} builds for another place: use @astrojs/node, or no adapter for static files." if other else ""
    return Output(Static(folder), outputs=(folder,), warning=warning)


def _vite(source: Source, found: Package) -> Output:
    folder = _text(config(source, "vite.config"), "outDir") or "dist"
    option = re.search(r"--outDir[= ](\S+)", found.scripts.get("build", ""))
    folder = option[1] if option else folder
    return Output(Static(folder, spa=len(source.files("*.html")) <= 1), outputs=(folder,))


def _vitepress(source: Source, found: Package) -> Output:
    option = re.search(r"vitepress build\s+([^\s&|;-]\S*)", " ".join(found.scripts.values()))
    root = f"{option[1].strip('./')}/" if option else ""
    return Output(Static(f"{root}.vitepress/dist"), outputs=(f"{root}.vitepress/dist",))


def _eleventy(source: Source, found: Package) -> Output:
    option = re.search(r"--output[= ](\S+)", found.scripts.get("build", ""))
    settings = config(source, ".eleventy") + config(source, "eleventy.config")
    folder = option[1].strip("./") if option else _text(settings, "output") or "_site"
    return Output(Static(folder), outputs=(folder,))


def _nest(source: Source, found: Package) -> Output:
    if "start:prod" in found.scripts:
        return Output(command=found.started_by("start:prod"), outputs=("dist",))
    return Output(command=("node", "dist/main.js"), outputs=("dist",))


def _angular(source: Source, found: Package) -> Output:
    projects = table(source.json("angular.json"), "projects")
    name, chosen = next(iter(projects.items()), ("app", {}))
    build = table(chosen, "architect", "build") or table(chosen, "targets", "build")
    path = table(build, "options").get("outputPath")
    base = table(path).get("base") if isinstance(path, dict) else path
    folder = base.strip("/") if isinstance(base, str) else f"dist/{name}"
    builder = build.get("builder")
    applied = isinstance(builder, str) and builder.endswith(":application")
    if applied and found.has("@angular/ssr", "@angular/platform-server") and "ssr" in table(build, "options"):
        return Output(command=("node", f"{folder}/server/server.mjs"), outputs=(folder,))
    return Output(Static(f"{folder}/browser" if applied else folder, spa=True), outputs=(folder,))


KINDS = (
    Kind("next", ("next",), _next, ("next", "build"), "next.config", ("next",)),
    Kind("nuxt", ("nuxt", "nuxt3"), _nuxt, ("nuxt", "build"), "nuxt.config", ("nuxt",)),
    Kind("sveltekit", ("@sveltejs/kit",), _sveltekit, ("vite", "build"), "svelte.config", ("vite", "svelte-kit")),
    Kind(
        *("react-router", ("@react-router/dev",), _react_router, ("react-router", "build"), "react-router.config"),
        serves=("react-router-serve", "react-router"),
    ),
    Kind("remix", ("@remix-run/dev",), _remix, ("remix", "vite:build"), "remix.config", ("remix", "remix-serve")),
    Kind(
        "tanstack-start", ("@tanstack/react-start", "@tanstack/solid-start"), _nitro, ("vite", "build"), "vite.config"
    ),
    Kind("solidstart", ("@solidjs/start",), _nitro, ("vinxi", "build"), "app.config", ("vinxi",)),
    Kind("astro", ("astro",), _astro, ("astro", "build"), "astro.config", ("astro",)),
    Kind("gatsby", ("gatsby",), site("public"), ("gatsby", "build"), "gatsby-config", ("gatsby",)),
    Kind(
        "docusaurus",
        ("@docusaurus/core",),
        site("build"),
        ("docusaurus", "build"),
        "docusaurus.config",
        ("docusaurus",),
    ),
    Kind("vitepress", ("vitepress",), _vitepress, ("vitepress", "build"), serves=("vitepress",)),
    Kind("eleventy", ("@11ty/eleventy",), _eleventy, ("eleventy",), ".eleventy", ("eleventy",)),
    Kind("hexo", ("hexo",), site("public"), ("hexo", "generate"), "_config", ("hexo",)),
    Kind("nest", ("@nestjs/core",), _nest, ("nest", "build"), "nest-cli", ("nest",)),
    Kind("angular", ("@angular/core",), _angular, ("ng", "build"), "angular", ("ng",)),
    Kind("cra", ("react-scripts",), site("build", spa=True), ("react-scripts", "build"), serves=("react-scripts",)),
    Kind(
        "vue-cli",
        ("@vue/cli-service",),
        site("dist", spa=True),
        ("vue-cli-service", "build"),
        "vue.config",
        ("vue-cli-service",),
    ),
    Kind("fastify", ("fastify",), server()),
    Kind("hono", ("hono",), server()),
    Kind("koa", ("koa",), server()),
    Kind("express", ("express",), server()),
    Kind("hapi", ("@hapi/hapi",), server()),
    Kind("elysia", ("elysia",), server()),
    Kind("vite", ("vite",), _vite, ("vite", "build"), "vite.config", ("vite",)),
    Kind("parcel", ("parcel", "parcel-bundler"), site("dist", spa=True), serves=("parcel",)),
)
"""The frameworks, those that are built on others first."""
