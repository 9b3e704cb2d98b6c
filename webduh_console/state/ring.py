"""The operating system's keyring, asked in a way that can neither break nor hang us."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

SERVICE = "webduh"
PROBE_SECONDS = 5.0
UNLOCK_SECONDS = 60.0
"""Long enough for a person to type the keyring's password into the window that asks for it."""


def is_likely() -> bool:
    """Whether somebody sits here whose keyring could be used; tells without asking it."""
    environ = os.environ
    if environ.get("CI") or environ.get("SSH_CONNECTION"):
        return False
    if sys.platform == "darwin":
        return True
    bus = (
        environ.get("DBUS_SESSION_BUS_ADDRESS") or Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus").exists()
    )
    return bool(bus and (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")))


def put(entry: str, text: str) -> str | None:
    """Keep a text in the keyring and read it back; None if that worked, else why not."""

    def work() -> str | None:
        import keyring

        keyring.set_password(SERVICE, entry, text)
        return keyring.get_password(SERVICE, entry)

    kept, error = _asked(work, PROBE_SECONDS)
    if error is None and kept != text:
        return "It keeps nothing"
    return error


def get(entry: str) -> tuple[str | None, str | None]:
    """The text of an entry, None if there is none; and why the keyring could not be asked."""

    def work() -> str | None:
        import keyring

        return keyring.get_password(SERVICE, entry)

    return _asked(work, UNLOCK_SECONDS)


def _asked(work: Callable[[], str | None], seconds: float) -> tuple[str | None, str | None]:
    """What `work` answers within its time, else why it did not. A thread that hangs is left behind; it ends with us."""
    answers: list[tuple[str | None, str | None]] = []

    def run() -> None:
        try:
            answers.append((work(), None))
        except Exception as error:  # noqa: BLE001 - a keyring backend is anybody's code and raises anything
            first = str(error).strip().partition("\n")[0].rstrip(".")
            answers.append((None, f"{type(error).__name__}: {first}"))

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else (None, f"It did not answer within {seconds:g} s")
