"""Whoever comes next finishes or undoes what was interrupted, on the evidence of the journals alone."""

from webduh_console.engine.retention import retire
from webduh_console.engine.rounds import Round
from webduh_console.engine.steps import PlaceRun, whole
from webduh_console.engine.stream import EventStream
from webduh_console.errors import WebduhError
from webduh_console.model.events import Warned
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken, JournalLine, Lease, Record, Target


def recover(
    target: Target, key: AppKey, stream: EventStream, records: dict[str, Record], leases: dict[str, Lease]
) -> None:
    """Bring every deployment of `key` that was cut off to its end, newest first. The leases must be held.

    One that served at every place, and was not on its way back, is finished; any other is undone at every place.
    """
    numbers = {number for record in records.values() for number in record.unfinished()}
    for number in sorted(numbers, reverse=True):
        _recover_one(target, number, stream, records, leases)


def _recover_one(
    target: Target, number: int, stream: EventStream, records: dict[str, Record], leases: dict[str, Lease]
) -> None:
    written = {place for place, record in records.items() if number in {r.number for r in record.releases()}}
    for place in records.keys() - written:  # cut off before the release was written: nothing else was done there
        records[place].remove(leases[place], number)
    plan = next((records[place].plan(number) for place in sorted(written)), None)
    if plan is None:
        return
    journals = {place: records[place].journal(number) for place in sorted(written)}
    runs = {place: _run(plan, number, records[place], leases[place], lines) for place, lines in journals.items()}
    rounds = Round(stream, plan, runs, CancelToken())
    steps = {place: whole(target, run, place) for place, run in runs.items()}
    for place, own in steps.items():
        started = [line.step for line in journals[place] if line.kind == "do"]
        rounds.begun[place] = sorted(
            (step for step in own if step.name in started), key=lambda s: started.index(s.name)
        )
    served = written == records.keys() and all(
        _has(lines, "serving") and not _has(lines, "undo") for lines in journals.values()
    )
    verdict = "it is finished now" if served else "it is taken back"
    stream.emit(Warned(code="interrupted", text=f"Release {number} of {plan.key} was cut off; {verdict}."))
    if not served:
        _undo(rounds)
        return
    try:
        if not all(_has(lines, "kept") for lines in journals.values()):
            rounds.forward(steps, ("watch",))
            rounds.mark("kept")
    except WebduhError as error:
        stream.emit(Warned(code="interrupted", text=f"Release {number} did not hold: {error.what} {error.why}"))
        _undo(rounds)
        return
    retire(target, rounds)
    rounds.mark("end")


def _undo(rounds: Round) -> None:
    if not rounds.backward():
        raise WebduhError(
            "An earlier deployment that was cut off could not be taken back whole.",
            why="The steps that failed are named above.",
            kept="Its journal is kept, and what serves was not touched.",
            hint="Mend what they name, then do this again.",
        )


def _run(plan: Plan, number: int, record: Record, lease: Lease, lines: list[JournalLine]) -> PlaceRun:
    before = next((line.detail for line in lines if line.kind == "begin"), "")
    kept = {release.number for release in record.releases()}
    previous = record.read(int(before)) if before and int(before) in kept else None
    return PlaceRun(plan, CancelToken(), record.read(number), previous, record, lease)


def _has(lines: list[JournalLine], kind: str) -> bool:
    return any(line.kind == kind for line in lines)
