"""The least a Textual app can be."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Empty(App[None]):
    """One word."""

    def compose(self) -> ComposeResult:
        """A word to wait for."""
        yield Static("drawn")


if __name__ == "__main__":
    Empty().run()
