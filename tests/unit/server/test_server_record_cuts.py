"""Scripts that are killed with all they started, before each of the programs that they run."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from record_house import app_folder, everything, journal, plan, record_on, release, silenced, write
from script_machine import ScriptMachine, tools_without

from webduh_console.errors import WebduhError
from webduh_console.model.target import Holder
from webduh_console.targets.server.lease import RemoteLease
from webduh_console.targets.server.record import RemoteRecord

PROGRAMS = (
    *("cat", "date", "df", "find", "flock", "grep", "id", "mkdir", "mv", "printf", "rm", "sed", "sleep", "stat"),
    *("sync", "tail", "touch", "wc"),
)
DEADLY = """#!/bin/sh
echo >>{folder}/begun
read -r last <{folder}/last
[ "$({count} -l <{folder}/begun)" -lt "$last" ] || kill -9 0
exec {program} "$@"
"""


class DeadlyMachine(ScriptMachine):
    """Kills the script, with everything it started, before the program that is run after a number of others."""

    def __init__(self, folder: Path, *left_out: str) -> None:
        super().__init__(tools=tools_without(folder / "tools", *left_out))
        self._begun, self._last = folder / "begun", folder / "last"
        for name in set(PROGRAMS) - set(left_out):
            program = shutil.which(name)
            assert program is not None
            tool = folder / "tools" / name
            tool.unlink()
            tool.write_text(DEADLY.format(folder=folder, program=program, count=shutil.which("wc")))
            tool.chmod(0o755)

    def kill_after(self, programs: int) -> None:
        self._begun.write_text("")
        self._last.write_text(f"{programs + 1}\n")

    @property
    def killed(self) -> bool:
        return len(self._begun.read_text()) >= int(self._last.read_text())


@dataclass
class Cuts:
    """A machine that kills, one that does not and locks in the same way, and a record to begin with."""

    deadly: DeadlyMachine
    good: ScriptMachine
    template: Path
    token: str
    holder: Holder

    def everywhere(
        self,
        folder: Path,
        act: Callable[[RemoteRecord, RemoteLease], object],
        judge: Callable[[RemoteRecord], object],
    ) -> list[object]:
        """What `judge` finds after `act` on the template was cut before its first program, its second, and so on.

        After each cut the act is done again, by a machine that kills nothing: so each is what was found after the
        cut and what was found then. The last is what is found after an act that nothing cut.
        """
        found: list[object] = []
        for programs in range(100):
            root = folder / str(programs)
            shutil.copytree(self.template, root)
            good, bad = record_on(self.good, root), record_on(self.deadly, root)
            self.deadly.kill_after(programs)
            try:
                act(bad, RemoteLease(bad.folder, bad.key, self.token, self.holder))
            except WebduhError as error:
                assert "ended with -9" in error.why  # noqa: PT017 - whether it raises depends on the cut
            cut = self.deadly.killed
            self.deadly.kill_after(10_000)
            after = judge(good)
            if not cut:
                return [*found, after]
            act(good, RemoteLease(good.folder, good.key, self.token, self.holder))
            found.append((after, judge(good)))
        raise AssertionError("it is never done")


@pytest.fixture(scope="module", params=["flock", "no flock"])
def cuts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cuts:
    """Releases 1 and 2, of which 1 serves; the lease is held."""
    left_out = ["flock"] if request.param == "no flock" else []
    folder = tmp_path_factory.mktemp("deadly")
    good = ScriptMachine(tools=tools_without(folder / "good", *left_out))
    template = folder / "template"
    template.mkdir()
    record = record_on(good, template)
    lease = record.acquire("me", "x")
    write(record, lease, 1, 2)
    record.set_current(lease, 1)
    journal(record, lease, 1, "begin")
    return Cuts(DeadlyMachine(folder, *left_out), good, template, lease.token, lease.holder)


def outcomes(found: list[object], old: object, new: object) -> None:
    """Each cut leaves the old or the new, and what is done again is new; both are seen, the new at last."""
    *after_cuts, last = found
    assert last == new
    assert len(after_cuts) > 3
    assert set(after_cuts) <= {(old, new), (new, new)}
    assert after_cuts[0] == (old, new)


def test_a_release_is_written_whole_or_not(cuts: Cuts, tmp_path: Path) -> None:
    def read(record: RemoteRecord) -> object:
        return tuple(record.read(number).deployment for number in record.look().kept)

    act: Callable[[RemoteRecord, RemoteLease], object] = lambda record, lease: write(record, lease, 3)  # noqa: E731
    outcomes(cuts.everywhere(tmp_path, act, read), ("D1", "D2"), ("D1", "D2", "D3"))


def test_a_written_release_has_its_plan_and_its_variables(cuts: Cuts, tmp_path: Path) -> None:
    def read(record: RemoteRecord) -> object:
        if 3 not in record.look().kept:
            return "old"
        assert record.plan(3) is not None
        return "new" if record.read(3) == release(3) else "mixed"

    act: Callable[[RemoteRecord, RemoteLease], object] = lambda r, lease: r.write(lease, release(3), plan())  # noqa: E731
    outcomes(cuts.everywhere(tmp_path, act, read), "old", "new")


def test_the_mark_of_the_serving_release_is_the_old_or_the_new(cuts: Cuts, tmp_path: Path) -> None:
    found = cuts.everywhere(tmp_path, lambda r, lease: r.set_current(lease, 2), RemoteRecord.current)
    outcomes(found, 1, 2)


def test_a_release_is_removed_whole_or_not(cuts: Cuts, tmp_path: Path) -> None:
    def read(record: RemoteRecord) -> object:
        return tuple((number, record.read(number) == release(number)) for number in record.look().kept)

    found = cuts.everywhere(tmp_path, lambda r, lease: r.remove(lease, 2), read)
    outcomes(found, ((1, True), (2, True)), ((1, True),))


def test_what_was_removed_leaves_nothing_behind(cuts: Cuts, tmp_path: Path) -> None:
    def left(record: RemoteRecord) -> object:
        return tuple(sorted(path.name for path in (app_folder(record) / "releases").iterdir()))

    *after_cuts, last = cuts.everywhere(tmp_path, lambda r, lease: r.remove(lease, 2), left)
    assert last == ("1",)
    assert {cut[1] for cut in after_cuts if isinstance(cut, tuple)} == {("1",)}


def test_what_an_app_left_is_erased_in_the_end(cuts: Cuts, tmp_path: Path) -> None:
    def left(record: RemoteRecord) -> object:
        return tuple(sorted(everything(app_folder(record))))

    *after_cuts, last = cuts.everywhere(tmp_path, lambda r, lease: r.erase(lease), left)
    assert last == ("lease.json",)
    assert {cut[1] for cut in after_cuts if isinstance(cut, tuple)} == {("lease.json",)}


def test_a_line_of_the_journal_is_there_or_not(cuts: Cuts, tmp_path: Path) -> None:
    def read(record: RemoteRecord) -> object:
        return tuple(line.kind for line in record.journal(1))

    *after_cuts, last = cuts.everywhere(tmp_path, lambda r, lease: journal(r, lease, 1, "do"), read)
    assert last == ("begin", "do")
    assert set(after_cuts) <= {  # done again, it may stand there twice: the engine reads what was begun, not how often
        (("begin",), ("begin", "do")),
        (("begin", "do"), ("begin", "do", "do")),
    }


def test_a_file_of_the_proxy_is_the_old_or_the_new(cuts: Cuts, tmp_path: Path) -> None:
    def path(record: RemoteRecord) -> str:
        return record.folder.layout.route_file(record.key)

    def read(record: RemoteRecord) -> object:
        return record.folder.read(path(record))

    found = cuts.everywhere(tmp_path, lambda r, lease: lease.put(path(r), b"new\n" * 5000), read)
    outcomes(found, None, b"new\n" * 5000)


def test_a_lease_is_given_back_or_ends_by_itself(cuts: Cuts, tmp_path: Path) -> None:
    def read(record: RemoteRecord) -> object:
        held = record.holder()
        return held and held.epoch

    outcomes(cuts.everywhere(tmp_path, lambda _, lease: lease.release(), read), 1, None)


def test_whoever_is_killed_while_taking_a_lease_leaves_it_to_be_taken(cuts: Cuts, tmp_path: Path) -> None:
    for programs in range(100):
        root = tmp_path / str(programs)
        root.mkdir()
        cuts.deadly.kill_after(programs)
        try:
            record_on(cuts.deadly, root).acquire("dead", "x")
        except WebduhError:
            cut = True
        else:
            cut = cuts.deadly.killed
        cuts.deadly.kill_after(10_000)
        good = record_on(cuts.good, root)
        held = good.holder()
        if held:
            silenced(good)
        assert good.acquire("me", "y").holder.epoch == (2 if held else 1)
        if not cut:
            return
    raise AssertionError("it is never taken")
