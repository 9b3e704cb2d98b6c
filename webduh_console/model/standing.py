"""What serves of an app at each place of a target that has several, and which of them are behind. Pure."""

from typing import Protocol, runtime_checkable

import msgspec

from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.model.target import Target


class Standing(msgspec.Struct, frozen=True):
    """`current` is the serving release at each place that answers, in the order of places (None: nothing serves).

    `silent` says of each other place why it does not answer.
    """

    current: dict[str, Release | None]
    silent: dict[str, str] = {}

    @property
    def newest(self) -> Release | None:
        """The newest release that serves anywhere; of two with one number the one that was made later."""
        served = [release for release in self.current.values() if release is not None]
        return max(served, key=lambda release: (release.number, release.created), default=None)

    @property
    def lead(self) -> str:
        """The first place where the newest release serves; where nothing serves the first that answers, or empty."""
        newest = self.newest
        return next((place for place, release in self.current.items() if _same(release, newest)), "")

    @property
    def behind(self) -> dict[str, int | None]:
        """The places that answer where an older release serves, or none, and its number; empty when none does."""
        newest = self.newest
        return {
            place: release.number if release else None
            for place, release in self.current.items()
            if not _same(release, newest)
        }

    def words(self) -> list[str]:
        """A sentence for each place that is behind or silent."""
        newest = self.newest
        number = newest.number if newest else None
        late = [
            f"{place} is behind: {f'release {old}' if old else 'nothing'} serves there, and release {number} elsewhere."
            for place, old in self.behind.items()
        ]
        return late + [f"{place} does not answer: {why}" for place, why in self.silent.items()]


def _same(one: Release | None, other: Release | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.number, one.deployment) == (other.number, other.deployment)


@runtime_checkable
class Several(Protocol):
    """A target of several places that can be asked one by one, so that some may fail while the others serve."""

    def standing(self, key: AppKey) -> Standing:
        """What serves where; TargetError when no place answers."""

    def at(self, place: str) -> Target:
        """One of its places, as a target of its own."""

    def only(self, places: tuple[str, ...]) -> Target:
        """The same target, with these of its places alone."""


def lead(target: Target, key: AppKey) -> str:
    """The place whose record speaks for the target: of several the one where the newest release serves."""
    return target.standing(key).lead if isinstance(target, Several) else target.places[0]


def apart(target: Target) -> list[Target]:
    """The places of a target, each as a target."""
    return [target.at(place) for place in target.places] if isinstance(target, Several) else [target]


def at(target: Target, place: str) -> Target:
    """A place of a target, as a target."""
    return target.at(place) if isinstance(target, Several) else target
