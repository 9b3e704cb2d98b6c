"""apply: a folder, or a project of many apps, is made so as its file says."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webduh_console.commands import api
from webduh_console.commands.complete import dry_run_option, environment_option, target_names, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.deploy import would_deploy
from webduh_console.commands.language import Changing
from webduh_console.commands.leases import wait_option
from webduh_console.commands.plan_page import change_data, named, plan_text
from webduh_console.commands.results import Done, Lists, Result, Text
from webduh_console.commands.sources import SourceWishes, source
from webduh_console.errors import ConfigError, NotFoundError, UsageError
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.transport.git.address import is_address

if TYPE_CHECKING:
    from webduh_console.config.project import Project


@click.command(cls=Changing)
@click.argument("path", default=".", type=click.Path())
@environment_option
@click.option(
    "--on", metavar="TARGET", shell_complete=target_names, help="Where to deploy all of it, whatever the files say."
)
@click.option("--prune", is_flag=True, help="Remove the project's apps that its file no longer names.")
@click.option("--exit-code", is_flag=True, help="With --dry-run, exit with 3 when there is something to change.")
@wait_option
@click.option("-y", "--yes", is_flag=True, help="Answer every question with yes.")
@dry_run_option
@with_context
def apply(
    ctx: Context,
    path: str,
    environment: str | None,
    on: str | None,
    prune: bool,
    exit_code: bool,
    wait_for_lease: float,
    yes: bool,
    dry_run: bool,
) -> Result:
    """Make it so: deploy what differs from the files, in order, and stop at the first that fails.

    PATH is a folder with a webduh-project.yaml, that file itself, or a folder with a webduh.yaml.
    """
    if exit_code and not dry_run:
        raise UsageError(
            "--exit-code says what --dry-run found, and this would deploy.",
            kept="Nothing was changed.",
            hint="Add --dry-run, or leave --exit-code away.",
        )
    project = _project(Path(path))
    plans = _plans(ctx, Path(path), project, environment, on, wait_for_lease)
    changing = [plan for plan in plans if would_deploy(ctx, plan)]
    gone = _no_longer_named(ctx, project, plans) if prune and project else []
    if dry_run:
        return _page(ctx, plans, changing, gone, exit_code)
    if not changing and not gone:
        what = project.name if project else str(plans[0].key)
        return Done(f"Nothing to change: {what} is as its file says.", _data(ctx, plans, changing, gone))
    if gone and not yes:
        words = ", ".join(map(str, gone))
        ctx.confirm(f"Remove {words}, with all releases? Volumes are kept.", f"{words} was not removed.")
    more = [*(["--wait-for-lease", f"{wait_for_lease:g}"] if wait_for_lease else []), *(["--yes"] if yes else [])]
    wait = more[:2] if wait_for_lease else []
    return Lists((*(_deploy(plan, project, more) for plan in changing), *(_remove(key, wait) for key in gone)))


def _project(path: Path) -> "Project | None":
    """The project at a path; ConfigError when there is neither a project nor an app with a file."""
    from webduh_console.config.load import FILES as APP_FILES
    from webduh_console.config.project import FILES, load_project

    if not path.exists():
        raise NotFoundError(f"{path} does not exist.", kept="Nothing was changed.")
    project = load_project(path)
    if project is None and not any((path / name).is_file() for name in APP_FILES):
        raise ConfigError(
            f"{path} has neither a {FILES[0]} nor a {APP_FILES[0]}.",
            kept="Nothing was changed.",
            hint=f"`webduh deploy {path}` deploys a folder without one.",
        )
    return project


def _plans(
    ctx: Context, path: Path, project: "Project | None", environment: str | None, on: str | None, wait: float
) -> list[Plan]:
    """What would be done with each app, in the order of its turn. All are worked out before the first begins."""
    if project is None:
        return [api.plan(ctx, str(path.absolute()), environment, on, wait_for_lease=wait)]
    return [_plan(ctx, project, app, environment or project.environment, on, wait) for app in project.apps]


def _plan(ctx: Context, project: "Project", app: str, environment: str, on: str | None, wait: float) -> Plan:
    from webduh_console.config.spec import target

    wish, word = project.apps[app], project.source(app)
    if not Path(word).is_dir() and not is_address(word):
        raise ConfigError(
            f"The folder of {app} is not there.",
            why=f"{project.file} says {wish.path}, neither a folder nor the address of a repository.",
            kept="Nothing was changed.",
        )
    of_git: dict[str, Any] = {"ref": wish.ref, "path": wish.folder}
    found = source(ctx, word, SourceWishes(app, project.name, **of_git))
    where = on or wish.on or target(found.loaded(ctx), environment) or project.on
    return api.plan(
        ctx,
        word,
        environment,
        where,
        name=app,
        project=project.name,
        domains=wish.domains,
        wait_for_lease=wait,
        **of_git,
    )


def _no_longer_named(ctx: Context, project: "Project", plans: Sequence[Plan]) -> list[AppKey]:
    """The apps of the project in its environment that its targets have, and its file has not."""
    environment = plans[0].key.environment
    found = set()
    for name in sorted({plan.target for plan in plans}):
        target = ctx.target(name)
        api.remember(ctx, target)
        found |= {key for key in target.keys() if (key.project, key.environment) == (project.name, environment)}  # noqa: SIM118
    return sorted(key for key in found if key.app not in project.apps)


def _page(
    ctx: Context, plans: Sequence[Plan], changing: Sequence[Plan], gone: Sequence[AppKey], exit_code: bool
) -> Text:
    lines = [plan_text(plan, ctx.target(plan.target).url(plan)) for plan in plans]
    lines += [f"{key}\n  - app: its file no longer names it" for key in gone]
    code = 3 if exit_code and (changing or gone) else 0
    return Text("apply", "\n".join(lines), _data(ctx, plans, changing, gone), code, signed=True)


def _data(ctx: Context, plans: Sequence[Plan], changing: Sequence[Plan], gone: Sequence[AppKey]) -> dict[str, Any]:
    apps = [
        {
            **named(plan),
            "base": plan.base,
            "url": ctx.target(plan.target).url(plan),
            "deploy": plan in changing,
            "changes": [change_data(change) for change in plan.changes],
            "questions": [question.text for question in plan.questions],
            "warnings": list(plan.warnings),
        }
        for plan in plans
    ]
    return {"apps": apps, "remove": [key.app for key in gone]}


def _deploy(plan: Plan, project: "Project | None", more: Sequence[str]) -> str:
    """The command line that carries a plan out, with `more` options."""
    key = plan.key
    place = ["--on", plan.target, "-e", key.environment]
    if project is None:
        return shlex.join(["deploy", plan.source.app_folder, *place, *more])
    wish = project.apps[key.app]
    said = {"--ref": wish.ref, "--path": wish.folder}
    words = ["deploy", project.source(key.app), *place, "--name", key.app, "--project", key.project]
    words += [word for option, value in said.items() if value for word in (option, value)]
    words += [word for host in wish.domains for word in ("--domain", host)]
    return shlex.join([*words, *more])


def _remove(key: AppKey, more: Sequence[str]) -> str:
    name = key.app if key.project == "default" else f"{key.project}/{key.app}"
    return shlex.join(["app", "rm", name, "-e", key.environment, *more, "--yes"])
