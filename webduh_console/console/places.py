"""Where one can be in the console, in words that can be typed, kept and found by a few letters. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from webduh_console.console.words import OUTCOMES, ago, health, what_happened
from webduh_console.model.names import AppKey

if TYPE_CHECKING:
    from datetime import datetime

    from webduh_console.console.board import Board

Kind = Literal["home", "app", "target", "deployment"]
PRODUCTION = "production"


class Place(msgspec.Struct, frozen=True):
    """A screen and what it shows: `home`, an app's or a target's (with its tab), a deployment's by its id."""

    kind: Kind
    key: AppKey | None = None
    name: str = ""
    tab: str = ""

    @property
    def text(self) -> str:
        """As it is typed: `home`, `shop`, `web/shop@staging:logs`, `target:prod:images`, `deployment:01J…`."""
        tab = f":{self.tab}" if self.tab not in ("", "overview") else ""
        if self.key is None:
            return "home" if self.kind == "home" else f"{self.kind}:{self.name}{tab}"
        project = "" if self.key.project == "default" else f"{self.key.project}/"
        environment = "" if self.key.environment == PRODUCTION else f"@{self.key.environment}"
        return f"{project}{self.key.app}{environment}{tab}"


HOME = Place("home")


class Found(msgspec.Struct, frozen=True):
    """A place that can be jumped to: `sign` with its `role`, and words beside it."""

    place: Place
    sign: str
    role: str
    beside: str = ""


def named(text: str, keys: Iterable[AppKey], targets: Mapping[str, Sequence[str]], tabs: Sequence[str]) -> Place | None:
    """The place that a text means, among what is known; None when there is none. `targets` have their tabs.

    Of an app without an environment its production comes first. A bare name is an app's, else a target's.
    """
    kind, colon, rest = text.partition(":")
    if text == "home":
        return HOME
    if colon and kind == "target":
        return _target(rest, targets)
    if colon and kind == "deployment":
        return Place("deployment", name=rest) if rest else None
    if colon and rest not in tabs:
        return _target(text, targets)
    path, _, environment = kind.partition("@")
    project, _, app = path.rpartition("/")
    fits = [key for key in keys if key.app == app and key.project == (project or key.project)]
    fits = [key for key in fits if key.environment == (environment or key.environment)]
    if fits:
        return Place("app", key=min(fits, key=lambda key: (key.environment != PRODUCTION, key)), tab=rest)
    return _target(text, targets)


def _target(text: str, targets: Mapping[str, Sequence[str]]) -> Place | None:
    """The target of a text, or one of its tabs."""
    name, _, tab = text.partition(":")
    fits = name in targets and (not tab or tab in targets[name])
    return Place("target", name=name, tab=tab) if fits else None


def offered(
    board: "Board",
    bookmarks: Sequence[Place],
    tabs: Sequence[str],
    now: "datetime",
    deployments: int = 20,
    rooms: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Found]:
    """All that can be jumped to: what is marked, apps, targets, the last deployments, and the tabs of apps and targets.

    `rooms` are the tabs of targets, by their names.
    """
    marked = [Found(place, "★", "accent", "marked") for place in bookmarks]
    apps, panes = [], []
    for key, row in board.rows.items():
        glyph, word, role = health(row.actual)
        apps.append(Found(Place("app", key), glyph, role, f"{word} on {row.target}"))
        panes += [Found(Place("app", key, tab=tab), " ", "faint", tab) for tab in tabs if tab != "overview"]
    targets = [Found(Place("target", name=name), "▣", "text", heard.row.kind) for name, heard in board.targets.items()]
    panes += [
        Found(Place("target", name=name, tab=tab), " ", "faint", tab)
        for name in board.targets
        for tab in rooms.get(name, ())
        if tab != "overview"
    ]
    last = []
    for each in board.deployments[:deployments]:
        sign, _, role = OUTCOMES[each.outcome]
        beside = f"{each.key.app} {what_happened(each)}, {ago(each.started, now)}"
        last.append(Found(Place("deployment", name=each.id), sign, role, beside))
    every = [*marked, *apps, *targets, *last, *panes, Found(HOME, "⌂", "text", "all apps")]
    first: dict[Place, Found] = {}
    for found in every:
        first.setdefault(found.place, found)
    return list(first.values())


def matching(needle: str, found: Sequence[Found]) -> list[Found]:
    """Those that hold the letters of a needle in their order, the nearest first; all of them without a needle.

    Letters count more where a word begins, and side by side, and in the name more than beside it; what is offered first
    wins between equals.
    """
    wanted = needle.lower().replace(" ", "")
    if not wanted:
        return list(found)

    def points(each: Found) -> float:
        name = each.place.text.lower()
        return score(wanted, name) or score(wanted, f"{name} {each.beside}".lower()) / 2

    scored = [(points(each), each) for each in found]
    return [each for worth, each in sorted(scored, key=lambda pair: -pair[0]) if worth > 0]


def score(letters: str, text: str) -> float:
    """How well letters fit a text, 0 when they do not: the best place for the first one is tried, then the nearest."""
    starts = [at for at, sign in enumerate(text) if sign == letters[0]]
    return max((_from(letters, text, start) for start in starts), default=0.0)


def _from(letters: str, text: str, start: int) -> float:
    points, at = 0.0, start
    for number, letter in enumerate(letters):
        here = text.find(letter, at)
        if here < 0:
            return 0.0
        begins = here == 0 or not text[here - 1].isalnum()
        points += 1.0 + 2.0 * begins + 2.5 * (number > 0 and here == at)
        at = here + 1
    return points / len(letters) + 1.0 / (1 + start) + 0.5 / (1 + len(text))


class Trail:
    """The places that were visited, as a browser has them: back, forward, and what is ahead is dropped by a new one."""

    MOST = 100

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.at = -1

    def visit(self, place: Place) -> None:
        """Be at a place; where one is already is no new one."""
        if self.at >= 0 and self.places[self.at] == place:
            return
        self.places = [*self.places[: self.at + 1], place][-self.MOST :]
        self.at = len(self.places) - 1

    def correct(self, place: Place) -> None:
        """Of the present place another tab is open now; of any other nothing is."""
        if self.at < 0:
            return
        here = self.places[self.at]
        if (here.kind, here.key, here.name) == (place.kind, place.key, place.name):
            self.places[self.at] = place

    def step(self, by: int) -> Place | None:
        """Go back (-1) or forward (1); None at the end."""
        if not 0 <= self.at + by < len(self.places):
            return None
        self.at += by
        return self.places[self.at]
