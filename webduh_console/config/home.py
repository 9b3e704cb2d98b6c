"""Where webduh keeps its files on this machine."""

import os
from pathlib import Path

import msgspec

from webduh_console.errors import StateError


class Home(msgspec.Struct, frozen=True):
    """The folders of one user.

    State and records are in `data`, settings and themes in `config`, what may be lost in `cache`.
    """

    data: Path
    config: Path
    cache: Path

    @property
    def images(self) -> Path:
        """The user's own table of the images that apps are built on; it need not exist."""
        return self.config / "images.toml"

    def settings_of(self, project: str, app: str) -> Path:
        """The folder of the user's own settings for an app of a repository; it need not exist."""
        return self.config / "apps" / project / app

    def made(self) -> "Home":
        """Itself, with all three folders there; a missing one is made for this user only (0700).

        StateError says why one cannot be made.
        """
        for folder in (self.data, self.config, self.cache):
            _make(folder)
        return self


def home() -> Home:
    """The folders under `WEBDUH_HOME`, if that is set, else where the operating system wants them. Makes nothing."""
    root = os.environ.get("WEBDUH_HOME", "")
    if root:
        base = Path(os.path.abspath(os.path.expanduser(root)))  # noqa: PTH100, PTH111 - keeps links as they were written
        return Home(base / "data", base / "config", base / "cache")
    import platformdirs

    return Home(
        platformdirs.user_data_path("webduh", False),
        platformdirs.user_config_path("webduh", False),
        platformdirs.user_cache_path("webduh", False),
    )


def _make(folder: Path) -> None:
    try:
        if folder.is_dir():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StateError(
            f"The folder {folder} cannot be made.",
            why=f"There is a file at {_file_in_the_way(folder)}.",
            kept="The file was left as it is.",
            hint="Move it away, or set WEBDUH_HOME to another folder.",
        ) from error
    except OSError as error:
        raise StateError(
            f"The folder {folder} cannot be made.",
            why=f"{error.strerror or error}.",
            hint="Make room or give yourself the right to write there, or set WEBDUH_HOME to another folder.",
        ) from error
    except ValueError as error:
        raise StateError(
            f"The folder {str(folder)!r} cannot be made.",
            why=f"{str(error).capitalize()}.",
            hint="Set WEBDUH_HOME to an ordinary path.",
        ) from error


def _file_in_the_way(folder: Path) -> Path:
    return next((place for place in (folder, *folder.parents) if place.exists() and not place.is_dir()), folder)
