"""The Docker SDK's client over streams to a server. Importing this module imports the SDK, which takes a while."""

import socket
import threading
from collections.abc import Callable
from typing import Any, cast

import requests
from docker.api.client import APIClient
from docker.transport.basehttpadapter import BaseHTTPAdapter
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from webduh_console.targets.server.wire import DuplexSocket
from webduh_console.transport.machine import Duplex

_BASE = "http+docker://ssh"
POOLED = 6


def client(opener: Callable[[], Duplex], version: str, timeout: int) -> APIClient:
    """A client whose connections, at most six at a time, are what `opener` gives; it speaks `version` of the API."""
    made = APIClient(base_url="http://127.0.0.1:1", version=version, timeout=timeout)  # never dialled
    made.trust_env = False  # neither this machine's proxies nor its netrc are meant for the server's socket
    made.base_url = _BASE
    made.mount(_BASE, _Adapter(opener))
    return made


class _Connection(HTTPConnection):
    """A pooled connection. Whether a kept one still lives is found out by using it."""

    opener: Callable[[], Duplex]

    def connect(self) -> None:
        wire = DuplexSocket(self.opener())
        wire.settimeout(self.timeout)
        self.sock = cast(socket.socket, wire)

    @property
    def is_connected(self) -> bool:
        return self.sock is not None


class _Pool(HTTPConnectionPool):
    """Connections that `opener` gives; whoever wants one more than the pool has waits for it."""

    scheme = "http"

    def __init__(self, opener: Callable[[], Duplex]) -> None:
        super().__init__("localhost", maxsize=POOLED, block=True)
        self._opener = opener

    def _new_conn(self) -> _Connection:
        made = _Connection("localhost")
        made.opener = self._opener
        return made


class _Adapter(BaseHTTPAdapter):
    __attrs__ = HTTPAdapter.__attrs__

    def __init__(self, opener: Callable[[], Duplex]) -> None:
        self._opener = opener
        self._attempt = threading.local()
        self._pool = _Pool(self._open)
        super().__init__()

    def get_connection(self, url: str | bytes, proxies: Any = None) -> Any:
        return self._pool

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send again when a kept stream turns out to be dead; each attempt drops one, until a new one is opened.

        All that goes this way may be repeated: what is already so answers 304, 404 or 409.
        """
        while True:
            self._attempt.opened = False
            try:
                return super().send(request, *args, **kwargs)
            except requests.exceptions.ConnectionError as error:
                if self._attempt.opened or isinstance(error, requests.exceptions.Timeout):
                    raise

    def close(self) -> None:
        self._pool.close()
        super().close()

    def _open(self) -> Duplex:
        self._attempt.opened = True
        return self._opener()
