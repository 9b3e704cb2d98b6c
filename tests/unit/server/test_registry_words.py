"""What Docker says when a registry fails, as a person reads it. The words are Docker's own, as they were heard."""

import pytest

from webduh_console.errors import RegistryError, TargetError
from webduh_console.model.registry import Registry
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.registries import PULLED, PUSHED, worded

REGISTRY = Registry("box:5000/team", "me", "secret-word")
GET = 'Get "https://box:5000/v2/": '
HEARD = [
    (GET + "dial tcp: lookup box on 10.0.0.2:53: no such host", "b finds no host box:5000.", True),
    (
        GET + "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "b does not trust",
        True,
    ),
    (GET + "http: server gave HTTP response to HTTPS client", "box:5000 does not speak TLS.", False),
    (GET + "no basic auth credentials", "It wants a user and a password.", False),
    (GET + "unauthorized: authentication required", "a user and a password", False),
    (GET + "unauthorized: incorrect username or password", "It does not take the user 'me' with this password.", False),
    ("denied: requested access to the resource is denied", "It does not let 'me' use box:5000/team/a.", False),
    (GET + "dial tcp 10.0.0.3:5000: connect: connection refused", "b does not reach it at box:5000", True),
    (GET + "net/http: request canceled (Client.Timeout exceeded while awaiting headers)", "b does not reach it", True),
    ("toomanyrequests: You have reached your pull rate limit.", "It has had too many requests.", False),
    ("manifest unknown: manifest unknown", "It does not have the image", False),
    ("received unexpected HTTP status: 500 Internal Server Error", "It fails while it takes the image", False),
    ("received unexpected HTTP status: 507 Insufficient Storage", "It has no room left.", False),
    ("something else", "Docker says: something else.", False),
]


def said(words: str, act: str, may_be_here: bool) -> Exception:
    return worded(REGISTRY, "shop", "box:5000/team/a", "b", act, EngineError("", said=words), may_be_here)


@pytest.mark.parametrize(("words", "why", "local"), HEARD)
def test_a_refusal_of_a_registry_is_worded(words: str, why: str, local: bool) -> None:
    pushing, pulling = said(words, PUSHED, False), said(words, PULLED, True)
    assert isinstance(pushing, RegistryError)
    assert pushing.what == "b cannot push the image to box:5000/team."
    assert why in pushing.why
    assert "webduh target registry shop --none" in pushing.hint
    assert "secret-word" not in f"{pushing.what}{pushing.why}{pushing.hint}"
    assert isinstance(pulling, TargetError) == local, "a quorum goes on without a server, not without a registry"


def test_a_full_disk_is_the_servers_own_trouble_where_it_pulls_and_the_registrys_where_it_pushes() -> None:
    words = "write /var/lib/docker/tmp/x: no space left on device"
    assert isinstance(said(words, PULLED, True), EngineError)
    assert isinstance(said(words, PUSHED, False), RegistryError)
