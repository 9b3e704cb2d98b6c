"""What somebody wants to deploy, as a value: what is written, which options it means, and the script that does it."""

from webduh_console.commands.draft import Draft
from webduh_console.model.release import Variable

FOLDER = "/srv/my shop"
URL = "https://github.com/me/shop.git"


def test_a_folder_alone_is_one_line() -> None:
    draft = Draft(FOLDER)
    assert draft.script("shop") == ["deploy '/srv/my shop'"]
    assert draft.wishes == {"domains": ()}
    assert not draft.typed


def test_what_is_typed_for_a_folder_is_written_into_its_file() -> None:
    draft = (
        Draft(FOLDER).changed(("port",), "8000").changed(("processes", "web"), "run ${PORT}").changed(("build",), None)
    )
    assert draft.to_write == {("port",): "8000", ("build",): None, ("processes", "web"): "run ${PORT}"}
    assert draft.script("shop") == [
        "config edit '/srv/my shop' port=8000 'processes.web=run ${$}{PORT}' --unset build",
        "deploy '/srv/my shop'",
    ]


def test_the_settings_of_a_repository_are_kept_for_the_app_that_has_a_name_by_then() -> None:
    draft = Draft(URL, "v2", "apps/web").changed(("name",), "web")
    assert draft.script("web") == [f"deploy {URL} --ref v2 --path apps/web --name web"]
    draft = draft.changed(("framework",), "node").changed(("port",), None).with_variable("A", Variable("1"))
    assert draft.to_write == {("framework",): "node", ("port",): None}
    assert draft.wishes == {"name": "web", "ref": "v2", "path": "apps/web", "domains": ()}
    assert draft.script("web") == [
        f"app add {URL} --ref v2 --path apps/web --name web",
        "config edit web framework=node --unset port",
        "env set web A=1",
        f"deploy {URL} --ref v2 --path apps/web --name web",
    ]


def test_variables_are_set_before_it_is_deployed_and_no_secret_is_in_the_script() -> None:
    draft = Draft(FOLDER, environment="staging", on="prod", domains=("a.example.com", "b.example.com"))
    draft = draft.with_variable("GREETING", Variable("hello there"))
    draft = draft.with_variable("API_KEY", Variable("s3cret-value", secret=True))
    assert draft.script("web/shop") == [
        "app add '/srv/my shop'",
        "env set web/shop 'GREETING=hello there' --environment staging",
        "secret set web/shop API_KEY --from-env API_KEY --environment staging",
        "deploy '/srv/my shop' --environment staging --on prod --domain a.example.com --domain b.example.com",
    ]
    assert "s3cret-value" not in repr(draft.script("web/shop"))


def test_what_is_taken_back_was_never_typed() -> None:
    draft = Draft(FOLDER).changed(("port",), "8000").with_variable("A", Variable("1"))
    assert draft.typed
    assert draft.unchanged(("port",)).with_variable("A", None) == Draft(FOLDER)
