"""Where the seconds of a build on a server went, and the bytes of its image. Pure."""

import re
from collections.abc import Iterable, Sequence

from webduh_console.model.events import Part

HISTORY = """\
DOCKER_HOST="unix://$1" docker history --no-trunc --human=false --format '{{.Size}}\t{{.CreatedBy}}' "$2"
"""
"""Words: Docker's socket, an image. On standard output a line a layer, the newest first."""

_PLACE = re.compile(r"\[(?:(\S+) +)?(\d+)/(\d+)\] (.*)", re.DOTALL)
_LAYER = re.compile(r"(?:RUN|COPY|ADD|WORKDIR)\b")
_NOISE = re.compile(r"\s*# buildkit$|(?<=^RUN )/bin/sh -c |--mount=\S+ |\|\d+ (?:\w+=\S* )+/bin/sh -c ")
_LONGEST = 100


def parts(times: Sequence[tuple[str, float | None]], history: Iterable[str]) -> tuple[Part, ...]:
    """The parts of a build: the base first, then every step, each with what it left in the image.

    `times` are BuildKit's steps, empty when nothing was built now; `history` is what HISTORY prints. The layers of an
    image's last stage are in the order of its steps, and stand on those of its base.
    """
    layers = [(int(size), _plain(by)) for size, _, by in (line.partition("\t") for line in history) if size.isdecimal()]
    layers.reverse()
    last = [name for name, _ in times if _is_last(name, times)]
    made = [index for index, (_, by) in enumerate(layers) if _LAYER.match(by)]
    own = made[len(made) - len(last) :] if last else [index for index in made if index >= _first_own(layers)]
    base = Part("what it is built on", None, sum(size for index, (size, _) in enumerate(layers) if index not in own))
    if not times:
        return base, *(Part(_short(layers[index][1]), None, layers[index][0]) for index in own)
    sizes = dict(zip(last, (layers[index][0] for index in own), strict=False))
    told = [(name, seconds) for name, seconds in times if seconds or name in sizes]
    return base, *(Part(_short(_plain(name)), seconds, sizes.get(name)) for name, seconds in told)


def _is_last(name: str, times: Sequence[tuple[str, float | None]]) -> bool:
    """Whether a step makes a layer of the image: one of the stage `app`, but for what that stage is built on."""
    place = _PLACE.fullmatch(name)
    stages = {found[1] or "" for each, _ in times if (found := _PLACE.fullmatch(each))}
    wanted = "app" if "app" in stages else next(iter(sorted(stages, reverse=True)), "")
    return place is not None and (place[1] or "") == wanted and place[2] != "1"


def _first_own(layers: Sequence[tuple[int, str]]) -> int:
    """Where the app's own layers begin: at its working folder, or nowhere."""
    return next((index for index, (_, by) in enumerate(layers) if by.startswith("WORKDIR /app")), len(layers))


def _plain(text: str) -> str:
    place = _PLACE.fullmatch(text)
    before = f"[{place[1]}] " if place and place[1] else ""
    return before + _NOISE.sub("", place[4] if place else text).strip()


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
