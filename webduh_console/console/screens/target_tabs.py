"""The tabs of a target, and the keys that lead to each: the same on every target, whichever it has."""

from collections.abc import Sequence

from webduh_console.console.screens.app_tabs import Tabbed
from webduh_console.model.inventory import KINDS

TABS = ("overview", *KINDS, "checks", "metrics")
LOCAL_TABS = ("overview", "processes", "disk", "checks")
KEYS = {name: str(number % 10) for number, name in enumerate(TABS, 1)}


def tabs_of(kind: str) -> Sequence[str]:
    """The tabs of a target of that kind."""
    return LOCAL_TABS if kind == "local" else TABS


class TargetTabActions(Tabbed):
    """The actions of a screen with these tabs."""

    def action_show_containers(self) -> None:
        """The containers."""
        self.show_tab("containers")

    def action_show_images(self) -> None:
        """The images."""
        self.show_tab("images")

    def action_show_volumes(self) -> None:
        """The volumes."""
        self.show_tab("volumes")

    def action_show_networks(self) -> None:
        """The networks."""
        self.show_tab("networks")

    def action_show_routes(self) -> None:
        """The routes."""
        self.show_tab("routes")

    def action_show_processes(self) -> None:
        """The processes."""
        self.show_tab("processes")

    def action_show_disk(self) -> None:
        """The disk."""
        self.show_tab("disk")

    def action_show_checks(self) -> None:
        """The checks."""
        self.show_tab("checks")

    def action_show_history(self) -> None:
        """The figures over time."""
        self.show_tab("metrics")
