"""Hooks: commands of an app's own around build, deployment and rollback, on a real home and a real local target."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from loopback import page
from shop_at_home import FAST, Line
from waiting import wait_until

from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.config.problems import ConfigFileError
from webduh_console.model.events import Finished, Output, StepFinished, Warned
from webduh_console.model.target import CancelToken
from webduh_console.transport.process import start_time

POINTS = ("before-build", "after-build", "before-deploy", "after-deploy", "before-rollback", "after-rollback")
SEEN = 'echo "$WEBDUH_HOOK $WEBDUH_ACTION $WEBDUH_RELEASE $WEBDUH_PREVIOUS" >> ../seen'


def hooks(shop: Path, text: str) -> None:
    (shop / "webduh.yaml").write_text("hooks:\n" + "".join(f"  {line}\n" for line in text.splitlines()))


def deployed(ctx: Context, word: str, cancel: CancelToken | None = None, **options: Any) -> list[Any]:
    plan = api.plan(ctx, word, watch=0, drain=0, **options)
    return list(api.apply(ctx, plan, cancel))


def test_hooks_run_in_their_order_and_know_the_release(line: Line, shop: Path, tmp_path: Path) -> None:
    hooks(shop, "\n".join(f"{point}: {SEEN}" for point in (*POINTS, "after-failure")))
    line(f"deploy {shop} {FAST}")
    (shop / "index.html").write_text("two")
    line(f"deploy shop {FAST}")
    line(f"rollback shop {FAST}")

    assert (tmp_path / "seen").read_text().splitlines() == [
        "before-build deploy  ",
        "after-build deploy  ",
        "before-deploy deploy 1 ",
        "after-deploy deploy 1 ",
        "before-build deploy  1",
        "after-build deploy  1",
        "before-deploy deploy 2 1",
        "after-deploy deploy 2 1",
        "before-rollback rollback 3 2",
        "after-rollback rollback 3 2",
    ]


def test_a_hook_sees_the_deployment_and_its_output_is_seen(ctx: Context, shop: Path) -> None:
    words = "$WEBDUH_APP $WEBDUH_PROJECT $WEBDUH_ENVIRONMENT $WEBDUH_TARGET $WEBDUH_URL"
    hooks(shop, f"after-deploy:\n  - echo {words}\n  - [echo, $WEBDUH_APP, a b]\n  - echo oh >&2")
    events = deployed(ctx, str(shop))
    said = [
        (event.stream, event.text) for event in events if isinstance(event, Output) and event.step == "after-deploy"
    ]

    assert said == [
        ("webduh", f"$ echo {words}"),
        ("stdout", f"shop default production local {events[-1].url}"),
        ("webduh", "$ echo $WEBDUH_APP a b"),
        ("stdout", "$WEBDUH_APP a b"),
        ("webduh", "$ echo oh >&2"),
        ("stderr", "oh"),
    ]
    assert [event.step for event in events if isinstance(event, StepFinished)][-1] == "after-deploy"
    assert events[0].steps[-1] == "after-deploy"


@pytest.mark.parametrize("point", ["before-build", "after-build", "before-deploy"])
@pytest.mark.parametrize(
    ("command", "how"),
    [
        ("echo no; exit 3", "exited with 3"),
        ("{run: sleep 30, timeout: 200ms}", "took longer than 0.2 s"),
        ("[[./nowhere]]", "cannot be run"),
        ("kill -9 $$", "was ended by signal 9"),
    ],
)
def test_a_hook_before_that_fails_or_hangs_stops_it_with_nothing_changed(
    point: str, command: str, how: str, ctx: Context, shop: Path, served: str
) -> None:
    hooks(shop, f"{point}: {command}")
    last = deployed(ctx, "shop")[-1]

    assert isinstance(last, Finished)
    assert (last.outcome, last.error["name"], last.release) == ("failed", "hook", None)
    assert f"The hook {point} {how}: " in last.error["what"]
    assert [release.number for release in api.releases(ctx, api.remembered(ctx)[0].key)] == [1]
    assert page(served) == "one"


def test_a_hook_after_that_fails_is_a_warning_and_the_next_one_runs(ctx: Context, shop: Path, tmp_path: Path) -> None:
    hooks(shop, f"after-deploy: [exit 4, '{SEEN}']")
    events = deployed(ctx, str(shop))
    warnings = [event.text for event in events if isinstance(event, Warned)]

    assert (events[-1].outcome, warnings) == ("done", ["The hook after-deploy exited with 4: exit 4."])
    assert (tmp_path / "seen").read_text() == "after-deploy deploy 1 \n"


def test_a_deployment_that_fails_is_told_to_its_hook(ctx: Context, shop: Path, tmp_path: Path) -> None:
    hooks(shop, "before-deploy: exit 5\nafter-failure: echo $WEBDUH_OUTCOME $WEBDUH_ERROR > ../failed")
    assert deployed(ctx, str(shop))[-1].outcome == "failed"
    assert (tmp_path / "failed").read_text() == "failed The hook before-deploy exited with 5: exit 5.\n"


def test_cancelling_ends_a_hook_and_what_it_started(ctx: Context, shop: Path, tmp_path: Path) -> None:
    hooks(shop, "before-deploy: sleep 60 & echo $! > ../pid; wait\nafter-failure: echo $WEBDUH_OUTCOME > ../failed")
    cancel, found = CancelToken(), []
    thread = threading.Thread(target=lambda: found.extend(deployed(ctx, str(shop), cancel)))
    thread.start()
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "the hook runs")
    cancel.set()
    thread.join()

    assert (found[-1].outcome, (tmp_path / "failed").read_text()) == ("cancelled", "cancelled\n")
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: start_time(pid) == 0.0, "it ended")


def test_cancelling_while_an_after_hook_runs_leaves_the_release_serving(
    ctx: Context, shop: Path, tmp_path: Path
) -> None:
    hooks(shop, "after-deploy: touch ../begun; sleep 60")
    cancel, found = CancelToken(), []
    thread = threading.Thread(target=lambda: found.extend(deployed(ctx, str(shop), cancel)))
    thread.start()
    wait_until((tmp_path / "begun").exists, "the hook runs")
    cancel.set()
    thread.join()

    assert found[-1].outcome == "done"
    assert page(found[-1].url) == "one"
    assert ["was cancelled" in event.text for event in found if isinstance(event, Warned)] == [True]


def test_secrets_in_the_output_of_a_hook_are_masked(
    line: Line, ctx: Context, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line(f"app add {shop}")
    monkeypatch.setenv("VALUE", "s3cret-value")
    line("secret set shop TOKEN --from-env VALUE")
    hooks(shop, "before-build: echo it is s3cret-value; exit 1")
    assert "s3cret-value" not in repr(deployed(ctx, "shop"))


def test_a_rollback_without_the_folder_says_which_hooks_are_not_run(line: Line, ctx: Context, shop: Path) -> None:
    hooks(shop, "before-rollback: exit 1")
    line(f"deploy {shop} {FAST}")
    line(f"deploy shop --force {FAST}")
    shop.rename(shop.with_name("elsewhere"))
    plan = api.rollback_plan(ctx, "shop")
    assert "The hooks before-rollback are not run: no folder of this app is here." in plan.warnings


def test_a_point_that_does_not_exist_is_answered_with_the_nearest(line: Line, shop: Path) -> None:
    hooks(shop, "after-deplyo: echo")
    with pytest.raises(ConfigFileError, match="did you mean after-deploy"):
        line(f"plan {shop}")


def inside(folder: Path, point: str, run: str, more: str = "") -> None:
    hooks(folder, f"{point}: {{in: image, run: {json.dumps(run)}{more}}}")


def test_a_hook_in_the_image_runs_as_the_release_in_what_was_built(
    line: Line, ctx: Context, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line(f"app add {shop}")
    monkeypatch.setenv("VALUE", "s3cret-value")
    monkeypatch.setenv("MINE", "of whoever deploys")
    line("secret set shop TOKEN --from-env VALUE")
    inside(shop, "before-deploy", "cat index.html; echo $WEBDUH_HOOK $WEBDUH_RELEASE $TOKEN [$MINE]; pwd")
    events = deployed(ctx, "shop")
    said = [event.text for event in events if isinstance(event, Output) and event.stream == "stdout"]
    assert events[-1].outcome == "done"
    assert said[0].startswith("one")
    assert "before-deploy 1 ••• []" in said[0] + said[1]
    assert "/artifacts/" in said[-1]
    steps = [event.step for event in events if isinstance(event, StepFinished)]
    assert steps.index("artifact") < steps.index("before-deploy") < steps.index("start")


@pytest.mark.parametrize(
    ("run", "more", "how"),
    [
        ("echo no; exit 3", "", "exited with 3"),
        ("sleep 30", ", timeout: 200ms", "took longer than 0.2 s"),
        ("kill -9 $$", "", "was ended by signal 9"),
    ],
)
def test_a_hook_in_the_image_that_fails_or_hangs_has_the_release_taken_back(
    run: str, more: str, how: str, ctx: Context, shop: Path, served: str
) -> None:
    inside(shop, "before-deploy", run, more)
    last = deployed(ctx, "shop")[-1]
    assert isinstance(last, Finished)
    assert (last.outcome, last.error["name"], last.release) == ("reverted", "hook", None)
    assert f"The hook before-deploy {how}: {run}" in last.error["what"]
    assert [release.number for release in api.releases(ctx, api.remembered(ctx)[0].key)] == [1]
    assert page(served) == "one"


def test_a_hook_in_the_image_after_it_serves_that_fails_is_a_warning(ctx: Context, shop: Path) -> None:
    inside(shop, "after-deploy", "echo $WEBDUH_URL; exit 4")
    events = deployed(ctx, str(shop))
    warnings = [event.text for event in events if isinstance(event, Warned)]
    assert events[-1].outcome == "done"
    assert warnings == [f"The hook after-deploy exited with 4: echo $WEBDUH_URL; exit 4. {events[-1].url}"]


@pytest.mark.parametrize("point", ["before-build", "after-build", "after-failure"])
def test_there_is_no_image_to_run_in_at_every_point(point: str, line: Line, shop: Path) -> None:
    inside(shop, point, "true")
    with pytest.raises(ConfigFileError, match=rf"hooks\.{point}\.in: there is no image of a release at this point"):
        line(f"plan {shop}")
