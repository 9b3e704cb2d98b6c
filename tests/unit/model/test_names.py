import re

import pytest

from webduh_console.model.names import AppKey, instance_name, is_name, nearest, to_name


@pytest.mark.parametrize("text", ["a", "0", "app", "my-app", "a-b-c", "preview-42", "x" * 40, "9lives"])
def test_a_name_is_small_letters_digits_and_single_hyphens(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "-a", "a-", "a--b", "A", "a_b", "a.b", "a b", "a/b", "é", "x" * 41, "a\n", "\na", "..", "a\0", "١", "ß"],
)
def test_anything_else_is_no_name(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("shop", "shop"),
        ("My Shop", "my-shop"),
        ("my_shop.v2", "my-shop-v2"),
        ("--a--b--", "a-b"),
        ("  ", "app"),
        ("", "app"),
        ("日本", "app"),
        ("café", "caf"),
        ("x" * 50, "x" * 40),
        ("x" * 39 + "-y", "x" * 39),
        ("\udcff", "app"),
        ("a\nb", "a-b"),
    ],
)
def test_any_text_has_a_nearest_name(text: str, name: str) -> None:
    assert to_name(text) == name
    assert is_name(to_name(text))


@pytest.mark.parametrize(
    ("word", "meant"),
    [("deplyo", "deploy"), ("stauts", "status"), ("zzz", None), ("", None), ("deploy", "deploy")],
)
def test_a_mistyped_word_has_a_nearest_known_one(word: str, meant: str | None) -> None:
    assert nearest(word, ["deploy", "status", "logs"]) == meant


@pytest.mark.parametrize(
    ("key", "slug", "words"),
    [
        (AppKey("default", "shop", "production"), "default--shop--production", "shop"),
        (AppKey("default", "shop", "staging"), "default--shop--staging", "shop (staging)"),
        (AppKey("acme", "shop", "production"), "acme--shop--production", "acme/shop"),
        (AppKey("acme", "shop", "preview-42"), "acme--shop--preview-42", "acme/shop (preview-42)"),
    ],
)
def test_a_key_has_a_slug_and_words(key: AppKey, slug: str, words: str) -> None:
    assert (key.slug, str(key), AppKey.from_slug(slug)) == (slug, words, key)


@pytest.mark.parametrize("slug", ["", "a", "a--b", "a--b--c--d"])
def test_a_slug_of_other_than_three_parts_is_none(slug: str) -> None:
    with pytest.raises(ValueError):
        AppKey.from_slug(slug)


KEY = AppKey("default", "shop", "production")


@pytest.mark.parametrize(
    ("process", "release", "index", "name"),
    [
        ("web", 1, 1, "default--shop--production--web--1"),
        ("web", 12, 2, "default--shop--production--web--12-2"),
        ("worker", 3, 1, "default--shop--production--worker--3"),
    ],
)
def test_an_instance_is_named_after_all_that_it_is(process: str, release: int, index: int, name: str) -> None:
    assert instance_name(KEY, process, release, index) == name


@pytest.mark.parametrize("length", range(1, 41))
def test_an_instance_name_never_exceeds_what_docker_takes(length: int) -> None:
    key = AppKey("p" * length, "a" * length, "e" * length)
    names = [instance_name(key, "w" * length, release, index) for release in (1, 99) for index in (1, 2)]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]", name) for name in names)
    assert len(set(names)) == 4


def test_a_name_of_exactly_63_characters_is_left_as_it_is() -> None:
    key = AppKey("default", "a" * 40, "b")
    whole = f"{key.slug}--web--1"
    process = "w" * (63 - len(whole) + 3)
    assert instance_name(key, process, 1) == f"{key.slug}--{process}--1"
    assert len(instance_name(key, process, 1)) == 63
    longer = instance_name(key, process + "w", 1)
    assert re.fullmatch(r"default--a{40}--b-[0-9a-f]{8}", longer)
