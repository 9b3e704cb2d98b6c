"""One act for many apps: their plans are made at once, and those without a question are carried out."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from textual.message import Message

from webduh_console.console.planning import key_name
from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp

Verb = Literal["deploy", "rollback"]
_WORDS: dict[Verb, str] = {"deploy": "Deploy", "rollback": "Roll back"}


class PlannedOne(Message):
    """The plan of one of many is made, or `error` says why not."""

    def __init__(self, key: AppKey, plan: Plan | None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.key, self.plan, self.error = key, plan, error


def act(app: "ConsoleApp", verb: Verb, keys: Sequence[AppKey], then: Callable[[], None]) -> None:
    """Ask, then do it for all of them at once; `then` is called when that is agreed."""
    from webduh_console.console.screens.dialogs import ConfirmScreen

    names = ", ".join(_named(key) for key in keys)
    ends = "Each is planned first; one that has a question is left out, and named."

    def agreed(yes: bool | None) -> None:
        if yes:
            then()
            for key in keys:
                group = f"many-{key}"
                app.run_worker(_planning(app, verb, key), thread=True, group=group, exit_on_error=False)

    app.push_screen(ConfirmScreen(f"{_WORDS[verb]} {len(keys)} apps?", [f"{names}.", ends]), agreed)


def begin(app: "ConsoleApp", planned: PlannedOne) -> None:
    """Carry out one of the plans, or say why not."""
    name = _named(planned.key)
    if planned.error is not None:
        app.notify(f"{name}: {planned.error.what}", severity="error", markup=False)
    elif planned.plan is not None and planned.plan.questions:
        asked = planned.plan.questions[0].text
        app.notify(f"{name} is left out: {asked}", severity="warning", markup=False)
    elif planned.plan is not None:
        app.start(planned.plan, shown=False)


def _planning(app: "ConsoleApp", verb: Verb, key: AppKey) -> Callable[[], None]:
    from webduh_console.commands import api

    row = app.board.rows.get(key)
    what = row.folder if row is not None and row.folder else key_name(key)
    on = row.target if row is not None else None

    def plan() -> None:
        try:
            if verb == "deploy":
                made = api.plan(app.context, what, key.environment, on)
            else:
                made = api.rollback_plan(app.context, key_name(key), key.environment, None)
            app.post_message(PlannedOne(key, made))
        except WebduhError as error:
            app.post_message(PlannedOne(key, None, error))

    return plan


def _named(key: AppKey) -> str:
    """An app in words; its environment unless that is production."""
    return key_name(key) + ("" if key.environment == "production" else f" ({key.environment})")
