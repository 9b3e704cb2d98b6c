"""A user's own settings."""

from pathlib import Path

import pytest

from webduh_console.config.home import Home
from webduh_console.config.problems import ConfigFileError
from webduh_console.config.settings import Settings, load_settings, save_setting, setting_text, settings_file
from webduh_console.errors import NotFoundError, UsageError


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(tmp_path / "data", tmp_path / "config", tmp_path / "cache").made()


def test_without_a_file_all_is_default(place: Home) -> None:
    assert load_settings(place) == (Settings("night", False, "local"), ())


def test_a_wrong_setting_is_named_and_the_others_hold(place: Home) -> None:
    settings_file(place).write_text("theme: day\nread_only: yes\ntimes: mars\ntehme: x\n")
    settings, problems = load_settings(place)
    assert settings == Settings(theme="day")
    assert [str(problem) for problem in problems] == [
        'settings.yaml:2:12 read_only: expected true or false, found "yes" (write true)',
        'settings.yaml:3:8 times: expected one of local, utc, found "mars"',
        "settings.yaml:4:1 tehme: is not a setting (did you mean theme?)",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"theme: [", "broken YAML"),
        (b"- theme", "expected a block of keys"),
        (b"night", "expected a block of keys"),
        (b"theme: \xff", "is not UTF-8"),
    ],
)
def test_a_broken_file_leaves_the_defaults_and_cannot_be_changed(place: Home, text: bytes, says: str) -> None:
    settings_file(place).write_bytes(text)
    settings, problems = load_settings(place)
    assert settings == Settings()
    assert says in problems[0].says
    with pytest.raises(ConfigFileError, match=says):
        save_setting(place, "theme", "day")
    assert settings_file(place).read_bytes() == text


@pytest.mark.parametrize(
    ("before", "name", "text", "after"),
    [
        ("", "theme", "day", "theme: day\n"),
        ("# mine\ntheme: night  # dark\n\ntimes: utc\n", "theme", "day", "# mine\ntheme: day\n\ntimes: utc\n"),
        ("# mine\ntheme: night\n# last\n", "theme", None, "# mine\n# last\n"),
        ("times: utc", "read_only", "true", "times: utc\nread_only: true\n"),
        ("theme: night\n", "theme", "123", 'theme: "123"\n'),
        ("theme: night\n", "theme", "a: b", 'theme: "a: b"\n'),
        ("theme: >\n  two\n  lines\ntimes: utc\n", "theme", "day", "theme: day\ntimes: utc\n"),
        ("{theme: day, times: utc}\n", "theme", "x", "times: utc\ntheme: x\n"),
        ("{theme: day, times: utc}\n", "theme", None, "times: utc\n"),
        ("times: utc\n", "theme", None, "times: utc\n"),
        ("nonsense: 1\n", "theme", "day", "nonsense: 1\ntheme: day\n"),
    ],
)
def test_one_setting_is_changed_and_the_rest_stays(
    place: Home, before: str, name: str, text: str | None, after: str
) -> None:
    settings_file(place).write_text(before)
    settings = save_setting(place, name, text)
    assert settings_file(place).read_text() == after
    assert setting_text(settings, name) == (text if text is not None else setting_text(Settings(), name))
    assert settings == load_settings(place)[0]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("read_only", "perhaps", 'Expected true or false, found "perhaps".'),
        ("times", "mars", 'Expected one of local, utc, found "mars".'),
        ("theme", "", 'Expected a theme\'s name, found "".'),
    ],
)
def test_a_value_it_cannot_have_changes_nothing(place: Home, name: str, text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        save_setting(place, name, text)
    assert (caught.value.why, caught.value.kept) == (why, "It was not changed.")
    assert not settings_file(place).exists()


def test_an_unknown_setting_suggests_the_nearest(place: Home) -> None:
    with pytest.raises(NotFoundError) as caught:
        save_setting(place, "themes", "day")
    assert caught.value.hint == "Did you mean theme?"


@pytest.mark.parametrize("setting", [("theme", "day"), ("read_only", "true"), ("times", "utc"), ("theme", "ünïcode")])
def test_a_saved_setting_is_read_back(place: Home, setting: tuple[str, str]) -> None:
    save_setting(place, *setting)
    assert setting_text(load_settings(place)[0], setting[0]) == setting[1]
    assert load_settings(place)[1] == ()
