"""Makes plans: what is wanted, from the folder; what serves, from the target; the difference, from the engine."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from webduh_console.clock import now
from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.context import Context
from webduh_console.commands.downtime import declared
from webduh_console.commands.leases import waited
from webduh_console.commands.needed import kept_here, overruled, unset
from webduh_console.commands.words import ago, count
from webduh_console.engine import planning
from webduh_console.engine.differences import differences
from webduh_console.errors import UsageError
from webduh_console.model.build import BuildPlan, Content
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan, Question
from webduh_console.model.release import Release, Route, SourceRef, Spec
from webduh_console.model.standing import Several, lead
from webduh_console.model.target import CancelToken, Record, Target

if TYPE_CHECKING:
    from webduh_console.commands.sources import Source, SourceWishes
    from webduh_console.config.load import Loaded
    from webduh_console.state.pending import Pending


class Wishes(msgspec.Struct, frozen=True):
    """What the options of `deploy` and `plan` say."""

    name: str | None = None
    project: str | None = None
    framework: str | None = None
    domains: tuple[str, ...] = ()
    watch: float | None = None
    drain: float | None = None
    wait: bool = True
    force: bool = False
    batch: int | None = None
    quorum: int | None = None
    overwrite: bool = False
    allow_older: bool = False
    ref: str | None = None
    path: str | None = None
    deploy_key: str | None = None
    wait_for_lease: float = 0.0

    @property
    def of_source(self) -> "SourceWishes":
        """Those about the source."""
        from webduh_console.commands.sources import SourceWishes

        return SourceWishes(self.name, self.project, self.ref, self.path, self.deploy_key)


def plan_deploy(
    ctx: Context,
    word: str,
    environment: str | None = None,
    on: str | None = None,
    wishes: Wishes = Wishes(),
    cancel: CancelToken | None = None,
) -> Plan:
    """The plan of a deployment of an app or folder. Changes nothing.

    A repository is fetched, until `cancel` is set; its tree stays for the deployment, and goes away where there is no
    plan.
    """
    from webduh_console.commands import sources

    found = sources.source(ctx, word, wishes.of_source, partial(sources.fetched, cancel=cancel))
    try:
        made = _planned(ctx, found, environment, on, wishes)
    except BaseException:
        sources.put_back(ctx, found)
        raise
    if isinstance(made, Plan):
        return made
    sources.put_back(ctx, found)  # the source may be another by now
    return plan_deploy(ctx, word, environment, on, msgspec.structs.replace(wishes, wait_for_lease=made), cancel)


def _planned(ctx: Context, found: "Source", environment: str | None, on: str | None, wishes: Wishes) -> Plan | float:
    """The plan for a source; or, where somebody else's lease was waited for, how long one may wait on, in seconds."""
    from webduh_console.config import spec as specs
    from webduh_console.config.mounts import mounted
    from webduh_console.frameworks.tree import fingerprint
    from webduh_console.frameworks.workspaces import built_from

    made = now()
    entry, folder = found.entry, found.folder
    key = key_of(entry, environment)
    loaded = found.loaded(ctx)
    target = ctx.target(on or specs.target(loaded, key.environment) or target_of(ctx, key))
    if (left := waited(ctx, target, key, wishes.wait_for_lease)) is not None:
        return left
    batch, quorum = spread_of(target, wishes)
    build = specs.overridden(detected(ctx, folder, loaded, wishes.framework), loaded, key.environment)
    ctx.state.apps.check(entry)
    serving = _serving(target, key)
    spec = timed(specs.spec(build, loaded, key.environment), wishes)
    mounts, contents = mounted(loaded, key.environment, folder, spec.volumes)
    spec = msgspec.structs.replace(target.placed(key, _routed(spec, wishes, serving)), files=mounts)
    if not build.processes and not build.static and not build.dockerfile:
        raise _nothing_to_start(key.app, build)
    written = specs.variables(build, loaded, key.environment)
    pending = ctx.state.pending.list(key)
    variables = planning.merged_variables(
        serving.variables if serving else {}, written, [(change.name, change.variable) for change in pending]
    )
    context, within = built_from(folder, build)
    digest = fingerprint(context).digest
    source = found.ref(digest, source_ref(context, digest), context, within)
    plan = Plan(
        id=new_id(),
        key=key,
        target=target.name,
        action="deploy",
        source=source,
        spec=spec,
        by=ctx.by,
        trigger=ctx.trigger,
        build=build,
        base=serving.number if serving else None,
        questions=(
            *(() if wishes.overwrite else _questions(target, key, pending, serving)),
            *(() if wishes.allow_older else _older(folder, source, serving)),
        ),
        warnings=(
            *_behind(target, key),
            *_overtaken(ctx, target, key, serving),
            *build.warnings,
            *loaded.warnings,
            *kept_here(loaded.said_here, key),
            *unset(build, variables, key),
            *overruled(variables, written),
            *_uncommitted(source),
            *_unreached(spec),
            *_unlimited(target, spec),
        ),
        usual=ctx.state.history.usual(key, target.name),
        variables=variables,
        consumes=tuple(change.name for change in pending),
        made=made,
        wait=wishes.wait,
        force=wishes.force,
        hooks=specs.hooks(loaded, folder),
        files=contents,
        batch=batch,
        quorum=quorum,
    )
    return declared(msgspec.structs.replace(plan, changes=differences(serving, plan, _built(target, key, serving))))


def plan_rollback(
    ctx: Context, word: str, environment: str | None = None, to: int | None = None, wishes: Wishes = Wishes()
) -> Plan:
    """The plan of a return to a kept release, by default the one before: what it had, and no build."""
    from webduh_console.commands.sources import hooks_here

    key = key_of(find(ctx, word), environment)
    target = ctx.target(target_of(ctx, key))
    waited(ctx, target, key, wishes.wait_for_lease)
    batch, quorum = spread_of(target, wishes)
    record = target.record(key, lead(target, key))
    serving = _serving(target, key)
    if serving is None:
        raise UsageError(f"{key} was never deployed.", kept="Nothing was changed.", hint=f"webduh deploy {key.app}")
    served = [r.number for r in record.releases() if any(line.kind == "serving" for line in record.journal(r.number))]
    kept = [number for number in served if number != serving.number]
    number = to if to is not None else serving.base if serving.base in kept else max(kept, default=None)
    if number is None:
        raise UsageError(f"{key} has no earlier release to go back to.", kept="Nothing was changed.")
    if number == serving.number:
        raise UsageError(f"Release {number} of {key} serves already.", kept="Nothing was changed.")
    old = record.read(number)
    hooks, lost = hooks_here(find(ctx, word).folder, record.plan(serving.number))
    spec = target.placed(key, timed(old.spec, wishes))
    plan = Plan(
        id=new_id(),
        key=key,
        target=target.name,
        action="rollback",
        source=old.source,
        spec=spec,
        by=ctx.by,
        trigger=ctx.trigger,
        artifact=old.artifact,
        to=number,
        base=serving.number,
        warnings=(*_behind(target, key), *_overtaken(ctx, target, key, serving), *lost),
        usual=ctx.state.history.usual(key, target.name),
        variables=old.variables,
        made=now(),
        wait=wishes.wait,
        force=wishes.force,
        hooks=hooks,
        files=kept_files(record, number),
        batch=batch,
        quorum=quorum,
    )
    return declared(msgspec.structs.replace(plan, changes=differences(serving, plan)))


def kept_files(record: Record, number: int) -> tuple[Content, ...]:
    """The contents of what a kept release mounts."""
    made = record.plan(number) if record.release(number).spec.files else None
    return made.files if made else ()


def detected(ctx: Context, folder: Path, loaded: "Loaded", wish: str | None = None) -> BuildPlan:
    """What the plugins say of a folder; when they say nothing, `start` or `static` of webduh.yaml is enough."""
    from webduh_console.config.spec import options
    from webduh_console.frameworks.detection import NotDetectedError, detect
    from webduh_console.frameworks.source import FolderSource

    config = loaded.config
    frameworks, left = ctx.frameworks
    try:
        source = FolderSource(folder)
        plan = detect(source, frameworks, wish or config.framework, options(loaded)).plan
        return msgspec.structs.replace(plan, warnings=(*plan.warnings, *left))
    except NotDetectedError:
        if config.start is None and config.static is None and "web" not in config.processes:
            raise
        return BuildPlan(framework="custom", language="")


def _nothing_to_start(app: str, build: BuildPlan) -> UsageError:
    return UsageError(
        f"{app} has nothing to start.",
        why=" ".join((f"It looks like {build.framework}, but no start command was found.", *build.warnings)),
        kept="Nothing was changed.",
        hint="Say how it starts, or which folder is served: `start:` or `static:` in webduh.yaml.",
    )


def source_ref(folder: Path, digest: str) -> SourceRef:
    """The folder with its commit, branch and whether it has changes beyond the commit, if Git knows it."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return SourceRef(str(folder), digest)
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    dirty = bool(_git(folder, "status", "--porcelain", "--", "."))
    return SourceRef(str(folder), digest, commit, branch, dirty)


def _git(folder: Path, *words: str) -> str:
    """What Git says; empty when it refuses."""
    answer = _ran(folder, *words)
    return answer.stdout.strip() if answer is not None and answer.returncode == 0 else ""


def _asked(folder: Path, *words: str) -> int | None:
    """Git's answer by its exit code; None when it cannot be asked."""
    answer = _ran(folder, *words)
    return answer.returncode if answer is not None else None


def _ran(folder: Path, *words: str) -> "subprocess.CompletedProcess[str] | None":
    """None where there is no Git, or a folder that it hangs on: the source has no commit then."""
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _serving(target: Target, key: AppKey) -> Release | None:
    record = target.record(key, lead(target, key))
    number = record.current()
    return record.read(number) if number is not None else None


def timed(spec: Any, wishes: Wishes) -> Any:
    """The spec with the times that were asked for."""
    wished = {"watch": wishes.watch, "drain": wishes.drain}
    return msgspec.structs.replace(spec, **{name: value for name, value in wished.items() if value is not None})


def _routed(spec: Spec, wishes: Wishes, serving: Release | None) -> Spec:
    """The spec with the domains that were asked for; where nobody says any, those of the serving release stay."""
    said = any(route.host for route in spec.routes)
    hosts = wishes.domains or (() if said or serving is None else tuple(r.host for r in serving.spec.routes if r.host))
    if not hosts:
        return spec
    port = spec.routes[0].port if spec.routes else 0
    return msgspec.structs.replace(spec, routes=tuple(Route(host, port=port) for host in dict.fromkeys(hosts)))


def _questions(target: Target, key: AppKey, pending: "list[Pending]", serving: Release | None) -> tuple[Question, ...]:
    if serving is None or all(change.base in (None, serving.number) for change in pending):
        return ()
    record = target.record(key, lead(target, key))
    numbers = {release.number for release in record.releases()}
    bases = {change.base for change in pending if change.base in numbers}
    kept = {base: record.read(base).variables for base in bases if base is not None}
    names = planning.conflicts([(change.name, change.base) for change in pending], serving, kept)
    if not names:
        return ()
    text = f"{', '.join(names)} changed on {target.name} after you set it here. Overwrite with your value?"
    return (Question("variables", text, "--overwrite"),)


def _built(target: Target, key: AppKey, serving: Release | None) -> BuildPlan | None:
    """How what serves was built, as its record says."""
    made = target.record(key, lead(target, key)).plan(serving.number) if serving else None
    return made.build if made else None


def _older(folder: Path, source: SourceRef, serving: Release | None) -> Iterator[Question]:
    """Whether the commit that serves came after this one; nothing is known where Git does not have both."""
    if serving is None or not source.commit or source.commit == serving.source.commit or not serving.source.commit:
        return
    if is_ancestor(folder, source.commit, serving.source.commit):
        commits = f"commit {source.commit[:8]} is older than {serving.source.commit[:8]}"
        text = f"{commits}, which release {serving.number} of {serving.key} serves. Go back in history?"
        yield Question("older", text[0].upper() + text[1:], "--allow-older")


def is_ancestor(folder: Path, older: str, newer: str) -> bool:
    """Whether one commit is in the history of another, as far as the folder's Git knows."""
    merged = ("merge-base", "--is-ancestor", older, newer)
    return _is_commit(older) and _is_commit(newer) and _asked(folder, *merged) == 0


def _is_commit(text: str) -> bool:
    """Records are written by others, and Git takes words that begin with a dash for options."""
    return len(text) >= 7 and all(character in "0123456789abcdef" for character in text)


def _behind(target: Target, key: AppKey) -> list[str]:
    """The places of a target of several that are behind, or do not answer."""
    return target.standing(key).words() if isinstance(target, Several) else []


def spread_of(target: Target, wishes: Wishes) -> tuple[int, int]:
    """Batch and quorum; UsageError for a target of one place, or more than it has."""
    wished = {"--batch": wishes.batch, "--quorum": wishes.quorum}
    for option, number in wished.items():
        if number is not None and (not isinstance(target, Several) or number > len(target.places)):
            raise UsageError(
                f"{option} {number} is more than {target.name} has: {count(len(target.places), 'server')}."
                if isinstance(target, Several)
                else f"{option} is for a target of several servers, and {target.name} is none.",
                kept="Nothing was changed.",
                hint=f"`webduh target show {target.name}`.",
            )
    return wishes.batch or 0, wishes.quorum or 0


def _overtaken(ctx: Context, target: Target, key: AppKey, serving: Release | None) -> Iterator[str]:
    """What somebody else deployed since the last time from here."""
    if serving is None or serving.by == ctx.by:
        return
    own = [d for d in ctx.state.history.list(key, target=target.name) if d.outcome == "done" and d.by == ctx.by]
    if own and own[0].release != serving.number:
        since = f"the last from here was release {own[0].release}"
        yield f"Release {serving.number} was deployed by {serving.by}, {ago(serving.created)}; {since}."


def _uncommitted(source: SourceRef) -> Iterator[str]:
    if source.dirty:
        yield f"The folder has changes that are not in commit {source.commit[:8]}: nobody else can build this again."


def _unreached(spec: Spec) -> Iterator[str]:
    """On a server requests are led to an app by their host alone."""
    answers = spec.static or not spec.processes or any(process.name == "web" for process in spec.processes)
    if answers and not spec.routes:
        yield "No domain leads to it, so nobody outside can reach it: --domain HOST, or `domains:` in webduh.yaml."


def _unlimited(target: Target, spec: Spec) -> Iterator[str]:
    if spec.cpus and target.kind == "local":
        yield "`cpus` limits nothing on this machine: only servers keep it."


def new_id() -> str:
    """The id of a new deployment: a ULID."""
    from ulid import ULID

    return str(ULID())
