"""`webduh-project.yaml`: many apps that belong together, and the order they are deployed in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from webduh_console.config.convert import Conversion
from webduh_console.config.problems import ConfigFileError, Problem
from webduh_console.config.schema import Host, Name, Words
from webduh_console.config.yamlfile import Item, read
from webduh_console.errors import ConfigError
from webduh_console.model.names import nearest

FILES = ("webduh-project.yaml", "webduh-project.yml")
SCHEMA_ID = "https://webduh.dev/schema/webduh-project.yaml.json"


class ProjectApp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An app of a project. What its own `webduh.yaml` says stays as it is, but for its name and project."""

    path: Annotated[
        Words,
        Meta(
            description="The app's folder, relative to this file, or the address of a repository.",
            examples=["shop", "https://github.com/me/shop.git"],
        ),
    ]
    after: Annotated[
        tuple[Name, ...], Meta(description="The apps that must be deployed before it.", examples=[["database"]])
    ] = ()
    on: Annotated[Name | None, Meta(description="The target it runs on.", examples=["prod"])] = None
    domains: Annotated[
        tuple[Host, ...], Meta(description="Hosts that lead to it, instead of its own.", examples=[["example.com"]])
    ] = ()
    ref: Annotated[
        Words | None, Meta(description="The branch, tag or commit of the repository; by default its own branch.")
    ] = None
    folder: Annotated[
        Words | None, Meta(description="The folder in the repository that holds the app.", examples=["apps/shop"])
    ] = None


class ProjectConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Apps that belong together."""

    name: Annotated[Name | None, Meta(description="The project's name; it must be said.", examples=["market"])] = None
    on: Annotated[
        Name | None, Meta(description="The target of the apps that name none themselves.", examples=["prod"])
    ] = None
    environment: Annotated[Name, Meta(description="The environment that is deployed.", examples=["staging"])] = (
        "production"
    )
    apps: Annotated[
        dict[Name, Words | ProjectApp],
        Meta(
            description="The apps: name → folder or repository, or more about it.",
            examples=[{"shop": "shop", "mail": {"path": "mail", "after": ["shop"]}}],
        ),
    ] = {}


class Project(msgspec.Struct, frozen=True):
    """A project's file as values: its apps by their names, in the order they are deployed in."""

    file: Path
    name: str
    environment: str
    on: str | None
    apps: dict[str, ProjectApp]

    def source(self, app: str) -> str:
        """The folder of an app, if there is one, else what its file says: the address of a repository."""
        folder = (self.file.parent / Path(self.apps[app].path).expanduser()).resolve()
        return str(folder) if folder.is_dir() else self.apps[app].path


def load_project(path: Path) -> Project | None:
    """The project whose file this is, or lies in this folder; None when there is none.

    ConfigFileError holds every mistake at once; ConfigError names the apps that wait for each other.
    """
    found = [path] if path.is_file() else [file for file in (path / name for name in FILES) if file.is_file()]
    if not found:
        return None
    if len(found) > 1:
        problem = Problem(found[1].name, 1, 1, "", f"there is a {FILES[0]} and a {FILES[1]}", "keep one of them")
        raise ConfigFileError(str(found[0]), (problem,))
    item, problems = read(found[0])
    project, more = project_from(item, found[0])
    if problems or more:
        raise ConfigFileError(str(found[0]), (*problems, *more))
    assert project is not None
    order = ordered({name: app.after for name, app in project.apps.items()}, str(found[0]))
    return msgspec.structs.replace(project, apps={name: project.apps[name] for name in order})


def project_from(item: Item | None, file: Path) -> tuple[Project | None, list[Problem]]:
    """The project of a walked file in the file's own order, and what is wrong with it. Pure."""
    conversion = Conversion(file.name)
    top = item or Item(1, 1)
    if top.entries is None:
        if item is not None:
            conversion.says(top, "", "expected a block of keys", "write for example name: market")
        return None, conversion.problems or [Problem(file.name, 1, 1, "name", "is missing")]
    config = conversion.struct(ProjectConfig, top)
    apps = {name: app if isinstance(app, ProjectApp) else ProjectApp(app) for name, app in config.apps.items()}
    _check(config, apps, top, conversion)
    return Project(file, config.name or "", config.environment, config.on, apps), conversion.problems


def _check(config: ProjectConfig, apps: Mapping[str, ProjectApp], top: Item, conversion: Conversion) -> None:
    """What no single value shows: what is missing, and apps that wait for one that there is not."""
    for name, said in (("name", config.name), ("apps", config.apps)):
        if not said and not any(problem.path.startswith(name) for problem in conversion.problems):
            conversion.says(conversion.places.get(name, top), name, "is missing" if not said else "is empty")
    for name, app in apps.items():
        for index, other in enumerate(app.after):
            path = f"apps.{name}.after[{index}]"
            if other not in (config.apps if config.apps else {}):
                meant = nearest(other, apps)
                hint = f"did you mean {meant}?" if meant else f"there are {', '.join(apps)}"
                conversion.says(conversion.places[path], path, f"there is no app {other} here", hint)


def ordered(after: Mapping[str, Sequence[str]], file: str = FILES[0]) -> list[str]:
    """The names so that each comes after those it waits for, else in the order they are given.

    ConfigError names a circle of names that wait for each other.
    """
    done: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in open_:
            raise _circle([*open_[open_.index(name) :], name], file)
        open_.append(name)
        for other in after[name]:
            visit(other)
        open_.pop()
        done.append(name)

    for name in after:
        visit(name)
    return done


def _circle(names: Sequence[str], file: str) -> ConfigError:
    return ConfigError(
        f"The apps of {file} wait for each other.",
        why=f"{' waits for '.join(names)}.",
        kept="Nothing was changed.",
        hint="Take one `after:` of these away.",
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of `webduh-project.yaml`, draft 2020-12, for editors and the reference."""
    _, parts = msgspec.json.schema_components((ProjectConfig,), ref_template="#/$defs/{name}")
    top = parts.pop("ProjectConfig")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **top,
        "title": FILES[0],
        "required": ["name", "apps"],
        "$defs": parts,
    }
