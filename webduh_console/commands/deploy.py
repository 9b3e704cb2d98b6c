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
from webduh_console.commands.leases import wait_option
from webduh_console.commands.plan_page import named, plan_page
from webduh_console.commands.results import Done, Result, Stream
from webduh_console.commands.turns import Again, in_turn
from webduh_console.config.schema import Host
from webduh_console.errors import QuestionError
from webduh_console.model.plan import Plan, Question
from webduh_console.model.target import CancelToken

SECONDS = click.FloatRange(min=0)
YES_ANSWERS = frozenset({"variables"})
"""The questions that `--yes` answers. Going back in history is asked for by its own option, or at a terminal."""

_older = click.option("--allow-older", is_flag=True, help="Deploy a commit that is older than the one that serves.")


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
        click.option(
            "--ref", metavar="NAME", help="The branch, tag or commit of a repository; by default its own branch."
        ),
        click.option("--path", metavar="FOLDER", help="The folder in a repository that holds the app."),
        click.option(
            "--deploy-key",
            type=click.Path(),
            metavar="FILE",
            help="The private key that opens a repository over SSH; kept until another is said.",
        ),
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
        click.option(
            "--batch",
            type=click.IntRange(min=1),
            metavar="N",
            help="Of several servers, how many are switched at once after the first; by default a third.",
        ),
        click.option(
            "--quorum",
            type=click.IntRange(min=1),
            metavar="N",
            help="Of several servers, how many are enough; those left out are behind. By default all.",
        ),
        wait_option,
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
@_older
@click.option("--behind", is_flag=True, help="Bring the servers that are behind up to the serving release; no more.")
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
    behind: bool,
    **wishes: Any,
) -> Result:
    """Build a folder or app, release it and lead its address there.

    APP is a name, a folder, or a Git repository: https://…, ssh://…, git@host:path, or the folder of a bare one. The
    old release serves until the new one is healthy; if anything fails, it serves on.
    """
    wishes["wait"] = not no_wait
    if behind:
        return _caught_up(ctx, app, environment, on, dry_run, **wishes)

    def planned(seconds: float) -> Plan:
        chosen = {**wishes, "wait_for_lease": seconds}
        return api.plan(ctx, app, environment, on, overwrite=overwrite or yes, **chosen)

    def again(seconds: float) -> tuple[Plan, bool]:
        later = planned(seconds)
        return _with_yes(later, yes), would_deploy(ctx, later)

    made = planned(wishes["wait_for_lease"])
    if dry_run:
        return plan_page(ctx, made)
    if not would_deploy(ctx, made):
        api.adopt(ctx, made)
        text = f"Nothing to change: release {made.base} of {made.key} serves this already."
        url = ctx.target(made.target).url(made)
        return Done(text, {**named(made), "release": made.base, "outcome": "unchanged", "url": url})
    return started(ctx, made, yes, wishes["wait_for_lease"], again)


def _caught_up(ctx: Context, app: str, environment: str | None, on: str | None, dry_run: bool, **wishes: Any) -> Result:
    """Bring the servers that are behind up to the serving release."""

    def planned(seconds: float) -> Plan:
        return api.catch_up_plan(ctx, app, environment, on, **{**wishes, "wait_for_lease": seconds})

    made = planned(wishes["wait_for_lease"])
    if dry_run:
        return plan_page(ctx, made)
    if not made.changes:
        text = f"No server of {made.target} is behind: release {made.to} of {made.key} serves on all."
        url = ctx.target(made.target).url(made)
        return Done(text, {**named(made), "release": made.to, "outcome": "unchanged", "url": url})

    def again(seconds: float) -> tuple[Plan, bool]:
        later = planned(seconds)
        return later, bool(later.changes)

    return started(ctx, made, True, wishes["wait_for_lease"], again)


def started(ctx: Context, plan: Plan, yes: bool, seconds: float = 0.0, again: Again | None = None) -> Stream:
    """Have the plan's questions answered, then begin; for so many seconds begin again when others were quicker."""
    for question in plan.questions:
        if not (yes and question.name in YES_ANSWERS):
            _answered(ctx, question)
    cancel = CancelToken()
    if seconds and again:
        return Stream(plan, in_turn(ctx, plan, cancel, seconds, again), cancel)
    return Stream(plan, api.apply(ctx, plan, cancel), cancel)


def _with_yes(plan: Plan, yes: bool) -> Plan:
    """The plan without the questions that `--yes` answers."""
    left = tuple(question for question in plan.questions if not (yes and question.name in YES_ANSWERS))
    return msgspec.structs.replace(plan, questions=left)


def _answered(ctx: Context, question: Question) -> None:
    """Have a question answered with yes; QuestionError names the option that does so."""
    kept, hint = "Nothing was changed.", f"{question.option} says yes."
    try:
        answer = ctx.ask(f"{question.text} [y/N]", False)
    except QuestionError as error:
        raise QuestionError(question.text, why=error.why, kept=kept, hint=hint) from error
    if answer.strip().lower() not in ("y", "yes"):
        raise QuestionError(question.text, kept=kept, hint=hint)


@click.command(cls=Reading)
@app_argument
@environment_option
@_folder_options
@click.option("--exit-code", is_flag=True, help="Exit with 3 when there is something to change.")
@_older
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

    def planned(seconds: float) -> Plan:
        chosen = {**wishes, "wait": not no_wait, "wait_for_lease": seconds}
        return api.rollback_plan(ctx, app, environment, to, **chosen)

    def again(seconds: float) -> tuple[Plan, bool]:
        return _with_yes(planned(seconds), yes), True

    made = planned(wishes["wait_for_lease"])
    return plan_page(ctx, made) if dry_run else started(ctx, made, yes, wishes["wait_for_lease"], again)


def would_deploy(ctx: Context, plan: Plan) -> bool:
    """Whether there is something to do: a change, a release that is not well, or one that was cut off."""
    return bool(plan.changes) or plan.force or not _serves(ctx, plan) or _cut_off(ctx, plan)


def _cut_off(ctx: Context, plan: Plan) -> bool:
    """Whether an earlier deployment has no end yet: then there is something to do even if nothing changed."""
    target = ctx.target(plan.target)
    return any(target.record(plan.key, place).unfinished() for place in target.places)


def _serves(ctx: Context, plan: Plan) -> bool:
    return ctx.target(plan.target).observe([plan.key])[plan.key].health == "serving"
