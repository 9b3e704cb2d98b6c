"""The lease of an app in an environment on a server, by the server's clock alone.

Whoever holds it has a token, and everything it changes is changed by a script that first looks for that token in the
lease's file, under the lock that a takeover needs, too: so a holder that was given up for dead changes nothing more.
"""

import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from webduh_console.errors import TargetError, WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.target import Holder
from webduh_console.targets import records
from webduh_console.targets.server.files import CHANGED, LOCKING, LOST, OPEN, WRITING, RootFolder
from webduh_console.targets.server.snapshots import INCOMPLETE, LISTED, KeptLease, Snapshot, look, said_by
from webduh_console.transport import process
from webduh_console.transport.machine import Answer

_TRIES = 5

_KEPT = r"""
kept=
[ ! -e lease.json ] || IFS= read -r kept <lease.json || [ -n "$kept" ] || exit 74
"""
_ENTER = (
    OPEN
    + r"""
app=$2 token=$3
[ -d "apps/$app" ] || exit 76
cd "apps/$app" || exit 77
shift 3
"""
)
# Text in JSON cannot look like the token: its quotes are escaped.
_FENCE = (
    _KEPT
    + r"""
case $kept in *"\"token\":\"$token\""*) ;; *) printf '%s\n' "$kept"; exit 76 ;; esac
"""
)
_CHECK = _ENTER + _FENCE
_HELD = WRITING + LOCKING + _ENTER + "lock || exit 74\n" + _FENCE

ENTER_NEW = (
    OPEN
    + WRITING
    + LOCKING
    + r"""
[ -d "apps/$2" ] || mkdir -p "apps/$2" || exit 74
cd "apps/$2" || exit 77
lock || exit 74
"""
)
"""Enter the folder of the app whose slug is the second word, made if need be, and lock it."""

_TAKE = (
    ENTER_NEW
    + _KEPT
    + r"""
[ "$kept" = "$3" ] || exit 75
[ -z "$kept" ] || [ "$(stat -c %Y lease.json)" = "$4" ] || exit 75
printf '%s\n' "$5" >.lease.json.new && place lease.json && stat -c %Y lease.json || exit 74
cd -- "$1" && set -- "$1" "$2" || exit 77
"""
    + LISTED
)
_RENEW = "touch lease.json && stat -c %Y lease.json || exit 74\n"
_RELEASE = "printf '%s\\n' \"$1\" >.lease.json.new && place lease.json || exit 74\n"
_PUT = r"""
folder=${1%/*} name=${1##*/}
[ -d "$folder" ] || mkdir -p "$folder" || exit 74
cd "$folder" || exit 77
take "$name" "$2" && place "$name" || exit 74
"""
_DROP = r"""
[ -e "$1" ] || exit 0
rm -f "$1" && settle "${1%/*}" || exit 74
"""


@dataclass
class RemoteLease:
    """A lease that was taken by `acquire`. Every method but `look` asks the server in one round trip."""

    folder: RootFolder
    key: AppKey
    token: str = field(repr=False)
    holder: Holder
    seen: Snapshot | None = field(default=None, repr=False)
    held: bool = True

    def look(self) -> Snapshot:
        """What the record says. While the lease is held nobody else changes it, so it is read anew only after a change
        of ours; whatever is decided on it is done under the fence."""
        seen = self.seen or look(self.folder, self.key)
        self.seen = seen if self.held else None
        return seen

    def check(self) -> None:
        """LeaseLostError unless it is still ours."""
        self._run(_CHECK)

    def renew(self) -> None:
        """Say that we live."""
        self.holder = msgspec.structs.replace(self.holder, beat=_moment(self.run(_RENEW, changes=False).out))

    def release(self) -> None:
        """Give it back; nothing happens when it is no longer ours."""
        self.held, self.seen = False, None
        free = _line(KeptLease(self.holder.epoch))
        self.folder.run(_HELD + _RELEASE, self.key.slug, self.token, free, accepts=(LOST,))

    def run(self, body: str, *words: str, stdin: bytes = b"", changes: bool = True) -> Answer:
        """Run a constant script in the app's folder, under its lock, if the lease is still ours.

        `words` are its `$1` and so on; the functions of `files.WRITING` are there. It must end with an exit code that
        tells, such as `|| exit 74`, else TargetError is not raised. LeaseLostError when somebody else holds the lease:
        then nothing of it was run. `changes`: whether it changes what `look` tells.
        """
        if changes:
            self.seen = None
        return self._run(_HELD + body, *words, stdin=stdin)

    def put(self, path: str, content: bytes) -> None:
        """Write a file whole, if the lease is still ours; `path` is absolute, its name without spaces."""
        self.run(_PUT, path, str(len(content)), stdin=content, changes=False)

    def drop(self, path: str) -> None:
        """Remove a file that may be there, if the lease is still ours; `path` is absolute."""
        self.run(_DROP, path, changes=False)

    def _run(self, script: str, *words: str, stdin: bytes = b"") -> Answer:
        answer = self.folder.run(script, self.key.slug, self.token, *words, stdin=stdin, accepts=(LOST,))
        if answer.code != LOST:
            return answer
        self.held, self.seen = False, None
        file = f"{self.folder.layout.app(self.key)}/lease.json"
        kept = records.decoded(answer.out.strip() or b"{}", KeptLease, f"The lease of {self.key}", file)
        raise records.lost(self.key, kept.holder)


def acquire(folder: RootFolder, key: AppKey, owner: str, doing: str) -> RemoteLease:
    """Take the lease, or raise LeaseHeldError that says who holds it; a dead holder's is taken over.

    What is seen is decided upon here, and written there only if it is still so.
    """
    token = secrets.token_hex(16)
    for _ in range(_TRIES):
        seen = look(folder, key)
        if seen.holder:
            raise records.held(key, seen.holder, seen.at)
        epoch, words = seen.lease.epoch + 1, (records.printable(owner), records.printable(doing))
        holder = Holder(owner=words[0], epoch=epoch, since=seen.at, beat=seen.at, doing=words[1])
        mine = KeptLease(epoch, holder, token, process.numbering(), os.getpid(), process.start_time(os.getpid()))
        if taken := _take(folder, seen, mine):
            beat, own = taken
            return RemoteLease(folder, key, token, msgspec.structs.replace(holder, beat=beat), own)
    raise TargetError(
        f"The lease of {key} on {folder.machine.name} could not be taken.",
        why=f"Somebody else changed it each of {_TRIES} times.",
        kept="Nothing was changed.",
        hint="Do it again.",
    )


def _take(folder: RootFolder, seen: Snapshot, new: KeptLease) -> tuple[datetime, Snapshot | None] | None:
    """Replace what was seen; None when it has changed since.

    The time of the new one is the first heartbeat. What the record says since then comes with it, but for one that
    cannot be read, which is an error for whoever asks for it.
    """
    beat = str(int(seen.beat.timestamp())) if seen.beat else ""
    words = (seen.key.slug, seen.lease_line.decode(), beat, _line(new))
    try:
        answer = folder.run(_TAKE, *words, accepts=(CHANGED, INCOMPLETE))
    except WebduhError:  # the connection may have broken after it was written
        now = look(folder, seen.key)
        if now.lease.token == new.token and now.beat:
            return now.beat, now
        raise
    if answer.code == CHANGED:
        return None
    at, _, rest = answer.out.partition(b"\n")
    own = said_by(folder, Answer(answer.code, rest, answer.err), [seen.key])
    return _moment(at), None if isinstance(own, str) else own[seen.key]


def _moment(text: bytes) -> datetime:
    """The time that a script's answer is, in seconds."""
    return datetime.fromtimestamp(int(text), UTC)


def _line(kept: KeptLease) -> str:
    return msgspec.json.encode(kept).decode()
