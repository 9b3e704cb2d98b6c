"""deploy, plan, rollback."""

from typing import Any

import click
import msgspec

from webduh_console.commands import api
from webduh_console.commands.complete import (
    app_argument,
    dry_run_option,
    environment_option,
    target_names,
    with_context,
)
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Reading
from webduh_console.commands.results import Done, Result, Stream, Text
from webduh_console.config.schema import Host
from webduh_console.errors import QuestionError
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

SECONDS = click.FloatRange(min=0)


class Domain(click.ParamType[str]):
    """A host name as `domains` in webduh.yaml has it."""

    name = "domain"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The host; fails with click's own error."""
        try:
            return msgspec.convert(value, Host)
        except msgspec.ValidationError:
            self.fail(f"{value!r} is no host name in lower case, such as guest.example.com.", param, ctx)


def _folder_options(command: Any) -> Any:
    for option in (
        click.option("--name", metavar="NAME", help="The app's name; by default webduh.yaml's, or the folder's."),
        click.option("--project", metavar="NAME", help="The project it belongs to."),
        click.option("--framework", metavar="NAME", help="Use this framework plugin, whatever is detected."),
        click.option(
            "--on",
            metavar="TARGET",
            shell_complete=target_names,
            help="Where to deploy; by default webduh.yaml's `on`, or where it was deployed last, or local.",
        ),
        click.option(
            "--domain",
            "domains",
            type=Domain(),
            multiple=True,
            metavar="HOST",
            help="A host that leads to it, such as guest.example.com; kept until another is said.",
        ),
    ):
        command = option(command)
    return command


def _run_options(command: Any) -> Any:
    for option in (
        click.option("--watch", type=SECONDS, metavar="SECONDS", help="How long to watch before the old release goes."),
        click.option("--drain", type=SECONDS, metavar="SECONDS", help="How long requests may take to end on the old."),
        click.option("--no-wait", is_flag=True, help="Return at serving; the next deployment stops the old release."),
        click.option("--force", is_flag=True, help="Deploy even if nothing changed, or something changed meanwhile."),
        click.option("-y", "--yes", is_flag=True, help="Answer every question with yes."),
        dry_run_option,
    ):
        command = option(command)
    return command


@click.command(cls=Changing)
@app_argument
@environment_option
@_folder_options
@_run_options
@click.option("--overwrite", is_flag=True, help="Overwrite variables that somebody else changed meanwhile.")
@with_context
def deploy(
    ctx: Context,
    app: str,
    environment: str | None,
    on: str | None,
    yes: bool,
    dry_run: bool,
    no_wait: bool,
    overwrite: bool,
    **wishes: Any,
) -> Result:
    """Build a folder or app, release it and lead its address there.

    APP is a name or a folder. The old release serves until the new one is healthy; if anything fails, it serves on.
    """
    made = api.plan(ctx, app, environment, on, wait=not no_wait, overwrite=overwrite or yes, **wishes)
    if dry_run:
        return plan_page(ctx, made)
    if not made.changes and not made.force and _serves(ctx, made) and not _cut_off(ctx, made):
        text = f"Nothing to change: release {made.base} of {made.key} serves this already."
        return Done(text, {**_named(made), "release": made.base, "outcome": "unchanged", "url": _url(ctx, made)})
    return started(ctx, made, yes)


def started(ctx: Context, plan: Plan, yes: bool) -> Stream:
    """Have the plan's questions answered, then begin."""
    for question in plan.questions:
        if not yes and ctx.ask(f"{question.text} [y/N]", False).strip().lower() not in ("y", "yes"):
            raise QuestionError(question.text, kept="Nothing was changed.", hint=f"{question.option} says yes.")
    cancel = CancelToken()
    return Stream(plan, api.apply(ctx, plan, cancel), cancel)


@click.command(cls=Reading)
@app_argument
@environment_option
@_folder_options
@click.option("--exit-code", is_flag=True, help="Exit with 3 when there is something to change.")
@with_context
def plan(ctx: Context, app: str, environment: str | None, on: str | None, exit_code: bool, **wishes: Any) -> Result:
    """Show what a deployment would change, and change nothing."""
    return plan_page(ctx, api.plan(ctx, app, environment, on, **wishes), exit_code)


@click.command(cls=Changing)
@app_argument
@environment_option
@click.option("--to", type=click.IntRange(min=1), metavar="RELEASE", help="The release to go back to.")
@_run_options
@with_context
def rollback(
    ctx: Context,
    app: str,
    environment: str | None,
    to: int | None,
    yes: bool,
    dry_run: bool,
    no_wait: bool,
    **wishes: Any,
) -> Result:
    """Go back to an earlier release, without a build.

    It gets a new number and everything the earlier one had: artifact, variables, routes. The release process is not
    run.
    """
    made = api.rollback_plan(ctx, app, environment, to, wait=not no_wait, **wishes)
    return plan_page(ctx, made) if dry_run else started(ctx, made, yes)


def plan_page(ctx: Context, plan: Plan, exit_code: bool = False) -> Text:
    """A plan as a page, and as JSON without the values of secrets."""
    facts = [fact for fact in ctx.target(plan.target).preflight(plan) if not fact.ok]
    data = {
        **_named(plan),
        "action": plan.action,
        "base": plan.base,
        "to": plan.to,
        "url": _url(ctx, plan),
        "framework": plan.spec.framework,
        "changes": msgspec.to_builtins(plan.changes),
        "steps": [
            "check",
            "build",
            "lease",
            "record",
            *(step.name for step in ctx.target(plan.target).steps(plan)),
            "current",
        ],
        "questions": msgspec.to_builtins(plan.questions),
        "warnings": list(plan.warnings),
        "blockers": [{"name": fact.name, "value": fact.value, "fix": fact.fix} for fact in facts],
    }
    code = 3 if exit_code and plan.changes else 0
    return Text(f"plan: {plan.key} on {plan.target}", plan_text(plan, _url(ctx, plan), data["blockers"]), data, code)


def plan_text(plan: Plan, url: str, blockers: list[dict[str, str]]) -> str:
    """A plan as lines: `+` comes, `-` goes, `~` changes."""
    base = f"release {plan.base} serves" if plan.base else "nothing serves yet"
    lines = [f"{plan.key} on {plan.target}: {base}" + (f", to be reached at {url}" if url else "")]
    if not plan.changes:
        lines.append("  nothing would change")
    for change in plan.changes:
        sign = "+" if not change.before else "-" if not change.after else "~"
        values = change.after if sign == "+" else change.before if sign == "-" else f"{change.before} → {change.after}"
        lines.append(f"  {sign} {change.kind:<9} {change.name:<18} {values}".rstrip())
    lines += [f"  ! {warning}" for warning in plan.warnings]
    lines += [f"  ? {question.text} ({question.option})" for question in plan.questions]
    lines += [f"  ✗ {blocker['name']}: {blocker['value']}. {blocker['fix']}" for blocker in blockers]
    return "\n".join(lines)


def _named(plan: Plan) -> dict[str, Any]:
    return {
        "app": plan.key.app,
        "project": plan.key.project,
        "environment": plan.key.environment,
        "target": plan.target,
    }


def _url(ctx: Context, plan: Plan) -> str:
    return ctx.target(plan.target).url(plan)


def _cut_off(ctx: Context, plan: Plan) -> bool:
    """Whether an earlier deployment has no end yet: then there is something to do even if nothing changed."""
    target = ctx.target(plan.target)
    return any(target.record(plan.key, place).unfinished() for place in target.places)


def _serves(ctx: Context, plan: Plan) -> bool:
    return ctx.target(plan.target).observe([plan.key])[plan.key].health == "serving"
