"""Brings an app's source to its server: only what changed crosses, and a cut sync is continued by the next.

Beside the folder `source` the server keeps `source.json`, the manifest of what it holds, and `source.listing`, a digest
of how it looked (names, modes, sizes, times) when that was true. Both are there only while the folder is whole, so a
torn sync and a change by hand are noticed, and then the folder is read anew, file by file. It is changed under a lock
that its process holds (`flock`): a dead one holds nothing.
"""

import base64
import gzip
import re
import zlib
from collections.abc import Generator, Iterable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output, Progress
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.following import Sending, followed
from webduh_console.targets.server.manifest import (
    Difference,
    Manifest,
    Marks,
    archive,
    decode_listing,
    decode_marks,
    difference,
    manifest,
    packed_names,
)
from webduh_console.transport.machine import Machine

Said = dict[str, str]
"""What a script wrote on its standard output: the first word of each line → the rest of it."""

KEPT = "Nothing was changed."
TRIES = 5
"""How often a sync begins anew because somebody else's came between."""
_LOOK_LIMIT = 600.0
"""Seconds: a torn tree of gigabytes is read whole."""

# Every name is found as `find` gives it: sorted, with NULs, so that any byte may be in it.
_STATE = """\
umask 007
export LC_ALL=C TZ=UTC0
listing() {
    { find source -print0 | sort -z | xargs -0 stat -c '%f %s %y %z %n' --; cat source.json; } 2>/dev/null |
        sha256sum | cut -c1-64
}
token() {
    [ -e source ] || [ -e builds.key ] || { echo new; return; }
    { listing; cat source.listing builds.key builds.jsonl 2>/dev/null; } | sha256sum | cut -c1-64
}
"""

# Answers lines, then an empty one, then what the folder holds, gzipped. A listing has names, modes and digests apart,
# since `stat` and `sha256sum` each have their own way with odd names.
_LOOK = (
    _STATE
    + """\
root=$1 app=$2 wanted=$3 socket=$4 repository=$5
[ -d "$root" ] || { echo root missing; exit; }
[ -w "$root" ] || { echo root unwritable; exit; }
for program in flock gzip tar base64 sha256sum ${repository:+docker}; do
    command -v $program >/dev/null || { echo "missing $program"; exit; }
done
if [ "$repository" ]; then
    tags=$(docker --host "unix://$socket" image ls --format '{{.Tag}}' "$repository" 2>&1) ||
        { printf 'refusal '; printf %s "$tags" | tr '\\n' ' '; exit; }
    printf '%s\\n' "$tags" | sed 's/^/tag /'
fi
cd "$app" 2>/dev/null || { echo token new; echo state none; exit; }
echo "token $(token)"
[ -f builds.key ] && echo "key $(cat builds.key)"
[ -f builds.jsonl ] && sed 's/^/built /' builds.jsonl
if [ ! -d source ]; then
    echo state none
elif head -c 20 source.json 2>/dev/null | grep -q '"version":1,' && [ "$(listing)" = "$(cat source.listing)" ]; then
    if head -c 100 source.json | grep -q "\\"$wanted\\""; then
        echo state same
    else
        printf 'state known\\n\\n'
        gzip -c source.json
    fi
else
    printf 'state torn\\n\\n'
    cd source && {
        find . ! -name . -print0 | sort -z; printf '\\0'
        find . ! -name . -print0 | sort -z | xargs -0 stat -c %f -- 2>/dev/null; echo
        find . -type f -print0 | sort -z | xargs -0 sha256sum -- 2>/dev/null
    } | gzip -1
fi
"""
)

# Takes the lock, makes sure that what was seen is still so, and reads lines from standard input: those it does not know
# go to `take`. `read` takes no byte more than its line, so the rest of standard input is the archive. What is unpacked
# is newer than all that was there, so BuildKit, which goes by size and time, sees every change. Folders are given to
# the app folder's group, for whoever deploys next.
RECEIVE = (
    _STATE
    + """\
root=$1 app=$2 seen=$3
shift 3
unpack() {
    mkdir -p source && rm -f source.json source.json.new || return
    if [ "$1" ]; then
        (cd source && printf %s "$1" | base64 -d | gzip -d | xargs -0 rm -rf --) || return
    fi
    tar -xzpmof - || return
    [ -f source.json.new ] || return
    group=$(stat -c %g .)
    find source -type d ! -group "$group" -exec chgrp "$group" {} + || return
    mv source.json.new source.json && listing > source.listing
}
[ -d "$root" ] && mkdir -p "$app" && cd "$app" && exec 9>>source.lock || { echo failed folder; exit 1; }
flock -n 9 || { echo waiting; flock 9; }
[ "$(token)" = "$seen" ] || { echo changed; exit 1; }
while read -r word name value; do
    case $word in
    tree)
        unpack "$name" || { echo failed sync; exit 1; }
        echo synced
        break ;;
    end) break ;;
    *) take "$word" "$name" "$value" || { echo failed take; exit 1; } ;;
    esac
done
case $word in tree | end) ;; *) exit 1 ;; esac
"""
)


class Places(NamedTuple):
    """Where things are on a server: webduh's folder and the app's in it; with `sudo` they are reached as root."""

    root: str
    app: str
    sudo: bool = False


class Built(NamedTuple):
    """An image that was built on the server, and the digest of what went into it. `size` in bytes."""

    inputs: str
    image: str
    size: int


class Seen(NamedTuple):
    """What a look at the server found.

    `token` stands for all of it: while it is the same, nothing has changed since. `marks` are those of its source
    folder, `same` says that they are those that were asked for. `key` is what the digests of inputs are keyed with, hex
    (empty: none yet); `tags` are those of the app's images.
    """

    token: str
    same: bool
    marks: Marks
    key: str = ""
    built: tuple[Built, ...] = ()
    tags: frozenset[str] = frozenset()


def look(machine: Machine, places: Places, want: Manifest, socket: str, repository: str = "") -> Seen:
    """See, in one round trip, what the server has of an app: its source and, with a `repository`, its images.

    TargetError when the root is not there, Docker does not answer, or a program is missing.
    """
    words = (places.root, places.app, want.digest, socket, repository)
    answer = machine.sh(_LOOK, *words, root=places.sudo, timeout=_LOOK_LIMIT)
    head, _, tail = answer.out.partition(b"\n\n")
    told = [line.partition(" ")[::2] for line in head.decode(errors="replace").splitlines()]
    for word, rest in told:
        if word in _REFUSALS:
            raise _refused(machine.name, places.root, word, rest.strip())
    one = dict(told)
    if "token" not in one or "state" not in one:
        why = answer.err.strip() or f"The answer ended with {answer.code}."
        raise TargetError(f"{places.app} on {machine.name} cannot be read.", why=why, kept=KEPT)
    built = tuple(entry for word, rest in told if word == "built" and (entry := _built(rest)))
    tags = frozenset(rest for word, rest in told if word == "tag")
    marks = _marks(one["state"], tail)
    return Seen(one["token"], one["state"] == "same", marks, _key(one.get("key", "")), built, tags)


def job(seen: Seen, want: Manifest, lines: Iterable[bytes] = ()) -> Sending:
    """The standard input of a script that begins with RECEIVE: first `lines`, then what the server lacks."""
    if seen.same:
        return Sending(Difference((), ()), lambda told: iter([*lines, b"end\n"]))
    change = difference(seen.marks, want)
    names = base64.b64encode(packed_names(change.removed)) if change.removed else b""
    first = [*lines, b"tree " + names + b"\n"]
    return Sending(change, lambda told: chain(first, archive(want, change.sent, "source", "source.json.new", told)))


def sync(machine: Machine, places: Places, source: Path, cancel: CancelToken) -> Generator[Event, None, Manifest]:
    """Bring a source folder to its app's folder on the server, and give what it holds.

    SourceError when the folder changes meanwhile; TargetError when the server cannot take it: what was brought before
    that is not brought again.
    """
    want = manifest(source, cancel.check)
    for _ in range(TRIES):
        seen = look(machine, places, want, "")
        if seen.same:
            return want
        sending = job(seen, want)
        argv = ("sh", "-c", _TAKE_NOTHING + RECEIVE, "webduh", places.root, places.app, seen.token)
        said, complaints = yield from received(machine, argv, sending, cancel, places.sudo)
        if "synced" in said:
            return want
        if "changed" not in said:
            raise not_received(machine, places, said, complaints)
    raise crowded(machine, places)


def received(
    machine: Machine, argv: Iterable[str], sending: Sending, cancel: CancelToken, sudo: bool
) -> Generator[Event, None, tuple[Said, list[str]]]:
    """Run a job that only receives, and give what it said and what it complained of."""
    said, complaints = Said(), list[str]()
    for item in followed(machine, tuple(argv), sending, cancel, sudo):
        if isinstance(item, Progress):
            yield item
        elif item[0] == "stderr":
            complaints.append(item[1])
        else:
            word, _, rest = item[1].partition(" ")
            said[word] = rest
            if event := told(word, sending):
                yield event
    return said, complaints


def told(word: str, sending: Sending) -> Event | None:
    """What a person is told of a word that RECEIVE writes."""
    if word == "waiting":
        return Output(text="waiting for another build of this app to end")
    if word == "synced":
        return Output(text=f"the source is on the server: {described(sending)}")
    return None


def described(sending: Sending) -> str:
    """What a sync did, in words."""
    files, gone = sending.change.files, len(sending.change.removed)
    sent = f"{files} file{'' if files == 1 else 's'} sent ({sending.wire / 1000:.1f} kB over the wire)"
    return f"{sent}, {gone} removed" if gone else sent


def not_received(machine: Machine, places: Places, said: Said, complaints: list[str]) -> TargetError:
    """The error of a job whose RECEIVE did not come to its end."""
    why = "\n".join(line for line in complaints[-5:] if line) or "It ended before it was done."
    full = "No space left on device" in why
    hint = f"Free some space: `webduh server prune {machine.name}`." if full else "Do it again: it goes on from there."
    what = f"The source could not be brought to {machine.name}."
    if said.get("failed") == "folder":
        what, hint = f"{places.app} on {machine.name} cannot be made.", f"Run `webduh server check {machine.name}`."
    return TargetError(what, why=why, kept="What serves now was not touched.", hint=hint)


def crowded(machine: Machine, places: Places) -> TargetError:
    """The error when others change the same source all the time."""
    return TargetError(
        f"{places.app} on {machine.name} is changed by others all the time.",
        why=f"{TRIES} times somebody else's build came between.",
        kept="What serves now was not touched.",
        hint="Do it again when the others are done.",
    )


# A sync alone has no secrets and no Dockerfile to take.
_TAKE_NOTHING = "take() { return 1; }\n"
_REFUSALS = frozenset({"root", "missing", "refusal"})
_BUILT = re.compile(r'\{"inputs":"([0-9a-f]{64})","image":"(sha256:[0-9a-f]{64})","size":(\d{1,18})\}')


def _built(line: str) -> Built | None:
    found = _BUILT.fullmatch(line)
    return Built(found[1], found[2], int(found[3])) if found else None


def _key(text: str) -> str:
    return text if re.fullmatch("[0-9a-f]{64}", text) else ""


def _marks(state: str, tail: bytes) -> Marks:
    if state not in ("known", "torn"):
        return {}
    try:
        text = gzip.decompress(tail)
    except (OSError, EOFError, zlib.error):
        return {}
    if state == "known":
        return decode_marks(text) or {}
    return {path.removeprefix("./"): mark for path, mark in decode_listing(text).items()}


def _refused(place: str, root: str, word: str, rest: str) -> TargetError:
    if word == "missing":
        hint = (
            f"Install Docker on it: `webduh server setup {place}` does."
            if rest == "docker"
            else f"Install {rest} on it."
        )
        return TargetError(f"{place} cannot build: it has no program {rest}.", kept=KEPT, hint=hint)
    if word == "root":
        why = f"There is no folder {root}." if rest == "missing" else f"{root} is not writable for you."
        hint = f"Run `webduh server setup {place}`; whoever deploys must be root or in the group docker."
        return TargetError(f"{place} is not set up.", why=why, kept=KEPT, hint=hint)
    return TargetError(
        f"Docker on {place} does not answer.",
        why=rest,
        kept=KEPT,
        hint=f"`webduh server check {place}` says what is wrong with it.",
    )
