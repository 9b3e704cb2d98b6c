"""What decides whether an image is built again. Pure."""

from collections.abc import Callable

import msgspec
import pytest

from webduh_console.frameworks.render import Rendered
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import SourceRef, Spec, Variable
from webduh_console.targets.server.builder import inputs_digest, secrets_digest

KEY = "ab" * 32
VARIABLES = {"COLOUR": Variable("green"), "TOKEN": Variable("s3cret", True), "OTHER": Variable("x")}
RENDERED = Rendered("FROM x\n", "webduh.yaml\n", 8080, arguments=("COLOUR",), secrets=("TOKEN",))


def planned(**variables: Variable) -> Plan:
    key = AppKey("default", "shop", "production")
    source, spec = SourceRef("/shop"), Spec("node")
    given = {**VARIABLES, **variables}
    return Plan("01J", key, "prod", "deploy", source, spec, "me", "cli", variables=given)


def digest(plan: Plan | None = None, rendered: Rendered = RENDERED, source: str = "s", key: str = KEY) -> str:
    return inputs_digest(plan or planned(), rendered, source, key)


@pytest.mark.parametrize(
    "other",
    [
        lambda: digest(source="t"),
        lambda: digest(rendered=msgspec.structs.replace(RENDERED, dockerfile="FROM y\n")),
        lambda: digest(rendered=msgspec.structs.replace(RENDERED, dockerignore="")),
        lambda: digest(rendered=msgspec.structs.replace(RENDERED, dockerfile="", own="Dockerfile")),
        lambda: digest(planned(COLOUR=Variable("red"))),
        lambda: digest(planned(TOKEN=Variable("0ther", True))),
        lambda: digest(planned(TOKEN=Variable("\udcff", True))),
        lambda: digest(key="cd" * 32),
    ],
)
def test_whatever_goes_into_an_image_makes_another_one(other: Callable[[], str]) -> None:
    assert digest() == digest()
    assert digest() != other()


def test_a_variable_that_is_no_part_of_the_build_changes_nothing() -> None:
    assert digest(planned(OTHER=Variable("y"), NEW=Variable("z"))) == digest()


def test_without_secrets_there_is_no_digest_of_them() -> None:
    assert secrets_digest(VARIABLES, msgspec.structs.replace(RENDERED, secrets=()), KEY) == ""
