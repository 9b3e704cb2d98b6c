"""An app's variables, changed in place: what is typed waits for the next deployment."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input

from webduh_console.console.actions import BY_NAME, allowed, bindings
from webduh_console.console.cells import VARIABLE_COLUMNS, variable_rows
from webduh_console.console.screens.base import Dialog
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.lines import Lines
from webduh_console.console.widgets.table import Table, titled
from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release, Variable

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp
    from webduh_console.state.pending import Pending

_SECRET = {True: "secret: sealed here, and never shown", False: "not secret: everyone here may see it"}
EMPTY = [[("No variables. ", "faint"), ("a", "bold accent"), (" adds one.", "faint")]]


class Written(msgspec.Struct, frozen=True):
    """What was typed in the dialog."""

    name: str
    variable: Variable


class Changed(Message):
    """Something was changed, or `error` says why not."""

    def __init__(self, error: WebduhError | None = None) -> None:
        super().__init__()
        self.error = error


class VariablesPane(Table):
    """The variables of what serves, and the changes that wait. Its keys add, edit, take away, and show a secret."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table", "variables")

    def __init__(self, key: AppKey, id: str | None = None) -> None:
        super().__init__(VARIABLE_COLUMNS, EMPTY, id=id)
        self.app_key = key
        self.serving: Release | None = None
        self.pending: dict[str, Variable | None] = {}
        self._half: dict[str, str] = {}

    def put_variables(self, serving: Release | None, pending: "Sequence[Pending]") -> None:
        """Show what serves, and what waits."""
        self.serving = serving
        self.pending = {change.name: change.variable for change in pending}
        self.put(variable_rows(serving, pending))
        titled(self, "Variables", f"{len(self.all)}")

    def chosen(self) -> Variable | None:
        """The variable under the cursor as it will be; None where there is none, or it is to be taken away."""
        name = self.key
        if name is None:
            return None
        if name in self.pending:
            return self.pending[name]
        return self.serving.variables.get(name) if self.serving is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What changes nothing in read-only mode; and what there is a variable for."""
        known = BY_NAME.get(action)
        if known is None or not known.needs:
            return known is None or allowed(known, self.console_app.read_only)
        there = {"variable": self.chosen(), "secret": self._secret(), "waiting": self.key in self.pending}
        return allowed(known, self.console_app.read_only) and bool(there.get(known.needs, True))

    @property
    def console_app(self) -> "ConsoleApp":
        """The app."""
        return cast("ConsoleApp", self.app)

    def _secret(self) -> Variable | None:
        variable = self.chosen()
        return variable if variable is not None and variable.secret else None

    @on(Table.Chosen)
    def _opened(self) -> None:
        if self.check_action("edit_variable", ()):
            self.action_edit_variable()

    def action_add_variable(self) -> None:
        """Type a new one."""
        self._ask_for("", None)

    def action_edit_variable(self) -> None:
        """Type another value; that of a secret is not shown."""
        variable = self.chosen() or Variable("")
        self._ask_for(self.key or "", variable)

    def _ask_for(self, name: str, variable: Variable | None) -> None:
        """Ask for a variable; what was typed and left the last time stands there again."""

        def left(begun: str) -> None:
            self._half[name] = begun

        def write(written: Written | None) -> None:
            if written is not None:
                self._half.pop(name, None)
                self._write(written)

        self.app.push_screen(VariableScreen(name, variable, self._half.get(name, ""), left), write)

    def action_take_variable_away(self) -> None:
        """Take it away with the next deployment."""
        from webduh_console.commands.variables import unset_variables

        name = self.key
        if name is not None:
            self._change(lambda: unset_variables(self.console_app.context, self.app_key, (name,)))

    def action_leave_variable(self) -> None:
        """Forget the change that waits."""
        name = self.key
        if name is not None:
            self._change(lambda: self.console_app.context.state.pending.discard(self.app_key, [name]))

    def action_reveal(self) -> None:
        """Ask, then show a secret's value on this screen until the dialog is closed."""
        from webduh_console.console.screens.dialogs import ConfirmScreen

        name, secret = self.key, self._secret()
        if secret is None:
            return

        def show(agreed: bool | None) -> None:
            if agreed:
                self.app.push_screen(RevealScreen(f"{name}", secret.value))

        says = [f"The value of {name} will stand on this screen. Whoever sees it, or records it, has it."]
        self.app.push_screen(ConfirmScreen(f"Show {name}?", says), show)

    def _write(self, written: Written | None) -> None:
        from webduh_console.commands.variables import set_variables

        if written is not None:
            values = {written.name: written.variable}
            self._change(lambda: set_variables(self.console_app.context, self.app_key, values))

    def _change(self, act: Callable[[], object]) -> None:
        def change() -> None:
            try:
                act()
            except WebduhError as error:
                self.post_message(Changed(error))
            else:
                self.post_message(Changed())

        self.run_worker(change, thread=True, group="variables", exit_on_error=False)


class VariableScreen(Dialog[Written], inherit_bindings=False):
    """A name, a value, and whether nobody may see it. A secret's old value is not put into the field.

    `begun` is what was typed the last time, as NAME=value; `left` is told when it is closed without an answer. A secret
    is kept nowhere, so that closing it asks first.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    DEFAULT_CSS = """
    VariableScreen Input, VariableScreen Input:focus {
        border: none; height: 1; padding: 0 1; background: $raised; margin: 1 1 0 1;
    }
    VariableScreen Checkbox, VariableScreen Checkbox:focus { border: none; margin: 1 1 0 0; background: $surface; }
    VariableScreen Lines { height: 1; background: $surface; margin: 1 1 0 1; }
    """

    def __init__(
        self,
        name: str = "",
        variable: Variable | None = None,
        begun: str = "",
        left: Callable[[str], None] = lambda begun: None,
    ) -> None:
        super().__init__()
        self.variable_name, self.variable, self.begun, self.left = name, variable, begun, left

    def compose(self) -> ComposeResult:
        """Name over value over secret."""
        secret = self.variable is not None and self.variable.secret
        begun, _, half = self.begun.partition("=")
        with Vertical(classes="dialog") as box:
            titled(box, self.variable_name or "A new variable", "⏎ keep · ⇥ next · esc back")
            yield Input(
                self.variable_name or begun,
                placeholder="NAME",
                id="name",
                compact=True,
                disabled=bool(self.variable_name),
            )
            value = half or ("" if secret or self.variable is None else self.variable.value)
            field = Input(value, placeholder="value", id="value", compact=True, password=secret)
            field.select_on_focus = not half  # what was begun goes on at its end
            yield field
            yield Checkbox(_SECRET[secret], secret, id="secret", compact=True)
            yield Lines(ground="surface")

    def on_mount(self) -> None:
        """Begin with what is to be typed."""
        self.query_one(Lines).can_focus = False
        self.query_one("#value" if self.variable_name else "#name").focus()

    @on(Checkbox.Changed)
    def _hidden(self, event: Checkbox.Changed) -> None:
        self.query_one("#value", Input).password = event.value
        event.checkbox.label = _SECRET[event.value]

    @on(Input.Submitted, "#name")
    def _named(self) -> None:
        self.query_one("#value").focus()

    @on(Input.Submitted, "#value")
    def _submitted(self) -> None:
        from webduh_console.commands.variables import checked

        value, secret = self.query_one("#value", Input).value, self.query_one("#secret", Checkbox).value
        try:
            name = checked(self.query_one("#name", Input).value.strip())
        except WebduhError as error:
            self._say(f"{error.what} {error.why}")
            return
        if secret and not value:
            self._say("The value is empty: the secret stays as it is. Esc goes back.")
            return
        self.dismiss(Written(name, Variable(value, secret)))

    def action_back(self) -> None:
        """Close it: what was typed is there the next time; of a secret that is asked."""
        from webduh_console.console.screens.dialogs import ConfirmScreen

        name, value = (self.query_one(f"#{one}", Input).value for one in ("name", "value"))

        def leave(agreed: bool | None) -> None:
            if agreed:
                self.left(name)
                self.dismiss(None)

        if value and self.query_one("#secret", Checkbox).value:
            says = "The value that was typed is forgotten: a secret is kept nowhere before it is sealed."
            self.app.push_screen(ConfirmScreen("Leave the secret?", [says]), leave)
            return
        before = "" if self.variable is None or self.variable.secret else self.variable.value
        self.left(f"{name}={value}" if (name, value) != (self.variable_name, before) else "")
        self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one(Lines).put([[(text, "bad")]])


class RevealScreen(Dialog[None], inherit_bindings=False):
    """A secret's value, until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    DEFAULT_CSS = """
    RevealScreen Lines { height: auto; max-height: 20; background: $surface; margin: 1; }
    """

    def __init__(self, name: str, value: str) -> None:
        super().__init__()
        self.secret_name, self.value = name, value

    def compose(self) -> ComposeResult:
        """The value, with what cannot be seen made visible."""
        from webduh_console.console.words import visible

        with Vertical(classes="dialog") as box:
            titled(box, self.secret_name, "esc back")
            lines = Lines(ground="surface")
            lines.put([[(visible(line), "text")] for line in self.value.split("\n")])
            yield lines
            yield ActionBar()
