"""The frameworks of JavaScript: what each is told by, what its build makes, and how it is started."""

from collections.abc import Callable
from typing import NamedTuple

from webduh_console.frameworks import Command, Source
from webduh_plugins import node_servers as servers
from webduh_plugins import node_sites as sites
from webduh_plugins.node_config import Output, config
from webduh_plugins.node_next import next_js
from webduh_plugins.node_package import Package, called_in, runs_only
from webduh_plugins.node_servers import server
from webduh_plugins.node_sites import site


class Kind(NamedTuple):
    """A framework: the dependencies that tell it, its program, its build words, and what comes out.

    `config` are its configuration files, without their endings. `serves` are the words of start scripts that belong to
    the framework's own development or preview server, `scripts` those that build if there is no `build`. `when` says
    whether the app is really made with it.
    """

    name: str
    told_by: tuple[str, ...]
    output: Callable[[Source, Package], Output]
    build: Command = ()
    config: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    when: Callable[[Source, Package], bool] | None = None
    serves_requests: bool = False

    @property
    def needs_start(self) -> bool:
        """Whether only the app itself says how it is started."""
        return self.serves_requests and not self.build


FILE_SERVERS = ("serve", "http-server", "live-server", "sirv", "lite-server", "wrangler")
ENTRIES = tuple(
    f"{folder}{name}.{ending}"
    for folder in ("", "src/", "server/")
    for name in ("server", "index", "app", "main", "bot")
    for ending in ("js", "mjs", "cjs", "ts", "mts")
)


_OTHER_BUILDS = ("vite", "webpack", "parcel", "rsbuild", "ng", "react-scripts", "vue-cli-service")


def kind(source: Source, found: Package) -> tuple[Kind, str] | None:
    """The framework that a package is made with, and the dependency that told it."""
    for one in KINDS:
        name = next(filter(found.has, one.told_by), None)
        if name and (one.when is None or one.when(source, found)):
            return one, name
    # Nothing else is there: it is what its library is for, though nothing says yet how it is started.
    return next(((one, name) for one in KINDS if one.serves_requests for name in one.told_by if found.has(name)), None)


def _starts(source: Source, found: Package) -> bool:
    """Whether something starts a server: a script that does more than serve files, or a file with a usual name."""
    name = next((name for name in ("start", "start:prod", "serve:prod") if found.scripts.get(name)), "")
    script = found.line(found.followed(name))
    if script and not runs_only(script, (*FILE_SERVERS, *_OTHER_BUILDS)):
        return True
    main = found.main and any(map(source.exists, (found.main, f"{found.main}.js")))
    return bool(main) or any(map(source.exists, ENTRIES))


def _bundles_pages(source: Source, found: Package) -> bool:
    builds = any(called_in(line, "webpack") for name, line in found.scripts.items() if "build" in name)
    return builds and sites.makes_pages(source, found) and not _own_start(found)


def _is_documented_by(program: str) -> Callable[[Source, Package], bool]:
    """Whether a generator of documents makes the app, and not only documents beside it."""

    def documents(source: Source, found: Package) -> bool:
        line = found.scripts.get("build", "")
        if program in line or "docs" in line:
            return True
        if line and any(called_in(line, other) for other in _OTHER_BUILDS):
            return False
        return not (source.exists("index.html") and found.has("vite")) and not _starts(source, found)

    return documents


def _parcels(source: Source, found: Package) -> bool:
    if any(called_in(line, "parcel") for line in found.scripts.values()):
        return True
    return bool(source.files("*.html")) or "build" not in found.scripts


def _makes_a_server(source: Source, found: Package) -> bool:
    """Whether Nitro is used, and does not only come along."""
    return bool(source.files("nitro.config.*")) or not found.has("vite") or "nitro" in config(source, "vite.config")


def _packs(source: Source, found: Package) -> bool:
    return not _own_start(found)


def _own_start(found: Package) -> bool:
    return called_in(found.line(found.followed("start")), "node")


def _is_site(source: Source, found: Package) -> bool:
    if sites.is_library(source, found):
        return False
    pages = source.exists("index.html") or any(called_in(line, "vite") for line in found.scripts.values())
    return pages or not _shows_stories(source, found)


def _shows_stories(source: Source, found: Package) -> bool:
    return any("storybook" in line and "build" in line for line in found.scripts.values())


def _serving(name: str, *told_by: str, when: Callable[[Source, Package], bool] = _starts) -> Kind:
    """A library for servers: the app says how it is started."""
    return Kind(name, told_by or (name,), server(), when=when, serves_requests=True)


KINDS = (
    Kind("blitz", ("blitz",), servers.blitz, ("blitz", "build"), ("blitz.config",), ("blitz",)),
    Kind("keystone", ("@keystone-6/core",), server(), ("keystone", "build"), ("keystone",)),
    Kind("next", ("next",), next_js, ("next", "build"), ("next.config",), ("next",)),
    Kind(
        *("nuxt", ("nuxt", "nuxt3", "nuxt-edge"), servers.nuxt, ("nuxt", "build"), ("nuxt.config",)),
        serves=("nuxt", "nuxi", "nuxt-ts"),
        scripts=("generate",),
    ),
    Kind(
        *("sveltekit", ("@sveltejs/kit",), servers.sveltekit, ("vite", "build"), ("svelte.config",)),
        serves=("vite", "svelte-kit"),
    ),
    Kind("hydrogen", ("@shopify/hydrogen",), servers.hydrogen, ("shopify", "hydrogen", "build"), serves=("shopify",)),
    Kind(
        *("react-router", ("@react-router/dev",), servers.react_router, ("react-router", "build")),
        config=("react-router.config",),
        serves=("react-router-serve", "react-router"),
    ),
    Kind(
        *("remix", ("@remix-run/dev",), servers.remix, ("remix", "vite:build"), ("remix.config",)),
        serves=("remix", "remix-serve"),
    ),
    Kind(
        "tanstack-start",
        ("@tanstack/react-start", "@tanstack/solid-start", "@tanstack/start"),
        servers.tanstack_start,
        ("vite", "build"),
        ("vite.config", "app.config"),
        ("vite", "vinxi"),
    ),
    Kind(
        *("solidstart", ("@solidjs/start",), servers.nitro, ("vinxi", "build"), ("app.config",)),
        serves=("vinxi", "vite"),
    ),
    Kind("analog", ("@analogjs/platform",), servers.analog, ("vite", "build"), ("vite.config",), ("vite", "ng")),
    Kind("waku", ("waku",), servers.waku, ("waku", "build"), ("waku.config",), ("waku",)),
    Kind("modernjs", ("@modern-js/app-tools",), servers.modern, ("modern", "build"), ("modern.config",), ("modern",)),
    Kind("astro", ("astro",), servers.astro, ("astro", "build"), ("astro.config",), ("astro",)),
    Kind(
        "qwik", ("@builder.io/qwik-city", "@qwik.dev/router"), servers.qwik, ("qwik", "build"), serves=("vite", "qwik")
    ),
    Kind("gatsby", ("gatsby",), sites.gatsby, ("gatsby", "build"), ("gatsby-config",), ("gatsby",)),
    Kind(
        *("docusaurus", ("@docusaurus/core", "docusaurus"), sites.docusaurus, ("docusaurus", "build")),
        config=("docusaurus.config",),
        serves=("docusaurus",),
    ),
    Kind(
        *("vitepress", ("vitepress",), sites.vitepress, ("vitepress", "build")),
        serves=("vitepress",),
        scripts=("docs:build", "build:docs"),
        when=_is_documented_by("vitepress"),
    ),
    Kind(
        *("vuepress", ("vuepress", "vuepress-vite"), sites.vuepress, ("vuepress", "build")),
        serves=("vuepress", "vuepress-vite"),
        scripts=("docs:build", "build:docs"),
        when=_is_documented_by("vuepress"),
    ),
    Kind(
        *("eleventy", ("@11ty/eleventy",), sites.eleventy, ("eleventy",), (".eleventy", "eleventy.config")),
        serves=("eleventy", "@11ty/eleventy"),
    ),
    Kind(
        "rspress", ("rspress", "@rspress/core"), sites.rspress, ("rspress", "build"), ("rspress.config",), ("rspress",)
    ),
    Kind("slidev", ("@slidev/cli",), site("dist", spa=True), ("slidev", "build"), serves=("slidev",)),
    Kind(
        "quasar",
        ("@quasar/app-vite", "@quasar/app-webpack", "@quasar/app"),
        servers.quasar,
        ("quasar", "build"),
        ("quasar.config", "quasar.conf"),
        ("quasar",),
    ),
    Kind("elm-land", ("elm-land",), site("dist", spa=True), ("elm-land", "build"), ("elm-land",), ("elm-land",)),
    Kind("sapper", ("sapper",), server("node", "__sapper__/build"), ("sapper", "build"), serves=("sapper",)),
    Kind("hexo", ("hexo",), sites.hexo, ("hexo", "generate"), ("_config",), ("hexo",)),
    Kind("gridsome", ("gridsome",), site("dist"), ("gridsome", "build"), ("gridsome.config",), ("gridsome",)),
    Kind("redwood", ("@redwoodjs/core",), servers.redwood, ("rw", "build", "web"), ("redwood",), ("rw",)),
    Kind("saber", ("saber",), site("public"), ("saber", "build"), ("saber-config",), ("saber",)),
    Kind("dojo", ("@dojo/cli",), site("output/dist", spa=True), ("dojo", "build"), (".dojorc",), ("dojo",)),
    Kind("xmcp", ("xmcp",), server("node", "dist/http.js"), ("xmcp", "build"), ("xmcp.config",), ("xmcp",)),
    Kind("umi", ("umi", "@umijs/max", "max"), site("dist", spa=True), ("umi", "build"), (".umirc",), ("umi", "max")),
    Kind("sanity", ("sanity",), site("dist", spa=True), ("sanity", "build"), ("sanity.config",), ("sanity",)),
    Kind("adonis", ("@adonisjs/core",), servers.adonis, ("node", "ace", "build"), ("adonisrc",), ("node",)),
    Kind("strapi", ("@strapi/strapi", "strapi"), servers.strapi, ("strapi", "build")),
    Kind("medusa", ("@medusajs/medusa",), server(), ("medusa", "build"), ("medusa-config",)),
    Kind("nest", ("@nestjs/core",), servers.nest, ("nest", "build"), ("nest-cli",), ("nest",)),
    Kind("angular", ("@angular/core",), servers.angular, ("ng", "build"), ("angular",), ("ng",)),
    Kind("ember", ("ember-source", "ember-cli"), site("dist", spa=True), ("ember", "build"), serves=("ember", "vite")),
    Kind("expo", ("expo",), servers.expo, ("expo", "export", "--platform", "web"), serves=("expo",)),
    Kind(
        "cra",
        ("react-scripts", "react-app-rewired", "@craco/craco"),
        sites.cra,
        ("react-scripts", "build"),
        (),
        ("react-scripts", "react-app-rewired", "craco"),
    ),
    Kind(
        *("vue-cli", ("@vue/cli-service",), sites.vue_cli, ("vue-cli-service", "build"), ("vue.config",)),
        serves=("vue-cli-service",),
    ),
    Kind("preact-cli", ("preact-cli",), site("build", spa=True), ("preact", "build"), serves=("preact", "sirv")),
    Kind("stencil", ("@stencil/core",), site("www", spa=True), ("stencil", "build"), ("stencil.config",), ("stencil",)),
    Kind(
        "polymer", ("polymer-cli",), site("build/default", spa=True), ("polymer", "build"), ("polymer",), ("polymer",)
    ),
    Kind(
        "mastra",
        ("mastra", "@mastra/core"),
        server("node", ".mastra/output/index.mjs"),
        ("mastra", "build"),
        serves=("mastra",),
        when=lambda source, found: found.has("mastra"),
    ),
    Kind(
        "nitro",
        ("nitropack", "nitro"),
        servers.nitro,
        ("nitropack", "build"),
        ("nitro.config",),
        ("nitropack", "nitro"),
        when=_makes_a_server,
    ),
    _serving("feathers", "@feathersjs/feathers", "@feathersjs/express", "@feathersjs/koa"),
    _serving("sails"),
    _serving("loopback", "@loopback/rest", "loopback"),
    _serving("foal", "@foal/core"),
    _serving("moleculer"),
    _serving("fastify"),
    _serving("hono"),
    _serving("koa"),
    _serving("elysia"),
    _serving("h3"),
    _serving("hapi", "@hapi/hapi"),
    _serving("express"),
    _serving("restify"),
    _serving("polka"),
    _serving("apollo-server", "@apollo/server", "apollo-server"),
    _serving("graphql-yoga"),
    _serving("socket.io"),
    Kind("vite", ("vite", "rolldown-vite"), sites.vite, ("vite", "build"), ("vite.config",), ("vite",), when=_is_site),
    Kind("rsbuild", ("@rsbuild/core",), sites.rsbuild, ("rsbuild", "build"), ("rsbuild.config",), ("rsbuild",)),
    Kind("rspack", ("@rspack/cli",), sites.rspack, ("rspack", "build"), ("rspack.config",), ("rspack",), when=_packs),
    Kind("parcel", ("parcel", "parcel-bundler"), sites.parcel, ("parcel", "build"), serves=("parcel",), when=_parcels),
    Kind("snowpack", ("snowpack",), sites.snowpack, ("snowpack", "build"), ("snowpack.config",), ("snowpack",)),
    Kind("brunch", ("brunch",), site("public"), ("brunch", "build", "--production"), ("brunch-config",), ("brunch",)),
    Kind(
        "webpack",
        ("webpack",),
        sites.webpack,
        ("webpack", "--mode", "production"),
        ("webpack.config",),
        ("webpack", "webpack-dev-server"),
        when=_bundles_pages,
    ),
    Kind(
        "storybook",
        ("storybook", "@storybook/react", "@storybook/vue3", "@storybook/html"),
        sites.storybook,
        ("storybook", "build"),
        (".storybook/main",),
        ("storybook", "start-storybook"),
        ("build-storybook",),
        when=_shows_stories,
    ),
)
"""The frameworks, those that are built on others first."""
