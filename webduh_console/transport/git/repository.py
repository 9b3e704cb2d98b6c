"""A bare mirror per repository in the cache, and a tree of one commit that goes away again."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import msgspec

from webduh_console.model.names import to_name
from webduh_console.model.target import CancelToken
from webduh_console.transport.files import locked, unwritable
from webduh_console.transport.git.address import KEPT, Origin
from webduh_console.transport.git.program import Git, GitError, Told, environment
from webduh_console.transport.process import start_time

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_POINTER = "version https://git-lfs.github.com/spec/v1"
_SHOWN = 5


class Checkout(msgspec.Struct, frozen=True):
    """A commit's files. `folder` is what was asked for, inside `tree`, which `remove` takes away; `branch` is empty for
    a tag or a commit."""

    origin: Origin
    folder: Path
    tree: Path
    commit: str
    branch: str

    def remove(self) -> None:
        """Take the files away; nothing happens when they are gone."""
        shutil.rmtree(self.tree.parent, ignore_errors=True)


class Repository:
    """A repository as the cache below `cache` knows it.

    `token` opens it over HTTPS; `known_hosts` are host keys beside the user's own. `told` hears how far it is; `cancel`
    ends everything.
    """

    def __init__(
        self,
        cache: Path,
        origin: Origin,
        token: str = "",
        known_hosts: Path | None = None,
        cancel: CancelToken | None = None,
        told: Told = lambda event: None,
    ) -> None:
        self.origin = origin
        self._git = Git(origin, environment(origin, token, known_hosts), cancel or CancelToken(), told)
        self._trees = cache / "trees"
        self._mirror = cache / f"{hashlib.sha256(origin.url.encode('utf-8', 'surrogateescape')).hexdigest()[:20]}.git"

    def checkout(self) -> Checkout:
        """Fetch what is new and lay out the commit that is wanted, with its submodules.

        GitError says why that cannot be; then nothing stays but the mirror.
        """
        try:
            self._mirror.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_left(self._trees)
            with locked(self._mirror.with_suffix(".lock")):
                commit, branch = self._resolved()
                owner = f"{os.getpid()}-{start_time(os.getpid())}"
                tree = self._trees / f"{owner}-{secrets.token_hex(4)}" / to_name(self.origin.repository)
                tree.parent.mkdir(mode=0o700, parents=True)
                checkout = Checkout(self.origin, tree / self.origin.path, tree, commit, branch)
                try:
                    self._lay_out(tree, commit)
                    self._check_folder(checkout)
                except BaseException:
                    checkout.remove()
                    raise
        except OSError as error:
            raise unwritable(self._mirror.parent, error) from error
        return checkout

    def _resolved(self) -> tuple[str, str]:
        """The commit that is wanted, now in the mirror, and its branch."""
        heads = self._advertised()
        self._init()
        mine = self._lines("for-each-ref", "--format=%(refname) %(objectname)")
        if {name: heads[name] for name in heads if name.startswith("refs/") and not name.endswith("^{}")} != mine:
            self._fetch()
        ref = self.origin.ref
        if not ref:
            return self._default(heads)
        for name in (f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", ref):
            if name in heads and name.startswith("refs/"):
                return heads[name], name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else ""
        if _COMMIT.fullmatch(ref) and (commit := self._commit(ref)):
            return commit, ""
        raise self._no_ref([_short(name) for name in heads if name.startswith("refs/") and "^" not in name])

    def _advertised(self) -> dict[str, str]:
        """Ref → commit as the repository says, `HEAD` → the name of its default branch."""
        words = ("ls-remote", "--symref", "--", self.origin.url, "HEAD", "refs/heads/*", "refs/tags/*")
        heads: dict[str, str] = {}
        for line in self._git.run(self._mirror.parent, *words).splitlines():
            first, _, name = line.partition("\t")
            if first.startswith("ref: "):
                heads["HEAD"] = first.removeprefix("ref: ")
            elif name.startswith("refs/"):
                heads[name] = first
            elif name == "HEAD":
                heads.setdefault("HEAD", first)
        return heads

    def _init(self) -> None:
        if self._mirror.is_dir() and self._git.asked(self._mirror, "rev-parse", "--git-dir") is None:
            shutil.rmtree(self._mirror)
        if not self._mirror.is_dir():
            self._git.run(self._mirror.parent, "init", "--quiet", "--bare", "--template=", self._mirror.name)

    def _fetch(self) -> None:
        refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        words = ("fetch", "--progress", "--prune", "--no-tags", "--no-recurse-submodules", "--", self.origin.url)
        self._git.run(self._mirror, *words, *refs)

    def _default(self, heads: dict[str, str]) -> tuple[str, str]:
        named = heads.get("HEAD", "")
        if named in heads:
            return heads[named], _short(named)
        if _COMMIT.fullmatch(named):
            return named, ""
        url = self.origin.url
        if not heads:
            raise GitError(f"{url} is empty.", why="It has no commit.", kept=KEPT, hint="Push something to it first.")
        names = [_short(name) for name in heads if name.startswith("refs/heads/")]
        raise GitError(
            f"{url} does not say which branch is its own.",
            kept=KEPT,
            hint=f"Name one with --ref: {', '.join(names[:_SHOWN])}.",
        )

    def _commit(self, ref: str) -> str:
        """The whole id of a commit that no branch need lead to any more; empty if there is none."""
        found = self._git.asked(self._mirror, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
        if found is None and len(ref) in (40, 64):
            words = ("fetch", "--quiet", "--no-tags", "--", self.origin.url, ref)
            if self._git.asked(self._mirror, *words) is not None:
                found = self._git.asked(self._mirror, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
        return (found or "").strip()

    def _no_ref(self, names: list[str]) -> GitError:
        ref = self.origin.ref
        near = get_close_matches(ref, names, n=_SHOWN, cutoff=0.5)
        known = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(names)[:_SHOWN])}."
        return GitError(
            f"{self.origin.url} has no branch, tag or commit {ref}.",
            kept=KEPT,
            hint=known if names else "It is empty: push something to it first.",
        )

    def _lay_out(self, tree: Path, commit: str) -> None:
        git, mirror = self._git, str(self._mirror)
        git.run(tree.parent, "clone", "--quiet", "--shared", "--no-checkout", "--template=", "--", mirror, tree.name)
        git.run(tree, "remote", "set-url", "origin", self.origin.url)  # submodules and LFS are found from there
        git.run(tree, "checkout", "--progress", "--detach", commit)
        if (tree / ".gitmodules").is_file():
            git.run(tree, "submodule", "--quiet", "update", "--init", "--recursive", "--progress")
        self._bring_large_files(tree)

    def _bring_large_files(self, tree: Path) -> None:
        """What Git LFS keeps elsewhere, into the places of its pointers; what was brought once is in the mirror."""
        listed = self._git.asked(tree, "submodule", "--quiet", "foreach", "--recursive", 'echo "$displaypath"') or ""
        for folder in [tree, *(tree / path for path in listed.splitlines())]:
            if next(self._pointers(folder), None) and self._git.asked(folder, "lfs", "version") is not None:
                self._git.run(folder, "config", "lfs.storage", str(self._mirror / "lfs"))
                self._git.run(folder, "lfs", "pull")
            if pointers := list(self._pointers(folder)):
                raise GitError(
                    f"{len(pointers)} of the files of {self.origin.url} are kept in Git LFS, and were not fetched.",
                    why=f"{', '.join(pointers[:_SHOWN])}: only a pointer is here.",
                    kept=KEPT,
                    hint="Install git-lfs, and try again.",
                )

    def _pointers(self, tree: Path) -> Iterator[str]:
        """The files that LFS should have put in place of their pointers."""
        if self._git.asked(tree, "grep", "--quiet", "-F", "filter=lfs", "--", "*.gitattributes") is None:
            return
        for path in (self._git.asked(tree, "grep", "-z", "-l", "-F", "-e", _POINTER) or "").split("\0"):
            with suppress(OSError):
                if path and (tree / path).stat().st_size < 1024 and (tree / path).read_text().startswith(_POINTER):
                    yield path

    def _check_folder(self, checkout: Checkout) -> None:
        folder, path = checkout.folder, self.origin.path
        if folder.is_dir() and folder.resolve().is_relative_to(checkout.tree.resolve()):
            return
        listed = self._git.run(checkout.tree, "ls-tree", "-r", "-d", "--name-only", "-z", checkout.commit)
        folders = [name for name in listed.split("\0") if name]
        near = get_close_matches(path, folders, n=_SHOWN, cutoff=0.5) or folders[:_SHOWN]
        raise GitError(
            f"{self.origin.url} has no folder {path}.",
            why="It leads out of the repository." if folder.is_dir() else f"Commit {checkout.commit[:8]} lacks it.",
            kept=KEPT,
            hint=f"There are: {', '.join(near)}." if near else "Leave --path out: everything is in one folder.",
        )

    def _lines(self, *words: str) -> dict[str, str]:
        lines = (line.partition(" ") for line in self._git.run(self._mirror, *words).splitlines())
        return {first: rest for first, _, rest in lines}


def _short(name: str) -> str:
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _remove_left(trees: Path) -> None:
    """Remove the trees of processes that are gone."""
    for left in trees.glob("*-*-*"):
        pid, _, rest = left.name.partition("-")
        if pid.isdigit() and str(start_time(int(pid))) != rest.rpartition("-")[0]:
            shutil.rmtree(left, ignore_errors=True)
