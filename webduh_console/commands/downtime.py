"""What a plan says of the time in which an app will not answer, because its old instances are stopped first."""

from typing import Any

import msgspec

from webduh_console.commands.words import span
from webduh_console.model.plan import Plan
from webduh_console.targets.processes import processes

_SILENT = ("stop", "start", "healthy", "route")
"""The steps during which an app whose web process must not overlap does not answer."""


def stopped(plan: Plan) -> list[str]:
    """The processes whose old instances are stopped before the new ones start; none where nothing serves yet."""
    image = bool(plan.build and plan.build.dockerfile) or bool(plan.artifact and plan.artifact.kind == "image")
    return [p.name for p in processes(plan.spec, image) if not plan.spec.overlaps(p)] if plan.base else []


def downtime_data(plan: Plan) -> dict[str, Any] | None:
    """Which processes are stopped first, whether the app answers meanwhile, and for how long it usually does not."""
    names = stopped(plan)
    if not names:
        return None
    return {"processes": names, "answers": "web" not in names, "usual": _usual(plan) if "web" in names else None}


def declared(plan: Plan) -> Plan:
    """The plan with a warning that says so."""
    names = stopped(plan)
    if not names:
        return plan
    usual = _usual(plan)
    until = f"for about {span(usual)}, as last time" if usual else "until the new release is healthy"
    silent = f"{plan.key.app} does not answer {until}" if "web" in names else "its work waits until they run"
    text = f"The old instances of {', '.join(names)} are stopped before new ones start: {silent}."
    return msgspec.structs.replace(plan, warnings=(text, *plan.warnings))


def _usual(plan: Plan) -> float | None:
    known = [plan.usual.get(step) for step in _SILENT]
    return round(sum(seconds for seconds in known if seconds), 1) if all(s is not None for s in known) else None
