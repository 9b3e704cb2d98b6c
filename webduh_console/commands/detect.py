"""detect."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from webduh_console.commands.complete import app_argument, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Result, Text

if TYPE_CHECKING:
    from webduh_console.frameworks.report import DetectReport


@click.command(cls=Reading)
@app_argument
@click.option("--framework", metavar="NAME", help="Ask this framework plugin alone.")
@with_context
def detect(ctx: Context, app: str, framework: str | None) -> Result:
    """Say what a folder holds, why, and how it would be built and run."""
    from webduh_console.commands.sources import source as source_of
    from webduh_console.config.load import load
    from webduh_console.config.spec import options, overridden
    from webduh_console.frameworks import detection
    from webduh_console.frameworks.report import report
    from webduh_console.frameworks.source import FolderSource
    from webduh_console.transport.git.address import is_address

    folder, loaded = Path(app).expanduser(), None
    if is_address(app) or (not folder.exists() and "/" not in app):
        there = source_of(ctx, app)
        folder, loaded = there.folder, there.loaded(ctx)
    source = FolderSource(folder)
    loaded = loaded or load(folder)
    frameworks, left = ctx.frameworks
    found = detection.detect(source, frameworks, framework or loaded.config.framework, options(loaded))
    plan = overridden(found.plan, loaded, "production")
    found = msgspec.structs.replace(found, plan=msgspec.structs.replace(plan, warnings=(*plan.warnings, *left)))
    answer = report(found)
    return Text(f"detect: {source.name}", page(answer), msgspec.to_builtins(answer))


def page(answer: "DetectReport") -> str:
    """A detection as lines for a person."""
    versions = (f"{name} {number} ({answer.version_source.get(name, '')})" for name, number in answer.versions.items())
    static = answer.static and f"{answer.static.dir}/" + (", unknown paths get index.html" if answer.static.spa else "")
    rows = [
        (
            "framework",
            f"{answer.framework} {answer.variant}".strip() + (f" ({answer.language})" if answer.language else ""),
        ),
        *(("because", f"{evidence.file}: {evidence.says}") for evidence in answer.evidence),
        *(("version", version) for version in versions),
        ("packages", answer.package_manager or ""),
        *(("install", line) for line in answer.install),
        *(("build", line) for line in answer.build),
        ("start", answer.start or ""),
        ("static", static or ""),
        ("port", str(answer.port) if answer.port else ""),
        ("health", answer.health),
        *(("variable", f"{env.name}: {env.why}" + (", required" if env.required else "")) for env in answer.env),
        *(("instead of", f"{other.framework}: {other.lost}") for other in answer.alternatives),
        *(("warning", warning) for warning in answer.warnings),
    ]
    return "\n".join(f"{name:<11} {text}" for name, text in rows if text)
