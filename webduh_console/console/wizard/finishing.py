"""The end of the wizard: what is written and set is agreed to, the plan is shown and carried out; or it is left."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from textual.binding import BindingType
from textual.message import Message

from webduh_console.commands.apps import PRODUCTION
from webduh_console.commands.looking import Kept, Looked, forget, keep, look
from webduh_console.console.actions import bindings
from webduh_console.console.screens.dialogs import ConfirmScreen, TextDialog
from webduh_console.console.widgets.lines import paragraph
from webduh_console.console.wizard.cells import difference_lines, short
from webduh_console.console.wizard.holding import Holding
from webduh_console.console.words import Piece
from webduh_console.errors import WebduhError
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp


def written(looked: Looked) -> Looked:
    """What is known of a source once its settings are written; a repository need not be fetched again for that."""
    proposed = msgspec.structs.replace(looked.proposed, before=looked.proposed.after)
    return msgspec.structs.replace(looked, proposed=proposed)


class Prepared(Message):
    """Settings are written and variables are set, or `error` says why not."""

    def __init__(self, looked: Looked, kept: Kept | None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.looked, self.kept, self.error = looked, kept, error


class WriteScreen(ConfirmScreen, inherit_bindings=False):
    """What would be written, before it is."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal", "confirm")

    def __init__(self, looked: Looked) -> None:
        super().__init__(f"Write {looked.proposed.file.name}?", [])
        self.looked = looked

    def text(self, width: int) -> list[list[Piece]]:
        """The file and the difference."""
        made = "is changed" if self.looked.proposed.before else "is made"
        lines = paragraph(f"{short(str(self.looked.proposed.file))} {made}; then the plan is shown.", width)
        if self.looked.draft.of_repository:
            says = "The repository stays as it is: this file of yours counts over its webduh.yaml, on this machine."
            lines += [[], *paragraph(says, width, "muted")]
        return [*lines, [], *difference_lines(self.looked.proposed.difference)]


class ScriptScreen(TextDialog, inherit_bindings=False):
    """The script that does the same; it is copied already."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    title_words = "Copied: the same as a script"

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.script = lines

    def text(self, width: int) -> list[list[Piece]]:
        """Its lines, wrapped."""
        return [line for text in self.script for line in paragraph(text, width, "faint" if text[:1] == "#" else "text")]


class Finishing(Holding, inherit_bindings=False):
    """The part of the wizard's screen that leads out of it."""

    @property
    def _app(self) -> "ConsoleApp":
        return cast("ConsoleApp", self.app)

    def script(self) -> list[str]:
        """The lines of a script that does the same."""
        return self.draft.script(self.looked.app) if self.looked is not None else []

    def action_copy_script(self) -> None:
        """Copy and show it."""
        secrets = [name for name, one in self.draft.variables.items() if one.secret]
        head = ["# webduh --script FILE", *([f"# in the environment: {' '.join(secrets)}"] if secrets else [])]
        lines = [*head, *self.script()]
        self.app.copy_to_clipboard("\n".join(lines) + "\n")
        self.app.push_screen(ScriptScreen(lines))

    def go_on(self) -> None:
        """To the variables that are missing, to the domain that is, else to the plan."""
        if self.looked is not None and self.looked.missing(self.draft):
            self.note = "It needs variables that have no value yet: Enter types one, p goes on to the plan."
            self.show_tab("variables")
            self.fill()
        elif self.looked is not None and self.tab != "target" and self._unreached(self.looked):
            self.note = "Nobody outside can reach it without a domain: d types one, p goes on to the plan."
            self.show_tab("target")
            self.fill()
        else:
            self.action_plan_it()

    def _unreached(self, looked: Looked) -> bool:
        """Whether it answers requests on a server, to which no domain leads."""
        heard = self._app.board.targets.get(self.draft.on or looked.target)
        on_server = heard is not None and heard.row.kind != "local"
        answers = looked.build.static or looked.build.start or not looked.build.processes
        return on_server and bool(answers) and not (self.draft.domains or looked.domains)

    def action_plan_it(self) -> None:
        """Show what would be written, then the plan."""
        looked = self.looked
        if looked is None or self.error is not None:
            return
        if looked.problem is not None:
            self.show_tab("settings" if looked.match is not None else "detected")
        elif missing := looked.missing(self.draft, ("build", "both")):
            names = ", ".join(env.name for env in missing)
            self.note = f"It cannot be built without {names}: Enter types a value."
            self.show_tab("variables")
            self.fill()
        elif looked.proposed.difference:
            self.app.push_screen(WriteScreen(looked), self._agreed)
        else:
            self._prepare(looked)

    def _agreed(self, agreed: bool | None) -> None:
        if agreed and self.looked is not None:
            self._prepare(self.looked)

    def _prepare(self, looked: Looked) -> None:
        """Write the settings and set the variables, in a worker; a deployment takes them from there."""
        context, draft, before = self._app.context, self.draft, self.kept

        def work() -> None:
            from webduh_console.config.proposing import write

            kept, now = before, looked
            try:
                if looked.proposed.difference:
                    write(looked.proposed, draft.of_repository)
                    now = written(looked) if draft.of_repository else look(context, draft)
                if kept is not None:
                    forget(context, kept)
                    kept = None
                if draft.variables:
                    kept = keep(context, now, draft)
            except WebduhError as error:
                self.post_message(Prepared(now, kept, error))
            else:
                self.post_message(Prepared(now, kept))

        self.preparing = self.run_worker(work, thread=True, exclusive=True, group="prepare", exit_on_error=False)

    def on_prepared(self, message: Prepared) -> None:
        """Show the plan."""
        from webduh_console.commands import api
        from webduh_console.console.screens.plan import PlanScreen

        self.looked, self.kept, self.preparing = message.looked, message.kept, None
        self.fill()
        if message.error is not None:
            self._app.show_error(message.error)
            self.look()  # what it says now may be another
            return
        context, draft = self._app.context, self.draft
        cancel = CancelToken()
        there = None if draft.environment == PRODUCTION else draft.environment

        def planned(answers: dict[str, bool]) -> Plan:
            return api.plan(context, draft.source, there, draft.on or None, cancel, **draft.wishes, **answers)

        def agreed(plan: Plan | None) -> None:
            if plan is not None:
                self.kept = None
                self._app.drafts.drop(draft)
                self.app.pop_screen()
                self._app.start(plan)

        title = f"Deploy {message.looked.entry.name}"
        self.app.push_screen(PlanScreen(title, planned, cancel, partial(api.discard, context)), agreed)
        self._app.typed_ahead.go_on()

    def leave(self) -> None:
        """Leave, and say where what was typed can be found."""
        if self.draft.typed or self.half:
            says = f"Nothing was deployed. What was typed for {short(self.draft.source)} is kept: choose it again."
            self.app.notify(says, markup=False)
        self.app.pop_screen()
