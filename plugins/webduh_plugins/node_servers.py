"""Frameworks of JavaScript that make a server, or files when their settings say so."""

import re
from collections.abc import Callable

from webduh_console.frameworks import Source, Static, table
from webduh_plugins.node_config import Output, config, flag, plain, says, text_of
from webduh_plugins.node_fetch import served
from webduh_plugins.node_package import Package, called_in, runs_only

_HOST = {"HOST": "0.0.0.0"}
_NITRO = ("node", ".output/server/index.mjs")
_ADAPTERS_ELSEWHERE = ("vercel", "netlify", "cloudflare", "cloudflare-workers")
_PLUGINS_ELSEWHERE = ("@cloudflare/vite-plugin", "@netlify/vite-plugin-tanstack-start")
_ELSEWHERE = re.compile(
    r"(?:preset[\"']?\s*:\s*|target[\"']?\s*:\s*)[\"'`](vercel|netlify|cloudflare|deno|aws|azure)[\w-]*"
)


def server(*command: str, **more: str) -> Callable[[Source, Package], Output]:
    """The output of a framework whose server is always started the same way; without a command, the app says how."""
    return lambda source, package: Output(command=command or None, health=more.get("health", ""))


def nuxt(source: Source, found: Package) -> Output:
    """Nuxt 3 and later are made by Nitro; Nuxt 2 is started by itself."""
    settings = config(source, "nuxt.config")
    line = found.scripts.get("build") or found.scripts.get("generate", "")
    old = (found.major("nuxt") == 2 or found.has("nuxt-edge")) and not found.has("nuxt3", "@nuxt/bridge")
    generates = re.search(r"\b(?:nuxi?|nuxt|nuxt-ts) generate\b", line)
    if old and (generates or says(settings, "target", "static")):
        build = None if "generate" in line else _generate(found)
        return Output(Static("dist", not_found="200.html"), outputs=("dist", ".nuxt"), build=build)
    if old:
        program = "nuxt-ts" if found.has("@nuxt/typescript-runtime") else "nuxt"
        return Output(None, found.program(program, "start"), (".nuxt",), _HOST)
    if generates or says(settings, "preset", "static"):
        return Output(Static(".output/public", spa=says(settings, "ssr", "false")), outputs=(".output",))
    return nitro(source, found)


def nitro(source: Source, found: Package) -> Output:
    """The server that Nitro makes, which needs nothing beside it."""
    settings = config(source, "nuxt.config", "nitro.config", "app.config", "vite.config")
    if says(settings, "preset", "static"):
        return Output(Static(".output/public"), outputs=(".output",))
    other = _ELSEWHERE.search(settings)
    warning = f"The preset {other[1]} builds for another place: leave it out, or say `node-server`." if other else ""
    return Output(None, _NITRO, (".output",), _HOST, warning=warning)


def tanstack_start(source: Source, found: Package) -> Output:
    """With Nitro (or Vinxi) it makes a server; alone, only what a server calls: then that is a small one of ours."""
    settings, name = config(source, "vite.config", "app.config"), found.followed("start")
    script = found.line(name)
    if found.has("nitro", "nitropack", "vinxi", "@tanstack/nitro-v2-vite-plugin", "@tanstack/start"):
        return nitro(source, found)
    if re.search(r"\bspa\s*:\s*\{[^}]*enabled\s*:\s*true", settings):
        return Output(Static("dist/client", spa=True, not_found="_shell.html"), outputs=("dist",))
    if called_in(script, "node") and ".output/" in script:
        return nitro(source, found)
    if script and not runs_only(script, ("vite",)):
        return Output(outputs=("dist",))
    other = next((name for name in _PLUGINS_ELSEWHERE if name in settings), "")
    warning = f"{other} builds for another place: leave it out of vite.config." if other else ""
    return Output(None, served("dist/server/server.js", "dist/client"), ("dist",), _HOST, warning=warning)


def sveltekit(source: Source, found: Package) -> Output:
    """Its adapter decides. For the automatic one, and for one of another place, that of Node is put in its place."""
    settings = config(source, "svelte.config", "vite.config")
    names = ("node", "static", "auto", *_ADAPTERS_ELSEWHERE)
    used = [name for name in names if f"@sveltejs/adapter-{name}" in settings]
    has = [name for name in (used or names) if found.has(f"@sveltejs/adapter-{name}")]
    adapter = has[0] if has else ""
    if adapter == "static":
        fallback = text_of(settings, "fallback")
        folder = text_of(settings, "pages") or "build"
        lost = fallback if fallback and fallback != "index.html" else "404.html"
        return Output(Static(folder, spa=fallback == "index.html", not_found=lost), outputs=(folder,))
    folder = text_of(settings, "out") or "build"
    if adapter == "node":
        return Output(command=("node", folder), outputs=(folder,))
    if adapter:
        told = adapter in _ADAPTERS_ELSEWHERE
        warning = (
            f"@sveltejs/adapter-{adapter} builds for another place: @sveltejs/adapter-node is used." if told else ""
        )
        # By its name, whoever asks for the adapter gets that of Node; it takes what options it is given.
        version = "1" if found.major("@sveltejs/kit") == 1 else "5"
        adds = f"@sveltejs/adapter-{adapter}@npm:@sveltejs/adapter-node@{version}"
        return Output(command=("node", "build"), outputs=("build",), warning=warning, adds=(adds,))
    warning = "SvelteKit has no adapter that makes a server: depend on @sveltejs/adapter-node. Its preview is started."
    return Output(command=found.program("vite", "preview", "--host", "0.0.0.0", "--port", "${PORT}"), warning=warning)


def react_router(source: Source, found: Package) -> Output:
    """React Router as a framework: a server, or a page that the browser fills."""
    settings = config(source, "react-router.config")
    folder = text_of(settings, "buildDirectory") or "build"
    if says(settings, "ssr", "false"):
        return Output(Static(f"{folder}/client", spa=True), outputs=(folder,))
    return Output(command=found.program("react-router-serve", f"{folder}/server/index.js"), outputs=(folder,))


def remix(source: Source, found: Package) -> Output:
    """Remix, with Vite or with its own compiler."""
    settings = config(source, "vite.config")
    if found.has("vite") and re.search(r"\bremix\(\s*\{.*?\bssr\s*:\s*false", settings, re.DOTALL):
        return Output(Static("build/client", spa=True), outputs=("build",))
    built = "build/server/index.js" if found.has("vite") else "build/index.js"
    default = None if found.has("vite") else found.program("remix", "build")
    outputs = ("build",) if found.has("vite") else ("build", "public/build")
    return Output(command=found.program("remix-serve", built), outputs=outputs, default=default)


def astro(source: Source, found: Package) -> Output:
    """Files, unless its settings name the adapter of Node."""
    settings = config(source, "astro.config")
    folder = flag(found.scripts.get("build", ""), "--outDir") or text_of(settings, "outDir") or "dist"
    if "@astrojs/node" in settings and found.has("@astrojs/node"):
        if says(settings, "mode", "middleware"):
            return Output(outputs=(folder,))
        return Output(None, ("node", f"{folder}/server/entry.mjs"), (folder,), _HOST)
    others = ("@astrojs/vercel", "@astrojs/netlify", "@astrojs/cloudflare", "@deno/astro-adapter")
    other = next((name for name in others if name in settings), None)
    warning = f"{other} builds for another place: use @astrojs/node, or no adapter for static files." if other else ""
    return Output(Static(folder), outputs=(folder,), warning=warning)


def nest(source: Source, found: Package) -> Output:
    """What `nest build` makes; in a repository of several apps, the one that is built when none is named."""
    settings = source.json("nest-cli.json")
    entry, several = settings.get("entryFile"), _nest_app(settings)
    folder = f"dist/{several}" if several else "dist"
    told = found.line(found.followed("start:prod"))
    if told and (not several or folder in told):
        return Output(command=found.started_by(found.followed("start:prod")), outputs=("dist",), listens=True)
    file = entry if isinstance(entry, str) else "main"
    return Output(command=("node", f"{folder}/{file}.js"), outputs=("dist",), listens=True)


def _nest_app(settings: dict[str, object]) -> str:
    """The folder of the app that `nest build` builds in a repository of several; empty in one of a single app."""
    if settings.get("monorepo") is not True:
        return ""
    projects = table(settings, "projects")
    apps = [one for name in projects if (one := table(projects, name)).get("type") != "library"]
    for said in (settings, *apps):
        root, inside = said.get("root"), said.get("sourceRoot")
        if isinstance(root, str) and plain(root):
            return plain(root)
        if isinstance(inside, str) and plain(inside).endswith("/src"):
            return plain(inside).removesuffix("/src")
    return ""


def blitz(source: Source, found: Package) -> Output:
    """Blitz, which is built on Next and starts it."""
    return Output(command=found.program("blitz", "start", "-p", "${PORT}"), outputs=(".next",))


def analog(source: Source, found: Package) -> Output:
    """Angular with Vite: Nitro's server, or the files alone."""
    if says(config(source, "vite.config"), "ssr", "false"):
        return Output(Static("dist/client", spa=True), outputs=("dist",))
    return Output(None, ("node", "dist/analog/server/index.mjs"), ("dist",), _HOST)


def waku(source: Source, found: Package) -> Output:
    """Waku's own server."""
    return Output(command=found.program("waku", "start", "--port", "${PORT}"), outputs=("dist",))


def modern(source: Source, found: Package) -> Output:
    """Modern.js, whose `start` is for whoever writes the app in older versions."""
    return Output(command=found.program("modern", "serve"), outputs=("dist",))


def hydrogen(source: Source, found: Package) -> Output:
    """Hydrogen is built for Shopify's Oxygen alone; what previews that is all there is to run it elsewhere."""
    command = found.program("shopify", "hydrogen", "preview", "--port", "${PORT}")
    warning = "Hydrogen is built for Shopify's Oxygen: what is started is only its preview."
    return Output(command=command, outputs=("dist",), warning=warning)


def quasar(source: Source, found: Package) -> Output:
    """Quasar makes pages, or with `-m ssr` a server with dependencies of its own."""
    line = found.scripts.get("build", "")
    mode = flag(line, "-m", "--mode") or "spa"
    if mode == "ssr":
        return Output(None, ("node", "dist/ssr/index.js"), ("dist",), _HOST)
    return Output(Static(f"dist/{mode}", spa=True), outputs=("dist",))


def adonis(source: Source, found: Package) -> Output:
    """What `node ace build` makes: `bin/server.js` from version 6 on."""
    entry = "build/server.js" if source.exists("server.ts") else "build/bin/server.js"
    return Output(None, ("node", entry), ("build",), _HOST, default=("node", "ace", "build"))


def strapi(source: Source, found: Package) -> Output:
    """Strapi, whose uploads (and database, if that is a file) outlive releases."""
    file = found.has("better-sqlite3", "sqlite3") and not found.has("pg", "mysql2", "mysql")
    volumes = (("uploads", "public/uploads"), *((("database", ".tmp"),) if file else ()))
    return Output(outputs=("build", "dist"), variables=_HOST, volumes=volumes)


def redwood(source: Source, found: Package) -> Output:
    """RedwoodJS: its pages, with the functions beside them if there are any."""
    if source.folder("api/src/functions"):
        command = found.program("rw", "serve", "--port", "${PORT}")
        return Output(None, command, ("api/dist", "web/dist"), default=found.program("rw", "build"))
    return Output(Static("web/dist", spa=True), outputs=("web/dist",))


def qwik(source: Source, found: Package) -> Output:
    """Qwik City, with the adapter that its folder `adapters` names."""
    adapter = next((name for name in ("express", "fastify", "node-server") if source.folder(f"adapters/{name}")), "")
    if adapter:
        return Output(command=("node", f"server/entry.{adapter}"), outputs=("dist", "server"))
    if source.folder("adapters/static"):
        return Output(Static("dist"), outputs=("dist",))
    return Output(
        Static("dist"), outputs=("dist",), warning="Qwik has no adapter: `npm run qwik add static`, or express."
    )


def angular(source: Source, found: Package) -> Output:
    """The first application of angular.json: its files, or the server that renders them."""
    settings = source.json("angular.json")
    projects = table(settings, "projects")
    default = settings.get("defaultProject")
    apps = [name for name in projects if table(projects, name).get("projectType") != "library"]
    name = default if isinstance(default, str) and default in projects else next(iter(apps), "app")
    build = table(projects, name, "architect", "build") or table(projects, name, "targets", "build")
    options = table(build, "options")
    path = options.get("outputPath")
    base = path.get("base") if isinstance(path, dict) else path
    folder = plain(base) if isinstance(base, str) else f"dist/{name}"
    browser = path.get("browser") if isinstance(path, dict) else None
    if found.has("@scullyio/scully", "@scullyio/init"):
        return Output(Static("dist/static"), outputs=("dist",))
    builder = build.get("builder")
    applied = isinstance(builder, str) and builder.endswith(":application")
    if applied and "ssr" in options and options["ssr"] and options.get("outputMode") != "static":
        return Output(command=("node", f"{folder}/server/server.mjs"), outputs=(folder,), listens=True)
    older = found.scripts.get("serve:ssr") or next(
        (line for key, line in found.scripts.items() if "serve:ssr" in key), ""
    )
    if not applied and "server" in table(projects, name, "architect") and older:
        file = next((word for word in older.split() if word.endswith("main.js")), f"{folder}/server/main.js")
        build_ssr = found.runs("build:ssr") if "build:ssr" in found.scripts else None
        return Output(command=("node", file), outputs=("dist",), build=build_ssr, listens=True)
    inside = plain(browser) if isinstance(browser, str) else "browser"
    return Output(Static("/".join(filter(None, (folder, inside))) if applied else folder, spa=True), outputs=(folder,))


def expo(source: Source, found: Package) -> Output:
    """What Expo exports for browsers."""
    web = table(source.json("app.json"), "expo", "web")
    told = web.get("output") or text_of(config(source, "app.config"), "output")
    folder = flag(" ".join(found.scripts.values()), "--output-dir") or "dist"
    warning = ""
    if told == "server":
        return Output(None, found.program("expo", "serve", "--port", "${PORT}"), (folder,))
    if not found.has("react-native-web"):
        warning = "Only what Expo makes for browsers is served, and react-native-web is no dependency yet."
    return Output(Static(folder, spa=told != "static", not_found="+not-found.html"), outputs=(folder,), warning=warning)


def _generate(found: Package) -> tuple[str, ...]:
    return found.runs("generate") if "generate" in found.scripts else found.program("nuxt", "generate")
