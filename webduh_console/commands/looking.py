"""Looks at a source before anything is deployed: what it is made with, how it would run, and what it needs."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path as Folder
from typing import TYPE_CHECKING

import msgspec

from webduh_console.commands.apps import key_of, target_of
from webduh_console.commands.context import Context
from webduh_console.commands.draft import FRAMEWORK, Draft
from webduh_console.commands.sources import Source, fetched, own_settings, put_back, source
from webduh_console.config.editing import Path
from webduh_console.config.load import Loaded
from webduh_console.config.proposing import Proposed
from webduh_console.errors import UsageError, WebduhError
from webduh_console.model.build import Alternative, BuildPlan, Detection, EnvVar, Evidence, Match, Option, Optioned
from webduh_console.model.events import Event
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release, Variable
from webduh_console.model.target import CancelToken
from webduh_console.state.apps import AppEntry

if TYPE_CHECKING:
    from webduh_console.transport.git.address import Origin
    from webduh_console.transport.git.repository import Checkout


class Looked(msgspec.Struct, frozen=True):
    """What there is to know of a draft's source.

    `known` says whether the app is known here already, and `target` where it would go. `detected` is what the plugins
    say and `build` the same with what is written; `match` is None when nothing was chosen. `problem` says why that is,
    or that the name is another app's; `below` are folders that look like apps where this one is none.
    `variables` are the values that it would start with, `needs` those that it reads. `dockerfile` is what a server
    builds it with, or why there is none. `domains` lead to it unless others are typed, since `domains_from` says so.
    """

    draft: Draft
    entry: AppEntry
    key: AppKey
    known: bool
    folder: str
    proposed: Proposed
    match: Match | None
    alternatives: tuple[Alternative, ...]
    detected: BuildPlan
    build: BuildPlan
    options: tuple[Option, ...]
    variables: dict[str, Variable]
    needs: tuple[EnvVar, ...]
    dockerfile: str
    target: str
    domains: tuple[str, ...] = ()
    domains_from: str = ""
    below: tuple[str, ...] = ()
    problem: WebduhError | None = None

    @property
    def app(self) -> str:
        """The app as commands take it: `app`, or `project/app`."""
        return self.entry.name if self.entry.project == "default" else f"{self.entry.project}/{self.entry.name}"

    def is_written(self, path: Path) -> bool:
        """Whether a setting stands in the file that would be changed, so that it can be taken away there."""
        loaded = self.proposed.loaded
        return ".".join(path) in (loaded.own if self.draft.of_repository else loaded.lines)

    def missing(self, draft: Draft, when: Iterable[str] = ("build", "run", "both")) -> list[EnvVar]:
        """The variables that it cannot do without then, and that have no value yet."""
        had = {*self.variables, *draft.variables}
        wanted = tuple(when)
        return [
            env
            for env in self.needs
            if env.required and env.default is None and env.when in wanted and env.name not in had
        ]


def look(
    ctx: Context, draft: Draft, cancel: CancelToken | None = None, told: Callable[[Event], None] | None = None
) -> Looked:
    """What there is to know; a repository is fetched, and its tree goes away again.

    WebduhError when the source is not there or its files are broken, CancelledError when that took too long for
    whoever waits. A source of which it is not clear what it is made with is looked at as far as that goes.
    """

    def fetch(context: Context, wanted: "Origin") -> "Checkout":
        return fetched(context, wanted, cancel, told)

    found = source(ctx, draft.source, draft.about_source, fetch)
    try:
        return _looked(ctx, draft, found)
    finally:
        put_back(ctx, found)


def _looked(ctx: Context, draft: Draft, found: Source) -> Looked:
    from webduh_console.config import spec as specs
    from webduh_console.config.proposing import proposed
    from webduh_console.frameworks.detection import apps_below
    from webduh_console.frameworks.source import FolderSource

    key = key_of(found.entry, draft.environment)
    known = ctx.state.apps.get(found.entry.name, found.entry.project) is not None
    wanted = proposed(found.folder, draft.to_write, own_settings(ctx, found.entry))
    loaded = wanted.loaded
    wish = draft.changes.get(FRAMEWORK) or loaded.config.framework
    chosen, alternatives, unclear = _detected(ctx, found.folder, loaded, wish)
    detected = chosen.plan if chosen else BuildPlan(framework="", language="")
    build = specs.overridden(detected, loaded, key.environment)
    serving = _serving(ctx, key) if known else None
    variables = _variables(ctx, key, build, loaded, serving)
    domains, domains_from = _domains(loaded, key, serving)
    return Looked(
        draft=draft,
        entry=found.entry,
        key=key,
        known=known,
        folder=str(found.folder),
        proposed=wanted,
        match=chosen.match if chosen else None,
        alternatives=alternatives,
        detected=detected,
        build=build,
        options=_options(ctx, chosen.match.framework) if chosen else (),
        variables=variables,
        needs=build.env,
        dockerfile=_dockerfile(ctx, build, {**variables, **draft.variables}, key, found.folder) if chosen else "",
        target=draft.on or specs.target(loaded, key.environment) or target_of(ctx, key),
        domains=domains,
        domains_from=domains_from,
        below=() if chosen else tuple(apps_below(FolderSource(found.folder))),
        problem=unclear or _taken(ctx, found.entry),
    )


def _taken(ctx: Context, entry: AppEntry) -> WebduhError | None:
    """That the app's name belongs to another one."""
    try:
        ctx.state.apps.check(entry)
    except UsageError as error:
        return error
    return None


def _detected(
    ctx: Context, folder: Folder, loaded: Loaded, wish: str | None
) -> tuple[Detection | None, tuple[Alternative, ...], WebduhError | None]:
    """What was chosen, what else there is, and why nothing was chosen."""
    from webduh_console.config.spec import options
    from webduh_console.frameworks.detection import NotDetectedError, TieError, detect
    from webduh_console.frameworks.source import FolderSource

    frameworks, left = ctx.frameworks
    config = loaded.config
    try:
        found = detect(FolderSource(folder), frameworks, wish, options(loaded))
    except TieError as error:
        says = "equally strong"
        ties = (Alternative(one.framework, one.tier, one.confidence, one.evidence, says) for one in error.candidates)
        return None, tuple(ties), error
    except NotDetectedError as error:
        if config.start is None and config.static is None and "web" not in config.processes:
            return None, (), error
        match = Match("custom", "wish", 1.0, (Evidence("webduh.yaml", "says how it is started or served"),))
        return Detection(match, (), BuildPlan(framework="custom", language="")), (), None
    plan = msgspec.structs.replace(found.plan, warnings=(*found.plan.warnings, *left))
    return msgspec.structs.replace(found, plan=plan), found.alternatives, None


def _options(ctx: Context, framework: str) -> tuple[Option, ...]:
    """The settings of a plugin. It has answered before, when they were checked."""
    plugin = next((one for one in ctx.frameworks[0] if one.name == framework), None)
    return tuple(plugin.options()) if isinstance(plugin, Optioned) else ()


def _serving(ctx: Context, key: AppKey) -> Release | None:
    """The release that serves; a target that is silent is left out."""
    from webduh_console.commands import api

    with suppress(WebduhError):
        return api.serving(ctx, key)
    return None


def _domains(loaded: Loaded, key: AppKey, serving: Release | None) -> tuple[tuple[str, ...], str]:
    """The hosts that lead to it when no others are typed, and who says so."""
    from webduh_console.config import spec as specs

    if written := specs.domains(loaded, key.environment):
        return written, loaded.origin(f"environments.{key.environment}.domains", "domains")
    served = tuple(route.host for route in serving.spec.routes if route.host) if serving is not None else ()
    return served, "the serving release" if served else ""


def _variables(
    ctx: Context, key: AppKey, build: BuildPlan, loaded: Loaded, serving: Release | None
) -> dict[str, Variable]:
    """The values it would start with: written, of the serving release, waiting."""
    from webduh_console.config import spec as specs
    from webduh_console.engine import planning

    written = specs.variables(build, loaded, key.environment)
    pending = [(change.name, change.variable) for change in ctx.state.pending.list(key)]
    return planning.merged_variables(serving.variables if serving else {}, written, pending)


def _dockerfile(ctx: Context, build: BuildPlan, variables: Mapping[str, Variable], key: AppKey, folder: Folder) -> str:
    from webduh_console.frameworks.render import load_bases, render

    try:
        rendered = render(build, variables, key.slug, load_bases(ctx.home.images))
    except WebduhError as error:
        return f"# There is no Dockerfile: {error.what} {error.why}".rstrip()
    if not rendered.own:
        return rendered.dockerfile
    try:
        return (folder / rendered.own).read_text("utf-8", "replace")
    except OSError as error:
        return f"# {rendered.own} cannot be read: {error.strerror or error}"


def hosts(ctx: Context) -> dict[str, AppKey]:
    """The domains that lead to an app, as far as is known here."""
    releases = (entry.actual.release for entry in ctx.state.memory.recall())
    return {route.host: one.key for one in releases if one is not None for route in one.spec.routes if route.host}


class Kept(msgspec.Struct, frozen=True):
    """What was kept for a deployment that may not come: an app that was not known, and the changes that waited before
    under the names that were set."""

    key: AppKey
    added: bool
    before: dict[str, "Variable | None"]
    names: tuple[str, ...]


def keep(ctx: Context, looked: Looked, draft: Draft) -> Kept:
    """Have the next deployment set the draft's variables, as `env set` and `secret set` do; the app is known from now
    on."""
    from webduh_console.commands.variables import checked, set_variables

    for name in draft.variables:
        checked(name)
    before = {one.name: one.variable for one in ctx.state.pending.list(looked.key) if one.name in draft.variables}
    ctx.state.apps.add(looked.entry)
    set_variables(ctx, looked.key, draft.variables)
    return Kept(looked.key, not looked.known, before, tuple(draft.variables))


def forget(ctx: Context, kept: Kept) -> None:
    """Leave all as it was before `keep`, where nothing was deployed since."""
    ctx.state.pending.discard(kept.key, kept.names)
    for name, variable in kept.before.items():
        if variable is None:
            ctx.state.pending.unset(kept.key, name)
        else:
            ctx.state.pending.set(kept.key, name, variable)
    if kept.added:
        ctx.state.apps.remove(kept.key.project, kept.key.app)
