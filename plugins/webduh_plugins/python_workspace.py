"""A member of a uv workspace: installed from the workspace's root, run in its own folder."""

import msgspec

from webduh_console.frameworks import BuildPlan, BuildStep, Command, Process, Source, Static, table, within
from webduh_plugins.python_project import VENV_PYTHON


def rooted(source: Source, plan: BuildPlan) -> BuildPlan:
    """The plan of a member as one of the root; as it is for an app that is none."""
    workspace = source.workspace
    if workspace is None or workspace.kind != "uv" or not workspace.path:
        return plan
    path = workspace.path
    name = table(source.toml("pyproject.toml"), "project").get("name")
    frozen = ("--frozen",) if workspace.root.exists("uv.lock") else ()
    chosen = ("--package", name) if isinstance(name, str) else ()
    sync = BuildStep(
        "install the dependencies",
        ("uv", "sync", *frozen, "--no-dev", "--no-editable", *chosen),
        ("uv",),
        (),
        (".venv",),
        ("~/.cache/uv",),
        {"UV_PROJECT_ENVIRONMENT": ".venv"},
    )
    added = tuple(step for step in plan.install if step.name == "add what is missing")
    return msgspec.structs.replace(
        plan,
        install=(sync, *(msgspec.structs.replace(step, inputs=()) for step in added)),
        build=tuple(
            msgspec.structs.replace(step, run=_inside(path, step.run), outputs=_below(path, step.outputs))
            for step in plan.build
        ),
        processes=tuple(Process(one.name, _inside(path, one.command)) for one in plan.processes),
        static=Static(f"{path}/{plan.static.dir}") if plan.static else None,
        package_manager="uv",
        from_root=True,
    )


def _inside(path: str, command: Command) -> Command:
    up = "../" * (path.count("/") + 1)
    return within(path, tuple(f"{up}{word}" if word == VENV_PYTHON else word for word in command))


def _below(path: str, outputs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{path}/{output}" for output in outputs)
