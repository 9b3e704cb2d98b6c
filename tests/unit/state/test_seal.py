"""The seal on values at rest, and the key that makes it."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from webduh_console.config.home import Home
from webduh_console.errors import StateError
from webduh_console.state.keys import Key, KeyRecord, find_key
from webduh_console.state.seal import Sealer
from webduh_console.state.store import State

RINGS = Path(__file__).parent / "rings"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path


def record(data: Path) -> KeyRecord:
    return msgspec.json.decode((data / "key.json").read_bytes(), type=KeyRecord)


@pytest.mark.parametrize("text", ["", "x", "ünï ✓ 🎈", "a\0b\n", "half \udce9", "x" * 100_000])
def test_what_is_sealed_comes_back(data: Path, text: str) -> None:
    sealed = Sealer(data).seal(text, "here")
    assert Sealer(data).open(sealed, "here") == text
    assert sealed.isascii()
    assert sealed.isprintable()


def test_the_same_text_is_never_sealed_alike(data: Path) -> None:
    sealer = Sealer(data)
    assert len({sealer.seal("x", "here") for _ in range(50)}) == 50


def test_a_value_opens_in_its_own_place_only(data: Path) -> None:
    sealed = Sealer(data).seal("x", "here")
    with pytest.raises(StateError) as caught:
        Sealer(data).open(sealed, "there")
    assert caught.value.as_dict() == {
        "name": "state",
        "what": "The sealed value of there cannot be opened.",
        "why": "It was changed, or sealed for another place.",
        "kept": "It was left as it is.",
        "hint": "Set the value again.",
    }


def test_a_changed_value_does_not_open(data: Path) -> None:
    sealed = Sealer(data).seal("hello", "here")
    start = sealed.rindex(".") + 1
    for index in range(start, len(sealed)):
        changed = sealed[:index] + ("A" if sealed[index] != "A" else "B") + sealed[index + 1 :]
        with pytest.raises(StateError):
            Sealer(data).open(changed, "here")


@pytest.mark.parametrize("sealed", ["", "x", "webduh1", "webduh1.a", "webduh1.a.b.c", "webduh2.a.AAAA", "webduh1.a.é"])
def test_a_text_that_was_never_sealed_is_told(data: Path, sealed: str) -> None:
    Sealer(data).seal("x", "here")
    with pytest.raises(StateError, match="no text that was sealed by webduh"):
        Sealer(data).open(sealed, "here")


def test_a_value_of_another_key_names_both(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    sealed = Sealer(tmp_path / "a").seal("x", "here")
    Sealer(tmp_path / "b").seal("x", "here")
    with pytest.raises(StateError) as caught:
        Sealer(tmp_path / "b").open(sealed, "here")
    ids = record(tmp_path / "a").id, record(tmp_path / "b").id
    assert caught.value.why == f"It was sealed with the key {ids[0]}, and the key here is {ids[1]}."


def test_the_key_file_is_this_users_alone_and_shown_nowhere(data: Path) -> None:
    Sealer(data).seal("x", "here")
    modes = {name: (data / name).stat().st_mode & 0o777 for name in ("key", "key.json")}
    assert modes == {"key": 0o600, "key.json": 0o600}
    assert record(data) == KeyRecord(find_key(data).id, "file")
    assert repr(find_key(data)) == f"Key({record(data).id})"
    assert (data / "key").read_text().strip() not in (data / "key.json").read_text()


def test_opening_never_makes_a_key(data: Path) -> None:
    with pytest.raises(StateError, match="cannot be found"):
        Sealer(data).open("webduh1.a.AAAA", "here")
    assert list(data.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: (data / "key").unlink(), "key is missing"),
        (lambda data: (data / "key").write_text("short"), "is no key"),
        (lambda data: (data / "key").write_bytes(b"\xff" * 44), "cannot be read"),
        (lambda data: (data / "key").write_text("A" * 43 + "=\n"), "is another one"),
        (lambda data: (data / "key.json").write_text("{"), "cannot be read"),
        (lambda data: (data / "key.json").write_text('{"id": "x", "place": "moon"}'), "cannot be read"),
    ],
)
def test_a_lost_key_is_an_error_and_never_a_new_key(data: Path, spoil: object, why: str) -> None:
    Sealer(data).seal("x", "here")
    assert callable(spoil)
    spoil(data)
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    for attempt in (lambda: Sealer(data).open("webduh1.a.AAAA", "here"), lambda: Sealer(data).seal("y", "here")):
        with pytest.raises(StateError, match=why) as caught:
            attempt()
        assert caught.value.kept == "No new key was made, and the sealed values were left as they are."
    assert {file.name: file.read_bytes() for file in data.iterdir()} == before


def test_a_state_remembers_its_key_when_all_else_of_it_is_gone(place: Home) -> None:
    with State.open(place) as state:
        state.sealer.seal("x", "here")
    (place.data / "key").unlink()
    (place.data / "key.json").unlink()
    with State.open(place) as state, pytest.raises(StateError, match=r"key\.json, which says where the key"):
        state.sealer.seal("y", "here")
    assert sorted(file.name for file in place.data.iterdir()) == ["key.lock", "state.db"]


def test_a_key_file_without_its_record_is_taken_up_again(data: Path) -> None:
    sealed = Sealer(data).seal("x", "here")
    (data / "key.json").unlink()
    Sealer(data).seal("y", "here")
    assert Sealer(data).open(sealed, "here") == "x"


def test_an_unknown_place_for_the_key_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDUH_KEY", "moon")
    with pytest.raises(StateError, match="WEBDUH_KEY is 'moon'"):
        Sealer(data).seal("x", "here")


def test_a_passphrase_makes_the_key_and_leaves_no_file_of_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBDUH_KEY")
    monkeypatch.setenv("WEBDUH_PASSPHRASE", "open sesame")
    sealed = Sealer(data).seal("x", "here")
    assert Sealer(data).open(sealed, "here") == "x"
    assert record(data).place == "passphrase"
    assert not (data / "key").exists()
    monkeypatch.setenv("WEBDUH_PASSPHRASE", "open barley")
    with pytest.raises(StateError, match="WEBDUH_PASSPHRASE is another passphrase"):
        Sealer(data).open(sealed, "here")
    monkeypatch.delenv("WEBDUH_PASSPHRASE")
    with pytest.raises(StateError, match="Set WEBDUH_PASSPHRASE"):
        Sealer(data).seal("y", "here")


def test_the_recorded_place_holds_whatever_is_wished_later(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Sealer(data).seal("x", "here")
    monkeypatch.setenv("WEBDUH_KEY", "passphrase")
    monkeypatch.setenv("WEBDUH_PASSPHRASE", "open sesame")
    assert Sealer(data).open(sealed, "here") == "x"
    assert record(data).place == "file"


SEAL = """
import sys
from pathlib import Path
from webduh_console.errors import StateError
from webduh_console.state.seal import Sealer
sys.stdin.readline()
try:
    print(Sealer(Path(sys.argv[1])).seal("x", "here"))
except StateError as error:
    print(error)
print("keyring" in sys.modules)
"""


def sealing(data: Path, **environ: str) -> "subprocess.Popen[str]":
    """A program that seals a value, once it is told to; it prints the sealed text and whether it asked a keyring."""
    own = ("PATH", "HOME", "LANG")
    return subprocess.Popen(
        [sys.executable, "-c", SEAL, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: os.environ[name] for name in own if name in os.environ} | {"PYTHONPATH": str(RINGS)} | environ,
    )


def answer(program: "subprocess.Popen[str]") -> list[str]:
    return program.communicate("go\n", timeout=60)[0].splitlines()


def test_eight_programs_that_seal_at_once_make_one_key(data: Path) -> None:
    programs = [sealing(data, WEBDUH_KEY="file") for _ in range(8)]
    sealed = [answer(program)[0] for program in programs]
    assert [Sealer(data).open(each, "here") for each in sealed] == ["x"] * 8
    assert sorted(file.name for file in data.iterdir()) == ["key", "key.json", "key.lock"]


def test_without_a_desktop_the_keyring_is_not_even_asked(data: Path) -> None:
    assert answer(sealing(data, PYTHON_KEYRING_BACKEND="filering.FileRing"))[1] == "False"
    assert record(data).place == "file"


DESKTOP = {"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}


@pytest.mark.parametrize("wish", [DESKTOP, {"WEBDUH_KEY": "keyring"}])
def test_a_keyring_that_works_keeps_the_key(data: Path, tmp_path: Path, wish: dict[str, str]) -> None:
    ring = {"PYTHON_KEYRING_BACKEND": "filering.FileRing", "FILERING": str(tmp_path / "ring.json")}
    sealed, asked = answer(sealing(data, **ring, **wish))
    assert asked == "True"
    assert record(data).place == "keyring"
    assert not (data / "key").exists()
    again, _ = answer(sealing(data, **ring))
    assert again.split(".")[1] == sealed.split(".")[1] == record(data).id
    (tmp_path / "ring.json").unlink()
    lost, _ = answer(sealing(data, **ring))
    assert f"The keyring has no entry {record(data).entry} of webduh. No new key was made" in lost


@pytest.mark.parametrize(
    "backend",
    ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "filering.BrokenRing", "nowhere.Ring"],
)
def test_a_keyring_that_does_not_work_leaves_the_key_to_a_file(data: Path, backend: str) -> None:
    answer(sealing(data, PYTHON_KEYRING_BACKEND=backend, **DESKTOP))
    assert record(data).place == "file"


def test_a_keyring_that_was_wished_and_does_not_work_is_told(data: Path) -> None:
    told, _ = answer(sealing(data, PYTHON_KEYRING_BACKEND="filering.BrokenRing", WEBDUH_KEY="keyring"))
    assert told == (
        "The key for secret values cannot be put into the keyring. RuntimeError: the ring is broken."
        " No key was made. Unlock the keyring, or set WEBDUH_KEY=file or WEBDUH_KEY=passphrase."
    )
    assert not (data / "key.json").exists()


def test_a_keyring_that_hangs_does_not_hang_us(data: Path) -> None:
    answer(sealing(data, PYTHON_KEYRING_BACKEND="filering.HangingRing", **DESKTOP))
    assert record(data).place == "file"


def test_a_key_does_not_show_itself() -> None:
    assert repr(Key("id", b"secret")) == "Key(id)"
