"""The way to a deployment: what is wished, the plan, and carrying it out once it is agreed."""

from functools import partial
from typing import TYPE_CHECKING

from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp
    from webduh_console.console.screens.plan import Planner


def key_name(key: AppKey) -> str:
    """An app as commands take it: `app`, or `project/app`."""
    return key.app if key.project == "default" else f"{key.project}/{key.app}"


def deploy(app: "ConsoleApp", key: AppKey) -> None:
    """Show what a deployment of an app would change, and carry it out when that is agreed."""
    from webduh_console.commands import api

    row = app.board.rows.get(key)
    what = row.folder if row is not None and row.folder else key_name(key)
    on = row.target if row is not None else None
    cancel = CancelToken()
    _show(
        app,
        f"Deploy {key.app}",
        lambda answers: api.plan(app.context, what, key.environment, on, cancel, **answers),
        cancel,
    )


def rollback(app: "ConsoleApp", key: AppKey, to: int | None = None) -> None:
    """Show what going back to a release would change; None: the one before."""
    from webduh_console.commands import api

    _show(
        app,
        f"Roll {key.app} back",
        lambda answers: api.rollback_plan(app.context, key_name(key), key.environment, to, **answers),
    )


def wizard(app: "ConsoleApp") -> None:
    """Open the deploy wizard."""
    from webduh_console.console.wizard.screen import WizardScreen

    app.push_screen(WizardScreen())


def _show(app: "ConsoleApp", title: str, planner: "Planner", cancel: CancelToken | None = None) -> None:
    from webduh_console.commands import api
    from webduh_console.console.screens.plan import PlanScreen

    def agreed(plan: Plan | None) -> None:
        if plan is not None:
            app.start(plan)

    app.push_screen(PlanScreen(title, planner, cancel, partial(api.discard, app.context)), agreed)


def browse(app: "ConsoleApp", url: str) -> None:
    """Open an address in the browser; where there is none, copy it."""
    import webbrowser

    try:
        opened = bool(url) and webbrowser.open(url)
    except webbrowser.Error:
        opened = False
    if not opened and url:
        app.copy_to_clipboard(url)
        app.notify(f"No browser here; {url} is copied.", markup=False)
