"""A user's own settings, in `settings.yaml`. A mistake in them is named, and the default holds."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from webduh_console.config.convert import Conversion
from webduh_console.config.home import Home
from webduh_console.config.problems import ConfigFileError, Problem
from webduh_console.config.yamlfile import Item, parse, read, shown
from webduh_console.errors import ConfigError, NotFoundError, UsageError

FILE = "settings.yaml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user likes."""

    theme: Annotated[
        str, Meta(description="The console's theme.", min_length=1, max_length=80, extra={"words": "a theme's name"})
    ] = "night"
    read_only: Annotated[bool, Meta(description="Whether the console only shows, and changes nothing.")] = False
    times: Annotated[Literal["local", "utc"], Meta(description="The time zone that times are shown in.")] = "local"
    plugins: Annotated[
        str,
        Meta(
            description="The framework plugins of others that are used where nobody can be asked, such as in CI: names "
            "of plugins or packages, separated by spaces.",
            max_length=2000,
            extra={"words": "names separated by spaces"},
        ),
    ] = ""


def settings_file(home: Home) -> Path:
    """The file of a user's settings; it need not exist."""
    return home.config / FILE


def load_settings(home: Home) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings, and every mistake in their file; a wrong or missing one has its default."""
    file = settings_file(home)
    if not os.path.lexists(file):
        return Settings(), ()
    item, problems = read(file)
    settings, more = _settings(item)
    return settings, tuple(sorted((*problems, *more)))


def save_setting(home: Home, name: str, text: str | None) -> Settings:
    """Set one setting from its text, or with None back to its default; the other lines of the file stay as they are.

    NotFoundError for an unknown name, UsageError for a value it cannot have, ConfigFileError if the file is not YAML.
    """
    line = check_setting(name, text)
    file = settings_file(home)
    before = _text(file)
    item, problems = parse(before, file.name)
    if problems or (item is not None and item.entries is None):
        problems = problems or [Problem(FILE, 1, 1, "", "expected a block of keys")]
        raise ConfigFileError(str(file), tuple(problems))
    after = _with_line(before, item, name, line)
    if not _is_change_of(name, item, after):
        after = _rewritten(item, name, line)
    home.made()
    _replace(file, after)
    return load_settings(home)[0]


def check_setting(name: str, text: str | None) -> str | None:
    """The line that sets a setting, None if it is to be left out; the first two errors of `save_setting`."""
    fields = Settings.__struct_fields__
    if name not in fields:
        close = get_close_matches(name, fields, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(sorted(fields))}."
        raise NotFoundError(f"There is no setting {shown(name)}.", kept="Nothing was changed.", hint=hint)
    return None if text is None else f"{name}: {_written(name, text)}\n"


def setting_text(settings: Settings, name: str) -> str:
    """A setting as the text that `save_setting` takes."""
    value = getattr(settings, name)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _settings(item: Item | None) -> tuple[Settings, list[Problem]]:
    if item is None or (item.entries is None and item.items is None and item.value is None):
        return Settings(), []
    conversion = Conversion(FILE)
    if item.entries is None:
        conversion.says(item, "", "expected a block of keys", "write for example theme: night")
        return Settings(), conversion.problems
    return conversion.struct(Settings, item), conversion.problems


def _written(name: str, text: str) -> str:
    """The text as YAML, once it is known to be a value that the setting can have."""
    for written in (text, _quoted(text)):
        item, problems = parse(f"{name}: {written}\n", FILE)
        settings, more = _settings(item)
        if not problems and not more and setting_text(settings, name) == text.strip():
            return written.strip()
    item, problems = parse(f"{name}: {_quoted(text)}\n", FILE)
    says = (_settings(item)[1] or problems)[0].says
    raise UsageError(
        f"The setting {name} cannot be {shown(text)!r}.",
        why=f"{says[0].upper()}{says[1:]}.",
        kept="It was not changed.",
    )


def _quoted(text: str) -> str:
    return msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()


def _with_line(before: str, item: Item | None, name: str, line: str | None) -> str:
    """The file's text with the setting's lines replaced, its comments kept."""
    lines = before.splitlines(keepends=True)
    entries = item.entries if item and item.entries else {}
    if name in entries:
        first = entries[name].line - 1
        later = [entry.line - 1 for entry in entries.values() if entry.line - 1 > first]
        last = min(later, default=len(lines))
        while last > first + 1 and lines[last - 1].lstrip()[:1] in ("", "#"):
            last -= 1
        lines[first:last] = [line] if line else []
    elif line:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines.append(line)
    return "".join(lines)


def _is_change_of(name: str, before: Item | None, after: str) -> bool:
    """Whether the new text is YAML and differs in this setting alone. In `{theme: a, times: b}` a line is more."""
    item, problems = parse(after, FILE)
    if problems:
        return False
    old, new = _settings(before)[0], _settings(item)[0]
    others = [field for field in Settings.__struct_fields__ if field != name]
    return all(getattr(old, other) == getattr(new, other) for other in others)


def _rewritten(item: Item | None, name: str, line: str | None) -> str:
    """A file with one line for each setting that is not at its default."""
    settings = _settings(item)[0]
    others = [field for field in Settings.__struct_fields__ if field != name]
    kept = [other for other in others if getattr(settings, other) != getattr(Settings(), other)]
    lines = [f"{other}: {_written(other, setting_text(settings, other))}\n" for other in kept]
    return "".join([*lines, line or ""])


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        problem = Problem(FILE, 1, 1, "", "is not UTF-8", "save the file as UTF-8")
        raise ConfigFileError(str(file), (problem,)) from error
    except OSError as error:
        raise _unwritten(file, error) from error


def _replace(file: Path, text: str) -> None:
    """Write the file whole or not at all."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        aside.write_text(text, "utf-8")
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise _unwritten(file, error) from error


def _unwritten(file: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The settings in {file} cannot be changed.",
        why=f"{error.strerror or error}.",
        kept="They are as they were.",
        hint="Give yourself the right to write there.",
    )
