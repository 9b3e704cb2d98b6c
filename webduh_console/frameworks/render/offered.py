"""Which variables a build is offered: plain ones as build arguments, secrets as files that are in no layer."""

import re
from collections.abc import Mapping

import msgspec

from webduh_console.frameworks.render.words import is_variable
from webduh_console.model.build import BuildPlan
from webduh_console.model.release import Variable

SECRETS_DIGEST = "WEBDUH_SECRETS"
"""The build argument that must change with the secrets: BuildKit reuses a step whatever the secrets are."""

# What package managers read when they install; other plain variables would only make them install again.
_INSTALLING = re.compile(r"(PIP|UV|NPM|NPM_CONFIG|YARN|PNPM|BUN|POETRY|PDM|PIPENV|NODE)_", re.IGNORECASE)


class Offer(msgspec.Struct, frozen=True):
    """Names of variables. `arguments` go by `--build-arg`, `secrets` by `--secret id=NAME`.

    `installing` and `unlocking` are those of the arguments and of the secrets that the installation of dependencies
    gets too.
    """

    arguments: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    installing: tuple[str, ...] = ()
    unlocking: tuple[str, ...] = ()


def offered(plan: BuildPlan, variables: Mapping[str, Variable]) -> Offer:
    """What the steps of a build are offered of `variables`. Values are not looked at.

    A build may run the app's own code, so it gets all of them, as on the local target; but for the plugin's own, which
    the Dockerfile says. What the app reads is no business of the installation, where the scripts of other people's
    packages run. A Dockerfile of the app's own gets the arguments it names, and every secret to choose from.
    """
    read = {env.name for env in plan.env}
    named = {env.name for env in plan.env if env.when != "run"}
    names = [name for name in sorted(variables) if is_variable(name)]
    secrets = tuple(name for name in names if variables[name].secret)
    plain = [name for name in names if name not in secrets and not own(plan, name, variables)]
    if plan.dockerfile:
        return Offer(tuple(name for name in plain if name in named), secrets)
    return Offer(
        tuple(plain),
        secrets,
        tuple(name for name in plain if _INSTALLING.match(name) and name not in {"NODE_ENV", *read}),
        tuple(name for name in secrets if name not in read),
    )


def own(plan: BuildPlan, name: str, variables: Mapping[str, Variable]) -> bool:
    """Whether a variable of the plan is as the plugin says it, and not overruled by somebody."""
    given = variables.get(name)
    return name in plan.variables and (given is None or (given.origin == "plugin" and not given.secret))
