"""The theme and the keys: those of the user's files, looked at again when a file has changed."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from webduh_console.console.keymap import read_keys
from webduh_console.console.themes import ThemeFile, chosen, read_theme, textual_theme, theme_files
from webduh_console.errors import ConfigError

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp

EVERY = 1.0
"""Seconds between two looks at the files."""


class Looks:
    """How the console looks, and what its keys are. What is wrong in a file is named once, and changes nothing."""

    def __init__(self, app: "ConsoleApp") -> None:
        self.app = app
        self.folder: Path = app.context.home.config
        self.files = theme_files(self.folder / "themes")
        self.problems: list[str] = []
        self._stamps = self._seen()

    def use(self) -> None:
        """Use the theme and the keys, before anything is drawn."""
        name, theme, problems = chosen(self.app.context.settings.theme, self.files)
        self.app.register_theme(textual_theme(name, theme))
        # Setting it the usual way reads all styles again, though nothing has been drawn with the theme before.
        self.app.set_reactive(App.theme, name)
        self.app.update_classes(
            {f"-theme-{name}": True, "-dark-mode": theme.dark, "-light-mode": not theme.dark}, update=False
        )
        self.problems = [*problems, *self._use_keys()]

    def next_theme(self) -> None:
        """The next theme that can be used."""
        names = list(self.files)
        at = names.index(self.app.theme) if self.app.theme in names else -1
        for name in [*names[at + 1 :], *names[: at + 1]]:
            theme = self._read(name)
            if theme is not None:
                self.app.register_theme(textual_theme(name, theme))
                self.app.theme = name
                return

    def look_again(self) -> None:
        """Take up what changed in the files since the last look."""
        stamps = self._seen()
        if stamps == self._stamps:
            return
        changed = {path for path in stamps.keys() | self._stamps.keys() if stamps.get(path) != self._stamps.get(path)}
        self._stamps = stamps
        self.files = theme_files(self.folder / "themes")
        name = self.app.theme
        if name in self.files and self.files[name] in changed and (theme := self._read(name)) is not None:
            self.app.register_theme(textual_theme(name, theme))
            self.app.redraw_theme()
        if self.folder / "keys.yaml" in changed:
            for problem in self._use_keys():
                self._say(problem)

    def _use_keys(self) -> list[str]:
        keys, problems = read_keys(self.folder / "keys.yaml")
        self.app.set_keymap({name: ",".join(own) for name, own in keys.items()})
        return problems

    def _read(self, name: str) -> ThemeFile | None:
        try:
            return read_theme(self.files[name])
        except ConfigError as error:
            self._say(str(error))
            return None

    def _say(self, problem: str) -> None:
        self.app.notify(problem, severity="warning", markup=False, timeout=10)

    def _seen(self) -> dict[Path, int]:
        """When each of the user's files was written."""
        stamps = {}
        for path in (self.folder / "keys.yaml", *(self.folder / "themes").glob("*.toml")):
            try:
                stamps[path] = path.stat().st_mtime_ns
            except OSError:
                continue
        return stamps
