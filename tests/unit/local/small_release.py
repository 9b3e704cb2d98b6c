"""A release of a small app, for rules that need one."""

from pathlib import Path
from typing import Any

from webduh_console.model.build import Process
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, Route, SourceRef, Spec, Variable
from webduh_console.targets.local.layout import Layout

KEY = AppKey("default", "shop", "production")
DIGEST = "sha256:" + "ab" * 32
WEB, WORKER = Process("web", ("python", "app.py"), 2), Process("worker", ("python", "work.py"))
MIGRATE = Process("release", ("python", "migrate.py"))
HERE = Layout(Path("/w"))


def release(kind: Any = "tree", **spec: Any) -> Release:
    whole = Spec(**{"framework": "python", "processes": (WEB, WORKER, MIGRATE), "routes": (Route(port=8400),), **spec})
    variables = {"A": Variable("1"), "TOKEN": Variable("s3cret-value", secret=True)}
    source = SourceRef("/shop")
    return Release(
        7, KEY, "local", whole, Artifact(DIGEST, kind), source, EPOCH, "me", "command", "D", variables=variables
    )
