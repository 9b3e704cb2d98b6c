import getpass
from collections.abc import Callable

import msgspec
import pytest
from record_house import (
    KEY,
    SOURCE,
    VARIABLES,
    app_folder,
    everything,
    journal,
    plan,
    record_on,
    release,
    silenced,
    write,
)
from script_machine import ScriptMachine

from webduh_console.errors import LeaseLostError, NotFoundError, WebduhError
from webduh_console.model.events import EPOCH
from webduh_console.model.release import SourceRef, Variable
from webduh_console.model.target import JournalLine, Record
from webduh_console.targets.server.lease import RemoteLease
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.transport.machine import Answer


@pytest.fixture
def lease(record: RemoteRecord) -> RemoteLease:
    return record.acquire("me@here", "deploy")


def test_an_app_without_a_record_has_nothing(record: RemoteRecord) -> None:
    as_any: Record = record
    assert (
        as_any.current(),
        as_any.releases(),
        as_any.unfinished(),
        as_any.next_number(),
        as_any.plan(1),
        as_any.journal(1),
        as_any.holder(),
    ) == (None, [], [], 1, None, [], None)
    assert not app_folder(record).exists()


def test_what_is_written_is_read_again(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1, 2)
    bare = [release(number, {}) for number in (1, 2)]
    assert record.read(2) == release(2)
    assert record.release(2) == bare[1]
    assert record.releases() == bare
    assert record.plan(2) == msgspec.structs.replace(plan(), variables={})
    assert record.next_number() == 3


def test_each_act_is_one_round_trip_and_a_look_after_it_one_more_at_most(
    record: RemoteRecord, machine: ScriptMachine
) -> None:
    lease = record.acquire("me", "deploy")
    assert len(machine.asked) == 2
    acts: list[tuple[str, Callable[[], object], int]] = [
        ("write", lambda: write(record, lease, 1), 1),
        ("begin", lambda: journal(record, lease, 1, "begin"), 0),
        ("do", lambda: journal(record, lease, 1, "do"), 0),
        ("end", lambda: journal(record, lease, 1, "end"), 1),
        ("set_current", lambda: record.set_current(lease, 1), 1),
        ("read", lambda: record.read(1), 0),
        ("plan", lambda: record.plan(1), 0),
        ("journal", lambda: record.journal(1), 0),
        ("holder", record.holder, 0),
        ("check", lambda: lease.check(), 0),
        ("renew", lambda: lease.renew(), 0),
        ("audit", lambda: record.audit("done"), 0),
        ("remove", lambda: record.remove(lease, 1), 1),
        ("begin anew", lambda: journal(record, lease, 2, "begin"), 1),
        ("erase", lambda: record.erase(lease), 1),
        ("release", lambda: lease.release(), 3),
    ]
    looks: list[Callable[[], object]] = [record.unfinished, record.current, record.releases]
    assert [look() for look in looks] == [[], None, []]
    for name, act, looked in acts:
        machine.asked.clear()
        act()
        asked = len(machine.asked)
        for look in looks:
            look()
        assert (name, asked, len(machine.asked) - asked) == (name, 1, looked)


def test_a_look_under_the_lease_says_what_is_there(record: RemoteRecord) -> None:
    lease = record.acquire("me", "deploy")

    def seen() -> list[object]:
        own, anew = record.look(), RemoteRecord(record.folder, record.key).look()
        answers = [
            [look.current, look.kept, look.unfinished, [each.number for each in look.releases]] for look in (own, anew)
        ]
        assert answers[0] == answers[1]
        return answers[0]

    assert seen() == [None, [], [], []]
    journal(record, lease, 1, "begin")
    assert seen() == [None, [], [1], []]
    write(record, lease, 1)
    journal(record, lease, 1, "do", "did")
    assert seen() == [None, [1], [1], [1]]
    RemoteRecord(record.folder, record.key).set_current(lease, 1)
    assert seen() == [1, [1], [1], [1]]
    journal(record, lease, 1, "end")
    assert seen() == [1, [1], [], [1]]
    lease.release()
    other = RemoteRecord(record.folder, record.key)
    other.remove(other.acquire("somebody else", "deploy"), 1)
    assert seen() == [1, [], [], []]


def test_a_lease_that_was_lost_keeps_no_look(record: RemoteRecord) -> None:
    lease = record.acquire("me", "deploy")
    assert record.current() is None
    silenced(record)
    other = RemoteRecord(record.folder, record.key)
    other.set_current(other.acquire("somebody else", "deploy"), 7)
    with pytest.raises(LeaseLostError):
        lease.check()
    assert record.current() == 7


def test_lines_that_are_written_together_are_one_round_trip_and_all_or_none(
    record: RemoteRecord, machine: ScriptMachine
) -> None:
    lease = record.acquire("me", "deploy")
    one, two = (JournalLine(kind, "D", EPOCH, step="start") for kind in ("did", "do"))
    machine.asked.clear()
    record.append(lease, 1, one, two)
    assert (len(machine.asked), record.journal(1)) == (1, [one, two])
    silenced(record)
    RemoteRecord(record.folder, record.key).acquire("somebody else", "deploy")
    with pytest.raises(LeaseLostError):
        record.append(lease, 1, one, two)
    assert record.journal(1) == [one, two]


def test_no_value_of_a_variable_is_in_a_word(record: RemoteRecord, machine: ScriptMachine) -> None:
    lease = record.acquire("me@here", "deploy")
    write(record, lease, 1)
    assert record.read(1).variables == VARIABLES
    said = "\n".join(word for words in machine.asked for word in words)
    assert not [value for value in ("plain-value", "s3cret-value", "second") if value in said]


def test_a_long_text_and_any_character_come_back_as_they_were(record: RemoteRecord, lease: RemoteLease) -> None:
    values = ["", " ", "'\"\\$(id)`id`", "\x00\x01\x7f\r\n\t", "äöü 漢字 \U0001f600", "%s%n\\n", "x" * 400_000]
    variables = {f"V{index}": Variable(value, index % 2 == 0) for index, value in enumerate(values)}
    record.write(lease, release(1, variables), plan())
    assert record.read(1) == release(1, variables)


def test_a_folder_whose_name_is_not_unicode_is_escaped(record: RemoteRecord, lease: RemoteLease) -> None:
    source = SourceRef("/caf\udce9", "a")
    written = msgspec.structs.replace(release(1), source=source)
    record.write(lease, written, msgspec.structs.replace(plan(), source=source, warnings=("\udce9",)))
    assert record.release(1).source == SourceRef("/caf\\udce9", "a")
    kept = record.plan(1)
    assert kept is not None
    assert kept.warnings == ("\\udce9",)


def test_a_value_that_is_not_unicode_is_refused_by_name(record: RemoteRecord, lease: RemoteLease) -> None:
    before = everything(app_folder(record))
    with pytest.raises(WebduhError) as caught:
        record.write(lease, release(1, {**VARIABLES, "BYTES": Variable("pass\udce9word")}), plan())
    assert (caught.value.what, caught.value.why) == (
        "Release 1 of shop cannot be written.",
        "The value of BYTES is not Unicode text.",
    )
    assert everything(app_folder(record)) == before


def test_releases_are_in_the_order_of_their_numbers(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 10, 9, 1, 100)
    assert [kept.number for kept in record.releases()] == [1, 9, 10, 100]
    assert record.next_number() == 101


def test_an_unknown_release_lists_those_that_are_kept(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 3, 4)
    for read in (record.read, record.release):
        with pytest.raises(NotFoundError) as caught:
            read(9)
        assert (caught.value.what, caught.value.why) == ("shop has no release 9.", "Kept are: 3, 4.")


@pytest.mark.parametrize(
    "content", [b'{"number": "x"}', b"\xff\xfe", b"{", b"\n", b"\x00", b'{"number":1}\n{"number":2}']
)
def test_a_broken_record_is_named_with_its_file(content: bytes, record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1)
    file = app_folder(record) / "releases" / "1" / "release.json"
    file.write_bytes(content)
    for read in (record.read, record.release):
        with pytest.raises(WebduhError) as caught:
            read(1)
        assert caught.value.what == "The record of release 1 of shop cannot be read."
        assert caught.value.hint == f"The file is {file}."


def test_a_broken_mark_is_named_with_its_file(record: RemoteRecord, lease: RemoteLease) -> None:
    file = app_folder(record) / "current"
    file.write_text("three\n")
    with pytest.raises(WebduhError, match="The mark of the serving release of shop cannot be read") as caught:
        RemoteRecord(record.folder, record.key).current()
    assert caught.value.hint == f"The file is {file}."


def test_the_mark_of_the_serving_release_moves_and_goes(record: RemoteRecord, lease: RemoteLease) -> None:
    for number in (1, 2, None, None, 3):
        record.set_current(lease, number)
        assert record.current() == number


def test_a_removed_release_is_gone_with_all_of_it(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1, 2)
    journal(record, lease, 1, "begin")
    record.remove(lease, 1)
    record.remove(lease, 1)
    assert [path.name for path in (app_folder(record) / "releases").iterdir()] == ["2"]


def test_a_removal_that_was_cut_off_has_removed(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1, 2)
    releases = app_folder(record) / "releases"
    (releases / "1").rename(releases / ".removed-1")
    assert [kept.number for kept in record.releases()] == [2]
    assert record.unfinished() == [2]
    write(record, lease, 1)
    record.remove(lease, 1)
    assert [path.name for path in releases.iterdir()] == ["2"]


def test_a_half_written_release_is_none_yet_but_its_number_is_taken(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1)
    journal(record, lease, 1, "begin", "end")
    (app_folder(record) / "releases" / "2").mkdir()
    (app_folder(record) / "releases" / "2" / "plan.json").write_bytes(b"{}")
    assert [kept.number for kept in record.releases()] == [1]
    assert (record.unfinished(), record.next_number()) == ([2], 3)


def test_a_journal_is_read_as_it_was_written(record: RemoteRecord, lease: RemoteLease) -> None:
    lines = journal(record, lease, 1, "begin", "do", "did", "serving")
    assert record.journal(1) == lines
    assert record.unfinished() == [1]
    assert record.journal(1) + journal(record, lease, 1, "end") == record.journal(1)
    assert record.unfinished() == []


@pytest.mark.parametrize(
    "detail", ["'; rm -rf / #", '{"kind":"end",', "a\nb", "-n", "\\c", "%s", "漢", "\udce9", "x" * 9000]
)
def test_a_journal_keeps_any_detail(detail: str, record: RemoteRecord, lease: RemoteLease) -> None:
    record.append(lease, 1, JournalLine("do", "D", EPOCH, detail=detail))
    kept = [line.detail for line in record.journal(1)]
    assert kept == [detail.encode(errors="backslashreplace").decode()]
    assert record.unfinished() == [1]


@pytest.mark.parametrize(
    "torn",
    [
        b'{"kind":"do"',
        b'{"kind":"end","deployment":"D"',
        b"\xff\xfe",
        b"",
        b'{"kind":"other"}',
        b"[]\n",
        b"\n\n",
        b"\0\0",
    ],
)
def test_a_torn_line_is_left_out_and_spoils_only_itself(torn: bytes, record: RemoteRecord, lease: RemoteLease) -> None:
    first = journal(record, lease, 1, "begin")
    with (app_folder(record) / "releases" / "1" / "journal.jsonl").open("ab") as file:
        file.write(torn)
    assert record.journal(1) == first
    assert record.unfinished() == [1]
    second = journal(record, lease, 1, "end")
    assert record.journal(1) == first + second
    assert record.unfinished() == []


def test_who_did_what_is_kept_line_by_line(record: RemoteRecord) -> None:
    for said in ("me deploy release 1 made live (command)", "me removed\nshop\x1b[31m", "$(id) `id` '\""):
        record.audit(said)
    lines = (app_folder(record) / "audit.log").read_text().splitlines()
    assert {line.rpartition(" via ")[2] for line in lines} == {getpass.getuser()}
    assert [(act.by, act.act, act.what, act.trigger, act.via, act.key) for act in record.audits()] == [
        ("me", "deploy", "release 1 made live", "command", getpass.getuser(), KEY),
        ("me", "removed", "shop [31m", "", getpass.getuser(), KEY),
        ("$(id)", "`id`", "'\"", "", getpass.getuser(), KEY),
    ]
    assert [line.partition(" ")[2].rpartition(" via ")[0] for line in lines] == [
        "me deploy release 1 made live (command)",
        "me removed shop [31m",
        "$(id) `id` '\"",
    ]
    assert all(len(line.partition(" ")[0]) == len("2030-01-01T00:00:00Z") for line in lines)


def test_an_erased_record_leaves_who_did_what_and_the_leases_number(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1)
    record.set_current(lease, 1)
    (app_folder(record) / "source").mkdir()
    (app_folder(record) / "source" / "-rf *").write_text("x")
    (app_folder(record) / ".hidden").write_text("x")
    record.audit("me removed shop")
    record.erase(lease)
    assert (record.current(), record.releases(), record.next_number()) == (None, [], 1)
    lease.release()
    assert sorted(everything(app_folder(record))) == ["audit.log", "lease.json"]
    assert record.acquire("me", "deploy").holder.epoch == 2


def test_nothing_is_changed_without_the_lease(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1)
    record.set_current(lease, 1)
    lease.release()
    before = everything(app_folder(record))
    acts: tuple[Callable[[], object], ...] = (
        lambda: record.write(lease, release(2), plan()),
        lambda: record.remove(lease, 1),
        lambda: record.erase(lease),
        lambda: record.set_current(lease, None),
        lambda: record.append(lease, 1, JournalLine("end", "D", EPOCH)),
        lambda: lease.put(f"{app_folder(record)}/route.yml", b"x"),
        lambda: lease.drop(f"{app_folder(record)}/current"),
        lambda: lease.run("rm -rf releases"),
    )
    for act in acts:
        with pytest.raises(LeaseLostError):
            act()
    assert everything(app_folder(record)) == before


def test_a_file_elsewhere_is_put_whole_read_and_dropped(record: RemoteRecord, lease: RemoteLease) -> None:
    path = record.folder.layout.route_file(KEY)
    content = bytes(range(256)) * 40
    assert record.folder.read(path) is None
    for put in (b"", b"http: {}\n", content):
        lease.put(path, put)
        assert record.folder.read(path) == put
    lease.drop(path)
    lease.drop(path)
    assert record.folder.read(path) is None


def test_content_that_was_cut_on_its_way_changes_nothing(record: RemoteRecord, lease: RemoteLease) -> None:
    write(record, lease, 1)
    before = everything(app_folder(record))

    class Cutting(ScriptMachine):
        def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
            return super().sh(script, *words, stdin=stdin[:-1])

    machine = record.folder.machine
    assert isinstance(machine, ScriptMachine)
    cut = record_on(Cutting(program=machine.program, tools=machine.tools), app_folder(record).parents[1])
    cut_lease = RemoteLease(cut.folder, KEY, lease.token, lease.holder)
    with pytest.raises(WebduhError, match="the connection was cut while it was sent"):
        cut.write(cut_lease, release(1, {}), plan())
    shown = {name: content for name, content in everything(app_folder(record)).items() if not name.endswith(".new")}
    assert shown == before
    write(record, lease, 1)
    assert record.read(1) == release(1)


def test_a_plan_keeps_no_value(record: RemoteRecord, lease: RemoteLease) -> None:
    record.write(lease, release(1), msgspec.structs.replace(plan(), source=SOURCE))
    folder = app_folder(record) / "releases" / "1"
    for name in ("plan.json", "release.json"):
        assert b"s3cret-value" not in (folder / name).read_bytes()
    assert b"s3cret-value" in (folder / "variables.json").read_bytes()
