"""Which framework is chosen, against which, and how that is told."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from source_tree import Tree

from webduh_console.errors import NotFoundError, UsageError
from webduh_console.frameworks import BuildPlan, Evidence, Match, Source, SourceError, Tier
from webduh_console.frameworks.detection import NotDetectedError, PluginError, TieError, detect
from webduh_console.frameworks.source import MOST_FILES
from webduh_console.model.build import Alternative, Detection


@dataclass
class Known:
    """A plugin that knows every app, as strongly as it is told."""

    name: str
    tier: Tier = "framework"
    confidence: float = 0.5
    evidence: int = 1
    supersedes: tuple[str, ...] = ()
    variant: str = ""
    variants: tuple[str, ...] = ()
    api: int = 1
    given: dict[str, str] = field(default_factory=dict)

    def detect(self, source: Source) -> Match | None:
        evidence = tuple(Evidence(f"{self.name}.{number}", "is there") for number in range(self.evidence))
        return Match(self.name, self.tier, self.confidence, evidence, self.variant, self.supersedes)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        self.given = options
        return BuildPlan(self.name, "words", variant=match.variant)


class Unknowing(Known):
    def detect(self, source: Source) -> Match | None:
        return None


class Raising(Known):
    def detect(self, source: Source) -> Match | None:
        raise KeyError("gone")


class RaisingLater(Known):
    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        raise ZeroDivisionError("division by zero")


class ReadingJson(Known):
    def detect(self, source: Source) -> Match | None:
        source.json("package.json")
        return super().detect(source)


class Babbling(Known):
    def detect(self, source: Source) -> Match | None:
        return "yes"  # type: ignore[return-value]


class BabblingLater(Known):
    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        return None  # type: ignore[return-value]


TIERS_IN_ORDER: list[Tier] = ["compose", "dockerfile", "framework", "language", "static", "script"]


@pytest.mark.parametrize(("stronger", "weaker"), list(pairwise(TIERS_IN_ORDER)))
def test_a_stronger_tier_wins_whatever_the_confidence(tree: Tree, stronger: Tier, weaker: Tier) -> None:
    plugins = [Known("a", weaker, 1.0, 9), Known("b", stronger, 0.1)]
    assert detect(tree({"x": ""}), plugins).match.framework == "b"


@pytest.mark.parametrize(
    ("winner", "loser", "lost"),
    [
        (Known("a", "dockerfile"), Known("b", "framework"), "a Dockerfile beats a framework"),
        (Known("a", "framework"), Known("b", "static"), "a framework beats static files"),
        (Known("a", "static"), Known("b", "script"), "static files beat a script"),
        (Known("a", supersedes=("b",), confidence=0.1), Known("b", confidence=0.9), "a supersedes it"),
        (Known("a", confidence=0.95), Known("b", confidence=0.8), "a is surer: 95% against 80%"),
        (Known("a", evidence=3), Known("b", evidence=2), "a has more evidence: 3 against 2"),
    ],
)
def test_the_loser_is_told_why_it_lost(tree: Tree, winner: Known, loser: Known, lost: str) -> None:
    source = tree({"x": ""})
    for plugins in ([winner, loser], [loser, winner]):
        won, beaten = winner.detect(source), loser.detect(source)
        assert won is not None
        assert beaten is not None
        alternative = Alternative("b", beaten.tier, beaten.confidence, beaten.evidence, lost)
        assert detect(source, plugins) == Detection(won, (alternative,), BuildPlan("a", "words"))


def test_two_that_supersede_each_other_are_compared_as_if_neither_did(tree: Tree) -> None:
    plugins = [Known("a", supersedes=("b",), confidence=0.6), Known("b", supersedes=("a",), confidence=0.7)]
    assert detect(tree({"x": ""}), plugins).match.framework == "b"


def test_a_tie_lists_the_candidates_and_the_option_that_decides(tree: Tree) -> None:
    plugins = [Known("vite"), Known("astro"), Known("static", "static")]
    with pytest.raises(TieError) as caught:
        detect(tree({"x": ""}), plugins)
    assert caught.value.as_dict() == {
        "name": "tie",
        "what": "app could be vite or astro.",
        "why": "Their evidence is equally strong. vite: vite.0 is there; astro: astro.0 is there.",
        "kept": "Nothing was changed.",
        "hint": "Choose one with --framework vite, or write `framework: vite` in webduh.yaml.",
    }
    assert [match.framework for match in caught.value.candidates] == ["vite", "astro"]
    assert caught.value.code == 2


def test_a_wish_decides_a_tie_and_beats_everything(tree: Tree) -> None:
    plugins = [Known("vite"), Known("astro"), Known("docker", "dockerfile")]
    found = detect(tree({"x": ""}), plugins, wish="astro")
    asked = Evidence("", "asked for by name: astro")
    assert found.match == Match("astro", "wish", 1.0, (asked, Evidence("astro.0", "is there")))
    assert [(lost.framework, lost.lost) for lost in found.alternatives] == [
        ("docker", "an explicit wish beats a Dockerfile"),
        ("vite", "an explicit wish beats a framework"),
    ]


def test_a_wish_is_granted_to_a_plugin_that_saw_nothing(tree: Tree) -> None:
    found = detect(tree({"x": ""}), [Unknowing("a"), Known("b")], wish="a")
    assert (found.match.framework, found.match.evidence) == ("a", (Evidence("", "asked for by name: a"),))


def test_a_wish_may_name_a_variant(tree: Tree) -> None:
    found = detect(
        tree({"x": ""}), [Known("python", variants=("flask", "django"), variant="django"), Known("b")], wish="flask"
    )
    assert (found.match.framework, found.match.variant, found.plan.variant) == ("python", "flask", "flask")


def test_an_unknown_wish_gets_the_nearest_name(tree: Tree) -> None:
    with pytest.raises(NotFoundError) as caught:
        detect(tree({"x": ""}), [Known("python", variants=("flask",)), Known("node")], wish="pyton")
    assert (caught.value.what, caught.value.why) == ("There is no framework pyton.", "Installed are node, python.")
    assert caught.value.hint == "Did you mean python?"


def test_options_are_handed_to_the_plugin(tree: Tree) -> None:
    plugin = Known("a")
    detect(tree({"x": ""}), [plugin], options={"key": "value"})
    assert plugin.given == {"key": "value"}


@pytest.mark.parametrize(
    ("broken", "warning"),
    [
        (Raising("bad"), "The plugin bad failed to detect (KeyError: 'gone'); it was passed over."),
        (
            RaisingLater("bad", confidence=1.0),
            "The plugin bad failed to plan (ZeroDivisionError: division by zero); it was passed over.",
        ),
        (
            Babbling("bad"),
            "The plugin bad failed to detect (TypeError: it answered with 'yes', which is no match of its own); "
            "it was passed over.",
        ),
        (Known("bad", tier="best"), None),  # type: ignore[arg-type]
        (
            BabblingLater("bad", confidence=1.0),
            "The plugin bad failed to plan (TypeError: it answered with None, which is no plan); it was passed over.",
        ),
    ],
)
def test_a_plugin_that_fails_is_named_and_passed_over(tree: Tree, broken: Known, warning: str | None) -> None:
    found = detect(tree({"x": ""}), [broken, Known("good")])
    assert found.match.framework == "good"
    assert len(found.plan.warnings) == 1
    assert warning is None or found.plan.warnings == (warning,)


def test_the_plugin_asked_for_by_name_must_not_fail(tree: Tree) -> None:
    with pytest.raises(PluginError, match="The plugin bad failed") as caught:
        detect(tree({"x": ""}), [RaisingLater("bad"), Known("good")], wish="bad")
    assert "division by zero" in caught.value.why


def test_a_slow_plugin_is_only_warned_about(tree: Tree, tmp_path: Path) -> None:
    class Slow(Known):
        def detect(self, source: Source) -> Match | None:
            import time

            until = time.monotonic() + 2.01
            while (left := until - time.monotonic()) > 0:
                time.sleep(left)
            return super().detect(source)

    found = detect(tree({"x": ""}), [Slow("a")])
    assert found.match.framework == "a"
    assert re.match(r"The plugin a took \d+\.\d s to detect", found.plan.warnings[0])


@pytest.mark.parametrize("others", [[], [Known("static", "static")], [Known("python", "language")]])
def test_a_broken_main_file_is_the_error_that_is_reported(tree: Tree, others: list[Known]) -> None:
    with pytest.raises(SourceError, match=r"package\.json:2:1 is not JSON"):
        detect(tree({"package.json": "{\n"}), [ReadingJson("node"), *others])


def test_a_broken_file_beside_a_dockerfile_is_only_a_warning(tree: Tree) -> None:
    found = detect(tree({"package.json": "{\n"}), [ReadingJson("node"), Known("dockerfile", "dockerfile")])
    assert found.match.framework == "dockerfile"
    assert found.plan.warnings[0].startswith("The plugin node was passed over: package.json:2:1 is not JSON.")


def test_an_empty_folder_is_called_empty(tree: Tree) -> None:
    with pytest.raises(NotDetectedError, match="The folder app is empty") as caught:
        detect(tree({".git/HEAD": "x"}), [Unknowing("a")])
    assert isinstance(caught.value, UsageError)


def test_without_a_match_it_is_told_what_was_looked_at_and_what_to_do(tree: Tree) -> None:
    with pytest.raises(NotDetectedError) as caught:
        detect(tree({"notes.txt": "", "main.zig": ""}), [Unknowing("python"), Unknowing("node"), Raising("bad")])
    assert caught.value.as_dict() == {
        "name": "not-detected",
        "what": "It is not clear what app is made with.",
        "why": "The files at its top are main.zig, notes.txt. No plugin knows them (asked: bad, node, python). "
        "The plugin bad failed to detect (KeyError: 'gone'); it was passed over.",
        "kept": "Nothing was changed.",
        "hint": "Write `framework: NAME`, `static: FOLDER` or `start: COMMAND` in webduh.yaml, or add a Dockerfile.",
    }


def test_many_files_are_not_all_listed(tree: Tree) -> None:
    with pytest.raises(NotDetectedError) as caught:
        detect(tree({f"{number}.txt": "" for number in range(20)}), [])
    assert caught.value.why.startswith("The files at its top are 0.txt, 1.txt, 10.txt, ")
    assert " … " in caught.value.why.replace(" ….", " … ")
    assert "none, no plugin is installed" in caught.value.why


ABOUT_THE_FOLDER: dict[str, tuple[Callable[[Path], object], str]] = {
    "secrets": (
        lambda app: (app / ".env").write_text(""),
        ".env is not sent: its values must be set as variables and secrets of the app.",
    ),
    "a link": (
        lambda app: (app / "out").symlink_to("/etc"),
        "out is a link that leads out of the folder: it is not sent.",
    ),
}


@pytest.mark.parametrize(("change", "warning"), ABOUT_THE_FOLDER.values(), ids=ABOUT_THE_FOLDER)
def test_a_person_is_warned_about(tree: Tree, tmp_path: Path, change: Callable[[Path], object], warning: str) -> None:
    source = tree({"x": ""})
    change(tmp_path / "app")
    source.files()
    assert detect(source, [Known("a")]).plan.warnings == (warning,)


def test_a_person_is_told_that_not_all_files_were_looked_at(tree: Tree, tmp_path: Path) -> None:
    class Looking(Known):
        def detect(self, source: Source) -> Match | None:
            source.files("**/*")
            return super().detect(source)

    source = tree({"x": ""})
    for number in range(MOST_FILES):
        (tmp_path / "app" / str(number)).touch()
    assert detect(source, [Looking("a")]).plan.warnings == (
        f"There are more than {MOST_FILES} files and folders: looking for the app's own stopped at the top. "
        "Name what is no part of it in .webduhignore.",
    )
