"""Whoever comes next finishes or undoes what was interrupted, on the evidence of the journals alone."""

from collections.abc import Mapping, Set

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

    One that served at every place that took part, and was not on its way back, is finished; any other is undone at
    every place. Where it came to its end nothing is done.
    """
    numbers = {number for record in records.values() for number in record.unfinished()}
    for number in sorted(numbers, reverse=True):
        _recover_one(target, number, stream, records, leases)


def _recover_one(
    target: Target, number: int, stream: EventStream, records: dict[str, Record], leases: dict[str, Lease]
) -> None:
    cut = {place: record for place, record in records.items() if number in record.unfinished()}
    written = {place for place, record in records.items() if number in {r.number for r in record.releases()}}
    for place in cut.keys() - written:  # cut off before the release was written: nothing else was done there
        cut[place].remove(leases[place], number)
    plan = next((cut[place].plan(number) for place in sorted(cut.keys() & written)), None)
    if plan is None:
        return
    journals = {place: cut[place].journal(number) for place in sorted(cut.keys() & written)}
    runs = {place: _run(plan, number, cut[place], leases[place], lines) for place, lines in journals.items()}
    party, served = judged(journals, ended=bool(written - cut.keys()), gone=records.keys() - written)
    for places, verdict in ((runs.keys() - party, False), (party, served)):
        if places:
            _end(
                target,
                number,
                Round(stream, plan, {p: runs[p] for p in sorted(places)}, CancelToken()),
                journals,
                verdict,
            )


def judged(
    journals: Mapping[str, list[JournalLine]], ended: bool, gone: Set[str] = frozenset()
) -> tuple[set[str], bool]:
    """Which of the places without an end took part in making the release live, and whether it was.

    `ended`: another place has come to its end; `gone` are those that do not have the release. `serving` is written at
    every place once all are switched, and names them; whoever is not named was left out, and is undone alone. When
    `kept` is written everywhere there is no way back. Somebody who could not write it everywhere took the way back,
    and nothing was retired.
    """
    named = {
        place for lines in journals.values() for line in lines if line.kind == "serving" for place in _listed(line)
    }
    party = {place for place in journals if place in named} if named else set() if ended else set(journals)
    own = {place: journals[place] for place in party}
    if any(_has(lines, "kept") for lines in own.values()):
        back = bool(named & gone) or any(_has(lines, "undo") for lines in own.values())
        return party, not back or any(_retires(lines) for lines in own.values())
    live = {place for place, lines in own.items() if _has(lines, "serving") and not _has(lines, "undo")}
    return party, bool(party) and live == party and (ended or named <= live)


def _end(target: Target, number: int, rounds: Round, journals: Mapping[str, list[JournalLine]], served: bool) -> None:
    """Finish a deployment that was cut off, or take it back, at the places of a round."""
    steps = {place: whole(target, run, place) for place, run in rounds.runs.items()}
    for place, own in steps.items():
        started = [line.step for line in journals[place] if line.kind == "do"]
        rounds.begun[place] = sorted(
            (step for step in own if step.name in started), key=lambda s: started.index(s.name)
        )
        rounds.downtime.resume(place, journals[place])
    verdict = "it is finished now" if served else "it is taken back"
    rounds.stream.emit(
        Warned(code="interrupted", text=f"Release {number} of {rounds.plan.key} was cut off; {verdict}.")
    )
    if not served:
        _undo(rounds)
        return
    try:
        if not all(_has(journals[place], "kept") for place in rounds.runs):
            rounds.forward(steps, ("watch",))
            rounds.mark("kept")
    except WebduhError as error:
        rounds.stream.emit(Warned(code="interrupted", text=f"Release {number} did not hold: {error.what} {error.why}"))
        _undo(rounds)
        return
    retire(target, rounds)


def _listed(line: JournalLine) -> list[str]:
    return line.detail.split(",") if line.detail else []


def _undo(rounds: Round) -> None:
    if not rounds.backward():
        raise WebduhError(
            "An earlier deployment that was cut off could not be taken back whole.",
            why="The steps that failed are named above.",
            kept="Its journal is kept, and what serves was not touched.",
            hint="Mend what they name, then do this again.",
        )
    if seconds := rounds.downtime.seconds:
        rounds.stream.emit(Warned(code="downtime", text=f"{rounds.plan.key} did not answer for {seconds:.1f} s."))


def _run(plan: Plan, number: int, record: Record, lease: Lease, lines: list[JournalLine]) -> PlaceRun:
    before = next((line.detail for line in lines if line.kind == "begin"), "")
    kept = {release.number for release in record.releases()}
    previous = record.read(int(before)) if before and int(before) in kept else None
    return PlaceRun(plan, CancelToken(), record.read(number), previous, record, lease)


def _retires(lines: list[JournalLine]) -> bool:
    kept = next((at for at, line in enumerate(lines) if line.kind == "kept"), len(lines))
    return any(line.kind == "do" for line in lines[kept:])


def _has(lines: list[JournalLine], kind: str) -> bool:
    return any(line.kind == kind for line in lines)
