"""On a server: hooks that are run in the new image."""

import json

import pytest
from command_line import last_json
from server_world import ServerWorld, assert_settled, assert_untouched

pytestmark = pytest.mark.timeout(120)


def said(output: str) -> list[str]:
    """What programs wrote, as the events of a deployment tell it."""
    events = [json.loads(line) for line in output.splitlines()]
    return [event["text"] for event in events if event.get("event") == "output" and event["stream"] == "stdout"]


def test_a_hook_runs_in_a_container_like_those_of_the_release(world: ServerWorld) -> None:
    run = "cat version; echo; echo $WEBDUH_HOOK $WEBDUH_RELEASE $COLOUR $TOKEN $WEBDUH_URL; ls -d data; pwd"
    app = world.app("shop", hooks={"before-deploy": {"in": "image", "run": run}}, volumes={"data": "data"})
    world.good("app", "add", str(app.folder))
    world.good("env", "set", "shop", "COLOUR=red")
    done = world.run("secret", "set", "shop", "TOKEN", "--from-env", "VALUE", env={"VALUE": "s3cret-value"})
    assert done.returncode == 0, done
    output = app.deploy("-o", "json")
    assert "s3cret-value" not in output
    own = said(output)
    assert own[own.index("1") :] == ["1", f"before-deploy 1 red ••• http://{app.host}", "data", "/app"]
    assert assert_settled(app) == 1


@pytest.mark.parametrize(
    ("wish", "how"),
    [
        ({"run": "echo not today; exit 3"}, "exited with 3"),
        ({"run": "echo not today; sleep 60", "timeout": "1s"}, "took longer than 1 s"),
        ({"run": [["./not", "today"]]}, "exited with 127: ./not today"),
    ],
)
def test_one_that_fails_or_hangs_has_the_release_taken_back(
    world: ServerWorld, wish: dict[str, object], how: str
) -> None:
    app = world.app(f"taken-{len(how)}")
    app.deploy()
    app.next_version()
    app.configure(hooks={"before-deploy": {"in": "image", **wish}})
    failed = world.run("deploy", str(app.folder), "-o", "json")
    ended = last_json(failed.stdout)
    assert (failed.returncode, ended["outcome"], ended["error"]["name"]) == (1, "reverted", "hook")
    assert f"The hook before-deploy {how}" in ended["error"]["what"]
    assert "today" in ended["error"]["what"] + ended["error"]["why"]
    assert_untouched(app)


def test_one_after_it_serves_that_fails_is_a_warning(world: ServerWorld) -> None:
    app = world.app("warned", hooks={"after-deploy": {"in": "image", "run": "echo cold; exit 4"}})
    output = app.deploy()
    assert "! The hook after-deploy exited with 4: echo cold; exit 4. cold" in output
    assert assert_settled(app) == 1
