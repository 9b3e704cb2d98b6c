"""Next.js: pages that are exported, the standalone server, OpenNext's, or Next's own."""

import re

from webduh_console.frameworks import Command, Source, Static
from webduh_plugins.node_config import Output, config, flag, says, text_of
from webduh_plugins.node_opennext import asks_for_open_next, open_next, why_not
from webduh_plugins.node_package import Package, called_in, runs_only

_STANDALONE_FROM = (13, 4)
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
    told = says(settings, "output", "standalone") and found.linked  # it is no use without a node_modules
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
    settings = config(source, "next.config")
    built = text_of(settings, "distDir") or ".next"
    alone = standalone(source, found, built, told=says(settings, "output", "standalone"))
    if asks_for_open_next(source, options):
        if why := why_not(found):
            fits = found.linked and found.at_least("next", *_STANDALONE_FROM)
            kind = "its standalone server" if fits else "Next's own server"
            return (alone if fits else output)._replace(warning=f"OpenNext is not used: {why} It is {kind} instead.")
        return open_next(source, found)
    if options.get("output") == "standalone":
        return alone
    if options.get("output") == "server":
        return Output(command=found.program("next", "start", "-p", "${PORT}"), outputs=(built,))
    return output


def _may_stand_alone(source: Source, found: Package, settings: str) -> bool:
    """Whether Next's build may be told to make the standalone server though the app does not say so.

    Not when the app has a server of its own or other processes, which need what that leaves out; when its build is
    none of Next's, which may not pass the variable on; when its settings say an output that cannot be read, or another
    root of its files, which is a folder more in what comes out; or when a plugged Yarn leaves no files to copy.
    """
    own = found.line(found.followed("start")) or "next start"
    others = source.exists("Procfile") or found.hooked("start") or not runs_only(own, ("next",))
    unknown = re.search(r"\boutput\b|\bdistDir\s*:\s*[^\"'`\s]|\boutputFileTracingRoot\b", settings) is not None
    suits = found.linked and found.at_least("next", *_STANDALONE_FROM)
    return suits and not (others or unknown) and called_in(found.scripts.get("build", "next build"), "next")
