"""Parts of other frameworks are put into a plan, and the settings of a plugin are checked. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from webduh_console.errors import UsageError
from webduh_console.frameworks.variables import merged
from webduh_console.model.build import BuildPlan, Option
from webduh_console.model.names import nearest


def composed(plan: BuildPlan, needed: Iterable[BuildPlan]) -> BuildPlan:
    """A plan with the installation and the build of those it needs, which come before its own build.

    How the app is started is the plan's own affair, and so are the versions of what both name.
    """
    for other in needed:
        plan = msgspec.structs.replace(
            plan,
            install=(*plan.install, *(step for step in other.install if step not in plan.install)),
            build=(*(step for step in other.build if step not in plan.build), *plan.build),
            versions={**other.versions, **plan.versions},
            version_source={**other.version_source, **plan.version_source},
            env=merged((*plan.env, *(env for env in other.env if env.when != "run"))),
            package_manager=plan.package_manager or other.package_manager,
            build_apt=tuple(dict.fromkeys((*plan.build_apt, *other.build_apt, *other.apt))),
        )
    return plan


def check_options(framework: str, known: Iterable[Option], given: Mapping[str, str]) -> None:
    """UsageError for a setting that a plugin does not have, or a value that it cannot have."""
    options = {option.name: option for option in known}
    for name, value in given.items():
        option = options.get(name)
        if option is None:
            near = nearest(name, list(options))
            raise UsageError(
                f"{framework} has no option {name}.",
                why=f"It has {', '.join(sorted(options)) or 'none'}.",
                kept="Nothing was changed.",
                hint=f"Did you mean {near}?" if near else "Take it out of `options:` in webduh.yaml.",
            )
        if option.choices and value not in option.choices:
            raise UsageError(
                f"The option {name} of {framework} cannot be {value!r}.",
                why=f"It is one of {', '.join(option.choices)}.",
                kept="Nothing was changed.",
                hint=f"{option.help}",
            )
