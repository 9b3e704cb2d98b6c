"""Frameworks of JavaScript whose builds make files to serve: into which folder, and what answers an unknown path."""

import re
from collections.abc import Callable

from webduh_console.frameworks import Source, Static, table
from webduh_plugins.node_config import Output, commented_json, config, flag, plain, resolved, text_of
from webduh_plugins.node_package import Package

_BASES = {
    "vite": (("vite.config",), "base"),
    "astro": (("astro.config",), "base"),
    "docusaurus": (("docusaurus.config",), "baseUrl"),
    "vitepress": ((".vitepress/config", "docs/.vitepress/config"), "base"),
    "vuepress": (("docs/.vuepress/config", "src/.vuepress/config"), "base"),
    "vue-cli": (("vue.config",), "publicPath"),
    "next": (("next.config",), "basePath"),
    "sveltekit": (("svelte.config",), "base"),
    "nuxt": (("nuxt.config",), "baseURL"),
}
"""Framework → the files that say for which path a site is built, and the name of that setting."""


def site(folder: str, *, spa: bool = False) -> Callable[[Source, Package], Output]:
    """The output of a framework that always writes its files into one folder."""
    return lambda source, package: Output(Static(folder, spa=spa), outputs=(folder,))


def vite(source: Source, found: Package) -> Output:
    """Vite: one page that the browser fills, or several."""
    settings, line = config(source, "vite.config"), _built_by(found, "vite")
    root = flag(line, "--root", "-r") or _root(settings)
    named = re.search(r"\bvite build\s+([^\s&|;-][^\s&|;]*)", line)
    root = plain(named[1]) if named else root
    told = flag(line, "--outDir") or text_of(settings, "outDir")
    folder = _inside(root, told) if told else resolved(settings, "outDir") or _inside(root, "dist")
    pages = source.files(f"{root}/*.html" if root else "*.html")
    prerendered = found.has("vite-ssg", "vike", "vite-plugin-ssr", "vite-react-ssg")
    if found.has("vike", "vite-plugin-ssr"):
        folder = f"{folder}/client"
    return Output(Static(folder, spa=len(pages) <= 1 and not prerendered), outputs=(folder,))


def docusaurus(source: Source, found: Package) -> Output:
    """Docusaurus, whose folder may be named in the build script; its first version makes one of the project's name."""
    if not found.has("@docusaurus/core"):
        project = text_of(config(source, "siteConfig"), "projectName")
        default = found.program("docusaurus-build")
        return Output(Static(f"build/{project}" if project else "build"), outputs=("build",), default=default)
    folder = plain(flag(_built_by(found, "docusaurus"), "--out-dir")) or "build"
    return Output(Static(folder), outputs=(folder,))


def rspress(source: Source, found: Package) -> Output:
    """Rspress."""
    folder = resolved(config(source, "rspress.config"), "outDir") or "doc_build"
    return Output(Static(folder), outputs=(folder,))


def rsbuild(source: Source, found: Package) -> Output:
    """Rsbuild: its folder is named in its settings."""
    settings = config(source, "rsbuild.config")
    told = re.search(r"\bdistPath\s*:\s*(?:\{[^}]*?\broot\s*:\s*)?[\"'`]([^\"'`$]+)[\"'`]", settings)
    folder = plain(told[1]) if told else "dist"
    return Output(Static(folder, spa=True), outputs=(folder,))


def rspack(source: Source, found: Package) -> Output:
    """Rspack, which takes webpack's settings."""
    folder = plain(flag(_built_by(found, "rspack"), "--output-path", "-o"))
    folder = folder or resolved(config(source, "rspack.config"), "path") or "dist"
    return Output(Static(folder, spa=True), outputs=(folder,))


def vitepress(source: Source, found: Package) -> Output:
    """VitePress makes its folder inside the one with the pages."""
    option = re.search(r"\bvitepress build +([^\s&|;-]\S*)", "\n".join(found.scripts.values()))
    root = plain(option[1]) if option else ("docs" if source.folder("docs/.vitepress") else "")
    root = "" if root == "." else root
    told = resolved(config(source, _inside(root, ".vitepress/config")), "outDir")
    folder = _inside(root, told or ".vitepress/dist")
    return Output(Static(folder), outputs=(folder,))


def vuepress(source: Source, found: Package) -> Output:
    """VuePress makes its folder inside the one with the pages."""
    option = re.search(r"\bvuepress(?:-vite|-webpack)? build +([^\s&|;-]\S*)", "\n".join(found.scripts.values()))
    usual = next((name for name in ("docs", "src") if source.folder(f"{name}/.vuepress")), "docs")
    root = plain(option[1]) if option else usual
    root = "" if root == "." else root
    told = text_of(config(source, _inside(root, ".vuepress/config")), "dest")
    folder = told or _inside(root, ".vuepress/dist")
    return Output(Static(folder), outputs=(folder,))


def eleventy(source: Source, found: Package) -> Output:
    """Eleventy: its folder is named in a script or in its settings."""
    option = flag(" ".join(found.scripts.values()), "--output")
    settings = config(source, ".eleventy", "eleventy.config") or source.text(".eleventy.js")
    folder = plain(option) or text_of(settings, "output") or "_site"
    return Output(Static(folder), outputs=(folder,))


def hexo(source: Source, found: Package) -> Output:
    """Hexo: its folder is named in _config.yml."""
    told = re.search(r"^public_dir:\s*([^\s#]+)", source.text("_config.yml"), re.MULTILINE)
    folder = plain(told[1]) if told else "public"
    return Output(Static(folder), outputs=(folder,))


def storybook(source: Source, found: Package) -> Output:
    """Storybook, whose folder may be named in its script."""
    line = next((line for line in found.scripts.values() if "storybook build" in line or "build-storybook" in line), "")
    folder = plain(flag(line, "-o", "--output-dir")) or "storybook-static"
    return Output(Static(folder), outputs=(folder,))


def cra(source: Source, found: Package) -> Output:
    """Create React App: BUILD_PATH names another folder."""
    folder = _assigned(found, "BUILD_PATH") or "build"
    return Output(Static(folder, spa=True), outputs=(folder,))


def vue_cli(source: Source, found: Package) -> Output:
    """Vue's older tool."""
    folder = flag(_built_by(found, "vue-cli-service"), "--dest") or resolved(config(source, "vue.config"), "outputDir")
    folder = plain(folder) or "dist"
    return Output(Static(folder, spa=True), outputs=(folder,))


def parcel(source: Source, found: Package) -> Output:
    """Parcel: its folder is named in the script, or in package.json's targets."""
    line = _built_by(found, "parcel")
    target = table(source.json("package.json"), "targets", "default").get("distDir")
    told = flag(line, "--dist-dir", "-d", "--out-dir") or (target if isinstance(target, str) else "")
    folder = plain(told) or "dist"
    pages = source.files("*.html") + source.files("src/*.html")
    return Output(Static(folder, spa=len(pages) <= 1), outputs=(folder,))


def webpack(source: Source, found: Package) -> Output:
    """webpack, when what it bundles is a page."""
    settings = config(source, "webpack.config", "webpack.prod", "webpack.config.prod", "config/webpack.prod")
    folder = flag(_built_by(found, "webpack"), "--output-path", "-o") or resolved(settings, "path")
    folder = plain(folder) or "dist"
    inside = re.fullmatch(r"(public|static|www)/.+", folder)
    if inside and source.exists(f"{inside[1]}/index.html"):
        return Output(Static(inside[1], spa=True), outputs=(folder,))
    return Output(Static(folder, spa=True), outputs=(folder,))


def snowpack(source: Source, found: Package) -> Output:
    """Snowpack: its folder is named in its settings."""
    folder = text_of(config(source, "snowpack.config"), "out") or "build"
    return Output(Static(folder, spa=True), outputs=(folder,))


def makes_pages(source: Source, found: Package) -> bool:
    """Whether webpack is told to make a page, or bundles for one that is there."""
    names = ("html-webpack-plugin", "copy-webpack-plugin", "webpack-dev-server")
    pages = ("index.html", "public/index.html", "dist/index.html", "static/index.html")
    return found.has(*names) or any(map(source.exists, pages))


def is_library(source: Source, found: Package) -> bool:
    """Whether Vite makes a library: its settings say so, and there is no page."""
    return re.search(r"\blib\s*:\s*\{", config(source, "vite.config")) is not None and not source.exists("index.html")


def gatsby(source: Source, found: Package) -> Output:
    """Gatsby; with a prefix for its paths, that is warned about."""
    prefix = text_of(config(source, "gatsby-config"), "pathPrefix")
    uses = prefix and "--prefix-paths" in found.scripts.get("build", "")
    warning = (
        f"The pages are built for /{plain(prefix)}, and are served at /: leave --prefix-paths out." if uses else ""
    )
    return Output(Static("public"), outputs=("public",), warning=warning)


def told_folder(source: Source) -> str:
    """The folder that another host is told to serve; empty if none is."""
    netlify = re.search(r"^\s*publish\s*=\s*[\"']([^\"']+)", source.text("netlify.toml"), re.MULTILINE)
    vercel = re.search(r'"outputDirectory"\s*:\s*"([^"]+)"', source.text("vercel.json"))
    told = netlify or vercel
    return plain(told[1]) if told else ""


def wrangler_assets(source: Source) -> str:
    """The folder that Cloudflare is told to serve, where no program answers beside it; empty if there is none."""
    file = next(filter(source.exists, ("wrangler.json", "wrangler.jsonc", "wrangler.toml")), "")
    if not file:
        return ""
    said = source.toml(file) if file.endswith(".toml") else commented_json(source, file)
    folder = table(said, "assets").get("directory")
    return plain(folder) if isinstance(folder, str) and "main" not in said else ""


def base_path(source: Source, variant: str) -> str:
    """The path that a site is built for, if that is not `/` or worked out."""
    files, key = _BASES.get(variant, ((), ""))
    if variant == "cra":
        home = source.json("package.json").get("homepage")
        path = re.sub(r"^https?://[^/]*", "", home) if isinstance(home, str) else ""
    else:
        found = re.search(rf"\b{key}[\"']?\s*:\s*[\"'`](/[^\"'`$]+)[\"'`]", config(source, *files)) if key else None
        path = found[1] if found else ""
    return f"/{plain(path)}/" if path.startswith("/") and plain(path) else ""


def _built_by(found: Package, program: str) -> str:
    """The script that runs a program's build."""
    lines = [found.scripts.get("build", ""), *(line for name, line in found.scripts.items() if "build" in name)]
    return next((line for line in lines if program in line), "")


def _root(settings: str) -> str:
    """The folder with the pages, if the settings name one that is not the app's own."""
    told = resolved(settings, "root")
    return told if re.fullmatch(r"[\w./-]+", told) and told != "." else ""


def _inside(root: str, folder: str) -> str:
    """A folder that is given relative to another one."""
    parts: list[str] = []
    for part in f"{root}/{folder.removeprefix('./')}".split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def _assigned(found: Package, name: str) -> str:
    told = re.search(rf"\b{name}=['\"]?([^\s'\"]+)", found.scripts.get("build", ""))
    return plain(told[1]) if told else ""
