"""The smallest honest app of each framework in `tests/apps`, and all that is detected in it.

`NAME/app` is the folder, `NAME/expected.json` what `webduh detect -o json` says of it, with `path` for an app that is a
member of a workspace. WEBDUH_APPS=1 writes what is said anew; then read the difference.
"""

import json
import os
from pathlib import Path

import msgspec
import pytest

from webduh_console.config.load import load
from webduh_console.config.spec import options, overridden
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.render import render
from webduh_console.frameworks.report import report
from webduh_console.frameworks.source import FolderSource
from webduh_console.model.build import BuildPlan

APPS = Path(__file__).parents[2] / "apps"
NAMES = sorted(folder.name for folder in APPS.iterdir() if folder.is_dir())


def expected(name: str) -> dict[str, object]:
    """What is written down of an app; nothing before it is written for the first time."""
    file = APPS / name / "expected.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def planned(folder: Path) -> tuple[BuildPlan, dict[str, object]]:
    """An app's plan, and what is told of it."""
    loaded = load(folder)
    found = detect(FolderSource(folder), plugins(), loaded.config.framework, options(loaded))
    found = msgspec.structs.replace(found, plan=overridden(found.plan, loaded, "production"))
    return found.plan, json.loads(msgspec.json.encode(report(found)))


@pytest.mark.parametrize("name", NAMES)
def test_an_app_is_understood(name: str) -> None:
    wanted = expected(name)
    path = str(wanted.get("path", ""))
    plan, said = planned(APPS / name / "app" / path)
    said = {"path": path, **said} if path else said
    if os.environ.get("WEBDUH_APPS"):
        (APPS / name / "expected.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    assert said == expected(name)
    assert plan.dockerfile or render(plan).dockerfile
