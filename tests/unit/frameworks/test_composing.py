"""Frameworks that need another, plugins that better a plan, say what to verify, have settings, or hang."""

import threading
from dataclasses import dataclass

import msgspec
import pytest
from source_tree import Tree

from webduh_console.errors import UsageError
from webduh_console.frameworks import BuildPlan, BuildStep, Check, Evidence, Match, Option, Process, Source, detection
from webduh_console.frameworks.detection import detect

EVIDENCE = (Evidence("x", "is there"),)
WEB = Process("web", ("serve",))
NPM = BuildStep("install", ("npm", "ci"))
VITE = BuildStep("build", ("npm", "run", "build"))
COMPOSER = BuildStep("install", ("composer", "install"))


@dataclass
class Backend:
    """A framework whose apps have a front end."""

    name: str = "backend"
    api: int = 1

    def detect(self, source: Source) -> Match | None:
        return Match(self.name, "framework", 0.9, EVIDENCE, needs=("frontend", "missing"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        return BuildPlan(self.name, "php", install=(COMPOSER,), processes=(WEB,), versions={"php": "8.4"})


class Frontend:
    name = "frontend"
    api = 1

    def detect(self, source: Source) -> Match | None:
        return Match(self.name, "language", 0.5, EVIDENCE) if source.exists("package.json") else None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        step = Process("web", ("node", "x"))
        return BuildPlan(
            self.name,
            "javascript",
            install=(NPM,),
            build=(VITE,),
            processes=(step,),
            versions={"node": "22"},
            package_manager="npm",
        )


class Bettering(Backend):
    def refine(self, source: Source, plan: BuildPlan) -> BuildPlan:
        return msgspec.structs.replace(plan, apt=("libpq5",))

    def verify(self, source: Source, plan: BuildPlan) -> tuple[Check, ...]:
        return (Check("sharp", ("node", "-e", "require('sharp')"), "sharp is missing"),)


class Breaking(Backend):
    def refine(self, source: Source, plan: BuildPlan) -> BuildPlan:
        raise KeyError("gone")

    def verify(self, source: Source, plan: BuildPlan) -> tuple[Check, ...]:
        raise ZeroDivisionError


class Choosy(Backend):
    def options(self) -> tuple[Option, ...]:
        return (Option("mode", "How it is rendered.", ("server", "static")),)


class Hanging(Frontend):
    name = "hanging"

    def __init__(self) -> None:
        self.over = threading.Event()

    def detect(self, source: Source) -> Match | None:
        self.over.wait()
        return None


def test_a_front_end_is_installed_and_built_before_the_app_that_needs_it(tree: Tree) -> None:
    found = detect(tree({"package.json": "{}"}), [Backend(), Frontend()])

    assert found.match.framework == "backend"
    assert found.plan == BuildPlan(
        "backend",
        "php",
        install=(COMPOSER, NPM),
        build=(VITE,),
        processes=(WEB,),
        versions={"node": "22", "php": "8.4"},
        package_manager="npm",
    )


def test_an_app_without_a_front_end_needs_none(tree: Tree) -> None:
    assert detect(tree({"x": ""}), [Backend(), Frontend()]).plan.build == ()


def test_a_wish_for_a_framework_brings_what_it_needs(tree: Tree) -> None:
    assert detect(tree({"package.json": "{}"}), [Backend(), Frontend()], "backend").plan.build == (VITE,)


def test_a_plan_is_bettered_and_what_must_hold_is_known(tree: Tree) -> None:
    plan = detect(tree({"x": ""}), [Bettering()]).plan

    assert plan.apt == ("libpq5",)
    assert [check.name for check in plan.checks] == ["sharp"]


def test_a_plugin_that_fails_to_better_a_plan_is_named_and_the_plan_stands(tree: Tree) -> None:
    plan = detect(tree({"x": ""}), [Breaking()]).plan

    assert plan.install == (COMPOSER,)
    assert [warning[:38] for warning in plan.warnings] == [
        "The plugin backend failed to refine the",
        "The plugin backend failed to say what t",
    ] or len(plan.warnings) == 2


def test_a_setting_is_handed_on(tree: Tree) -> None:
    assert detect(tree({"x": ""}), [Choosy()], options={"mode": "static"}).plan.framework == "backend"


@pytest.mark.parametrize(
    ("options", "says"),
    [({"mod": "static"}, "Did you mean mode?"), ({"mode": "edge"}, "It is one of server, static.")],
)
def test_a_setting_that_there_is_not_is_refused(tree: Tree, options: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        detect(tree({"x": ""}), [Choosy()], options=options)
    assert says in f"{refused.value.why} {refused.value.hint}"


def test_a_plugin_that_hangs_is_named_and_passed_over(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Hanging()
    monkeypatch.setattr(detection, "HUNG", 0.05)
    try:
        found = detect(tree({"package.json": "{}"}), [hanging, Frontend(), Backend()])
    finally:
        hanging.over.set()

    assert found.match.framework == "backend"
    assert [warning for warning in found.plan.warnings if "hanging" in warning] == [
        "The plugin hanging was passed over: there was no answer within 0.05 s to detect."
    ]
