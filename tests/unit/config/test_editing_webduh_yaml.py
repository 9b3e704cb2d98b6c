"""Single settings of a webduh.yaml are changed, and everything else stays as somebody wrote it."""

import pytest

from webduh_console.config.editing import EditError, Path, by_hand, difference, edited
from webduh_console.config.yamlfile import Scalar

WRITTEN = """\
# Ours, since 2024.
name: shop   # as on the sign

processes:
  # gets the requests
  web: gunicorn shop:app
  worker:
    command: python work.py   # slow
    instances: 2

# the last word
health: "/up"
"""


@pytest.mark.parametrize(
    ("text", "changes", "after"),
    [
        ("", {("port",): 8000}, "port: 8000\n"),
        ("# nothing yet\n", {("port",): 8000}, "# nothing yet\nport: 8000\n"),
        ("# nothing yet", {("options", "wsgi"): "uvicorn"}, "# nothing yet\noptions:\n  wsgi: uvicorn\n"),
        ("name: a\n", {("port",): 80}, "name: a\nport: 80\n"),
        ("name: a", {("port",): 80}, "name: a\nport: 80\n"),
        ("port: 80  # why\nname: a\n", {("port",): 8000}, "port: 8000  # why\nname: a\n"),
        ("port: 80  # why\nname: a\n", {("port",): None}, "name: a\n"),
        ("name: a\nport: 80", {("port",): None}, "name: a\n"),
        ("options:\n  a: b\nname: a\n", {("options", "a"): None}, "name: a\n"),
        ("options:\nname: a\n", {("options", "x"): "1"}, "options:\n  x: '1'\nname: a\n"),
        ("processes: {web: a b}\n", {("processes", "job"): "c"}, "processes: {web: a b, job: c}\n"),
        ("processes: {web: a b, job: c}\n", {("processes", "job"): None}, "processes: {web: a b}\n"),
        ("processes: {web: a b}\nport: 1\n", {("processes", "web"): None}, "port: 1\n"),
        ("build:\n  - a\n  - b\n# end\nport: 1\n", {("build",): "make"}, "build: make\n# end\nport: 1\n"),
        ("build: |\n  a\n  b\n\nport: 1\n", {("build",): "make"}, "build: make\n\nport: 1\n"),
        ("build: [a,\n  b]\nport: 1\n", {("build",): None}, "port: 1\n"),
        ("name: a\r\nport: 80\r\n", {("port",): 81}, "name: a\r\nport: 81\r\n"),
        ("\ufeffname: a\n", {("name",): "b"}, "\ufeffname: b\n"),
        ("name: ä\nport: 1\n", {("port",): 2}, "name: ä\nport: 2\n"),
        ("name: a\n", {("start",): "echo: # 'no'"}, "name: a\nstart: 'echo: # ''no'''\n"),
        ("name: a\n", {("start",): "yes"}, "name: a\nstart: 'yes'\n"),
        ("name: a\n", {("port",): None}, "name: a\n"),
        ("name: a\n", {}, "name: a\n"),
        ("name: a\n", {("name",): "a"}, "name: a\n"),
        ("x:\n    y: 1\n", {("x", "z"): 2}, "x:\n    y: 1\n    z: 2\n"),
        ("---\nname: a\n", {("name",): "b"}, "---\nname: b\n"),
    ],
)
def test_a_setting_is_changed_in_its_place(text: str, changes: dict[Path, Scalar], after: str) -> None:
    assert edited(text, changes) == after


def test_comments_order_and_quotes_of_all_others_stay() -> None:
    changes: dict[Path, Scalar] = {
        ("name",): "market",
        ("processes", "web"): "uvicorn shop:app --port ${PORT}",
        ("processes", "worker", "command"): "python more.py",
        ("processes", "mail"): "python mail.py",
        ("port",): 8000,
        ("options", "wsgi"): "uvicorn",
    }
    assert edited(WRITTEN, changes) == (
        WRITTEN.replace("name: shop", "name: market")
        .replace("gunicorn shop:app", "uvicorn shop:app --port ${PORT}")
        .replace("python work.py", "python more.py")
        .replace("    instances: 2\n", "    instances: 2\n  mail: python mail.py\n")
        + "port: 8000\noptions:\n  wsgi: uvicorn\n"
    )


def test_what_is_taken_away_leaves_no_empty_block() -> None:
    changes: dict[Path, Scalar] = {("processes", "worker", "command"): None, ("processes", "worker", "instances"): None}
    left = edited(WRITTEN, changes)
    assert "worker" not in left
    assert "  web: gunicorn shop:app\n" in left
    assert edited(edited(left, {("processes", "web"): None}), {}).count("processes") == 0


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b\n",
        "a: {\n",
        "just words\n",
        "base: &base\n  port: 1\nname: a\nenvironments:\n  staging: *base\n",
    ],
)
def test_a_file_that_cannot_be_changed_without_disturbing_others_is_left(text: str) -> None:
    with pytest.raises(EditError) as caught:
        edited(text, {("base", "port"): 8000})
    assert caught.value.kept == "Nothing was written."
    assert "port: 8000" in caught.value.hint


def test_the_change_is_shown_as_a_diff() -> None:
    assert difference("a: 1\nb: 2\n", "a: 1\nb: 3\n") == [
        "--- webduh.yaml",
        "+++ webduh.yaml",
        "@@ -1,2 +1,2 @@",
        " a: 1",
        "-b: 2",
        "+b: 3",
    ]
    assert difference("a: 1\n", "a: 1\n") == []


def test_settings_are_written_as_one_would_by_hand() -> None:
    assert by_hand({("options", "wsgi"): "x", ("port",): 80, ("name",): None}) == "options:\n  wsgi: x\nport: 80\n"
