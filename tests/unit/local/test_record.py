from collections.abc import Callable

import msgspec
import pytest

from webduh_console.errors import LeaseLostError, NotFoundError, WebduhError
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release, Route, SourceRef, Spec, Variable
from webduh_console.model.target import JournalLine, Lease
from webduh_console.targets.local.record import FileRecord

SPEC = Spec(framework="static", routes=(Route(port=8400),))
SOURCE = SourceRef("/shop", "a" * 64)
VARIABLES = {"A": Variable("plain-value"), "TOKEN": Variable("s3cret-value\nsecond", secret=True, origin="set")}


@pytest.fixture
def lease(record: FileRecord) -> Lease:
    return record.acquire("me@here", "deploy")


def release(key: AppKey, number: int, variables: dict[str, Variable] = VARIABLES) -> Release:
    artifact = Artifact("sha256:" + "b" * 64, "tree", 10, 2, 0.5)
    return Release(
        number, key, "local", SPEC, artifact, SOURCE, EPOCH, "me", "command", f"D{number}", variables=variables
    )


def plan(key: AppKey) -> Plan:
    return Plan("D1", key, "local", "deploy", SOURCE, SPEC, "me", "command", variables=VARIABLES)


def write(record: FileRecord, lease: Lease, *numbers: int) -> None:
    for number in numbers:
        record.write(lease, release(record.key, number), plan(record.key))


def journal(record: FileRecord, lease: Lease, number: int, *kinds: str) -> list[JournalLine]:
    lines = [msgspec.convert({"kind": kind, "deployment": "D", "at": EPOCH}, JournalLine) for kind in kinds]
    for line in lines:
        record.append(lease, number, line)
    return lines


def test_an_app_without_a_record_has_nothing(record: FileRecord) -> None:
    assert (
        record.current(),
        record.releases(),
        record.unfinished(),
        record.next_number(),
        record.plan(1),
        record.journal(1),
        record.holder(),
    ) == (None, [], [], 1, None, [], None)
    assert not record.folder.exists()


def test_what_is_written_is_read_again(record: FileRecord, lease: Lease, key: AppKey) -> None:
    write(record, lease, 1, 2)
    bare = [release(key, number, {}) for number in (1, 2)]
    assert record.read(2) == release(key, 2)
    assert record.release(2) == bare[1]
    assert record.releases() == bare
    assert record.plan(2) == msgspec.structs.replace(plan(key), variables={})
    assert record.next_number() == 3


def test_values_of_variables_are_in_no_file(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 1)
    contents = b"".join(path.read_bytes() for path in record.folder.rglob("*") if path.is_file())
    assert b"TOKEN" in contents
    for value in (b"plain-value", b"s3cret-value"):
        assert value not in contents


def test_a_release_without_variables_needs_no_key(record: FileRecord, lease: Lease, key: AppKey) -> None:
    def no_key() -> object:
        raise AssertionError("the key was asked for")

    keyless = FileRecord(record.folder, key, no_key)  # type: ignore[arg-type]
    keyless.write(lease, release(key, 1, {}), plan(key))
    assert keyless.read(1) == release(key, 1, {})
    assert keyless.releases() == [release(key, 1, {})]


def test_releases_are_in_the_order_of_their_numbers(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 10, 9, 1, 100)
    assert [kept.number for kept in record.releases()] == [1, 9, 10, 100]
    assert record.next_number() == 101


def test_an_unknown_release_lists_those_that_are_kept(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 3, 4)
    for read in (record.read, record.release):
        with pytest.raises(NotFoundError) as caught:
            read(9)
        assert (caught.value.what, caught.value.why) == ("shop has no release 9.", "Kept are: 3, 4.")


def test_a_broken_record_is_named_with_its_file(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 1)
    (record.folder / "releases" / "1" / "release.json").write_text('{"number": "x"}')
    with pytest.raises(WebduhError) as caught:
        record.release(1)
    assert caught.value.what == "The record of release 1 of shop cannot be read."
    assert caught.value.hint == f"The file is {record.folder / 'releases' / '1' / 'release.json'}."


def test_the_mark_of_the_serving_release_moves_and_goes(record: FileRecord, lease: Lease) -> None:
    for number in (1, 2, None, None, 3):
        record.set_current(lease, number)
        assert record.current() == number


def test_a_removed_release_is_gone_with_all_of_it(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 1, 2)
    journal(record, lease, 1, "begin")
    record.remove(lease, 1)
    record.remove(lease, 1)
    assert [path.name for path in (record.folder / "releases").iterdir()] == ["2"]


def test_a_removal_that_was_cut_off_has_removed(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 1, 2)
    releases = record.folder / "releases"
    (releases / "1").rename(releases / ".removed-1")
    assert [kept.number for kept in record.releases()] == [2]
    assert record.unfinished() == [2]
    write(record, lease, 1)
    record.remove(lease, 1)
    assert [path.name for path in releases.iterdir()] == ["2"]


def test_a_half_written_release_is_none_yet_but_its_number_is_taken(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 1)
    journal(record, lease, 1, "begin", "end")
    (record.folder / "releases" / "2").mkdir()
    (record.folder / "releases" / "2" / "plan.json").write_bytes(b"{}")
    assert [kept.number for kept in record.releases()] == [1]
    assert (record.unfinished(), record.next_number()) == ([2], 3)


def test_a_journal_is_read_as_it_was_written(record: FileRecord, lease: Lease) -> None:
    lines = journal(record, lease, 1, "begin", "do", "did", "serving")
    assert record.journal(1) == lines
    assert record.unfinished() == [1]
    assert record.journal(1) + journal(record, lease, 1, "end") == record.journal(1)
    assert record.unfinished() == []


@pytest.mark.parametrize("torn", [b'{"kind":"do"', b"\xff\xfe", b"", b'{"kind":"other"}', b"[]\n", b"\n\n"])
def test_a_torn_line_is_left_out_and_spoils_only_itself(torn: bytes, record: FileRecord, lease: Lease) -> None:
    first = journal(record, lease, 1, "begin")
    with (record.folder / "releases" / "1" / "journal.jsonl").open("ab") as file:
        file.write(torn)
    assert record.journal(1) == first
    second = journal(record, lease, 1, "end")
    assert record.journal(1) == first + second


def test_who_did_what_is_kept_line_by_line(record: FileRecord) -> None:
    record.audit("me deploy release 1 made live (command)")
    record.audit("me removed shop")
    lines = (record.folder / "audit.log").read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == ["me deploy release 1 made live (command)", "me removed shop"]
    assert [(act.by, act.act, act.what, act.trigger, act.key) for act in record.audits()] == [
        ("me", "deploy", "release 1 made live", "command", record.key),
        ("me", "removed", "shop", "", record.key),
    ]
    assert all(len(line.partition(" ")[0]) == len("2030-01-01T00:00:00Z") for line in lines)


def test_an_erased_record_is_as_if_it_had_never_been(record: FileRecord, lease: Lease) -> None:
    write(record, lease, 1)
    record.set_current(lease, 1)
    record.erase(lease)
    assert (record.current(), record.releases(), record.next_number()) == (None, [], 1)


def test_nothing_is_changed_without_the_lease(record: FileRecord, lease: Lease, key: AppKey) -> None:
    write(record, lease, 1)
    record.set_current(lease, 1)
    lease.release()
    before = {path: path.read_bytes() for path in record.folder.rglob("*") if path.is_file()}
    acts: tuple[Callable[[], None], ...] = (
        lambda: record.write(lease, release(key, 2), plan(key)),
        lambda: record.remove(lease, 1),
        lambda: record.erase(lease),
        lambda: record.set_current(lease, None),
        lambda: record.append(lease, 1, JournalLine("end", "D", EPOCH)),
    )
    for act in acts:
        with pytest.raises(LeaseLostError):
            act()
    assert {path: path.read_bytes() for path in record.folder.rglob("*") if path.is_file()} == before
