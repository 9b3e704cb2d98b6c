"""Themes.

One TOML file each, shipped in `webduh_themes` or put by the user into the `themes` folder of the configuration.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from textual.theme import Theme

from webduh_console.errors import ConfigError

DEFAULT = "night"
ROLES = (
    "background",
    "surface",
    "raised",
    "line",
    "text",
    "muted",
    "faint",
    "accent",
    "good",
    "warn",
    "bad",
    "busy",
    "loud",
)
TEXT_ROLES = ("text", "muted", "faint", "accent", "good", "warn", "bad", "busy", "loud")
"""The roles that words are drawn in; each must be readable on the background, the surface and the raised ground."""

GROUNDS = ("background", "surface", "raised")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_COLOR = re.compile(rf"#[0-9a-fA-F]{{6}}|ansi_default|ansi_(?:bright_)?(?:{'|'.join(_NAMES)})")


class ThemeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a theme file holds: colours by role, as `#rrggbb` or as the terminal's own (`ansi_red`)."""

    colors: dict[str, str]
    title: str = ""
    dark: bool = True

    @property
    def ansi(self) -> bool:
        """Whether it is drawn in the terminal's own colours."""
        return any(color.startswith("ansi_") for color in self.colors.values())


def shipped_folder() -> Path:
    """The folder of the themes that ship with the console."""
    import webduh_themes

    return Path(webduh_themes.__path__[0])


def theme_files(user_folder: Path | None = None) -> dict[str, Path]:
    """Name → file of every theme there is; a user's theme replaces a shipped one of its name."""
    files: dict[str, Path] = {}
    for folder in (shipped_folder(), user_folder):
        if folder is not None and folder.is_dir():
            files |= {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}
    return files


def read_theme(path: Path) -> ThemeFile:
    """The theme in a file; ConfigError says what is wrong with it."""
    import tomllib

    try:
        theme = msgspec.convert(tomllib.loads(path.read_text("utf-8")), ThemeFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"The theme {path.name} cannot be used.", why=str(error).splitlines()[0]) from error
    missing = [role for role in ROLES if role not in theme.colors]
    wrong = [role for role, color in theme.colors.items() if not _COLOR.fullmatch(color)]
    if missing:
        raise ConfigError(f"The theme {path.name} cannot be used.", why=f"It has no colour for {', '.join(missing)}.")
    if wrong:
        why = f"{wrong[0]} is not a colour like #1a2b3c or ansi_red."
        raise ConfigError(f"The theme {path.name} cannot be used.", why=why)
    return theme


def textual_theme(name: str, theme: ThemeFile) -> Theme:
    """The theme in Textual's own roles, with ours as variables of the same names."""
    color = theme.colors
    variables = {role: color[role] for role in ROLES}
    variables |= {
        "border": color["accent"],
        "border-blurred": color["line"],
        "block-cursor-background": color["raised"],
        "block-cursor-foreground": color["text"],
        "block-cursor-text-style": "none",
        "input-cursor-background": color["accent"],
        "input-cursor-foreground": color["background"],
        "input-selection-background": color["line"] if theme.ansi else f"{color['accent']} 30%",
        "scrollbar": color["line"],
        "scrollbar-hover": color["faint"],
        "scrollbar-active": color["accent"],
        "scrollbar-background": color["background"],
        "scrollbar-background-hover": color["background"],
        "scrollbar-background-active": color["background"],
        "scrollbar-corner-color": color["background"],
        "text-muted": color["muted"],
        "text-disabled": color["faint"],
    }
    if theme.ansi:
        variables |= {
            "ansi-background": color["background"],
            "ansi-foreground": color["text"],
            "input-selection-foreground": color["text"],
            "screen-selection-background": color["line"],
            "screen-selection-foreground": color["text"],
        }
    return Theme(
        name=name,
        primary=color["accent"],
        secondary=color["busy"],
        accent=color["accent"],
        warning=color["warn"],
        error=color["bad"],
        success=color["good"],
        foreground=color["text"],
        background=color["background"],
        surface=color["surface"],
        panel=color["raised"],
        boost=color["raised"],
        dark=theme.dark,
        ansi=theme.ansi,
        variables=variables,
    )


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""

    def luminance(color: str) -> float:
        parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def chosen(name: str, files: Mapping[str, Path]) -> tuple[str, ThemeFile, list[str]]:
    """The theme to start with, and what was wrong with the wished one when it is not that."""
    problems: list[str] = []
    if name in files:
        try:
            return name, read_theme(files[name]), problems
        except ConfigError as error:
            problems.append(str(error))
    else:
        problems.append(f"There is no theme {name}; there are {', '.join(files)}.")
    shipped = theme_files()
    return DEFAULT, read_theme(shipped[DEFAULT]), problems
