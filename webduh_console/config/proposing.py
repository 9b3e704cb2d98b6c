"""What a `webduh.yaml` would be with some settings changed: read and checked before it is written."""

import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from webduh_console.config import editing
from webduh_console.config.load import FILES, Loaded, laid_over, load, loaded_from
from webduh_console.config.problems import ConfigFileError, Problem
from webduh_console.config.yamlfile import Scalar, parse
from webduh_console.errors import ConfigError

Texts = Mapping[editing.Path, str | None]
"""Setting → what was typed for it; None takes it away."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_WORDS: dict[str, bool] = {"true": True, "false": False}
_KEPT = "Nothing was written."


class Proposed(msgspec.Struct, frozen=True):
    """A file before and after, and what it would say."""

    file: Path
    before: str
    after: str
    loaded: Loaded

    @property
    def difference(self) -> tuple[str, ...]:
        """What changes, as lines of a unified diff."""
        return tuple(editing.difference(self.before, self.after, self.file.name))


def proposed(folder: Path, texts: Texts, own: Path | None = None) -> Proposed:
    """The folder's `webduh.yaml` with these settings; nothing is written.

    With `own` it is the file in that folder that changes, and what it says counts over what `folder` says.

    A text becomes a number or a truth value where the schema wants one. ConfigFileError names what is wrong with the
    file as it is or as it would be, EditError a file that cannot be changed without disturbing it.
    """
    if own is not None:
        changed = proposed(own, texts)
        loaded = laid_over(folder, parse(changed.after, changed.file.name)[0], changed.file) if texts else None
        return msgspec.structs.replace(changed, loaded=loaded or load(folder, own))
    now = load(folder)
    file = now.file or folder / FILES[0]
    if not texts:
        return Proposed(file, "", "", now)
    before = _text(file) if now.file else ""
    changes: dict[editing.Path, Scalar] = dict(texts)
    after, loaded, problems = _with(before, changes, file)
    mistaken = {problem.path for problem in problems}
    for path, text in texts.items():
        if text is not None and ".".join(path) in mistaken:
            changes[path] = _typed(text)
    if problems:
        after, loaded, problems = _with(before, changes, file)
    if problems:
        raise ConfigFileError(str(file), tuple(problems), wished=True)
    return Proposed(file, before, after, loaded)


def write(wanted: Proposed, own: bool = False) -> None:
    """Write the file as a whole, with the rights that it had; the folder of the user's `own` settings is made.

    ConfigError when it is no longer what it was, or cannot be written.
    """
    file = wanted.file.resolve()
    if (_text(file) if file.exists() else "") != wanted.before:
        raise ConfigError(
            f"{wanted.file.name} was changed meanwhile.",
            why="Somebody else wrote to it.",
            kept=_KEPT,
            hint="Try again.",
        )
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        if own:
            file.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else None
        beside.write_bytes(wanted.after.encode("utf-8"))
        if mode is not None:
            beside.chmod(mode)
        os.replace(beside, file)  # noqa: PTH105 - as the rest of the house names it
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise ConfigError(
            f"{file} cannot be written.",
            why=f"{error.strerror or error}.",
            kept=_KEPT,
            hint="Write it by hand, or deploy from a folder that is yours.",
        ) from error


def _with(before: str, changes: Mapping[editing.Path, Scalar], file: Path) -> tuple[str, Loaded, list[Problem]]:
    after = editing.edited(before, changes, file.name)
    item, wrong = parse(after.removeprefix("\ufeff"), file.name)
    loaded, more = loaded_from(item, file)
    return after, loaded, [*wrong, *more]


def _typed(text: str) -> Scalar:
    """The number or truth value that a text looks like."""
    return int(text) if _INTEGER.fullmatch(text) else _WORDS.get(text, text)


def _text(file: Path) -> str:
    """The file's text with its own line ends."""
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read.", why=f"{error.strerror or error}.", kept=_KEPT) from error


def path_of(key: str) -> editing.Path:
    """The keys of a setting as it is typed: `processes.web`."""
    return tuple(key.split("."))


def key_of(path: Iterable[str]) -> str:
    """A setting as it is typed."""
    return ".".join(path)
