"""Keyring backends as users may have them: one keeps entries in a file, one breaks, one never answers."""

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend


class FileRing(KeyringBackend):
    """Keeps entries in the file that FILERING names."""

    priority = 1  # type: ignore[assignment]

    def _entries(self) -> dict[str, str]:
        file = Path(os.environ["FILERING"])
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        entries = self._entries() | {f"{service}/{username}": password}
        Path(os.environ["FILERING"]).write_text(json.dumps(entries))


class BrokenRing(KeyringBackend):
    """Raises what no caller expects."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("the ring is broken")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("the ring is broken")


class HangingRing(BrokenRing):
    """Waits for somebody who never comes."""

    def set_password(self, service: str, username: str, password: str) -> None:
        threading.Event().wait()
