"""Versions that apps ask for and nobody is known to ship: said before a build fails for them. Pure."""

from collections.abc import Iterator, Mapping

from webduh_console.frameworks.render.bases import BASES, Base, chosen
from webduh_console.model.build import BuildPlan

Line = tuple[int, ...]


def unshipped(plan: BuildPlan, bases: Mapping[str, Base] = BASES) -> Iterator[str]:
    """A sentence for each version of a plan that is no version, or of which no image is known, with the nearest ones.

    What is newer than this table may exist all the same, so these are warnings.
    """
    said: set[str] = set()
    for key, base in bases.items():
        name = base.follows or key
        asked = plan.versions.get(name, "")
        if name in said or not asked or len(base.known) < 2:
            continue
        said.add(name)
        title, file = base.name or name, plan.version_source.get(name) or "the app"
        version, understood = chosen(base, asked)
        if not understood:
            yield f"{file} asks for {title} {asked}, which is no version that is understood: it gets {version}."
        elif near := _nearest(version, base.known):
            yield (
                f"{file} asks for {title} {asked}, and no image of it is known: the nearest are {' and '.join(near)}. "
                "If there is none, the build fails."
            )


def _nearest(version: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The two known lines that are nearest to a version of none of them; none if its image may well be there.

    Old lines are no longer kept up, but their images stay. Between lines of two numbers nothing was ever left out.
    """
    lines = {_line(one): one for one in known if _line(one)}
    parts = max(map(len, lines), default=0)
    line = _line(version)[:parts]
    ordered = sorted(lines)
    if not line or not ordered or line in (one[: len(line)] for one in ordered):
        return ()
    if line < ordered[0] or (parts == 1 and line < ordered[-1]):
        return ()
    if line > ordered[-1]:
        return tuple(lines[one] for one in ordered[:-3:-1])
    nearest = sorted(ordered, key=lambda one: (_distance(one, line), one))[:2]
    return tuple(lines[one] for one in sorted(nearest, reverse=True))


def _distance(one: Line, other: Line) -> tuple[int, ...]:
    return tuple(abs(first - second) for first, second in zip(one, other, strict=False))


def _line(version: str) -> Line:
    numbers = version.partition("-")[0].split(".")
    return tuple(map(int, numbers)) if all(number.isdecimal() for number in numbers) else ()
