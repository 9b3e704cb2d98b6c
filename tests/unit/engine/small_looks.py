"""What is read off a deployment on the small target."""

from small_target import KEY, SmallTarget

from webduh_console.model.events import AnyEvent, Finished, StepFinished

WHOLE_JOURNAL = [
    "begin",
    *(f"{kind} {step}" for step in ("record", "start", "healthy", "route", "current") for kind in ("do", "did")),
    "serving",
    *("do watch", "did watch", "kept", "end"),
]


def ends(events: list[AnyEvent]) -> list[tuple[str, str]]:
    return [(event.step, event.outcome) for event in events if isinstance(event, StepFinished)]


def last(events: list[AnyEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def journal(target: SmallTarget, number: int, place: str = "a") -> list[str]:
    return [f"{line.kind} {line.step}".strip() for line in target.record(KEY, place).journal(number)]


def tree(target: SmallTarget) -> dict[str, bytes]:
    """Everything a target keeps but locks and the given-back leases."""
    ignored = {"mutex", "lease.json", "acts", "audit.log"}
    return {
        str(path.relative_to(target.root)): path.read_bytes()
        for path in target.root.rglob("*")
        if path.is_file() and path.name not in ignored
    }
