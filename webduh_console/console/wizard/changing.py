"""What the keys of the wizard change in the draft."""

from typing import TYPE_CHECKING

import msgspec
from textual import on

from webduh_console.commands.draft import FRAMEWORK, Draft
from webduh_console.console.widgets.asking import Asking, Asks
from webduh_console.console.widgets.table import Table
from webduh_console.console.wizard.holding import TABS, Holding
from webduh_console.console.wizard.settings import Setting, host_mistake, mistake, put, take_back, typed
from webduh_console.model.names import is_name
from webduh_console.model.release import Variable

if TYPE_CHECKING:
    from webduh_console.console.screens.variables import Written

ADDED = "a new variable"
"""The dialog that adds a variable, among what is half typed."""


class Changing(Holding, inherit_bindings=False):
    """The part of the wizard's screen that takes what is typed and chosen.

    `taken` are the domains that lead to an app.
    """

    taken: dict[str, str]

    def change(self, draft: Draft) -> None:
        """Take another draft: what follows from the source and its settings is found out anew."""
        before, self.draft, self.note = self.draft, draft, ""
        self.remember()
        same = (before.environment, before.changes) == (draft.environment, draft.changes)
        self.fill() if same else self.look()

    # The tabs, by their keys.

    def action_choose_source(self) -> None:
        """To the source."""
        self.show_tab("source")

    def action_show_detected(self) -> None:
        """To what was detected."""
        self.show_tab("detected")

    def action_show_settings(self) -> None:
        """To the settings."""
        self.show_tab("settings")

    def action_show_dockerfile(self) -> None:
        """To the Dockerfile."""
        self.show_tab("dockerfile")

    def action_show_needs(self) -> None:
        """To the variables."""
        self.show_tab("variables")

    def action_choose_target(self) -> None:
        """To the targets."""
        self.show_tab("target")

    def action_next_tab(self) -> None:
        """The next tab."""
        self.show_tab(TABS[(TABS.index(self.tab) + 1) % len(TABS)])

    def action_previous_tab(self) -> None:
        """The tab before."""
        self.show_tab(TABS[(TABS.index(self.tab) - 1) % len(TABS)])

    # What was detected.

    @on(Table.Chosen, "#candidates")
    def _candidate_chosen(self) -> None:
        framework = self.query_one("#candidates", Table).key
        if self.looked is None or framework is None:
            return
        if self.looked.match is not None and framework == self.looked.match.framework:
            self.go_on()
        else:
            self.change(self.draft.changed(FRAMEWORK, framework))

    # Settings.

    @on(Table.Chosen, "#all-settings")
    def _setting_chosen(self) -> None:
        setting = self.offered.get(self.query_one("#all-settings", Table).key or "")
        if setting is None:
            return
        if setting.choices:
            choices = setting.choices
            at = choices.index(setting.value) + 1 if setting.value in choices else 0
            self.change(put(self.draft, setting, choices[at % len(choices)]))
            return

        def entered(text: str) -> str:
            if text and (wrong := mistake(setting, text)):
                return f"✗ {wrong}"
            self.change(put(self.draft, setting, text) if text else self._emptied(setting))
            return ""

        def wrong_in(text: str) -> str:
            return f"✗ {wrong}" if text and (wrong := mistake(setting, text)) else ""

        hint = f"{setting.says}; empty: as detected"
        self._ask(Asking(setting.label, hint, entered, wrong_in, text=setting.value))

    def _emptied(self, setting: Setting) -> Draft:
        """The draft without what was typed for a setting; else without what the file says of it."""
        if not typed(self.draft, setting) and self.looked is not None and self.looked.is_written(setting.path):
            return self.draft.changed(setting.path, None)
        return take_back(self.draft, setting)

    def _ask(self, asking: Asking) -> None:
        """Ask; what was half typed when the line was closed stands in it again, unless nobody may see it."""
        entered, typed = asking.entered, asking.typed

        def keep(text: str) -> str:
            if not asking.secret:
                self.half[asking.sign] = text
                self.remember()
            return typed(text)

        def done(text: str) -> str:
            if not (wrong := entered(text)):
                self.half.pop(asking.sign, None)
            return wrong

        asking.entered, asking.typed, asking.text = done, keep, self.half.get(asking.sign, asking.text)
        self.post_message(Asks(asking))

    def was_typed(self) -> bool:
        """Whether the setting or the variable under the cursor was typed here."""
        if self.tab == "settings":
            setting = self.offered.get(self.query_one("#all-settings", Table).key or "")
            return setting is not None and typed(self.draft, setting)
        return self.query_one("#needs", Table).key in self.draft.variables

    def action_as_detected(self) -> None:
        """Take back what was typed for the setting or the variable under the cursor."""
        if self.tab == "settings":
            setting = self.offered.get(self.query_one("#all-settings", Table).key or "")
            if setting is not None:
                self.change(take_back(self.draft, setting))
        elif name := self.query_one("#needs", Table).key:
            self.change(self.draft.with_variable(name, None))

    # Variables.

    @on(Table.Chosen, "#needs")
    def _need_chosen(self) -> None:
        name = self.query_one("#needs", Table).key
        if self.looked is None or name is None:
            return
        env = next((one for one in self.looked.needs if one.name == name), None)
        known = self.draft.variables.get(name) or self.looked.variables.get(name)
        secret = known.secret if known is not None else bool(env and env.secret)

        text = "" if secret or known is None else known.value

        def entered(typed: str) -> str:
            if typed != text:  # a secret that nothing is typed for stays as it is
                self.change(self.draft.with_variable(name, Variable(typed, secret) if typed else None))
                self._to_missing()
            return ""

        says = env.why if env else ""
        hint = "secret: sealed here, and never shown" if secret else says or "empty: not set"
        self._ask(Asking(name, hint, entered, text=text, secret=secret))

    def _to_missing(self) -> None:
        """The cursor goes to a variable that still has no value."""
        if self.looked is not None and (missing := self.looked.missing(self.draft)):
            self.query_one("#needs", Table).go_to(missing[0].name)

    async def action_add_here(self) -> None:
        """Add a process or a variable; or a server, by the command that does so."""
        from webduh_console.console.screens.base import ConsoleScreen
        from webduh_console.console.screens.variables import VariableScreen

        if self.tab == "settings":
            self._add_process()
        elif self.tab == "variables":
            self.app.push_screen(VariableScreen(begun=self.half.get(ADDED, ""), left=self._left_adding), self._added)
        elif isinstance(self, ConsoleScreen):
            await self.open_bar("command", "target add ")

    def _add_process(self) -> None:
        known = {one.label.removeprefix("process ") for one in self._processes()}

        def entered(text: str) -> str:
            name, _, command = text.partition(" ")
            if not is_name(name) or not command.strip():
                return "✗ a name and a command, such as: worker python worker.py"
            if name in known:
                return f"✗ there is a process {name} already"
            self.change(self.draft.changed(("processes", name), command.strip()))
            return ""

        self._ask(Asking("process", "a name and its command, such as: worker python worker.py", entered))

    def _processes(self) -> list[Setting]:
        """The processes among the settings."""
        return [one for one in self.offered.values() if one.label.startswith("process ")]

    def _left_adding(self, begun: str) -> None:
        self.half.pop(ADDED, None)
        if begun:
            self.half[ADDED] = begun
        self.remember()

    def _added(self, written: "Written | None") -> None:
        if written is not None:
            self.half.pop(ADDED, None)
            self.change(self.draft.with_variable(written.name, written.variable))

    # Target and domain.

    @on(Table.Chosen, "#targets")
    def _target_chosen(self) -> None:
        name = self.query_one("#targets", Table).key
        if self.looked is None or name is None:
            return
        if name == (self.draft.on or self.looked.target):
            self.go_on()
        else:
            self.change(msgspec.structs.replace(self.draft, on=name))

    def action_set_domain(self) -> None:
        """Type the domains that lead to it."""
        key = str(self.looked.key) if self.looked else ""

        def wrong_in(text: str) -> str:
            return f"✗ {wrong}" if (wrong := host_mistake(text, self.taken, key)) else ""

        def entered(text: str) -> str:
            if not (wrong := wrong_in(text)):
                self.change(msgspec.structs.replace(self.draft, domains=tuple(dict.fromkeys(text.split()))))
            return wrong

        hint = "such as guest.example.com; several with spaces between; empty: none is said"
        self._ask(Asking("domain", hint, entered, wrong_in, text=" ".join(self.draft.domains)))
