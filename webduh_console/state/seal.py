"""The seal on values at rest: AES-256-GCM, each value bound to its place."""

import base64
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from webduh_console.errors import StateError
from webduh_console.state.database import Database

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from webduh_console.state.keys import Key

_FORMAT = "webduh1"
_NONCE = 12


class Witness:
    """What the state knows of the key its values were sealed with; it outlives the loss of the key's own record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key(self) -> str | None:
        """The id of the key that values here are sealed with; None if nothing was sealed yet."""
        return next((key for (key,) in self._database.rows("SELECT key FROM sealed_by")), None)

    def note(self, key: str) -> None:
        """Remember that values are sealed with this key."""
        self._database.change("INSERT INTO sealed_by VALUES (?) ON CONFLICT DO NOTHING", key)


class Sealer:
    """Seals and opens values with the one key of a data folder, which is made when the first value is sealed.

    The key's id and place are kept in `key.json` beside it. Once they are, a key that cannot be found is a StateError,
    never a new key.
    """

    def __init__(self, data: Path, witness: Witness | None = None) -> None:
        self._data = data
        self._witness = witness
        self._lock = threading.Lock()
        self._key: Key | None = None
        self._cipher: AESGCM | None = None

    def seal(self, text: str, place: str) -> str:
        """The sealed text: printable, never the same twice, and to be opened only with the same `place`."""
        key, cipher = self._unlocked(make=True)
        nonce = os.urandom(_NONCE)
        box = cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), _bytes(place))
        return f"{_FORMAT}.{key.id}.{base64.urlsafe_b64encode(nonce + box).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """The text that was sealed for this `place`; StateError if it was another, or the key is another or missing."""
        key, cipher = self._unlocked(make=False)
        id, box = _parts(sealed, place)
        if id != key.id:
            raise StateError(
                f"The sealed value of {place} cannot be opened.",
                why=f"It was sealed with the key {id}, and the key here is {key.id}.",
                kept="It was left as it is.",
                hint="Bring that key back, or set the value again.",
            )
        from cryptography.exceptions import InvalidTag

        try:
            return cipher.decrypt(box[:_NONCE], box[_NONCE:], _bytes(place)).decode("utf-8", "surrogatepass")
        except InvalidTag as error:
            raise StateError(
                f"The sealed value of {place} cannot be opened.",
                why="It was changed, or sealed for another place.",
                kept="It was left as it is.",
                hint="Set the value again.",
            ) from error

    def _unlocked(self, make: bool) -> "tuple[Key, AESGCM]":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        from webduh_console.state.keys import find_key, make_key

        with self._lock:
            if self._key is None or self._cipher is None:
                known = self._witness.key() if self._witness else None
                self._key = (make_key if make else find_key)(self._data, known)
                self._cipher = AESGCM(self._key.secret)
                if self._witness and make and known is None:
                    self._witness.note(self._key.id)
            return self._key, self._cipher


def _bytes(place: str) -> bytes:
    return place.encode("utf-8", "surrogatepass")


def _parts(sealed: str, place: str) -> tuple[str, bytes]:
    """The key's id, and nonce and box, of a sealed text."""
    try:
        form, id, text = sealed.split(".")
        box = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        if form != _FORMAT or len(box) < _NONCE + 16:
            raise ValueError(form)
    except ValueError as error:
        raise StateError(
            f"The sealed value of {place} cannot be opened.",
            why="It is no text that was sealed by webduh.",
            kept="It was left as it is.",
            hint="Set the value again.",
        ) from error
    return id, box
