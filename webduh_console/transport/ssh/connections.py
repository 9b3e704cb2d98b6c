"""The connections to one server: made at first use and anew after a break, with room for a few programs on each."""

import copy
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import msgspec
from paramiko import SSHException

from webduh_console.errors import TargetError
from webduh_console.transport.ssh.address import Endpoint, Patience
from webduh_console.transport.ssh.connecting import UnreachedError, called, connect, nobody
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.link import Link, RefusedError, Stream
from webduh_console.transport.ssh.words import lost, sentence

Purpose = Literal["command", "stream"]
"""Short commands and long streams have connections of their own, so that a full pipe holds up no command."""

_MOST = 10
_WAIT = 60.0
_PAUSES = (1.0, 3.0)
_MOMENT = 2.0
"""Seconds for which a server that was silent when it was first dialled is not dialled again: who asks why would wait as
long once more."""


class Connections:
    """Connections to a server; safe to use from several threads. Each carries the programs of one purpose."""

    def __init__(self, name: str, endpoint: Endpoint, host_keys: HostKeys, patience: Patience) -> None:
        self.server = called(name, endpoint)
        self._name, self._endpoint, self._host_keys, self._patience = name, endpoint, host_keys, patience
        self._room = threading.Condition()
        self._links: list[tuple[Purpose, Link]] = []
        self._dialling = threading.Lock()
        self._failure: tuple[float, TargetError] = (0.0, TargetError(""))
        self._met = False

    def run(self, purpose: Purpose, prepare: Callable[[Stream], None]) -> Stream:
        """A channel for one program, which `prepare` starts. TargetError when there is none to be had."""
        for again in (True, False):
            link = self._taken(purpose)
            try:
                stream = link.open("session")
            except RefusedError as error:
                self._give_back(link)
                if not self._smaller(link):
                    raise TargetError(
                        f"The server {self.server} does not let a program run.",
                        why=f"It refused the channel: {error.text or 'no reason given'}.",
                        hint="Allow sessions there (MaxSessions in its sshd_config).",
                    ) from error
                return self.run(purpose, prepare)
            except (OSError, EOFError, SSHException) as error:
                self._give_back(link)
                link.close()  # nothing was begun, so it can be tried on a new one
                if not again:
                    raise lost(self.server, "opening a channel", sentence(link.why)) from error
                continue
            if self._counted(stream, link):
                prepare(stream)
                return stream
        raise lost(self.server, "opening a channel", "The server closed it at once.")

    def channel(self, kind: str, *fields: str | int, timeout: float = 30.0) -> Stream:
        """A channel that is no program. RefusedError and TimeoutError as `Link.open` has them, TargetError else."""
        for again in (True, False):
            link = self._any()
            try:
                return link.open(kind, *fields, timeout=timeout)
            except TimeoutError:
                raise
            except (OSError, EOFError, SSHException) as error:
                link.close()
                if not again:
                    raise lost(self.server, "opening a channel", sentence(link.why)) from error
        raise AssertionError  # the loop ends in its second round

    @property
    def alive(self) -> bool:
        """Whether there is one, as far as is known without asking."""
        with self._room:
            self._forget_dead()
            return bool(self._links)

    def close(self) -> None:
        """End all of them; whoever asks again gets new ones."""
        with self._room:
            links, self._links = self._links, []
            self._room.notify_all()
        for _, link in links:
            _end(link)

    def _taken(self, purpose: Purpose) -> Link:
        """A connection with room for one more program, which is counted already."""
        deadline = time.monotonic() + _WAIT
        while True:
            with self._room:
                link = self._roomy(purpose)
                if link:
                    link.sessions += 1
                    return link
                full = len(self._links) >= _MOST
                if full and not self._room.wait(deadline - time.monotonic()):
                    raise TargetError(
                        f"Too many programs run at once on the server {self.server}.",
                        why=f"{_MOST} connections to it are full.",
                        hint="Wait until some of them have ended.",
                    )
            if not full:
                self._dial(purpose)

    def _any(self) -> Link:
        """A connection, rather one for streams."""
        while True:
            with self._room:
                self._forget_dead()
                found = dict(reversed(self._links))
            link = found.get("stream") or found.get("command")
            if link:
                return link
            self._dial("command")

    def _roomy(self, purpose: Purpose) -> Link | None:
        self._forget_dead()
        links = (link for use, link in self._links if use == purpose)
        return next((link for link in links if link.sessions < link.limit), None)

    def _forget_dead(self) -> None:
        for pair in [pair for pair in self._links if not pair[1].is_active()]:
            self._links.remove(pair)
            for below in pair[1].below:
                below.close()

    def _smaller(self, link: Link) -> bool:
        """Believe a server that grants no more programs on a connection; False when it granted not even one."""
        with self._room:
            link.limit = max(1, link.sessions)
            return link.sessions > 0

    def _counted(self, stream: Stream, link: Link) -> bool:
        """Give the room back when the channel is closed; False when it is already."""
        with stream.lock:
            gone = stream.closed
            if not gone:
                stream.closing = lambda: self._give_back(link)
        if gone:
            self._give_back(link)
        return not gone

    def _give_back(self, link: Link) -> None:
        with self._room:
            link.sessions -= 1
            self._room.notify_all()

    def _dial(self, purpose: Purpose) -> None:
        """Make one more connection. Whoever waited for one that could not be made hears the same error.

        So does who asks a moment after a server was silent that was never met.
        """
        asked = time.monotonic()
        with self._dialling:
            if self._failure[0] >= asked:
                raise copy.copy(self._failure[1])
            with self._room:
                if self._roomy(purpose):
                    return
            try:
                link = self._tried()
            except TargetError as error:
                silent = not self._met and time.monotonic() - asked > _MOMENT
                self._failure = (time.monotonic() + (_MOMENT if silent else 0), error)
                raise
            with self._room:
                self._links.append((purpose, link))
                self._room.notify_all()
            self._met = True

    def _tried(self) -> Link:
        """A new connection; a server that was there a moment ago, or is busy, is tried a few times meanwhile."""
        end = time.monotonic() + self._patience.connect
        for pause in (*_PAUSES, None):
            try:
                left = max(1.0, end - time.monotonic())
                patience = msgspec.structs.replace(self._patience, connect=left)
                return connect(self._name, self._endpoint, self._host_keys, nobody, patience)
            except UnreachedError as error:
                if pause is None or not (self._met or error.crowded) or time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
        raise AssertionError  # the last try returns or raises


def _end(link: Link) -> None:
    for each in (link, *reversed(link.below)):
        with suppress(OSError, EOFError, SSHException):
            each.close()
