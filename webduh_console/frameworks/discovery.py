"""The installed framework plugins, found through the entry points of the group `webduh.frameworks`."""

import sys
from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from webduh_console.model.build import Framework

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "webduh.frameworks"
OURS = "webduh-console"
"""The distribution whose plugins may always be used."""
API = 1


class PluginInfo(msgspec.Struct, frozen=True):
    """An installed plugin: the distribution and version it came with, the API it speaks, and why it is not used.

    `module` is the entry point's value, `framework` the name that the plugin itself has; `api` is None and `error`
    filled when the plugin could not be loaded.
    """

    name: str
    package: str
    version: str
    api: int | None
    module: str
    error: str = ""
    framework: str = ""


class Discovered(NamedTuple):
    """What is installed: every plugin as told to people, and those that can be asked."""

    infos: tuple[PluginInfo, ...]
    frameworks: tuple[Framework, ...]

    def pairs(self) -> list[tuple[PluginInfo, Framework]]:
        """Every plugin that can be asked, with what is told of it."""
        usable = {info.framework: info for info in self.infos if not info.error}
        return [(usable[one.name], one) for one in self.frameworks]


def plugins() -> tuple[Framework, ...]:
    """The plugins that can be asked, sorted by name."""
    return _discovered(tuple(sys.path)).frameworks


def allowed(names: Collection[str] | None) -> tuple[tuple[Framework, ...], tuple[PluginInfo, ...]]:
    """The plugins that may be asked, and those of others that may not: all may without `names`, which are those of
    plugins or of their packages."""
    found = _discovered(tuple(sys.path))
    left = () if names is None else tuple(one for one in found.infos if not one.error and not _may(one, names))
    refused = {info.name for info in left}
    return tuple(one for info, one in found.pairs() if info.name not in refused), left


def _may(info: PluginInfo, names: Collection[str]) -> bool:
    return info.package == OURS or info.name in names or info.package in names


def broken() -> tuple[PluginInfo, ...]:
    """The plugins that are passed over: `error` says why, in words."""
    return tuple(info for info in installed() if info.error)


def installed() -> tuple[PluginInfo, ...]:
    """Every installed plugin, the broken ones too, sorted by name."""
    return _discovered(tuple(sys.path)).infos


@cache
def _discovered(path: tuple[str, ...]) -> Discovered:
    """What is installed along `path`. Once is enough: it reads the metadata of every installed distribution."""
    from importlib.metadata import entry_points

    infos: list[PluginInfo] = []
    frameworks: dict[str, Framework] = {}
    for entry in sorted(entry_points(group=GROUP), key=_order):
        plugin, error = _load(entry)
        if plugin is not None and frameworks.setdefault(plugin.name, plugin) is not plugin:
            plugin, error = None, "another plugin already has its name"
        infos.append(_info(entry, plugin, error))
    return Discovered(tuple(infos), tuple(frameworks[name] for name in sorted(frameworks)))


def _order(entry: "EntryPoint") -> tuple[str, bool, str]:
    """By name; of two with one name, the one that ships with webduh first."""
    package = entry.dist.name if entry.dist else ""
    return entry.name, package != OURS, package


def _info(entry: "EntryPoint", plugin: Framework | None, error: str) -> PluginInfo:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    api, name = (plugin.api, plugin.name) if plugin else (None, "")
    return PluginInfo(entry.name, package, version, api, entry.value, error, name)


def _load(entry: "EntryPoint") -> tuple[Framework | None, str]:
    """The plugin, or None and what is wrong with it."""
    module, _, name = entry.value.partition(":")
    try:
        made = import_module(module)
        for part in filter(None, name.split(".")):
            made = getattr(made, part)
        plugin = made() if isinstance(made, type) else made
    except (Exception, SystemExit) as error:  # noqa: BLE001  # anybody's code may raise anything at import
        return None, f"{type(error).__name__}: {error}".rstrip(": ")
    wrong = _wrong(plugin)
    return (None, wrong) if wrong else (plugin, "")


def _wrong(plugin: object) -> str:
    """Why an object is no plugin of this API; empty if it is one."""
    if not isinstance(name := getattr(plugin, "name", None), str) or not name:
        return "it has no name"
    if (api := getattr(plugin, "api", None)) != API:
        return f"it speaks plugin API {api}, this program speaks {API}"
    missing = [method for method in ("detect", "plan") if not callable(getattr(plugin, method, None))]
    return f"it has no method {missing[0]}" if missing else ""
