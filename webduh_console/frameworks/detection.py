"""Which framework an app is made with: every plugin is asked, the strongest claim wins, and why is told."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeGuard, TypeVar

import msgspec

from webduh_console.errors import NotFoundError, UsageError, WebduhError
from webduh_console.frameworks.asking import Asker, HungError
from webduh_console.frameworks.composing import check_options, composed
from webduh_console.frameworks.members import is_root, of_members, runs
from webduh_console.frameworks.source import LARGEST, MOST_FILES, MOST_READ, FolderSource
from webduh_console.model.build import (
    TIERS,
    Alternative,
    BuildPlan,
    Detection,
    Evidence,
    Framework,
    Match,
    Optioned,
    Refining,
    Source,
    Tier,
    Verifying,
)
from webduh_console.model.names import nearest

SLOW, HUNG = 2.0, 10.0
"""A plugin that takes longer than this, in seconds, is named in a warning, or not waited for any more."""

WORDS: Mapping[Tier, str] = {
    "wish": "an explicit wish",
    "compose": "a Compose file",
    "dockerfile": "a Dockerfile",
    "framework": "a framework",
    "language": "a language",
    "static": "static files",
    "script": "a script",
}
"""What a tier is called in a sentence."""

_MANIFESTS = (
    *("package.json", "requirements.txt", "pyproject.toml", "go.mod", "Cargo.toml", "composer.json", "Gemfile"),
    *("pom.xml", "build.gradle", "build.gradle.kts", "mix.exs", "deno.json", "Dockerfile", "*.csproj"),
)
_T = TypeVar("_T")


class _Bettering(Framework, Refining, Protocol):
    """A plugin that betters plans."""


class NotDetectedError(UsageError):
    """No plugin knows what the app is made with."""

    name = "not-detected"


class TieError(UsageError):
    """Several frameworks have equally strong claims. `candidates` are their matches."""

    name = "tie"

    def __init__(self, candidates: Sequence[Match], source: str) -> None:
        names = [match.framework for match in candidates]
        reasons = (f"{match.framework}: {_reasons(match)}" for match in candidates)
        super().__init__(
            f"{source} could be {' or '.join(names)}.",
            why=f"Their evidence is equally strong. {'; '.join(reasons)}.",
            kept="Nothing was changed.",
            hint=f"Choose one with --framework {names[0]}, or write `framework: {names[0]}` in webduh.yaml.",
        )
        self.candidates = tuple(candidates)


class PluginError(WebduhError):
    """The plugin that was asked for by name failed."""

    name = "plugin"


def detect(
    source: Source, plugins: Iterable[Framework], wish: str | None = None, options: Mapping[str, str] | None = None
) -> Detection:
    """What `source` is made with, and how it is built and run.

    `wish` names a framework, or a variant of one (`flask`); `options` are handed to the plugin. A plugin that fails or
    hangs is passed over and named in the plan's warnings. NotDetectedError if nothing matches, TieError if it cannot be
    decided, NotFoundError for an unknown wish, SourceError if the app's own main file is broken. The root of a
    workspace that is no app itself stands for the one app in it; SeveralAppsError names them if there are several.
    """
    frameworks = tuple(plugins)
    if wish or not is_root(source):
        return _detected(source, frameworks, wish, options)
    unknown: NotDetectedError | None = None
    found: Detection | None = None
    try:
        found = _detected(source, frameworks, None, options)
    except NotDetectedError as error:
        unknown = error
    if found is None or not runs(found.plan):
        found = of_members(source, lambda app: _detected(app, frameworks, None, options), NotDetectedError) or found
    if found is None and unknown is not None:
        raise unknown
    assert found is not None
    return found


def _detected(
    source: Source, plugins: tuple[Framework, ...], wish: str | None, options: Mapping[str, str] | None
) -> Detection:
    asking = _Asking(source, plugins, dict(options or {}))
    try:
        return asking.granted(wish) if wish else asking.chosen()
    finally:
        asking.end()


class _Asking:
    """One round of questions to all plugins about one source."""

    def __init__(self, source: Source, plugins: tuple[Framework, ...], options: dict[str, str]) -> None:
        self._source = source
        self._plugins = {plugin.name: plugin for plugin in plugins}
        self._options = options
        self._warnings: list[str] = []
        self._broken: list[WebduhError] = []
        self._asker = Asker(HUNG)

    def end(self) -> None:
        """Nothing more is asked."""
        self._asker.end()

    def chosen(self) -> Detection:
        """The strongest claim for which there is a plan."""
        matches = self._matches()
        self._report_broken(matches)
        while matches:
            winner, losers = _decided(matches, self._source.name)
            plan = self._planned(self._plugins[winner.framework], winner)
            if plan is not None:
                return Detection(winner, tuple(losers), self._completed(winner, plan))
            matches = [match for match in matches if match.framework != winner.framework]
        raise _not_detected(self._source, self._plugins, self._warnings)

    def granted(self, wish: str) -> Detection:
        """The plan of the framework asked for, whatever the others claim."""
        matches = self._matches()
        plugin, variant = self._named(wish, matches)
        own = next((match for match in matches if match.framework == plugin.name), None)
        asked = Evidence("", f"asked for by name: {wish}")
        winner = Match(
            plugin.name,
            "wish",
            1.0,
            (asked, *(own.evidence if own else ())),
            variant or (own.variant if own else ""),
            needs=own.needs if own else (),
        )
        plan = self._planned(plugin, winner)
        if plan is None:
            raise PluginError(
                f"The plugin {plugin.name} failed.",
                why=f"{self._warnings[-1]}",
                kept="Nothing was changed.",
                hint="Choose another framework, or write `start:` in webduh.yaml.",
            )
        if variant and plan.variant != variant:
            self._warnings.append(f"{variant} was asked for, but nothing in the app says that it is {variant}.")
        losers = tuple(_lost(match, winner) for match in _ordered(matches) if match.framework != plugin.name)
        return Detection(winner, losers, self._completed(winner, plan))

    def _matches(self) -> list[Match]:
        found = (
            self._asked(plugin, "detect", partial(_match, plugin, self._source)) for plugin in self._plugins.values()
        )
        return [match for match in found if match is not None]

    def _planned(self, plugin: Framework, match: Match) -> BuildPlan | None:
        if isinstance(plugin, Optioned) and self._options:
            check_options(plugin.name, self._asked(plugin, "say its options", plugin.options) or (), self._options)
        return self._asked(plugin, "plan", partial(_plan, plugin, self._source, match, self._options), keep=True)

    def _part(self, name: str) -> BuildPlan | None:
        """The plan of a framework that another one needs, if the app has it too."""
        plugin = self._plugins.get(name)
        match = self._asked(plugin, "detect", partial(_match, plugin, self._source)) if plugin else None
        if plugin is None or match is None:
            return None
        return self._asked(plugin, "plan", partial(_plan, plugin, self._source, match, {}), keep=True)

    def _asked(self, plugin: Framework, question: str, ask: Callable[[], _T], *, keep: bool = False) -> _T | None:
        """A plugin's answer; None and a warning if it failed. `keep` lets the errors for people through."""
        began = time.monotonic()
        try:
            return self._asker.ask(ask)
        except HungError as error:
            self._warnings.append(f"The plugin {plugin.name} was passed over: there was {error} to {question}.")
            return None
        except WebduhError as error:
            if keep:
                raise
            self._broken.append(error)
            self._warnings.append(f"The plugin {plugin.name} was passed over: {error.what} {error.why}".rstrip())
        except Exception as error:  # noqa: BLE001  # anybody's code may raise anything
            self._warnings.append(_failed(plugin, question, error))
        finally:
            if (took := time.monotonic() - began) > SLOW:
                self._warnings.append(f"The plugin {plugin.name} took {took:.1f} s to {question}.")
        return None

    def _report_broken(self, matches: list[Match]) -> None:
        """A broken main file is the app's own error, unless something that needs no such file is stronger anyway."""
        best = min((TIERS.index(match.tier) for match in matches), default=len(TIERS))
        if self._broken and best > TIERS.index("framework"):
            raise self._broken[0]

    def _named(self, wish: str, matches: list[Match]) -> tuple[Framework, str]:
        """The plugin, and perhaps its variant, that a wish means."""
        if wish in self._plugins:
            return self._plugins[wish], ""
        variants = {variant: plugin for plugin in self._plugins.values() for variant in getattr(plugin, "variants", ())}
        variants |= {match.variant: self._plugins[match.framework] for match in matches if match.variant}
        if wish in variants:
            return variants[wish], wish
        near = nearest(wish, [*self._plugins, *variants])
        known = ", ".join(sorted(self._plugins))
        raise NotFoundError(
            f"There is no framework {wish}.",
            why=f"Installed are {known}." if known else "No framework plugin is installed.",
            kept="Nothing was changed.",
            hint=f"Did you mean {near}?" if near else "`webduh plugin ls` lists the plugins.",
        )

    def _completed(self, match: Match, plan: BuildPlan) -> BuildPlan:
        """The plan with what it needs of others, what any plugin betters in it, and what must hold when it is built."""
        plan = composed(plan, filter(None, (self._part(name) for name in match.needs)))
        for plugin in self._plugins.values():
            if _refines(plugin):
                plan = self._asked(plugin, "refine the plan", partial(_refined, plugin, self._source, plan)) or plan
        owner = self._plugins[match.framework]
        if isinstance(owner, Verifying):
            checks = self._asked(owner, "say what to verify", partial(owner.verify, self._source, plan))
            plan = msgspec.structs.replace(plan, checks=(*plan.checks, *(checks or ())))
        warnings = (*plan.warnings, *_unshipped(plan), *self._warnings, *_about_source(self._source))
        return msgspec.structs.replace(plan, warnings=tuple(dict.fromkeys(warnings)))


def _refines(plugin: Framework) -> TypeGuard[_Bettering]:
    """As isinstance says it, which takes longer than all plugins need to answer."""
    return callable(getattr(plugin, "refine", None))


def _unshipped(plan: BuildPlan) -> Iterable[str]:
    """What is to be said of its versions; a Dockerfile names its own."""
    if not plan.versions or plan.dockerfile:
        return ()
    from webduh_console.frameworks.render.shipped import unshipped

    return unshipped(plan)


def _match(plugin: Framework, source: Source) -> Match | None:
    match = plugin.detect(source)
    right = isinstance(match, Match) and match.framework == plugin.name and match.tier in TIERS
    if match is not None and not right:
        raise TypeError(f"it answered with {match!r:.80}, which is no match of its own")
    return match


def _plan(plugin: Framework, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
    plan = plugin.plan(source, match, options)
    if not isinstance(plan, BuildPlan):
        raise TypeError(f"it answered with {plan!r:.80}, which is no plan")
    return plan


def _refined(plugin: Refining, source: Source, plan: BuildPlan) -> BuildPlan:
    refined = plugin.refine(source, plan)
    if not isinstance(refined, BuildPlan):
        raise TypeError(f"it answered with {refined!r:.80}, which is no plan")
    return refined


def _decided(matches: list[Match], source: str) -> tuple[Match, list[Alternative]]:
    """The winner, and the others with why they lost. TieError if nothing decides."""
    ordered = _ordered(matches)
    top = [match for match in ordered if match.tier == ordered[0].tier]
    superseded = {name for match in top for name in match.supersedes if name != match.framework}
    contest = [match for match in top if match.framework not in superseded] or top
    best = max(_strength(match) for match in contest)
    strongest = [match for match in contest if _strength(match) == best]
    if len(strongest) > 1:
        raise TieError(strongest, source)
    winner = strongest[0]
    return winner, [_lost(match, winner) for match in ordered if match is not winner]


def _ordered(matches: list[Match]) -> list[Match]:
    """Strongest first."""
    return sorted(matches, key=lambda match: (TIERS.index(match.tier), -match.confidence, -len(match.evidence)))


def _strength(match: Match) -> tuple[float, int]:
    return match.confidence, len(match.evidence)


def _lost(match: Match, winner: Match) -> Alternative:
    return Alternative(match.framework, match.tier, match.confidence, match.evidence, _why_lost(match, winner))


def _why_lost(match: Match, winner: Match) -> str:
    if match.tier != winner.tier:
        verb = "beat" if winner.tier == "static" else "beats"
        return f"{WORDS[winner.tier]} {verb} {WORDS[match.tier]}"
    if match.framework in winner.supersedes:
        return f"{winner.framework} supersedes it"
    if match.confidence != winner.confidence:
        return f"{winner.framework} is surer: {winner.confidence:.0%} against {match.confidence:.0%}"
    return f"{winner.framework} has more evidence: {len(winner.evidence)} against {len(match.evidence)}"


def _reasons(match: Match) -> str:
    return ", ".join(f"{evidence.file} {evidence.says}".strip() for evidence in match.evidence)


def _failed(plugin: Framework, question: str, error: Exception) -> str:
    import logging

    # Below the level that reaches a terminal where nothing is set up: the trace is for the log file alone.
    logging.getLogger(__name__).info("the plugin %s failed to %s", plugin.name, question, exc_info=True)
    return f"The plugin {plugin.name} failed to {question} ({type(error).__name__}: {error}); it was passed over."


def _not_detected(source: Source, plugins: Iterable[str], warnings: list[str]) -> NotDetectedError:
    files = source.files()
    if not files and not source.files("**/*"):
        return NotDetectedError(
            f"The folder {source.name} is empty.",
            why="There is no file in it that would be sent.",
            kept="Nothing was changed.",
            hint="Put an app into it: an index.html is enough.",
        )
    shown = ", ".join(files[:8]) + (" …" if len(files) > 8 else "")
    looked = f"The files at its top are {shown}." if files else "It has folders, but no file at its top."
    below = apps_below(source)
    asked = f"No plugin knows them (asked: {', '.join(sorted(plugins)) or 'none, no plugin is installed'})."
    return NotDetectedError(
        f"It is not clear what {source.name} is made with.",
        why=" ".join([looked, asked, *warnings]),
        kept="Nothing was changed.",
        hint=f"{' and '.join(below[:4])} may be apps of their own: `webduh deploy {below[0]}`."
        if below
        else "Write `framework: NAME`, `static: FOLDER` or `start: COMMAND` in webduh.yaml, or add a Dockerfile.",
    )


def apps_below(source: Source) -> list[str]:
    """The folders at the top that look like apps: each has a file that says what one is made with."""
    return sorted({file.partition("/")[0] for name in _MANIFESTS for file in source.files(f"*/{name}")})


def _about_source(source: Source) -> Iterable[str]:
    """What a person should know about the folder itself."""
    if isinstance(source, FolderSource) and source.truncated:
        where = f"in {source.stopped}/" if source.stopped else "at the top"
        yield (
            f"There are more than {MOST_FILES} files and folders: looking for the app's own stopped {where}. "
            "Name what is no part of it in .webduhignore."
        )
    if isinstance(source, FolderSource):
        for path in sorted(source.unread):
            yield f"{path} is too large to be read ({LARGEST // 2**20} MiB a file, {MOST_READ // 2**20} MiB in all)."
        for path in sorted(source.outside):
            yield f"{path} is a link that leads out of the folder: it is not sent."
    if source.exists(".env"):
        yield ".env is not sent: its values must be set as variables and secrets of the app."
