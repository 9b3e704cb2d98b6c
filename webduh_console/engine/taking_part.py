"""Which places of a target take part in a deployment, and what is said of those that do not."""

from collections.abc import Mapping, Sequence

from webduh_console.errors import TargetError
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.standing import Several
from webduh_console.model.target import Record, Target


def taking_part(target: Target, plan: Plan, facts: Sequence[Fact]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The places that can, in their order, and why each other one cannot; `facts` are those of the preflight.

    TargetError when there are too few: all of them are needed unless the plan has a quorum.
    """
    wrong = [fact for fact in facts if not fact.ok]
    places = plan.places or target.places
    if not isinstance(target, Several):
        if wrong:
            raise _refused(plan, " ".join(f"{fact.name}: {fact.value}." for fact in wrong), wrong)
        return places, {}
    left = {place: _words(place, wrong) for place in places if any(fact.place == place for fact in wrong)}
    able = tuple(place for place in places if place not in left)
    if len(able) < (plan.quorum or len(places)) or not able:
        says = [f"{place}: {why}" for place, why in left.items()]
        if plan.quorum:
            says.append(f"{len(able)} of {len(places)} can take part, and {plan.quorum} are wanted.")
        raise _refused(plan, " ".join(says), wrong, len(able) if len(places) > 1 and not plan.quorum else 0)
    return able, left


def narrowed(target: Target, places: tuple[str, ...]) -> Target:
    """The target with the places that take part alone."""
    return target.only(places) if isinstance(target, Several) and places != target.places else target


def newest(records: Mapping[str, Record]) -> tuple[str, int | None]:
    """The first place where the release with the largest number serves, and that number."""
    served = {place: record.current() for place, record in records.items()}
    place = max(served, key=lambda place: served[place] or 0)
    return place, served[place]


def _words(place: str, wrong: Sequence[Fact]) -> str:
    own = [fact for fact in wrong if fact.place == place]
    return " ".join(fact.value + "." if fact.name == "reachable" else f"{fact.name}: {fact.value}." for fact in own)


def _refused(plan: Plan, why: str, wrong: Sequence[Fact], able: int = 0) -> TargetError:
    fixes = list(dict.fromkeys(fact.fix for fact in wrong if fact.fix))
    if able:
        fixes.append(f"`--quorum {able}` deploys to the others.")
    return TargetError(
        f"{plan.key} cannot be deployed to {plan.target}.", why=why, kept="Nothing was changed.", hint=" ".join(fixes)
    )
