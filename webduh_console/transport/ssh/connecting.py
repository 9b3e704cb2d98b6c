"""How a connection is made: reached, its host key checked, entered with a key. Every failure in words."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
from paramiko import SSHException
from paramiko.ssh_exception import (
    AuthenticationException,
    BadAuthenticationType,
    IncompatiblePeer,
    MessageOrderError,
)

from webduh_console.errors import TargetError, UnreachableError
from webduh_console.transport.ssh.address import Endpoint, Patience
from webduh_console.transport.ssh.hostkeys import HostKey, HostKeys, fingerprint, unknown
from webduh_console.transport.ssh.keys import candidates
from webduh_console.transport.ssh.link import Link, Plug, RefusedError
from webduh_console.transport.ssh.words import NOTHING_DONE, sentence, unreachable

_TRIES = 6
_KINDS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
Vouch = Callable[[str], bool]
"""Says whether a fingerprint that is not known is to be kept as the host's."""


class UnreachedError(UnreachableError):
    """The server could not be reached, though it may be in a moment. `crowded`: it listens, but turned us away."""

    crowded = False


def connect(name: str, endpoint: Endpoint, host_keys: HostKeys, vouch: Vouch, patience: Patience) -> Link:
    """A connection that is entered. UnreachedError, HostKeyError or TargetError say what went wrong, and where."""
    way = [*endpoint.jumps, endpoint]
    link: Link | None = None
    before: list[Link] = []
    try:
        for hop in way:
            server = called(name, hop) if hop is endpoint else f"{hop.words} ({hop.where}), on the way to {name},"
            plug = _plug(server, hop, link, patience.connect)
            link = handshake(server, hop, host_keys, vouch, plug, patience)
            before.append(link)
            _enter(server, hop, link)
            link.watch_silence()
    except BaseException:
        for each in reversed(before):
            each.close()
        raise
    assert link is not None
    link.below = tuple(before[:-1])
    return link


def look(name: str, endpoint: Endpoint, host_keys: HostKeys, vouch: Vouch, patience: Patience) -> HostKey:
    """The host key the server shows, without entering it; one that is vouched for is kept and known from then on."""
    server, below = called(name, endpoint), None
    try:
        if endpoint.jumps:
            *first, last = endpoint.jumps
            below = connect(name, msgspec.structs.replace(last, jumps=tuple(first)), host_keys, vouch, patience)
        plug = _plug(server, endpoint, below, patience.connect)
        link = _met(server, endpoint, host_keys, plug, patience)
        try:
            kind, key = shown(link)
        finally:
            link.close()
    finally:
        if below:
            below.close()
    known = host_keys.check(endpoint.known_as, kind, key, server)
    if not known and vouch(fingerprint(key)):
        host_keys.add(endpoint.known_as, kind, key)
        known = True
    return HostKey(kind, fingerprint(key), known)


def nobody(fingerprint: str) -> bool:
    """Vouches for no key."""
    return False


def called(name: str, endpoint: Endpoint) -> str:
    """A server as errors call it: its name, and its host and port."""
    return endpoint.where if name in (endpoint.host, endpoint.where) else f"{name} ({endpoint.where})"


def shown(link: Link) -> tuple[str, bytes]:
    """The kind and the bytes of the host key that the server proved to have."""
    key = link.get_remote_server_key()
    return key.get_name(), key.asbytes()


def handshake(server: str, hop: Endpoint, host_keys: HostKeys, vouch: Vouch, plug: Plug, patience: Patience) -> Link:
    """Agree on keys, and check the host key; one that is not known must be vouched for."""
    link = _met(server, hop, host_keys, plug, patience)
    try:
        kind, key = shown(link)
        if not host_keys.check(hop.known_as, kind, key, server):
            if not vouch(fingerprint(key)):
                raise unknown(server, hop.words, kind, fingerprint(key))
            host_keys.add(hop.known_as, kind, key)
    except BaseException:
        link.close()
        raise
    return link


def _met(server: str, hop: Endpoint, host_keys: HostKeys, plug: Plug, patience: Patience) -> Link:
    link, timeout = Link(plug, patience.silence), patience.connect
    known = [entry.kind for entry in host_keys.entries(hop.known_as) if not entry.revoked]
    options = link.get_security_options()
    # a kind that is known comes first, so that a server with several keys shows the one that can be compared
    first = [kind for entry in known for kind in _KINDS.get(entry, (entry,)) if kind in options.key_types]
    options.key_types = tuple(dict.fromkeys([*first, *options.key_types]))
    link.banner_timeout = link.handshake_timeout = link.auth_timeout = timeout
    try:
        link.start_client(timeout=timeout)
        if not link.initial_kex_done:
            raise TimeoutError
    except (SSHException, EOFError, OSError) as error:
        link.close()
        raise _not_met(server, error, timeout) from error
    return link


def _not_met(server: str, error: Exception, timeout: float) -> TargetError:
    text, cause = str(error), error.__context__  # of a banner that cannot be read
    if isinstance(error, (IncompatiblePeer, MessageOrderError)):
        return unreachable(server, sentence(text), "Update the SSH server there, or allow it newer algorithms.")
    if "Indecipherable" in text or "Invalid SSH banner" in text or isinstance(cause, UnicodeDecodeError):
        return unreachable(server, "What answers there is not an SSH server.", "Check the port.")
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return _passing(
            server,
            f"Something accepts connections there, but said nothing within {timeout:g} s.",
            "Check the port; if it is right, the machine may be overloaded or its SSH server stuck.",
        )
    turned_away = _passing(
        server,
        "It ended the connection before it said who it is.",
        "It may be starting, or turn away many connections at once (MaxStartups), or block this address (fail2ban, "
        "PerSourcePenalties).",
    )
    turned_away.crowded = True
    return turned_away


def _passing(server: str, why: str, hint: str) -> UnreachedError:
    return UnreachedError(f"The server {server} cannot be reached.", why=why, kept=NOTHING_DONE, hint=hint)


def _plug(server: str, hop: Endpoint, below: Link | None, timeout: float) -> Plug:
    if below:
        try:
            return below.open("direct-tcpip", hop.host, hop.port, "127.0.0.1", 0, timeout=timeout)
        except (RefusedError, OSError) as error:
            raise _passing(
                server,
                f"The host before it could not connect to it: {error}.",
                "Check the address as seen from that host, and that it allows TCP forwarding.",
            ) from error
    if hop.proxy:
        return _through_program(server, hop.proxy)
    return _dialled(server, hop, timeout)


def _dialled(server: str, hop: Endpoint, timeout: float) -> socket.socket:
    try:
        places = socket.getaddrinfo(hop.host, hop.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = f"The name {hop.host!r} is not known: {getattr(error, 'strerror', None) or error}."
        raise unreachable(server, why, "Check the spelling, the network and the DNS.") from error
    end = time.monotonic() + timeout
    failure: OSError = TimeoutError()
    for left, (family, kind, protocol, _, place) in zip(range(len(places), 0, -1), places, strict=True):
        plug = socket.socket(family, kind, protocol)
        try:
            plug.settimeout(max(0.5, (end - time.monotonic()) / left))
            plug.connect(place)
        except OSError as error:
            plug.close()
            failure = error
            continue
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return plug
    if isinstance(failure, ConnectionRefusedError):
        raise _passing(
            server, f"Nothing listens on port {hop.port} there.", "Check the port, and that its SSH server runs."
        ) from failure
    if isinstance(failure, TimeoutError):
        raise _passing(
            server,
            f"It did not answer within {timeout:g} s.",
            "Check the address, that the machine is up, and that no firewall drops the connection.",
        ) from failure
    why = sentence(failure.strerror or str(failure))
    raise _passing(server, why, "Check the address and the network.") from failure


class _ProgramEnd(socket.socket):
    """Our end of a pair whose other end a program has. Closing it ends the program, as OpenSSH does."""

    program: "subprocess.Popen[bytes] | None" = None

    def close(self) -> None:
        super().close()
        if self.program is not None:
            self.program.terminate()


def _through_program(server: str, command: str) -> socket.socket:
    """What a ProxyCommand connects to."""
    pair, its = socket.socketpair()
    ours = _ProgramEnd(pair.family, pair.type, fileno=pair.detach())
    try:
        ends = its.fileno()
        ours.program = subprocess.Popen(
            ["sh", "-c", f"exec {command}"], stdin=ends, stdout=ends, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        ours.close()
        raise unreachable(server, f"Its ProxyCommand cannot be run: {error}.", "Correct ~/.ssh/config.") from error
    finally:
        its.close()
    return ours


def _enter(server: str, hop: Endpoint, link: Link) -> None:
    tried: list[str] = []
    for count, candidate in enumerate(candidates(hop), 1):
        if candidate.key is None:
            tried.append(f"{candidate.label}: {candidate.trouble}")
            continue
        if count > _TRIES:
            tried.append(f"{candidate.label}: not tried, a server hears {_TRIES} keys at most")
            continue
        try:
            more = link.auth_publickey(hop.user, candidate.key)
        except BadAuthenticationType as error:
            raise _not_entered(server, hop, f"It takes no keys, only {', '.join(error.allowed_types)}.") from error
        except AuthenticationException as error:
            if not link.is_active():
                raise _not_entered(server, hop, _list([*tried, f"{candidate.label}: refused"])) from error
            tried.append(f"{candidate.label}: refused")
            continue
        except (SSHException, EOFError, OSError) as error:
            with suppress(OSError):
                link.close()
            raise _passing(server, f"The connection ended while entering: {error}.", "Try it again.") from error
        if more:
            raise _not_entered(server, hop, f"After the key it also wants {', '.join(more)}, which cannot be given.")
        return
    raise _not_entered(server, hop, _list(tried))


def _list(tried: list[str]) -> str:
    if not tried:
        return "There is no key to enter with: none in ~/.ssh, none in the agent."
    return f"Keys: {'; '.join(tried)}."


def _not_entered(server: str, hop: Endpoint, why: str) -> TargetError:
    return TargetError(
        f"The server {server} does not let {hop.user!r} in.",
        why=why,
        kept=NOTHING_DONE,
        hint=f"Check the user's name; put your public key into ~{hop.user}/.ssh/authorized_keys there, or name the "
        "right key with --identity.",
    )
