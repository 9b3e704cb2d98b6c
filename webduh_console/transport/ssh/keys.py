"""Which private keys there are to enter a server with: from the agent and from files, in the order they are tried."""

import base64
import binascii
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
from paramiko import AgentKey, PKey, SSHException
from paramiko.agent import Agent
from paramiko.ssh_exception import PasswordRequiredException

from webduh_console.transport.ssh.address import Endpoint


class Candidate(msgspec.Struct, frozen=True):
    """A key to try (`label` says where it is from), or why a file cannot be used (`trouble`)."""

    label: str
    key: PKey | None = None
    trouble: str = ""


def agent_keys() -> tuple[AgentKey, ...]:
    """The keys of the SSH agent; none when there is no agent, or it does not answer as one."""
    try:
        return Agent().get_keys()
    except (SSHException, OSError):
        return ()


def candidates(endpoint: Endpoint) -> Iterator[Candidate]:
    """The keys for a server: the files that are configured (from the agent, if that has them), then the agent's own."""
    agent = {key.asbytes(): key for key in agent_keys()}
    for path in map(Path, endpoint.identities):
        public = public_part(path)
        key = agent.pop(public, None) if public else None
        if key:
            yield Candidate(f"{path} (from the agent)", key)
        else:
            yield _from_file(path)
    if not endpoint.only:
        for key in agent.values():
            yield Candidate(f"{key.comment or 'a key'} ({key.get_name()}, from the agent)", key)


def public_part(path: Path) -> bytes | None:
    """The public key that belongs to a private one, from the file beside it or from within; None if it has none."""
    try:
        words = path.with_name(path.name + ".pub").read_text(encoding="utf-8", errors="replace").split()
        return base64.b64decode(words[1], validate=True)
    except (OSError, IndexError, ValueError, binascii.Error):
        pass
    try:
        body = path.read_bytes().split(b"-----")[2]
        blob = base64.b64decode(body)
        if not blob.startswith(b"openssh-key-v1\0"):
            return None
        place = 15
        for _ in range(3):  # cipher, key derivation, its options: strings before the number of keys
            place += 4 + struct.unpack_from(">I", blob, place)[0]
        (size,) = struct.unpack_from(">I", blob, place + 4)
        return blob[place + 8 : place + 8 + size]
    except (OSError, IndexError, ValueError, struct.error):
        return None


def _from_file(path: Path) -> Candidate:
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            return Candidate(str(path), trouble=f"others may read it: chmod 600 {path}")
        return Candidate(str(path), PKey.from_path(path))
    except OSError as error:
        return Candidate(str(path), trouble=f"{error.strerror or error}")
    except (PasswordRequiredException, TypeError):
        return Candidate(str(path), trouble=f"it has a passphrase and is not in the agent: ssh-add {path}")
    except Exception as error:  # noqa: BLE001 - three libraries read key files, each with errors of its own
        if "password" in str(error).lower() or "passphrase" in str(error).lower():
            return Candidate(str(path), trouble=f"it has a passphrase and is not in the agent: ssh-add {path}")
        return Candidate(str(path), trouble="it is not a private key of a kind that can be used here")
