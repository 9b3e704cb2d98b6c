"""The source folder on a server: brought there, kept in step, continued after a cut. By real shells, here."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pytest
from fed_machine import FedMachine
from source_tree import written
from waiting import wait_until

from webduh_console.errors import CancelledError, TargetError
from webduh_console.frameworks.tree import SourceError
from webduh_console.model.events import Output, Progress
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.manifest import manifest
from webduh_console.targets.server.sync import Places, look, sync
from webduh_console.transport.machine import Answer
from webduh_console.transport.process import Line

FILES = {"a.txt": "hello", "bin/run": "#!/bin/sh\n", "deep/er/file": "x" * 3000, "empty/": ""}


class Place:
    """A server's root, an app's folder in it, and a laptop's folder that is brought there."""

    def __init__(self, folder: Path) -> None:
        self.machine = FedMachine()
        self.root, self.laptop = folder / "root", folder / "laptop"
        self.root.mkdir()
        self.places = Places(str(self.root), str(self.root / "apps" / "shop"))
        self.app = Path(self.places.app)
        written(self.laptop, FILES)
        (self.laptop / "bin/run").chmod(0o755)
        (self.laptop / "link").symlink_to("deep/er/file")

    def sync(self) -> list[str]:
        """What a sync says."""
        events = list(sync(self.machine, self.places, self.laptop, CancelToken()))
        return [event.text for event in events if isinstance(event, Output)]

    def is_same(self) -> bool:
        return look(self.machine, self.places, manifest(self.laptop), "").same

    def there(self) -> dict[str, str]:
        return seen(self.app / "source")


def seen(folder: Path) -> dict[str, str]:
    """Every path below a folder: its kind, mode and content."""
    told = {}
    for path in sorted(folder.rglob("*")):
        name, mode = str(path.relative_to(folder)), path.lstat().st_mode & 0o777
        if path.is_symlink():
            told[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            told[name] = "folder"
        else:
            told[name] = f"{'program' if mode & 0o100 else 'file'} {path.read_bytes()!r}"
    return told


def both(first: Callable[[Path], object], second: Callable[[Path], object]) -> Callable[[Path], object]:
    """One change after the other."""
    return lambda folder: [first(folder), second(folder)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.machine.close()


def test_a_first_sync_brings_everything(place: Place) -> None:
    assert place.sync() == [
        f"the source is on the server: 4 files sent ({place.machine.fed / 1000:.1f} kB over the wire)"
    ]
    assert place.there() == seen(place.laptop)
    modes = {str(path.relative_to(place.app)): oct(path.stat().st_mode & 0o7777) for path in place.app.rglob("*")}
    assert (modes["source/a.txt"], modes["source/bin/run"], modes["source/deep/er"]) == ("0o644", "0o755", "0o775")
    assert (modes["source.json"], modes["source.listing"], modes["source.lock"]) == ("0o660", "0o660", "0o660")


def test_an_unchanged_folder_sends_nothing(place: Place) -> None:
    place.sync()
    before = place.machine.fed
    assert place.sync() == []
    assert place.machine.fed == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda laptop: (laptop / "a.txt").write_text("hallo"), "1 file sent"),
        (lambda laptop: (laptop / "a.txt").chmod(0o755), "1 file sent"),
        (lambda laptop: (laptop / "a.txt").rename(laptop / "b.txt"), "1 file sent"),
        (lambda laptop: shutil.rmtree(laptop / "deep"), "0 files sent"),
        (both(lambda laptop: (laptop / "a.txt").unlink(), lambda laptop: (laptop / "a.txt").mkdir()), "0 files sent"),
        (
            both(lambda laptop: shutil.rmtree(laptop / "bin"), lambda laptop: (laptop / "bin").symlink_to("deep")),
            "1 file sent",
        ),
        (
            both(lambda laptop: (laptop / "link").unlink(), lambda laptop: (laptop / "link").symlink_to("a.txt")),
            "1 file sent",
        ),
        (
            both(lambda laptop: (laptop / "empty").rmdir(), lambda laptop: (laptop / "empty").write_text("")),
            "1 file sent",
        ),
    ],
)
def test_only_what_changed_is_sent(place: Place, change: Callable[[Path], object], says: str) -> None:
    place.sync()
    change(place.laptop)
    (said,) = place.sync()
    assert said.startswith(f"the source is on the server: {says} ")
    assert place.there() == seen(place.laptop)
    assert place.is_same()


@pytest.mark.parametrize(
    "change",
    [
        lambda source: (source / "a.txt").write_text("hallo"),
        lambda source: (source / "a.txt").unlink(),
        lambda source: (source / "a.txt").chmod(0o600),
        lambda source: (source / "bin").chmod(0o700),
        lambda source: (source / "new").write_text("new"),
        lambda source: shutil.rmtree(source / "deep"),
        both(lambda source: (source / "link").unlink(), lambda source: (source / "link").symlink_to("/etc/passwd")),
        lambda source: os.mkfifo(source / "pipe"),
        lambda source: (source / "../source.json").write_text('{"version":1,'),
        lambda source: (source / "../source.json").unlink(),
        lambda source: (source / "../source.listing").unlink(),
        lambda source: shutil.rmtree(source),
        both(lambda source: os.utime(source / "a.txt", (1, 1)), lambda source: (source / "b\n ö").write_text("odd")),
    ],
)
def test_what_was_changed_by_hand_on_the_server_is_put_right(place: Place, change: Callable[[Path], object]) -> None:
    place.sync()
    change(place.app / "source")
    assert not place.is_same()
    place.sync()
    assert place.there() == seen(place.laptop)
    assert (place.app / "source/a.txt").stat().st_mode & 0o777 == 0o644
    assert (place.app / "source/bin").stat().st_mode & 0o777 == 0o775
    assert place.is_same()


def test_names_of_any_bytes_arrive_and_go(place: Place) -> None:
    names = [
        b"new\nline",
        b"\xff\xfe",
        b" space ",
        b"-rf",
        b"back\\slash",
        b"quote'\"",
        "ünï".encode(),
        b"*",
        b"x" * 200,
    ]
    odd = {os.fsdecode(name): name.hex() for name in names} | {os.fsdecode(b"\xffdir/" + b"y" * 200): "deep"}
    written(place.laptop, odd)
    place.sync()
    assert place.there() == seen(place.laptop)
    for name in odd:
        (place.laptop / name).unlink()
    place.sync()
    assert place.there() == seen(place.laptop)
    assert place.is_same()


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_sync_that_is_cut_is_continued_by_the_next(place: Place, share: float) -> None:
    for number in range(40):
        (place.laptop / f"{number}.bin").write_bytes(os.urandom(20_000))
    place.machine.cut = int(share * 800_000)
    with pytest.raises(TargetError, match="could not be brought to here"):
        place.sync()
    assert not place.is_same()
    before, place.machine.cut = place.machine.fed, None
    place.sync()
    assert place.there() == seen(place.laptop)
    assert place.is_same()
    assert place.machine.fed - before < (1 - share) * 800_000 + 80_000


def test_a_file_that_changes_while_it_is_sent_is_said_and_nothing_counts_as_synced(place: Place) -> None:
    (place.laptop / "big.bin").write_bytes(os.urandom(30_000_000))
    running = sync(place.machine, place.places, place.laptop, CancelToken())
    for event in running:
        if isinstance(event, Progress):
            break
    (place.laptop / "link").unlink()
    (place.laptop / "deep/er/file").write_text("z")
    with pytest.raises(SourceError, match=r"deep/er/file changed while the files were read"):
        list(running)
    place.sync()
    assert place.there() == seen(place.laptop)


def test_progress_comes_in_bytes_up_to_the_whole(place: Place) -> None:
    (place.laptop / "big.bin").write_bytes(os.urandom(10_000_000))
    total = manifest(place.laptop)
    events = list(sync(place.machine, place.places, place.laptop, CancelToken()))
    shown = [event for event in events if isinstance(event, Progress)]
    size = sum(entry.size for entry in total.entries)
    assert shown[-1] == Progress(done=size, total=size, unit="bytes")
    assert [event.done for event in shown] == sorted({event.done for event in shown})


def test_a_cancelled_sync_ends_and_the_next_goes_on(place: Place) -> None:
    (place.laptop / "big.bin").write_bytes(os.urandom(30_000_000))
    cancel = CancelToken()
    running = sync(place.machine, place.places, place.laptop, cancel)
    next(running)
    cancel.set()
    with pytest.raises(CancelledError):
        list(running)
    place.sync()
    assert place.there() == seen(place.laptop)


def test_whoever_comes_second_waits_and_says_so(place: Place) -> None:
    place.sync()
    (place.laptop / "a.txt").write_text("hallo")
    holder = place.machine.lines(
        ["flock", str(place.app / "source.lock"), "sh", "-c", "echo held; exec sleep 60"], CancelToken()
    )
    assert next(holder) == ("stdout", "held")
    said: list[str] = []
    events = sync(place.machine, place.places, place.laptop, CancelToken())
    second = threading.Thread(target=lambda: said.extend(e.text for e in events if isinstance(e, Output)))
    second.start()
    wait_until(lambda: said == ["waiting for another build of this app to end"])
    holder.close()
    second.join(20)
    assert len(said) == 2
    assert place.there() == seen(place.laptop)


def test_two_laptops_at_once_leave_the_tree_of_one_of_them(place: Place, tmp_path: Path) -> None:
    place.sync()
    other = Place.__new__(Place)
    other.machine, other.root, other.places, other.app = FedMachine(), place.root, place.places, place.app
    other.laptop = tmp_path / "other"
    written(other.laptop, {f"{number}": "x" * number for number in range(300)})
    both = [threading.Thread(target=one.sync) for one in (place, other)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)
    other.machine.close()
    assert place.there() in (seen(place.laptop), seen(other.laptop))


@pytest.mark.parametrize("what", ["a server that was never set up", "a root that is a file"])
def test_a_root_that_is_not_there_is_said_with_what_to_do(place: Place, what: str) -> None:
    place.root.rmdir()
    if "file" in what:
        place.root.write_text("")
    with pytest.raises(TargetError) as raised:
        place.sync()
    assert raised.value.as_dict() == {
        "name": "target",
        "what": "here is not set up.",
        "why": f"There is no folder {place.root}.",
        "kept": "Nothing was changed.",
        "hint": "Run `webduh server setup here`; whoever deploys must be root or in the group docker.",
    }


def test_an_app_folder_that_cannot_be_made_is_said(place: Place) -> None:
    (place.root / "apps").write_text("in the way")
    with pytest.raises(TargetError) as raised:
        place.sync()
    assert raised.value.what == f"{place.places.app} on here cannot be made."
    assert "apps" in raised.value.why


class Counting(FedMachine):
    """Counts every byte that a script and its answer would take on a line."""

    def __init__(self) -> None:
        super().__init__()
        self.crossed = 0

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        answer = super().sh(script, *words, stdin=stdin, root=root, timeout=timeout)
        self.crossed += len(script) + sum(map(len, words)) + len(stdin) + len(answer.out) + len(answer.err)
        return answer


def test_500_files_cost_little_when_nothing_or_one_thing_changed(place: Place) -> None:
    place.machine.close()
    place.machine = counting = Counting()
    for number in range(500):
        folder = place.laptop / "src" / f"module{number % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"component_{number}.py").write_bytes(os.urandom(2_000))
    place.sync()
    counting.crossed = counting.fed = 0
    place.sync()
    assert (counting.fed, counting.crossed // 1024) == (0, 1)
    (place.laptop / "src/module3/component_3.py").write_text("changed")
    place.sync()
    assert counting.fed + counting.crossed < 40 * 1024


class BusyBox(FedMachine):
    """A server that has no tools but busybox's, and flock."""

    def __init__(self, tools: Path) -> None:
        super().__init__(env={"PATH": str(tools)})
        self.shell = str(tools / "sh")

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        argv = [self.shell, "-c", script, "webduh", *words]
        done = subprocess.run(argv, input=stdin, capture_output=True, env=self.env, check=False)
        return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def lines(
        self,
        argv: Sequence[str],
        cancel: CancelToken,
        stdin: BinaryIO | Iterable[bytes] | None = None,
        root: bool = False,
    ) -> Generator[Line, None, int]:
        return super().lines([self.shell, *argv[1:]], cancel, stdin, root)


def test_a_server_with_busybox_alone_is_kept_in_step_too(place: Place, tmp_path: Path) -> None:
    busybox, flock = shutil.which("busybox"), shutil.which("flock")
    if not busybox or not flock:
        pytest.skip("NOT TESTED: there is no busybox or no flock here")
    tools = tmp_path / "tools"
    tools.mkdir()
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (tools / applet).symlink_to(busybox)
    (tools / "flock").unlink(missing_ok=True)
    (tools / "flock").symlink_to(flock)
    place.machine.close()
    place.machine = BusyBox(tools)
    written(place.laptop, {"new\nline": "x", "back\\slash": "y", "gone/soon": "z"})
    place.sync()
    shutil.rmtree(place.laptop / "gone")
    (place.laptop / "a.txt").write_text("hallo")
    assert place.sync()[0].startswith("the source is on the server: 1 file sent")
    (place.app / "source/a.txt").write_text("by hand")
    (place.app / "source/stranger").mkdir()
    place.sync()
    assert place.there() == seen(place.laptop)
    assert place.sync() == []
