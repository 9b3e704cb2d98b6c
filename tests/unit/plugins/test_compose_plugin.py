"""A Compose file is recognized, and says what can be deployed instead."""

import pytest
from source_tree import Tree
from webduh_plugins.compose import FILES

from webduh_console.frameworks import SourceError
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("others", "hint"),
    [
        ({}, "FROM the service's image"),
        ({"web/Dockerfile": "FROM a"}, "`webduh deploy web`."),
        ({"services/api/Dockerfile": "FROM a", "web/Dockerfile": "FROM a"}, "`webduh deploy web`, and services/api."),
    ],
)
def test_it_is_named_with_what_to_do(tree: Tree, file: str, others: dict[str, str], hint: str) -> None:
    with pytest.raises(SourceError, match="not run yet") as error:
        detect(tree({file: "services: {}\n", **others}), plugins())

    assert hint in str(error.value)


@pytest.mark.parametrize(
    ("files", "framework"),
    [
        ({"index.html": "x"}, "static"),
        ({"Dockerfile": "FROM a"}, "dockerfile"),
        ({"Dockerfile.prod": "FROM a\nEXPOSE 80"}, "dockerfile"),
        ({"start.sh": "exec x"}, "shell"),
        ({"app.py": "from flask import Flask\napp = Flask(__name__)", "requirements.txt": "flask"}, "python"),
    ],
)
def test_whatever_else_is_there_is_meant(tree: Tree, files: dict[str, str], framework: str) -> None:
    assert detect(tree({"docker-compose.yml": "", **files}), plugins()).match.framework == framework
