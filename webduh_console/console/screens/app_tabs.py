"""The tabs of an app, and the keys that lead from one to another."""

from collections.abc import Sequence

TABS = ("overview", "releases", "deployments", "logs", "variables", "parts", "metrics")


class Tabbed:
    """The actions of a screen with tabs, the first of which is an overview."""

    tab: str
    tabs: Sequence[str]

    def show_tab(self, name: str) -> None:
        """Show one tab, and ask for what it needs."""
        raise NotImplementedError

    def action_show_overview(self) -> None:
        """The overview."""
        self.show_tab("overview")

    def action_next_tab(self) -> None:
        """The next tab."""
        self.show_tab(self.tabs[(self.tabs.index(self.tab) + 1) % len(self.tabs)])

    def action_previous_tab(self) -> None:
        """The tab before."""
        self.show_tab(self.tabs[(self.tabs.index(self.tab) - 1) % len(self.tabs)])


class TabActions(Tabbed):
    """The actions of an app's screen."""

    tabs = TABS

    def action_show_releases(self) -> None:
        """The releases."""
        self.show_tab("releases")

    def action_show_deployments(self) -> None:
        """The deployments."""
        self.show_tab("deployments")

    def action_show_logs(self) -> None:
        """The logs."""
        self.show_tab("logs")

    def action_logs(self) -> None:
        """The logs."""
        self.show_tab("logs")

    def action_show_variables(self) -> None:
        """The variables."""
        self.show_tab("variables")

    def action_show_parts(self) -> None:
        """The parts."""
        self.show_tab("parts")

    def action_show_metrics(self) -> None:
        """The metrics."""
        self.show_tab("metrics")
