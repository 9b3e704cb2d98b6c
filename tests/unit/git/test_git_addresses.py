"""What counts as a repository, and what must not stand in an address."""

from pathlib import Path

import pytest

from webduh_console.errors import NotFoundError, UsageError
from webduh_console.transport.git.address import Origin, is_address, origin


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        ("https://example.com/me/shop.git", True),
        ("http://example.com/me/shop", True),
        ("ssh://git@example.com:2222/shop.git", True),
        ("file:///srv/shop.git", True),
        ("git@example.com:me/shop.git", True),
        ("ftp://example.com/shop.git", False),
        ("shop", False),
        ("project/shop", False),
        (".", False),
        ("../shop", False),
        ("~/shop", False),
        ("C:shop", False),
        ("some/a@b:c", False),
        ("", False),
        ("\0", False),
    ],
)
def test_an_address_is_told_from_a_name_and_a_folder(word: str, counts: bool) -> None:
    assert is_address(word) is counts


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (Origin("https://example.com/me/shop.git"), "shop"),
        (Origin("https://example.com/me/shop/"), "shop"),
        (Origin("git@example.com:shop.git"), "shop"),
        (Origin("/srv/shop.git", path="apps/web"), "web"),
    ],
)
def test_an_app_is_called_after_its_folder_or_its_repository(wanted: Origin, name: str) -> None:
    assert wanted.name == name


@pytest.mark.parametrize("url", ["https://me:s3cret-word@example.com/a.git", "https://s3cret-word@example.com/a.git"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        origin(url)
    assert "s3cret-word" not in str(raised.value)
    assert "WEBDUH_GIT_TOKEN" in raised.value.hint


@pytest.mark.parametrize("ref", ["--upload-pack=x", "a b", "a\nb", "\x7f"])
def test_a_ref_that_git_would_take_for_something_else_is_refused(ref: str) -> None:
    with pytest.raises(UsageError):
        origin("https://example.com/a.git", ref=ref)


@pytest.mark.parametrize("path", ["/etc", "..", "apps/../..", "a\0b"])
def test_a_folder_outside_the_repository_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        origin("https://example.com/a.git", path=path)


def test_a_deploy_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        origin("git@example.com:a.git", key=str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("url", "confidential"),
    [
        ("https://example.com/a.git", True),
        ("http://example.com/a.git", False),
        ("http://127.0.0.1:8000/a.git", True),
        ("http://127.0.0.1.example.com/a.git", False),
    ],
)
def test_a_token_goes_only_where_nobody_reads_along(url: str, confidential: bool) -> None:
    assert Origin(url).confidential is confidential
