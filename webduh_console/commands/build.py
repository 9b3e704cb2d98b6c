"""build: an app's image, and the Dockerfile it is made with."""

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
from webduh_console.commands.language import Changing
from webduh_console.commands.results import Done, Result, Text, Work
from webduh_console.model.target import CancelToken


@click.command(cls=Changing)
@app_argument
@environment_option
@click.option("--on", metavar="TARGET", shell_complete=target_names, help="Where to build; by default where it runs.")
@click.option("--show", is_flag=True, help="Print the Dockerfile it is built with on a server, and build nothing.")
@click.option("--explain", is_flag=True, help="Say where the seconds of the build went, and the bytes of what it made.")
@dry_run_option
@with_context
def build(
    ctx: Context, app: str, environment: str | None, on: str | None, show: bool, explain: bool, dry_run: bool
) -> Result:
    """Build an app without deploying it, or show the Dockerfile it is built with.

    What was built is used by the next deployment of the same source.
    """
    plan = api.plan(ctx, app, environment, on)
    assert plan.build is not None
    if show:
        from webduh_console.frameworks.render import load_bases, render

        rendered = render(plan.build, plan.variables, plan.key.slug, load_bases(ctx.home.images))
        text = rendered.dockerfile or f"{plan.key} is built with its own Dockerfile, {rendered.own}."
        return Text(f"Dockerfile of {plan.key}", text, msgspec.to_builtins(rendered))
    data = {"app": plan.key.app, "environment": plan.key.environment, "target": plan.target}
    if dry_run:
        return Done(f"Would build {plan.key} on {plan.target}.", data)
    from webduh_console.engine.setup import run_steps
    from webduh_console.engine.steps import BuildAlone

    cancel = CancelToken()
    target = ctx.target(plan.target)
    step = BuildAlone(target, plan, target.places[0], explain)
    events = run_steps(target.name, [step], ctx.by, cancel, f"build of {plan.key}", plan.variables)
    return Work(str(plan.key), events, cancel, f"is built on {target.name}", data)
