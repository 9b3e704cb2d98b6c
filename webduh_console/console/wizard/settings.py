"""The settings that the wizard offers, each with its value and where that comes from. Pure."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from webduh_console.commands.draft import FRAMEWORK, NAME, Draft
from webduh_console.commands.looking import Looked
from webduh_console.config import schema
from webduh_console.config.editing import Path
from webduh_console.config.load import Loaded
from webduh_console.frameworks.report import command_line
from webduh_console.model.build import BuildStep, Command, Option
from webduh_console.model.names import is_name, to_name

ENVIRONMENT: Path = ("", "environment")
"""The environment is no setting of the file."""

TYPED = "typed here"


class Setting(msgspec.Struct, frozen=True):
    """One setting: where it stands in `webduh.yaml`, its value now (empty: none), where that comes from.

    `says` is its words. With `choices` it is one of those.
    """

    path: Path
    label: str
    value: str
    origin: str
    says: str
    choices: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its place as one word."""
        return ".".join(self.path)


def settings(looked: Looked, draft: Draft) -> list[Setting]:
    """Every setting that can be changed before a deployment, in the order in which one asks for them."""
    return [_origin(one, draft) for one in _all(looked, draft)]


def _origin(setting: Setting, draft: Draft) -> Setting:
    """With what was typed as its origin."""
    return msgspec.structs.replace(setting, origin=TYPED) if setting.path in draft.changes else setting


def _all(looked: Looked, draft: Draft) -> Iterator[Setting]:
    build, loaded = looked.build, looked.proposed.loaded
    named = loaded.origin("name") or (
        "known here" if looked.known else "the repository's name" if draft.of_repository else "the folder's name"
    )
    yield Setting(NAME, "name", looked.entry.name, named, "What the app is called")
    there = TYPED if draft.environment != "production" else "unless another is typed"
    yield Setting(ENVIRONMENT, "environment", draft.environment, there, "production, staging, preview-42 …")
    says = "The framework plugin that says how it is built and run"
    framework = looked.match.framework if looked.match else ""
    detected = _detected(looked)
    yield Setting(FRAMEWORK, "framework", framework, build.origin.get("framework") or detected, says)
    for label, steps, says in (
        ("install", build.install, "What installs the dependencies; true for nothing"),
        ("build", build.build, "What builds the app; true for nothing"),
    ):
        yield Setting((label,), label, _line(steps), build.origin.get(label) or (detected if steps else ""), says)
    yield from _processes(looked)
    static = build.static.dir if build.static else ""
    path = _place(loaded, draft, "static", "dir")
    origin = _inner_origin(build.origin.get("static"), path, loaded) or (detected if static else "")
    yield Setting(path, "static folder", static, origin, "The folder that is served as files")
    port = str(build.port) if build.port else ""
    origin = build.origin.get("port") or (detected if port else "PORT, which the target gives")
    yield Setting(("port",), "port", port, origin, "What it listens on when it does not read PORT")
    path = _place(loaded, draft, "health", "path")
    origin = _inner_origin(build.origin.get("health"), path, loaded) or (
        detected if build.health else "any answer on / will do"
    )
    yield Setting(path, "health path", build.health, origin, "The path that is asked whether it is well")
    for option in looked.options:
        yield _option(option, loaded)


def _processes(looked: Looked) -> Iterator[Setting]:
    build, loaded, environment = looked.build, looked.proposed.loaded, looked.key.environment
    known = {process.name: _command(process.command) for process in build.processes}
    for name in dict.fromkeys(["web", *known]):
        value = known.get(name, "")
        path = _process_path(name, loaded, looked.draft, environment)
        place = loaded.origin(".".join(path)) or loaded.origin(f"processes.{name}")
        origin = place or (_detected(looked) if value else "")
        says = "What answers requests" if name == "web" else "Runs once per release" if name == "release" else ""
        yield Setting(path, f"process {name}", value, origin, says or "A process beside it")


def _process_path(name: str, loaded: Loaded, draft: Draft, environment: str) -> Path:
    """Where a process's command is written, or would be."""
    within: Path = ("environments", environment, "processes", name)
    ways: list[Path] = [(*within, "command"), within, ("processes", name, "command"), ("processes", name)]
    if name == "web":
        ways.append(("start",))
    written = [way for way in ways if ".".join(way) in loaded.lines or way in draft.changes]
    return written[0] if written else ways[-1]


def _place(loaded: Loaded, draft: Draft, name: str, inner: str) -> Path:
    """A setting that is written as one value, or as a block with an inner one."""
    return (name, inner) if f"{name}.{inner}" in loaded.lines or (name, inner) in draft.changes else (name,)


def _inner_origin(origin: str | None, path: Path, loaded: Loaded) -> str:
    """Where the inner value stands of a block that `origin` says the place of."""
    return loaded.origin(".".join(path)) if origin and origin == loaded.origin(path[0]) else origin or ""


def _option(option: Option, loaded: Loaded) -> Setting:
    path = ("options", option.name)
    written = loaded.config.options.get(option.name)
    value = option.default if written is None else str(written)
    origin = loaded.origin(".".join(path)) or ("the plugin's own" if option.default else "")
    return Setting(path, f"option {option.name}", value, origin, option.help, option.choices)


def _line(steps: Sequence[BuildStep]) -> str:
    return " && ".join(_command(step.run) for step in steps)


def _command(command: Command) -> str:
    """A command as it would be typed: what a shell runs stands alone."""
    return command[2] if command[:2] == ("sh", "-c") and len(command) == 3 else command_line(command)


def _detected(looked: Looked) -> str:
    """Who found a value, and the file that says most of why: `python, app/manage.py`."""
    if looked.match is None:
        return ""
    files = (one.file for one in looked.match.evidence if one.file)
    return ", ".join(filter(None, (looked.match.framework, next(files, ""))))


_SCHEMAS: dict[str, tuple[object, str]] = {
    "port": (schema.Port, "a number from 1 to 65535"),
    "health path": (schema.UrlPath, "a path that begins with /"),
    "static folder": (schema.InnerPath, "a folder inside the app, such as dist"),
    "install": (schema.ShellCommand, "a command"),
    "build": (schema.ShellCommand, "a command"),
}


def mistake(setting: Setting, text: str) -> str:
    """What is wrong with a text for a setting, at once; empty when nothing is."""
    if setting.path in (NAME, ENVIRONMENT, FRAMEWORK):
        return "" if is_name(text) else f"a-z, 0-9 and single hyphens, such as {to_name(text)}"
    if setting.choices:
        return "" if text in setting.choices else f"one of {', '.join(setting.choices)}"
    known = _SCHEMAS.get(setting.label) or ((schema.ShellCommand, "a command") if _runs(setting) else None)
    if known is None:
        return ""
    kind, words = known
    number = int(text) if kind is schema.Port and text.isascii() and text.isdigit() else text
    return "" if _fits(number, kind) else words


def _runs(setting: Setting) -> bool:
    return setting.label.startswith("process ")


def _fits(value: object, kind: object) -> bool:
    convert: Callable[..., object] = msgspec.convert
    try:
        convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def put(draft: Draft, setting: Setting, text: str) -> Draft:
    """The draft with another value of a setting; the same value as now says nothing new."""
    if setting.path == ENVIRONMENT:
        return msgspec.structs.replace(draft, environment=text)
    return draft if text == setting.value else draft.changed(setting.path, text)


def take_back(draft: Draft, setting: Setting) -> Draft:
    """The draft with a setting as the source says."""
    if setting.path == ENVIRONMENT:
        return msgspec.structs.replace(draft, environment="production")
    return draft.unchanged(setting.path)


def typed(draft: Draft, setting: Setting) -> bool:
    """Whether a setting was changed here."""
    if setting.path == ENVIRONMENT:
        return draft.environment != "production"
    return setting.path in draft.changes


def host_mistake(text: str, hosts: dict[str, str], app: str) -> str:
    """What is wrong with domains, separated by spaces; `hosts` says which are taken by which app."""
    for host in text.split():
        if not _fits(host, schema.Host):
            return f"{host} is no host name in lower case, such as guest.example.com"
        if hosts.get(host, app) != app:
            return f"{host} leads to {hosts[host]} already"
    return ""
