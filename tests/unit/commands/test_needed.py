"""Variables that an app needs: what is said of them, and when nothing is built without them."""

import pytest

from webduh_console.commands.needed import unset
from webduh_console.errors import UsageError
from webduh_console.model.build import BuildPlan, EnvVar
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable

SHOP = AppKey("default", "shop", "production")


def plan(*env: EnvVar) -> BuildPlan:
    return BuildPlan("node", "javascript", env=env)


def test_what_a_process_needs_is_said() -> None:
    needs = plan(EnvVar("TOKEN", "read in app.py", required=True), EnvVar("COLOUR", "read in app.py"))

    assert unset(needs, {}, SHOP) == ["TOKEN is not set, and the app needs it (read in app.py)."]
    assert unset(needs, {"TOKEN": Variable("x")}, SHOP) == []


@pytest.mark.parametrize(
    ("secret", "hint"),
    [(False, "`webduh env set shop API_URL=VALUE`."), (True, "`webduh secret set shop API_URL`.")],
)
def test_what_the_build_needs_stops_it_before_it_begins(secret: bool, hint: str) -> None:
    needs = plan(EnvVar("API_URL", "written into the build", "build", required=True, secret=secret))
    with pytest.raises(UsageError) as refused:
        unset(needs, {}, SHOP)

    assert refused.value.what == "shop cannot be built without API_URL."
    assert refused.value.hint == hint
    assert unset(needs, {"API_URL": Variable("x")}, SHOP) == []


def test_one_with_a_default_is_not_missed() -> None:
    assert unset(plan(EnvVar("A", "", "build", required=True, default="1")), {}, SHOP) == []
