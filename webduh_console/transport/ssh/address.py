"""Where a server is and who we are there: what a user writes, with what their `~/.ssh/config` says about it."""

import getpass
import re
from pathlib import Path
from urllib.parse import unquote

import msgspec

from webduh_console.errors import UsageError

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_USER = re.compile(r"[^\s@:/\x00-\x1f-][^\s@:/\x00-\x1f]*")
_FORMS = "Write it as user@host, ssh://user@host:port, or a name from ~/.ssh/config."
_DEPTH = 8


class Endpoint(msgspec.Struct, frozen=True):
    """A server as it is dialled. `words` is what the user wrote, without a password; `jumps` come first to last.

    `identities` are key files that exist; with `only` no other key is tried. `alias` is the name under which its host
    key is known, if not its own; `proxy` a shell command that connects its input and output to the server.
    """

    host: str
    port: int
    user: str
    identities: tuple[str, ...]
    jumps: tuple["Endpoint", ...]
    words: str
    only: bool = False
    alias: str = ""
    proxy: str = ""

    @property
    def where(self) -> str:
        """Host and port as people write them: `10.0.0.5:22`, `[::1]:22`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def known_as(self) -> str:
        """The name of its host key in a `known_hosts` file."""
        if self.alias:
            return self.alias.lower()
        return self.host.lower() if self.port == 22 else f"[{self.host.lower()}]:{self.port}"


class Patience(msgspec.Struct, frozen=True):
    """How long a server may take, in seconds: to be reached (each part of it), and to be silent before it is asked.

    Silent for as long again after that, its connection is lost.
    """

    connect: float = 10.0
    silence: float = 15.0


class Written(msgspec.Struct, frozen=True):
    """The parts of an address as a user wrote them; what was not written is empty or None."""

    host: str
    user: str = ""
    port: int | None = None

    @property
    def words(self) -> str:
        """The address in one short form."""
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        user = f"{self.user}@" if self.user else ""
        return f"ssh://{user}{host}:{self.port}" if self.port else f"{user}{host}"


def endpoint(address: str, identity: Path | None = None, config: Path | None = None) -> Endpoint:
    """The server that `ssh://user@host:port`, `user@host` or a name from the SSH configuration stands for.

    `config` is read instead of `~/.ssh/config`; with an `identity` no other key is tried. UsageError names what is
    wrong with the address, the key or the configuration.
    """
    if identity is not None and not identity.expanduser().is_file():
        raise UsageError(
            f"There is no key file {identity}.", hint="Name the private key's file, such as ~/.ssh/id_ed25519."
        )
    return _resolved(parsed(address), identity, config, _DEPTH)


def _resolved(written: Written, identity: Path | None, config: Path | None, depth: int) -> Endpoint:
    from webduh_console.transport.ssh import configuration

    if not depth:
        raise UsageError(
            f"The way to {written.host!r} has no end.",
            why=f"ProxyJump leads through more than {_DEPTH} hosts, or in a circle.",
            hint="Correct ProxyJump in ~/.ssh/config.",
        )
    said = configuration.options(written, config)
    jumps: list[Endpoint] = []
    for hop in said.jumps:
        way = _resolved(parsed(hop), None, config, depth - 1)
        # the first hop is reached as it is itself; every later one through the hop before it
        jumps += [*way.jumps, msgspec.structs.replace(way, jumps=())] if not jumps else [_bare(way)]
    identities = (str(identity.expanduser()),) if identity else said.identities
    return Endpoint(
        said.host,
        said.port,
        said.user or getpass.getuser(),
        tuple(path for path in identities if Path(path).is_file()),
        tuple(jumps),
        written.words,
        said.only or identity is not None,
        said.alias,
        "" if jumps else said.proxy,
    )


def _bare(way: Endpoint) -> Endpoint:
    return msgspec.structs.replace(way, jumps=(), proxy="")


def parsed(address: str) -> Written:
    """The parts of an address. UsageError names the part that is wrong, and repeats no password."""
    text = address.strip()
    scheme, separator, rest = text.partition("://")
    if separator:
        if scheme.lower() != "ssh":
            raise _wrong(text, f"Servers are reached over SSH, not {scheme or 'nothing'}.")
        text = rest.removesuffix("/")
    user, at, place = text.rpartition("@")
    if at and not separator and ":" in user and "/" not in user.partition(":")[0]:
        raise _password()
    if "/" in place or "?" in place or "#" in place:
        raise _wrong(_shown(place), "It has a path; a server has none.")
    name, colon, _ = user.partition(":")
    if colon:
        raise _password()
    name = unquote(name) if separator else name
    if at and not _USER.fullmatch(name):
        raise _wrong(_shown(place), "The user's name is empty or holds a sign that cannot be in one.")
    host, port = _host_and_port(place, bool(separator))
    return Written(host, name, port)


def _host_and_port(place: str, url: bool) -> tuple[str, int | None]:
    if not place:
        raise _wrong(place, "It names no host.")
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        if not bracket or not _is_ipv6(host) or (rest and not rest.startswith(":")):
            raise _wrong(place, "Square brackets hold an IPv6 address, such as [2001:db8::1]:22.")
        return host, _port(place, rest[1:]) if rest else None
    if place.count(":") > 1:
        if not _is_ipv6(place):
            raise _wrong(place, "It has more than one colon and is no IPv6 address.")
        if url:
            raise _wrong(place, "An IPv6 address in a URL stands in square brackets: ssh://user@[2001:db8::1]:22.")
        return place, None
    host, colon, rest = place.partition(":")
    if not _HOST.fullmatch(host):
        raise _wrong(place, "The host's name is empty or holds a sign that cannot be in one.")
    return host, _port(place, rest) if colon else None


def _is_ipv6(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return re.fullmatch(r"[0-9A-Za-z:.%_-]+", text) is not None


def _port(place: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536):
        raise _wrong(place, f"{text!r} is no port: a port is a number from 1 to 65535.")
    return int(text)


def _shown(place: str) -> str:
    return place.partition("/")[0]


def _wrong(shown: str, why: str) -> UsageError:
    return UsageError(f"{shown!r} is not the address of a server.", why=why, hint=_FORMS)


def _password() -> UsageError:
    return UsageError(
        "The address of a server holds a password.",
        why="Servers are entered with keys only, and an address is stored and shown.",
        kept="It was not stored.",
        hint="Leave it out and give a key with --identity, or one in the SSH agent.",
    )
