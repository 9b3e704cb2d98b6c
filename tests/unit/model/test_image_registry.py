"""What a registry is called, and how Docker is told of it."""

import base64
import json

import pytest

from webduh_console.model.registry import Registry, refusal


@pytest.mark.parametrize(
    "address",
    [
        "registry.example.com",
        "registry.example.com/team",
        "10.0.0.1:5000/a/b",
        "box:5000",
        "localhost/x",
        "[fd00::1]:5000/t",
    ],
)
def test_an_address_that_docker_takes_for_a_registry_is_taken(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://registry.example.com", "without https://"),
        ("team/app", "'team' is no host"),
        ("registry.example.com/Team", "'Team' cannot be part"),
        ("registry.example.com/", "'' cannot be part"),
        ("registry.example.com/team:1", "'team:1' cannot be part"),
        ("user@registry.example.com", "is no host"),
    ],
)
def test_what_docker_would_understand_otherwise_is_refused(address: str, why: str) -> None:
    assert why in refusal(address)


def test_a_login_is_a_header_and_the_password_is_not_shown() -> None:
    registry = Registry("box:5000/team", "me", "open?>sesame")
    assert "sesame" not in repr(registry)
    said = json.loads(base64.urlsafe_b64decode(registry.login))
    assert said == {"username": "me", "password": "open?>sesame", "serveraddress": "box:5000"}
    assert json.loads(base64.urlsafe_b64decode(Registry("box:5000").login)) == {}
    assert registry.repository("a--b--c") == "box:5000/team/a--b--c"
