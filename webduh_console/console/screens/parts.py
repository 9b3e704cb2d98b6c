"""The parts of an app: its processes, schedules, routes, volumes and files. A schedule can be run from here."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import BindingType

from webduh_console.console.actions import BY_NAME, allowed, bindings
from webduh_console.console.part_cells import PART_COLUMNS, SCHEDULE, part_rows
from webduh_console.console.widgets.table import Table, titled
from webduh_console.model.names import AppKey
from webduh_console.model.release import Instance, Release
from webduh_console.model.schedules import ScheduleState

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp


class PartsPane(Table):
    """What serves, part by part."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table", "parts")

    def __init__(self, key: AppKey, id: str | None = None) -> None:
        super().__init__(PART_COLUMNS, [[("Nothing serves.", "faint")]], id=id)
        self.app_key = key

    def put_parts(
        self,
        release: Release | None,
        instances: Sequence[Instance],
        schedules: Sequence[ScheduleState],
        now: datetime,
        zone: tzinfo | None,
    ) -> None:
        """Show them."""
        self.put(part_rows(release, instances, schedules, now, zone))
        titled(self, "Parts", f"of v{release.number}" if release is not None else "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A schedule must be under the cursor to be run or looked at."""
        known = BY_NAME.get(action)
        if known is None:
            return True
        able = known.needs != "schedule" or self._schedule() is not None
        return able and allowed(known, cast("ConsoleApp", self.app).read_only)

    def _schedule(self) -> str | None:
        return self.key.removeprefix(SCHEDULE) if self.key is not None and self.key.startswith(SCHEDULE) else None

    def _words(self, command: str) -> str:
        key = self.app_key
        return f"schedule {command} {key.project}/{key.app} {self._schedule()} --environment {key.environment}"

    @on(Table.Chosen)
    def _opened(self) -> None:
        if self._schedule() is not None:
            self.action_schedule_history()

    def action_run_schedule(self) -> None:
        """Run it now, after a question; what it writes is shown."""
        from webduh_console.console.screens.dialogs import ConfirmScreen

        name, line = self._schedule(), self._words("run")

        def run(agreed: bool | None) -> None:
            if agreed:
                cast("ConsoleApp", self.app).run_line(line)

        self.app.push_screen(ConfirmScreen(f"Run {name} now?", [f"It runs as `{line}` does."]), run)

    def action_schedule_history(self) -> None:
        """What became of its runs."""
        cast("ConsoleApp", self.app).run_line(self._words("history"))
