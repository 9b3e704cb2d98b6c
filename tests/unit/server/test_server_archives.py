import hashlib
import io
import random
import tarfile
from collections.abc import Iterable, Sequence

import pytest

from webduh_console.targets.server.archives import Sieve
from webduh_console.targets.server.bringing import present

LAYERS = {f"sha256:{hashlib.sha256(bytes([n])).hexdigest()}": bytes([n]) * (700 * n) for n in range(1, 5)}
FIRST, SECOND, THIRD, FOURTH = LAYERS


def archive(format: int = tarfile.PAX_FORMAT) -> bytes:
    """An image as Docker sends it: layers, and more."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=format) as tar:
        for name, content in [*((f"blobs/sha256/{d[7:]}", c) for d, c in LAYERS.items()), ("é" * 90, b"x" * 1025)]:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1.5
            tar.addfile(entry, io.BytesIO(content))
        tar.addfile(tarfile.TarInfo("manifest.json"))
    return made.getvalue()


def blocks(content: bytes, sizes: Iterable[int]) -> Iterable[bytes]:
    """The content in blocks of these sizes; the last takes the rest."""
    at = 0
    for size in sizes:
        yield content[at : at + size]
        at += size
    yield content[at:]


def sieved(leave_out: Sequence[str], content: bytes, sizes: Iterable[int] = ()) -> bytes:
    """What comes through."""
    sieve = Sieve(frozenset(leave_out))
    kept = b"".join(part for block in blocks(content, sizes) for part in sieve.through(block))
    sieve.check_whole()
    return kept


@pytest.mark.parametrize("leave_out", [(), (FIRST,), (FOURTH,), (FIRST, SECOND), tuple(LAYERS), ("sha256:none",)])
@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_an_archive_keeps_all_but_the_layers_that_are_left_out(leave_out: tuple[str, ...], format: int) -> None:
    content = archive(format)
    with tarfile.open(fileobj=io.BytesIO(content)) as whole:
        wanted = [m.name for m in whole if f"sha256:{m.name.rpartition('/')[2]}" not in leave_out]
    with tarfile.open(fileobj=io.BytesIO(sieved(leave_out, content))) as left:
        entries = {member.name: left.extractfile(member).read() for member in left}  # type: ignore[union-attr]
    assert list(entries) == wanted
    assert all(content == LAYERS.get(f"sha256:{name[13:]}", content) for name, content in entries.items())


def test_the_blocks_it_comes_in_make_no_difference() -> None:
    content, chance = archive(), random.Random(1)
    whole = sieved((FIRST, THIRD), content)
    for _ in range(20):
        assert sieved((FIRST, THIRD), content, [chance.randrange(1, 1500) for _ in range(30)]) == whole


def test_an_archive_that_breaks_off_or_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="broke off"):
        sieved((FIRST,), archive()[:3000])
    with pytest.raises(ValueError, match="no archive"):
        sieved((FIRST,), b"hello" * 1000)


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([], ()),
        ([(FIRST,)], (FIRST,)),
        ([(FIRST, SECOND, FOURTH)], (FIRST, SECOND)),
        ([(SECOND, THIRD)], ()),
        ([(FIRST,), (FIRST, SECOND)], (FIRST, SECOND)),
        ([(FIRST, SECOND, THIRD)], (FIRST, SECOND, THIRD)),
    ],
)
def test_layers_count_as_there_only_above_the_same_ones(there: list[tuple[str, ...]], found: tuple[str, ...]) -> None:
    assert present((FIRST, SECOND, THIRD), frozenset(there)) == frozenset(found)
