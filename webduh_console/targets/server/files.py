"""The root folder of a server: scripts that read and change it, and what is said when they cannot.

Every script is a constant of POSIX sh; dash, bash and busybox run it. What is written is written aside, synced and
moved, so that a cut at any moment leaves the old or the new. Files belong to the folder's group, which may change them.
"""

import re
from dataclasses import dataclass

from webduh_console.errors import TargetError, WebduhError
from webduh_console.targets.server.layout import Layout
from webduh_console.transport.machine import Answer, Machine

CHANGED, LOST, ABSENT = 75, 76, 72
"""Exit codes of ours: what was expected is no longer so; the lease is somebody else's; there is no root folder."""
_FORBIDDEN = 77

OPEN = r"""
LC_ALL=C; export LC_ALL
umask 007
[ -d "$1" ] || exit 72
cd -- "$1" || exit 77
"""
"""Every script begins with it: in the root folder, which is the first word."""

WRITING = r"""
settle() { # what these files and folders hold is on disk
  said=$(sync "$@" 2>&1) && return
  case $said in *'rror syncing'*) printf '%s\n' "$said" >&2; return 1 ;; esac
  sync # one that takes no names
}
take() { # standard input, of $2 bytes, becomes the new content of $1, aside
  rm -f ".$1.new"
  cat >".$1.new" || return 1
  [ "$(wc -c <".$1.new")" -eq "$2" ] && return
  echo 'the connection was cut while it was sent' >&2
  return 1
}
place() { # the new content of each of these, whose names have no spaces, is now theirs
  names=$*
  for name; do shift; set -- "$@" ".$name.new"; done
  settle "$@" || return 1
  for name in $names; do mv -f ".$name.new" "$name" || return 1; done
  settle .
}
append() { # $2 is the last line of $1 now; a torn one before it is closed
  if [ -s "$1" ]; then
    [ "$(tail -c 1 "$1" | wc -l)" -eq 1 ] || echo >>"$1" || return 1
    printf '%s\n' "$2" >>"$1" && settle "$1"
  else
    printf '%s\n' "$2" >>"$1" && settle "$1" . .. ../..
  fi
}
"""
"""Functions that write in the folder where they are called."""

LOCKING = r"""
born() { # sets born to when the process $1 began, in ticks since boot; fails when it lives no more
  [ -r "/proc/$1/stat" ] && read -r born <"/proc/$1/stat" || return 1
  set -- ${born##*) }
  born=${20}
  [ "$1" != Z ] && [ "$1" != X ]
} 2>/dev/null
lives() { # whether $1, such as 42.90210, is a process
  born "${1%.*}" && [ "$born" = "${1##*.}" ]
}
lock() { # until this script ends nobody else has the lock of the folder where it is called
  if command -v flock >/dev/null 2>&1; then
    exec 9>>mutex || return 1
    flock 9
    return
  fi
  born $$ || return 1
  me=$$.$born tries=0
  mkdir -p ".mutex.$me" && : >".mutex.$me/$me" || return 1
  until mv -T ".mutex.$me" mutex.d 2>/dev/null; do # it takes the place of an empty folder, never of another
    waited=
    for owner in mutex.d/*; do
      owner=${owner#mutex.d/}
      if [ "$owner" = '*' ]; then :; elif lives "$owner"; then waited=1; else rm -f "mutex.d/$owner" 2>/dev/null; fi
    done
    tries=$((tries + 1))
    [ "$tries" -lt 1000 ] || { rm -rf ".mutex.$me"; echo 'mutex.d is held for too long' >&2; return 1; }
    [ -z "$waited" ] || sleep 0.03 2>/dev/null || sleep 1
  done
  mine=$PWD/mutex.d/$me
  trap 'rm -f "$mine"' EXIT
  for left in .mutex.*; do
    [ "$left" = '.mutex.*' ] || lives "${left#.mutex.}" || rm -rf "$left" 2>/dev/null
  done
}
"""
"""The lock of an app's folder: flock(1), or else a folder that is renamed, freed by whoever finds its owner dead."""

_READ = (
    OPEN
    + r"""
[ -e "$2" ] || exit 75
cat -- "$2"
"""
)
_ASKED = r"""
id -un
df -Pk -- "$1" | tail -n 1
df -Pi -- "$1" | tail -n 1
"""
_FULL = re.compile(r"No space left|I/O error|write error|quota exceeded", re.IGNORECASE)
_DENIED = re.compile(r"permission denied|not permitted", re.IGNORECASE)
_FREE = re.compile(r"\s(\d+)\s+-?\d+\s+(-?\d+)\s+\S+\s+/")


@dataclass(frozen=True)
class RootFolder:
    """The folder of a server under which all records are, seen by one user; with `sudo` by root."""

    machine: Machine
    layout: Layout
    sudo: bool = False

    def run(self, script: str, *words: str, stdin: bytes = b"", accepts: tuple[int, ...] = ()) -> Answer:
        """Run a script that begins with `OPEN`; its first word is the root's path, then come `words`.

        Any exit code but 0 and those that it `accepts` becomes a TargetError in words.
        """
        answer = self.machine.sh(script, self.layout.root, *words, stdin=stdin, root=self.sudo)
        if answer.code in (0, *accepts):
            return answer
        raise self._error(answer)

    def read(self, path: str) -> bytes | None:
        """What a file holds, None when it is not there. `path` is absolute, or relative to the root."""
        answer = self.run(_READ, path, accepts=(CHANGED,))
        return None if answer.code == CHANGED else answer.out

    def _error(self, answer: Answer) -> TargetError:
        name, root = self.machine.name, self.layout.root
        setup = f"`webduh server setup {name}`"
        if answer.code == ABSENT:
            return TargetError(
                f"{name} has no folder {root}.",
                why="The server was not set up, or its folder was taken away.",
                kept="Nothing was changed.",
                hint=f"Set it up with {setup}.",
            )
        said = _last_line(answer.err) or f"The script ended with {answer.code}"
        user, full = self._asked()
        what, kept = f"{root} on {name} cannot be used.", "What was there before is unchanged."
        if answer.code == _FORBIDDEN or _DENIED.search(said):
            hint = f"Add {user} to the group docker (`sudo usermod -aG docker {user}`), or mend the modes with {setup}."
            return TargetError(what, why=f"{user} may not: {said}.", kept=kept, hint=hint)
        if "Read-only file system" in said:
            hint = "A disk that fails is made read-only: look at `dmesg` there."
            return TargetError(what, why=f"Its file system is read-only: {said}.", kept=kept, hint=hint)
        if full or _FULL.search(said):
            hint = f"Free some space, `webduh server prune {name}` does, then do it again."
            return TargetError(what, why=f"{full or 'The disk is full'}: {said}.", kept=kept, hint=hint)
        return TargetError(
            what, why=f"{said}.", kept=kept, hint=f"Look at the server with `webduh server check {name}`."
        )

    def _asked(self) -> tuple[str, str]:
        """Who we are there, and what of the disk has run out, if anything."""
        try:
            lines = self.machine.sh(_ASKED, self.layout.root, root=self.sudo).text.splitlines()
        except WebduhError:  # the first answer is what matters
            return "the user", ""
        return (lines[0] if lines else "the user"), _run_out(lines[1:2], lines[2:3])


def _run_out(disk: list[str], inodes: list[str]) -> str:
    """What has run out, in words, by the last lines of `df -Pk` and `df -Pi`; empty when neither has."""
    if (found := _FREE.search("".join(disk))) and int(found[1]) and int(found[2]) <= 0:
        return f"The disk is full, 0 of {int(found[1]) // 1024} MiB are free"
    if (found := _FREE.search("".join(inodes))) and int(found[1]) and int(found[2]) <= 0:
        return f"The disk has no inodes left of its {found[1]}"
    return ""


def _last_line(text: str) -> str:
    """The last line that says something, without control characters and full stop, at most 300 characters."""
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return "".join(letter if letter.isprintable() else " " for letter in last).strip().rstrip(".")[:300]
