"""The key that seals values at rest: where it lives, how it is made once, and how it is found again."""

import base64
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast, get_args

import msgspec

from webduh_console.errors import StateError
from webduh_console.state import ring

KeyPlace = Literal["file", "keyring", "passphrase"]
_KEPT = "No new key was made, and the sealed values were left as they are."


class KeyRecord(msgspec.Struct, frozen=True):
    """What `key.json` says: the key's id and place; `entry` names it in the keyring, `salt` belongs to a passphrase."""

    id: str
    place: KeyPlace
    entry: str = ""
    salt: str = ""


class Key(msgspec.Struct, frozen=True):
    """A key of 32 bytes and the id that tells it from others; its representation never shows it."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id})"


def find_key(data: Path, known: str | None = None) -> Key:
    """The key of a data folder. `known` is the id it must have, if the state remembers one.

    StateError if there is none, if its place is missing or cannot be asked, or if it is another key.
    """
    record = _read(data)
    if record is None:
        raise _lost(data, f"{data / 'key.json'}, which says where it is, is missing")
    return _checked(data, record, known)


def make_key(data: Path, known: str | None = None) -> Key:
    """The key of a data folder, made if there has never been one; processes that make it at once get the same."""
    if _read(data) is None:
        if known is not None:
            raise _lost(data, f"{data / 'key.json'}, which says where the key {known} is, is missing")
        with _alone(data):
            if _read(data) is None:
                _write(data / "key.json", msgspec.json.encode(_made(data)))
    return find_key(data, known)


def _made(data: Path) -> KeyRecord:
    """A new key, put in its place. A key file that is there without a record is taken, for what it may have sealed."""
    place = _chosen()
    if (data / "key").exists() and place != "passphrase":
        return KeyRecord(_id(_from_file(data)), "file")
    if place == "passphrase":
        salt = _text(os.urandom(16))
        return KeyRecord(_id(_from_passphrase(salt)), "passphrase", salt=salt)
    secret = os.urandom(32)
    entry = f"key-{secrets.token_hex(8)}"
    if place == "keyring" or (place is None and ring.is_likely()):
        error = ring.put(entry, _text(secret))
        if error is None:
            return KeyRecord(_id(secret), "keyring", entry=entry)
        if place == "keyring":
            raise StateError(
                "The key for secret values cannot be put into the keyring.",
                why=f"{error}.",
                kept="No key was made.",
                hint="Unlock the keyring, or set WEBDUH_KEY=file or WEBDUH_KEY=passphrase.",
            )
    _write(data / "key", _text(secret).encode() + b"\n")
    return KeyRecord(_id(secret), "file")


def _chosen() -> KeyPlace | None:
    """The place the environment asks for; None leaves the choice to us."""
    wish = os.environ.get("WEBDUH_KEY", "")
    for place in get_args(KeyPlace):
        if wish == place:
            return cast(KeyPlace, place)
    if wish:
        raise StateError(
            "The key for secret values cannot be made.",
            why=f"WEBDUH_KEY is {wish!r}, which is no place for it.",
            kept="No key was made.",
            hint="Set WEBDUH_KEY to file, keyring or passphrase, or unset it.",
        )
    return "passphrase" if os.environ.get("WEBDUH_PASSPHRASE") else None


def _checked(data: Path, record: KeyRecord, known: str | None) -> Key:
    if record.place == "file":
        secret = _from_file(data)
    elif record.place == "keyring":
        secret = _from_keyring(data, record)
    else:
        secret = _from_passphrase(record.salt)
    key = Key(_id(secret), secret)
    if key.id != record.id or known not in (None, key.id):
        wanted = record.id if key.id != record.id else known
        words = {
            "file": f"The key in {data / 'key'} is another one",
            "keyring": "The key in the keyring is another one",
            "passphrase": "WEBDUH_PASSPHRASE is another passphrase",
        }
        raise StateError(
            "The key for secret values does not fit.",
            why=f"{words[record.place]} than the one that sealed them ({wanted}).",
            kept=_KEPT,
            hint="Bring back the one that was used.",
        )
    return key


def _from_file(data: Path) -> bytes:
    file = data / "key"
    try:
        text = file.read_text("ascii")
    except FileNotFoundError as error:
        raise _lost(data, f"{file} is missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _lost(data, f"{file} cannot be read ({getattr(error, 'strerror', None) or 'it is no key'})") from error
    return _bytes(text, str(file), data)


def _from_keyring(data: Path, record: KeyRecord) -> bytes:
    text, error = ring.get(record.entry)
    if error is not None:
        raise _lost(data, f"it is in the keyring, which cannot be asked here: {error}")
    if text is None:
        raise _lost(data, f"the keyring has no entry {record.entry} of {ring.SERVICE}")
    return _bytes(text, "the keyring", data)


def _from_passphrase(salt: str) -> bytes:
    passphrase = os.environ.get("WEBDUH_PASSPHRASE", "")
    if not passphrase:
        raise StateError(
            "The key for secret values comes from a passphrase, and none was given.",
            kept=_KEPT,
            hint="Set WEBDUH_PASSPHRASE.",
        )
    return hashlib.scrypt(
        passphrase.encode("utf-8", "surrogateescape"),
        salt=base64.b64decode(salt),
        n=2**15,
        r=8,
        p=1,
        maxmem=64 * 1024**2,
        dklen=32,
    )


def _bytes(text: str, where: str, data: Path) -> bytes:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise _lost(data, f"what is in {where} is no key")
    return secret


def _lost(data: Path, why: str) -> StateError:
    return StateError(
        f"The key for the secret values in {data} cannot be found.",
        why=f"{why[0].upper()}{why[1:]}.",
        kept=_KEPT,
        hint="Bring it back from a backup; or move key.json and state.db away, and set the values again.",
    )


def _id(secret: bytes) -> str:
    return hashlib.sha256(b"webduh key id\0" + secret).hexdigest()[:16]


def _text(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


def _read(data: Path) -> KeyRecord | None:
    file = data / "key.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=KeyRecord)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise _lost(data, f"{file}, which says where it is, cannot be read ({error})") from error


def _write(file: Path, content: bytes) -> None:
    """Write a file that only this user can read, whole or not at all."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StateError(
            f"The key for secret values cannot be kept in {file}.",
            why=f"{error.strerror or error}.",
            kept="Nothing was sealed.",
            hint="Make room or give yourself the right to write there.",
        ) from error


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Held by one process at a time; the lock ends with its holder."""
    try:
        handle = os.open(data / "key.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StateError(
            f"No key for secret values can be made in {data}.",
            why=f"{error.strerror or error}.",
            hint="Give yourself the right to write there, or set WEBDUH_HOME to another folder.",
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
