"""Next.js built by OpenNext: one server of Node for pages, files and pictures, when an app asks for it."""

import re
import shlex
from functools import cache
from pathlib import Path

from webduh_console.frameworks import Check, Command, Source, within
from webduh_plugins.node_config import Output
from webduh_plugins.node_package import Package

CONFIG = "open-next.config.ts"
FOLDER = "webduh-opennext"
"""Where the files that OpenNext is given are put, in the app's folder."""

_ADDS = {
    "npm": "npm install --no-save --no-audit --no-fund",
    "pnpm": "pnpm add --save-dev --ignore-workspace-root-check",
    "yarn": "yarn add --dev",
    "bun": "bun add --dev",
}
_BUILD = f"open-next build --config-path {FOLDER}/{CONFIG}"
_CURRENT, _EARLIER = "4.1.16", "3.9.16"
_PATCHED = {(15, 0): 8, (15, 1): 12, (15, 2): 9, (15, 3): 9, (15, 4): 11, (15, 5): 10, (16, 0): 11, (16, 1): 5}
"""Line of Next → its first patch that the earlier OpenNext takes."""
_MADE = ".open-next/server-functions/default"


def asks_for_open_next(source: Source, options: dict[str, str]) -> bool:
    """Whether the app's settings or its own files say so."""
    asked = options.get("output", "")
    return asked == "opennext" or (not asked and source.exists(CONFIG))


def version_for(found: Package) -> str:
    """The version of OpenNext that builds an app's Next; the app's own, if it depends on one; empty if none does."""
    own = found.dependencies.get("@opennextjs/aws", "")
    if re.fullmatch(r"[\^~]?\d+(\.\d+)*", own):
        return own
    numbers = [int(number) for number in re.findall(r"\d+", found.dependencies.get("next", ""))[:3]]
    asked = tuple((*numbers, *(0,) * 3)[:3])
    # An open range gets the newest of its line; `latest`, and what is no number, gets the newest of all.
    loose = not numbers or found.dependencies["next"].startswith(("^", ">"))
    if not numbers or (loose and asked >= (15, 5)) or (15, 5, 29) <= asked < (16,) or asked >= (16, 4, 5):
        return _CURRENT
    lines = (asked[:2], (asked[0], 5)) if loose and asked[0] == 15 else (asked[:2],)
    patched = max((_PATCHED[line] for line in lines if line in _PATCHED), default=None)
    loose = loose or len(numbers) < 3 or "~" in found.dependencies["next"]
    suits = patched is not None and (loose or asked[2] >= patched)
    return _EARLIER if suits or asked > (16, 1) else ""


def why_not(found: Package) -> str:
    """Why OpenNext does not build an app, as a sentence; empty if it does."""
    asked = found.dependencies.get("next", "")
    if not found.linked:
        return "it wants a node_modules, and this Yarn makes none."
    return "" if version_for(found) else f"no version of it builds Next {asked}."


def open_next(source: Source, found: Package) -> Output:
    """What OpenNext builds, with a server, a cache and a queue that need nothing beside them.

    For a member of a workspace it keeps the app's place in the tree.
    """
    made = f"{_MADE}/{found.folder}" if found.folder else _MADE
    pictures = within(".open-next/image-optimization-function", ("node", "-e", "require('sharp')"))
    return Output(
        command=within(made, ("node", "index.mjs")),
        outputs=(".next",),  # the other one is emptied by its build
        variables={"OPENNEXT_STATIC_ETAG": "true"},
        build=_build(found),
        # It builds nothing without one.
        files={**texts(), **({} if source.files("next.config.*") else {"next.config.mjs": "export default {}\n"})},
        runtime=(".open-next",),
        writes=(".open-next/cache",),
        checks=(
            Check(
                "sharp",
                within(found.folder, pictures) if found.folder else pictures,
                "OpenNext has built without sharp: pictures would be sent as they are. Try again with a network.",
            ),
        ),
    )


def _build(found: Package) -> Command:
    """The command that adds OpenNext and builds with it: one, since what it adds is there as long as that runs."""
    package = f"@opennextjs/aws@{version_for(found)}"
    if not found.folder:
        return ("sh", "-c", f'{_ADDS[found.manager.name]} "$1" && exec node_modules/.bin/{_BUILD}', "sh", package)
    path = 'PATH="$PWD/node_modules/.bin:$OLDPWD/node_modules/.bin:$PATH"'
    return ("sh", "-c", f'{shlex.join(found.adds(package))} && cd "$1" && {path} exec {_BUILD}', "sh", found.folder)


@cache
def texts() -> dict[str, str]:
    """The files that OpenNext is given."""
    folder = Path(__file__).with_name("opennext")
    names = (CONFIG, "server.mjs", "cache.mjs", "queue.mjs")
    return {f"{FOLDER}/{name}": (folder / name).read_text("utf-8") for name in names}
