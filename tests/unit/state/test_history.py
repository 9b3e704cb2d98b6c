"""What the history keeps of deployments."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from waiting import wait_until

from webduh_console.config.home import Home
from webduh_console.errors import NotFoundError, StateError, UsageError
from webduh_console.model.events import (
    AnyEvent,
    Explained,
    Finished,
    Output,
    Part,
    Progress,
    Reverting,
    Serving,
    Started,
    StepFinished,
    StepStarted,
    Warned,
)
from webduh_console.model.names import AppKey
from webduh_console.model.release import Deployment, StepRecord
from webduh_console.state import history
from webduh_console.state.database import Database, connect
from webduh_console.state.store import State

BLOG = AppKey("default", "blog", "production")
SHOP = AppKey("default", "shop", "production")
ID = "01JD{:022d}"


def deployment(number: int, at: datetime, **changes: object) -> Deployment:
    """The deployment of this number, begun so many minutes after `at`."""
    plain = Deployment(ID.format(number), BLOG, "local", "deploy", "running", at + timedelta(minutes=number))
    return msgspec.structs.replace(plain, **changes)


def steps(**seconds: float) -> tuple[StepRecord, ...]:
    return tuple(StepRecord(name, "local", "done", value) for name, value in seconds.items())


def test_a_deployment_comes_back_as_it_was(state: State, noon: datetime) -> None:
    whole = deployment(
        1,
        noon,
        outcome="reverted",
        release=7,
        base=6,
        finished=noon + timedelta(seconds=9),
        seconds=9.5,
        url="http://localhost:8080",
        by="me@laptop",
        trigger="cli",
        error={"name": "unhealthy", "what": "ä • \0 '"},
        steps=(StepRecord("build", "local", "done", 1.25), StepRecord("start", "local", "failed", 0.5)),
    )
    state.history.begin(deployment(1, noon))
    assert state.history.get(ID.format(1)) == deployment(1, noon)
    state.history.finish(whole)
    assert state.history.get(ID.format(1)) == whole
    assert state.history.list() == [whole]


def every_event(noon: datetime) -> list[AnyEvent]:
    """One event of each type, all fields filled."""
    id = ID.format(1)
    place = {"deployment": id, "at": noon, "step": "start", "place": "local"}
    return [
        Started(
            deployment=id,
            seq=1,
            at=noon,
            app="blog",
            environment="production",
            target="local",
            action="deploy",
            steps=("a", "b"),
        ),
        StepStarted(seq=2, phase="prepare", usual=1.5, **place),  # type: ignore[arg-type]
        StepStarted(seq=3, phase="build", **place),  # type: ignore[arg-type]
        Output(seq=4, text="\x1b[31mred\x1b[0m \0 ünï ✓ 🎈", stream="stderr", **place),  # type: ignore[arg-type]
        Progress(seq=5, done=1.0, total=2.0, unit="files", **place),  # type: ignore[arg-type]
        StepFinished(seq=6, outcome="failed", seconds=0.5, figures={"files": 3.0}, **place),  # type: ignore[arg-type]
        Explained(seq=11, parts=(Part("RUN npm ci", 1.5, 2048), Part("COPY . .")), **place),  # type: ignore[arg-type]
        Warned(seq=7, code="c", text="t", hint="h", **place),  # type: ignore[arg-type]
        Reverting(seq=8, reason="because", **place),  # type: ignore[arg-type]
        Serving(seq=9, release=3, url="u", seconds=2.0, **place),  # type: ignore[arg-type]
        Finished(seq=10, outcome="reverted", release=None, url="", seconds=3.0, error={"what": "w"}, **place),  # type: ignore[arg-type]
    ]


def test_every_type_of_event_comes_back_as_it_was(state: State, noon: datetime) -> None:
    state.history.begin(deployment(1, noon))
    events = every_event(noon)
    assert {type(event) for event in events} == set(AnyEvent.__args__)
    for event in events:
        state.history.keep(event)
    assert state.history.events(ID.format(1)) == events


def test_half_a_surrogate_pair_in_a_line_breaks_nothing(state: State, noon: datetime) -> None:
    state.history.begin(deployment(1, noon, error={"what": "caf\udce9"}))
    state.history.keep(Output(deployment=ID.format(1), seq=1, text="caf\udce9"))
    assert [event.text for event in state.history.events(ID.format(1)) if isinstance(event, Output)] == ["caf?"]
    assert state.history.get(ID.format(1)).error == {"what": "caf?"}


def test_another_program_sees_events_soon_and_in_order(opened: Callable[[], State], noon: datetime) -> None:
    here, there = opened(), opened()
    here.history.begin(deployment(1, noon))
    for seq in range(1, 4):
        here.history.keep(Output(deployment=ID.format(1), seq=seq, text=f"line {seq}"))
    seen = wait_until(lambda: there.history.events(ID.format(1)), "events are seen", limit=5)
    assert [event.seq for event in seen] == [1, 2, 3]


def test_a_full_batch_is_written_at_once(opened: Callable[[], State], noon: datetime) -> None:
    here, there = opened(), opened()
    here.history.begin(deployment(1, noon))
    for seq in range(history.BATCH):
        here.history.keep(Output(deployment=ID.format(1), seq=seq, text=""))
    assert len(there.history.events(ID.format(1))) == history.BATCH


def test_finishing_and_closing_write_what_waits(place: Home, opened: Callable[[], State], noon: datetime) -> None:
    here, there = State.open(place), opened()
    here.history.begin(deployment(1, noon))
    here.history.begin(deployment(2, noon))
    here.history.keep(Output(deployment=ID.format(1), seq=1, text="a"))
    here.history.finish(deployment(1, noon, outcome="done"))
    assert len(there.history.events(ID.format(1))) == 1
    here.history.keep(Output(deployment=ID.format(2), seq=1, text="b"))
    here.close()
    assert len(there.history.events(ID.format(2))) == 1


def test_output_is_bounded_and_all_else_is_kept(state: State, noon: datetime) -> None:
    id = ID.format(1)
    state.history.begin(deployment(1, noon))
    for seq in range(1, history.MOST_LINES + 51):
        state.history.keep(Output(deployment=id, seq=seq, text="x"))
    last = StepFinished(deployment=id, seq=history.MOST_LINES + 51, outcome="done", seconds=1.0)
    state.history.keep(last)
    events = state.history.events(id)
    assert len(events) == history.MOST_LINES + 2
    assert isinstance(events[-3], Output)
    assert events[-2] == Warned(
        deployment=id,
        seq=history.MOST_LINES + 1,
        code="output-cut",
        text=f"Only the first {history.MOST_LINES} lines of output are kept.",
    )
    assert events[-1] == last


def test_events_of_a_deployment_that_never_began_are_no_history(state: State, noon: datetime) -> None:
    state.history.begin(deployment(1, noon))
    state.history.keep(Output(deployment="nobody", seq=1, text="a"))
    state.history.keep(Output(deployment=ID.format(1), seq=1, text="b"))
    assert [event.seq for event in state.history.events(ID.format(1))] == [1]
    assert state.history.events("nobody") == []


def test_what_cannot_be_written_is_told_and_waits(place: Home, noon: datetime) -> None:
    State.open(place).close()
    connection = connect(place.data / "state.db")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    database = Database(place.data / "state.db", connection)
    kept = history.History(database)
    kept.begin(deployment(1, noon))
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    lines = [Output(deployment=ID.format(1), seq=seq, text="x" * 1000) for seq in range(1, 200)]
    for line in lines:
        kept.keep(line)
    with pytest.raises(StateError, match="disk is full"):
        kept.flush()
    connection.execute("PRAGMA max_page_count = 100000")
    kept.close()
    assert kept.events(ID.format(1)) == lines
    database.close()


@pytest.mark.parametrize("prefix", [ID.format(12), ID.format(12).lower(), ID.format(12)[:-1], f" {ID.format(12)} "])
def test_an_id_or_its_beginning_finds_a_deployment(state: State, noon: datetime, prefix: str) -> None:
    for number in (3, 12, 25):
        state.history.begin(deployment(number, noon))
    assert state.history.get(prefix) == deployment(12, noon)


def test_a_beginning_of_several_names_them(state: State, noon: datetime) -> None:
    for number in (1, 2):
        state.history.begin(deployment(number, noon))
    with pytest.raises(UsageError) as caught:
        state.history.get("01jd")
    assert caught.value.why == f"There are {ID.format(2)} (blog), {ID.format(1)} (blog)."


def test_a_whole_id_wins_over_one_that_begins_with_it(state: State, noon: datetime) -> None:
    state.history.begin(deployment(0, noon, id="01JA"))
    state.history.begin(deployment(0, noon, id="01JAB"))
    assert state.history.get("01ja").id == "01JA"


@pytest.mark.parametrize("id", ["", "  ", "nope", "%", "_", "01JD'"])
def test_an_unknown_deployment_is_told(state: State, noon: datetime, id: str) -> None:
    state.history.begin(deployment(1, noon))
    with pytest.raises(NotFoundError, match="There is no deployment"):
        state.history.get(id)


def test_deployments_are_listed_newest_first_by_app_and_target(state: State, noon: datetime) -> None:
    all = [
        deployment(1, noon),
        deployment(2, noon, key=SHOP),
        deployment(3, noon, target="server"),
        deployment(4, noon, key=AppKey("default", "blog", "staging")),
    ]
    for each in all:
        state.history.begin(each)
    assert state.history.list() == [all[3], all[2], all[1], all[0]]
    assert state.history.list(limit=1) == [all[3]]
    assert state.history.list(BLOG) == [all[2], all[0]]
    assert state.history.list(BLOG, target="server") == [all[2]]
    assert state.history.list(target="server") == [all[2]]


def test_what_a_step_usually_takes_is_its_last_success(state: State, noon: datetime) -> None:
    done = [
        deployment(1, noon, outcome="done", steps=steps(build=10, start=1)),
        deployment(2, noon, outcome="done", steps=steps(build=20, start=2)),
        deployment(3, noon, outcome="done", action="rollback", steps=(*steps(start=3), *steps(start=2.5))),
        deployment(4, noon, outcome="failed", steps=steps(start=99)),
        deployment(5, noon, outcome="done", key=SHOP, steps=steps(start=99)),
        deployment(6, noon, outcome="done", target="server", steps=steps(start=99)),
        deployment(7, noon, outcome="done", steps=(StepRecord("start", "local", "skipped", 99),)),
    ]
    for each in done:
        state.history.finish(each)
    assert state.history.usual(BLOG, "local") == {"build": 20.0, "start": 3.0}
    assert state.history.usual(BLOG, "nowhere") == {}


def test_a_deployment_whose_program_is_gone_was_interrupted(place: Home, state: State, noon: datetime) -> None:
    script = f"""
import os, sys
from datetime import datetime, timedelta
from pathlib import Path
from webduh_console.config.home import Home
from webduh_console.model.events import Output
from webduh_console.model.names import AppKey
from webduh_console.model.release import Deployment
from webduh_console.state.store import State
state = State.open(Home(*map(Path, sys.argv[1:])))
noon = datetime.fromisoformat("{noon.isoformat()}")
key = AppKey("default", "blog", "production")
state.history.begin(Deployment("{ID.format(1)}", key, "local", "deploy", "running", noon))
state.history.keep(Output(deployment="{ID.format(1)}", seq=1, at=noon + timedelta(seconds=5), text="x"))
state.history.flush()
print("begun", flush=True)
sys.stdin.readline()
os._exit(9)
"""
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(place.data), str(place.config), str(place.cache)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    state.history.begin(deployment(2, noon))
    assert other.stdout is not None
    assert other.stdout.readline() == "begun\n"
    assert state.history.interrupted() == []
    other.communicate("die\n", timeout=30)
    begun = deployment(0, noon, id=ID.format(1))
    marked = msgspec.structs.replace(begun, outcome="interrupted", finished=noon + timedelta(seconds=5), seconds=5.0)
    assert state.history.interrupted() == [begun]
    assert state.history.mark_interrupted() == [marked]
    assert state.history.mark_interrupted() == []
    assert state.history.get(ID.format(1)) == marked
    assert state.history.get(ID.format(2)) == deployment(2, noon)


def test_the_oldest_deployments_of_each_app_are_pruned_with_their_events(state: State, noon: datetime) -> None:
    state.history.begin(deployment(0, noon))
    for number in range(1, 6):
        state.history.begin(deployment(number, noon))
        state.history.keep(Output(deployment=ID.format(number), seq=1, text=""))
        state.history.finish(deployment(number, noon, outcome="done"))
    state.history.finish(deployment(1, noon, id="01JE", key=SHOP, outcome="done"))
    assert state.history.prune(keep=2) == 3
    assert {each.id for each in state.history.list()} == {ID.format(0), ID.format(4), ID.format(5), "01JE"}
    assert state.history.events(ID.format(1)) == []
    assert len(state.history.events(ID.format(5))) == 1


def test_a_time_is_kept_to_the_microsecond_whatever_its_zone(state: State, noon: datetime) -> None:
    zoned = datetime.fromisoformat("2030-01-02T14:00:00.123456+02:00")
    state.history.begin(deployment(0, zoned))
    assert state.history.get(ID.format(0)).started == noon


def test_the_folder_of_the_state_holds_nothing_else(place: Home, state: State, noon: datetime) -> None:
    state.history.begin(deployment(1, noon))
    names = {path.name for path in Path(place.data).iterdir()}
    assert names <= {"state.db", "state.db-wal", "state.db-shm"}
