"""Where an app's source is: a folder here, or a tree of a repository that goes away when the work is over."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webduh_console.clock import now
from webduh_console.commands.apps import entry_for, find, find_or_name, named
from webduh_console.commands.context import Context
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.events import AnyEvent, Event, Finished
from webduh_console.model.hooks import ROLLBACK_POINTS, Hook
from webduh_console.model.plan import Plan
from webduh_console.model.release import SourceRef
from webduh_console.model.target import CancelToken
from webduh_console.state.apps import AppEntry
from webduh_console.transport.git.address import Origin, is_address, origin

if TYPE_CHECKING:
    from webduh_console.config.load import Loaded
    from webduh_console.transport.git.repository import Checkout

    Fetch = Callable[[Context, Origin], Checkout]

TOKEN = "WEBDUH_GIT_TOKEN"
"""The variable of the environment that holds a token for repositories over HTTPS."""


class SourceWishes(msgspec.Struct, frozen=True):
    """What the options of a command say about the source; None: nothing."""

    name: str | None = None
    project: str | None = None
    ref: str | None = None
    path: str | None = None
    deploy_key: str | None = None


class Source(msgspec.Struct, frozen=True):
    """An app, the folder that holds it now, and its checkout if it comes from a repository."""

    entry: AppEntry
    folder: Path
    checkout: "Checkout | None" = None

    def loaded(self, ctx: Context) -> "Loaded":
        """What the app says about itself; of a repository, with the user's own settings over that."""
        from webduh_console.config.load import load

        with _called_by_its_commit(self.checkout):
            return load(self.folder, own_settings(ctx, self.entry))

    def ref(self, digest: str, folder_ref: SourceRef, context: Path, within: str = "") -> SourceRef:
        """What is recorded of a checkout, or of a folder as Git knows it.

        `context` is what is built, and `within` the app's folder in it where that is the root of a workspace.
        """
        if self.checkout is None:
            return msgspec.structs.replace(folder_ref, path=within)
        came = self.checkout.origin
        commit, branch = self.checkout.commit, self.checkout.branch
        return SourceRef(str(context), digest, commit, branch, False, came.url, came.ref, came.path)


def source(ctx: Context, word: str, wishes: SourceWishes = SourceWishes(), fetch: "Fetch | None" = None) -> Source:
    """The source that a word stands for: an app's name, a folder, or a repository, which is fetched as `fetch` does.

    NotFoundError when it is not there, GitError when a repository cannot be read.
    """
    fetch = fetch or fetched
    if is_address(word) and not _is_known(ctx, word):
        return _repository(ctx, word, wishes, fetch)
    entry = find_or_name(ctx, word, wishes.name, wishes.project)
    if entry.url:
        ref = entry.ref if wishes.ref is None else wishes.ref
        wanted = origin(
            entry.url, ref, entry.path if wishes.path is None else wishes.path, wishes.deploy_key or entry.key
        )
        if wanted.path != entry.path:
            raise _elsewhere(entry, wanted)
        checkout = fetch(ctx, wanted)
        return Source(entry, checkout.folder, checkout)
    if wishes.ref is not None or wishes.path is not None or wishes.deploy_key is not None:
        raise UsageError(
            f"{entry.name} comes from a folder, and --ref, --path and --deploy-key are for repositories.",
            kept="Nothing was changed.",
            hint="Name the repository: `webduh deploy https://… --ref NAME`.",
        )
    return Source(entry, _folder(entry))


def own_settings(ctx: Context, entry: AppEntry) -> Path | None:
    """The folder of the user's own settings for an app of a repository, which cannot be written to; it need not exist.
    None for an app of a folder, which has its settings itself."""
    return ctx.home.settings_of(entry.project, entry.name) if entry.url else None


def settings_folder(ctx: Context, word: str) -> tuple[Path, bool]:
    """The folder whose webduh.yaml is changed for an app or a folder, and whether that is the user's own for an app of
    a repository. NotFoundError when there is neither."""
    from webduh_console.frameworks.tree import real_folder

    folder = Path(word).expanduser()
    known = None if word.startswith((".", "~", "/")) else named(ctx, word)
    if is_address(word) and not known:
        wanted = origin(word)
        known = ctx.state.apps.by_origin(wanted.url, wanted.path)
        if known is None:
            raise NotFoundError(
                f"There is no app from {wanted.url}.",
                kept="Nothing was written.",
                hint=f"`webduh app add {word}` makes it one; then it has a name.",
            )
    if known is None and (folder.is_dir() or word.startswith((".", "~", "/"))):
        return Path(real_folder(folder)), False
    entry = known or find(ctx, word)
    own = own_settings(ctx, entry)
    return (own, True) if own is not None else (_folder(entry), False)


def put_back(ctx: Context, found: Source) -> None:
    """Take the tree of a repository away that nobody needs any more."""
    if found.checkout is not None:
        ctx.checkouts.pop(str(found.checkout.folder), None)
        found.checkout.remove()


def fetched(
    ctx: Context, wanted: Origin, cancel: CancelToken | None = None, told: Callable[[Event], None] | None = None
) -> "Checkout":
    """A tree of a repository, which the context takes away when it is closed.

    `told` hears how far it is, the context's own if it is left out. CancelledError when it is cancelled.
    """
    from webduh_console.transport.git.repository import Repository

    token, keys = os.environ.get(TOKEN, ""), ctx.home.config / "known_hosts"
    checkout = Repository(ctx.home.cache / "git", wanted, token, keys, cancel, told or ctx.told).checkout()
    ctx.checkouts[str(checkout.folder)] = checkout
    return checkout


def hooks_here(folder: str, made: Plan | None) -> tuple[tuple[Hook, ...], tuple[str, ...]]:
    """The hooks of a rollback, which are those of the app's folder as it is now; and what is said where it has none but
    what serves had some."""
    from webduh_console.config.load import load
    from webduh_console.config.spec import hooks

    if folder and Path(folder).is_dir():
        return hooks(load(Path(folder)), Path(folder)), ()
    had = dict.fromkeys(hook.point for hook in made.hooks if hook.point in ROLLBACK_POINTS) if made else {}
    return (), (f"The hooks {', '.join(had)} are not run: no folder of this app is here.",) if had else ()


def entry_of(ctx: Context, plan: Plan) -> AppEntry:
    """How the app of a plan is known here from now on."""
    key, came = plan.key, plan.source
    if not came.url:
        return AppEntry(key.project, key.app, came.app_folder, plan.made)
    checkout = _checkout(ctx, came.folder)
    deploy_key = checkout.origin.key if checkout else ""
    return AppEntry(key.project, key.app, "", plan.made, came.url, came.ref, came.path, deploy_key)


def take_away(ctx: Context, plan: Plan, event: AnyEvent) -> None:
    """Take the checkout of a plan away once its deployment is over."""
    if isinstance(event, Finished):
        discard(ctx, plan.source)


def discard(ctx: Context, came: SourceRef) -> None:
    """Take the checkout of a source away, if it has one; nothing happens when it is gone."""
    if (checkout := _checkout(ctx, came.folder)) is not None:
        ctx.checkouts.pop(str(checkout.folder), None)
        checkout.remove()


def _checkout(ctx: Context, folder: str) -> "Checkout | None":
    """The checkout that a folder, or the whole tree of one, is of."""
    return next((one for one in list(ctx.checkouts.values()) if folder in (str(one.folder), str(one.tree))), None)


def _is_known(ctx: Context, word: str) -> bool:
    return "/" not in word and any(entry.name == word for entry in ctx.state.apps.all())


def _repository(ctx: Context, word: str, wishes: SourceWishes, fetch: "Fetch") -> Source:
    wanted = origin(word, wishes.ref or "", wishes.path or "", wishes.deploy_key or "")
    known = ctx.state.apps.by_origin(wanted.url, wanted.path)
    if known and not wanted.key:
        wanted = msgspec.structs.replace(wanted, key=known.key)
    checkout = fetch(ctx, wanted)
    if known and wishes.name in (None, known.name) and wishes.project in (None, known.project):
        return Source(known, checkout.folder, checkout)
    with _called_by_its_commit(checkout):
        named = entry_for(checkout.folder, wishes.name, wishes.project, wanted.name)
    entry = AppEntry(
        named.project, named.name, "", now(), url=wanted.url, ref=wanted.ref, path=wanted.path, key=wanted.key
    )
    return Source(entry, checkout.folder, checkout)


@contextmanager
def _called_by_its_commit(checkout: "Checkout | None") -> Iterator[None]:
    """A file of a checkout that has mistakes is named by its commit: its tree is gone when that is read."""
    from webduh_console.config.problems import ConfigFileError

    try:
        yield
    except ConfigFileError as error:
        file = Path(error.file)
        if checkout is None or not file.is_relative_to(checkout.tree):
            raise
        where = f"{file.relative_to(checkout.tree)} at {checkout.commit[:8]} in {checkout.origin.url}"
        raise ConfigFileError(where, error.problems) from None


def _elsewhere(entry: AppEntry, wanted: Origin) -> UsageError:
    return UsageError(
        f"{entry.name} comes from {entry.path or 'the whole repository'}, not from {wanted.path or 'all of it'}.",
        why="Another folder of a repository is another app.",
        kept="Nothing was changed.",
        hint=f"Name the repository: `webduh deploy {entry.url} --path {wanted.path or '.'} --name NAME`.",
    )


def _folder(entry: AppEntry) -> Path:
    folder = Path(entry.folder)
    if not entry.folder:
        raise NotFoundError(
            f"No folder of {entry.name} is known here.",
            why="It was deployed from another machine.",
            kept="What serves was not touched.",
            hint=f"Name the folder that holds it: `webduh deploy FOLDER --name {entry.name}`.",
        )
    if not folder.is_dir():
        raise NotFoundError(
            f"The folder of {entry.name} is gone.",
            why=f"{folder} does not exist.",
            kept="What serves was not touched.",
            hint=f"Say where it is now: `webduh app move {entry.name} FOLDER`.",
        )
    return folder
