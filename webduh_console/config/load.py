"""Reads an app's `webduh.yaml`."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from webduh_console.config import schedules
from webduh_console.config.convert import Conversion
from webduh_console.config.problems import ConfigFileError, Problem
from webduh_console.config.schema import AppConfig, EnvironmentConfig, HookConfig, ProcessConfig
from webduh_console.config.stacking import stacked
from webduh_console.config.yamlfile import Item, read
from webduh_console.model.hooks import IN_IMAGE, POINTS

FILES = ("webduh.yaml", "webduh.yml")
KEPT_HERE = ", kept here"
"""After the place of a setting that the user's own say."""
_SECRET_WORDS = frozenset({"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "KEY", "APIKEY", "CREDENTIALS"})
_OPEN_WORDS = frozenset({"PUBLIC", "PUBLISHABLE", "ID", "FILE", "PATH", "URL", "NAME"})


class Loaded(msgspec.Struct, frozen=True):
    """An app's configuration, its `file` (None: there is none), warnings in words, and path of a setting → line.

    `own` are the paths that the user's own settings say, over those of a repository. `texts` are the values as they are
    written.
    """

    config: AppConfig = AppConfig()
    file: Path | None = None
    warnings: tuple[str, ...] = ()
    lines: dict[str, int] = {}
    own: frozenset[str] = frozenset()
    texts: dict[str, str] = {}

    def origin(self, *paths: str) -> str:
        """Where the first of these settings that is written down stands, as `webduh.yaml:7`; empty if none is."""
        path = next((path for path in paths if path in self.lines), None)
        if path is None or self.file is None:
            return ""
        return f"{self.file.name}:{self.lines[path]}" + (KEPT_HERE if path in self.own else "")

    @property
    def said_here(self) -> tuple[str, ...]:
        """The settings that the user's own say."""
        return tuple(path for path in self.texts if path in self.own)


def load(folder: Path, own: Path | None = None) -> Loaded:
    """What the app in `folder` says about itself; without a file, that is nothing.

    Where the folder `own` has a file too, that is the user's own, and counts first. ConfigFileError holds every mistake
    of a file at once.
    """
    item, file = _written(folder)
    loaded = _checked(item, file)
    above, over = _written(own) if own is not None else (None, None)
    if over is None:
        return loaded
    _checked(above, over)
    return laid_over(folder, above, over)


def laid_over(folder: Path, above: Item | None, over: Path) -> Loaded:
    """What the app in `folder` says with the walked file `over` over it; that file is right by itself."""
    below, file = _written(folder)
    return _checked(below if above is None or above.entries is None else stacked(below, above), file or over)


def _checked(item: Item | None, file: Path | None) -> Loaded:
    if file is None:
        return Loaded()
    loaded, problems = loaded_from(item, file)
    if problems:
        raise ConfigFileError(str(file), tuple(problems))
    return loaded


def _written(folder: Path) -> tuple[Item | None, Path | None]:
    """The folder's file, walked, and its path; ConfigFileError if it is no YAML, or there are two."""
    found = [file for file in (folder / name for name in FILES) if _is_there(file)]
    if not found:
        return None, None
    file = found[0]
    if len(found) > 1:
        says = "there is a webduh.yaml and a webduh.yml"
        raise ConfigFileError(str(file), (Problem(found[1].name, 1, 1, "", says, "keep one of them"),))
    item, problems = read(file)
    if problems:
        more = loaded_from(item, file)[1] if item is not None else []
        raise ConfigFileError(str(file), (*problems, *more))
    return item, file


def loaded_from(item: Item | None, file: Path) -> tuple[Loaded, list[Problem]]:
    """The typed configuration of a walked file, and what is wrong with it. Pure."""
    if item is None or (item.entries is None and item.items is None and item.value is None):
        return Loaded(file=file), []
    conversion = Conversion(file.name)
    if item.entries is None:
        found = "a list" if item.items is not None else "a single text"
        conversion.says(item, "", f"expected a block of keys, found {found}", "write for example name: my-app")
        return Loaded(file=file), conversion.problems
    config = conversion.struct(AppConfig, item)
    _check_together(config, conversion)
    lines, warnings = conversion.lines, tuple(_warnings(config, conversion.lines, file.name))
    own = frozenset(path for path, place in conversion.places.items() if place.own)
    return Loaded(config, file, warnings, lines, own, conversion.texts), conversion.problems


def _is_there(file: Path) -> bool:
    """Whether something has this name, a broken link too: a file that cannot be read must not pass for none."""
    try:
        file.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        # Not a folder, or not ours to look into: whoever reads the app's source words that.
        return False
    return True


def _check_together(config: AppConfig, conversion: Conversion) -> None:
    """What no single value shows: settings that contradict each other."""
    for first, second in _contradictions(config):
        says = f"contradicts {first} in line {conversion.places[first].line}"
        conversion.says(conversion.places[second], second, says, "keep one of them")
    for point in POINTS:
        says_hook = getattr(config.hooks, point.replace("-", "_"))
        if isinstance(says_hook, HookConfig) and says_hook.where == "image" and point not in IN_IMAGE:
            path, hint = f"hooks.{point}.in", f"say it at {', '.join(p for p in POINTS if p in IN_IMAGE)}"
            conversion.says(conversion.places[path], path, "there is no image of a release at this point", hint)
    for path, says, hint in schedules.mistakes(config):
        conversion.says(conversion.places[path], path, says, hint)
    for path, domains in _all_domains(config):
        for index, domain in enumerate(domains):
            if domain in domains[:index]:
                where = f"{path}[{index}]"
                conversion.says(conversion.places[where], where, f"{domain} is named twice", "keep one of them")


def _contradictions(config: AppConfig) -> list[tuple[str, str]]:
    web = config.processes.get("web")
    web_command = web.command if isinstance(web, ProcessConfig) else web
    pairs = []
    if config.start is not None and web_command is not None:
        pairs.append(("start", "processes.web"))
    if config.static is not None and config.start is not None:
        pairs.append(("start", "static"))
    if config.static is not None and web_command is not None:
        pairs.append(("static", "processes.web"))
    return pairs


def _all_domains(config: AppConfig) -> list[tuple[str, tuple[str, ...]]]:
    found = [("domains", config.domains or ())]
    found += [(f"environments.{name}.domains", part.domains or ()) for name, part in config.environments.items()]
    return found


def _warnings(config: AppConfig, lines: dict[str, int], file: str) -> Iterator[str]:
    parts: list[tuple[str, AppConfig | EnvironmentConfig]] = [("", config)]
    parts += [(f"environments.{name}.", part) for name, part in config.environments.items()]
    for prefix, part in parts:
        for name, value in part.variables.items():
            path = f"{prefix}variables.{name}"
            if looks_secret(name, str(value)):
                where = f"{file}:{lines[path]} {path}"
                yield f"{where} looks like a secret, and this file is usually shared: use `webduh secret set` for it."
        if isinstance(part.memory, int) and 0 < part.memory < 1024 * 1024:
            path = f"{prefix}memory"
            yield f"{file}:{lines[path]} {path} is {part.memory} bytes: {part.memory}M may be meant."


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable's name, or a password inside its address, says that its value is a secret."""
    words = set(name.upper().split("_"))
    if value and words & _SECRET_WORDS and not words & _OPEN_WORDS:
        return True
    scheme, _, rest = value.partition("://")
    credentials, at, _ = rest.split("/", 1)[0].rpartition("@")
    return bool(scheme and at and credentials.partition(":")[2])
