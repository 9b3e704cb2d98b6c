"""Next.js: pages that are exported, the standalone server, OpenNext's, or Next's own."""

import re

from webduh_console.frameworks import Command, Source, Static
from webduh_plugins.node_config import Output, config, flag, says, text_of
from webduh_plugins.node_manager import plugs_in
from webduh_plugins.node_opennext import asks_for_open_next, open_next
from webduh_plugins.node_package import Package, called_in, runs_only

_STANDALONE_FROM = 14
_HOST = {"HOSTNAME": "0.0.0.0"}
_BASE = re.compile(r"\bbasePath[\"']?\s*:\s*[\"'`](/[^\"'`$]+)[\"'`]")


def next_js(source: Source, found: Package) -> Output:
    """The standalone server, whether the app says so or not, when nothing speaks against it."""
    settings = config(source, "next.config")
    built = text_of(settings, "distDir") or ".next"
    line = found.scripts.get("build", "")
    if says(settings, "output", "export") or re.search(r"\bnext export\b", line):
        folder = flag(line, "-o", "--outdir") or (text_of(settings, "distDir") if "export" in settings else "") or "out"
        return Output(Static(folder), outputs=(folder,))
    told = says(settings, "output", "standalone")
    if told or _may_stand_alone(source, found, settings):
        return standalone(source, found, built, told=told)
    return Output(command=found.program("next", "start", "-p", "${PORT}"), outputs=(built,))


def standalone(source: Source, found: Package, built: str = ".next", *, told: bool = True) -> Output:
    """The server that Next puts into a folder of its own, with what that leaves to a CDN: static files.

    In a workspace it keeps the app's place in the tree.
    """
    whole = f"{built}/standalone"
    place = f"{whole}/{found.folder}" if found.folder else whole
    copies: list[Command] = [("cp", "-R", f"{built}/static", f"{place}/{built}/static")]
    copies += [("cp", "-R", "public", f"{place}/public")] if source.folder("public") else []
    env = {} if told else {"NEXT_PRIVATE_STANDALONE": "true"}
    return Output(None, ("node", f"{place}/server.js"), (built,), _HOST, tuple(copies), env=env)


def as_asked(source: Source, found: Package, output: Output, options: dict[str, str]) -> Output:
    """The output that the app's settings ask for, or its own files: OpenNext's, the standalone server, Next's own."""
    built = text_of(config(source, "next.config"), "distDir") or ".next"
    if asks_for_open_next(source, options):
        if not found.folder:
            return open_next(source, found)
        return output._replace(warning="OpenNext is not used for a member of a workspace: Next's own server is.")
    if options.get("output") == "standalone":
        return standalone(source, found, built, told=says(config(source, "next.config"), "output", "standalone"))
    if options.get("output") == "server":
        return Output(command=found.program("next", "start", "-p", "${PORT}"), outputs=(built,))
    return output


def _may_stand_alone(source: Source, found: Package, settings: str) -> bool:
    """Whether Next's build may be told to make the standalone server though the app does not say so.

    Not when the app has a server of its own or other processes, which need what that leaves out; when its build is
    none of Next's; or when its settings say an output that cannot be read.
    """
    major = found.major("next")
    old = major is not None and major < _STANDALONE_FROM
    own = found.scripts.get("start", "next start")
    others = source.exists("Procfile") or found.hooked("start") or not runs_only(own, ("next",))
    line = found.scripts.get("build", "next build")
    apart = "outputFileTracingRoot" in settings or plugs_in(source, found.manager)  # its files are elsewhere
    unknown = (
        apart or re.search(r"\boutput\b", settings) is not None or re.search(r"\bdistDir\s*:\s*[^\"'`\s]", settings)
    )
    return not (old or others or unknown) and (called_in(line, "next") or "turbo" in line)
