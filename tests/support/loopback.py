"""What answers on this machine."""

import socket
import urllib.request


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def page(url: str) -> str:
    """The text of an answer; URLError when there is none that is good."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())
