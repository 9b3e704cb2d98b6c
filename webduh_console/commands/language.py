"""The one command language: `webduh X`, a line `X` of a script and `:X` in the console are the same thing."""

import importlib
import re
import shlex
from collections.abc import Sequence
from typing import Any

import click

from webduh_console import __version__
from webduh_console.commands.context import Context
from webduh_console.errors import NotFoundError, UsageError
from webduh_console.model.names import nearest

COMMANDS: dict[str, tuple[str, str]] = {
    "deploy": ("deploy:deploy", "Build a folder or app, release it and lead its address there."),
    "plan": ("deploy:plan", "Show what a deployment would change, and change nothing."),
    "rollback": ("deploy:rollback", "Go back to an earlier release, without a build."),
    "detect": ("detect:detect", "Say what a folder holds, why, and how it would be built and run."),
    "status": ("status:status", "Show what runs, and whether it is well."),
    "top": ("status:top", "Show the CPU and memory of every instance."),
    "releases": ("history:releases", "List the kept releases of an app."),
    "sbom": ("sbom:sbom", "List the packages in a release."),
    "deployments": ("history:deployments", "List what was deployed, when, by whom, and how it ended."),
    "apply": ("apply:apply", "Make a folder, or a project of many apps, as its file says."),
    "sync": ("sync:sync", "Learn anew what a target knows, such as on another laptop."),
    "drift": ("drift:drift", "Say what somebody changed by hand, and what mends it."),
    "audit": ("audit:audit", "Say who did what, when and from where."),
    "logs": ("logs:logs", "Read what an app's instances write."),
    "shell": ("session:shell", "Open a shell in a running instance of an app."),
    "run": ("session:run", "Run a command once in the serving release of an app."),
    "schedule": ("schedule:schedule", "List and run schedules, and see what became of their runs."),
    "build": ("build:build", "Build an app without deploying it, or show its Dockerfile."),
    "open": ("open:open_app", "Open an app's address in the browser."),
    "env": ("variables:env", "List, set and unset an app's variables."),
    "secret": ("variables:secret", "List, set and unset an app's secrets."),
    "app": ("app:app", "List, add, move and remove apps."),
    "target": ("target:target", "List, add, check, start and stop the places where releases run."),
    "server": ("server:server", "List, check, set up and look into the servers."),
    "config": ("config:config", "Check webduh.yaml, and read or change your settings."),
    "plugin": ("plugin:plugin", "List and show the framework plugins, and write new ones."),
    "demo": ("demo:demo", "Deploy a few small examples on this machine."),
}
FACES = ("help", "console", "completion")
"""Words that a face answers itself."""

_NAME = re.compile(r"\$\{(\$|[A-Za-z_][A-Za-z0-9_]*)\}")
_WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'\\])+\s*|\s+|\\$""", re.DOTALL)
_OUTPUT = "output"


class Language(click.Group):
    """A group whose commands are imported when they are used, so that `--help` loads none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return [*COMMANDS, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, loaded."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"webduh_console.commands.{module}"), attribute)
        return _with_output(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown name gets the nearest one."""
        refuse_unknown(self, ctx, args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's one-line helps; nothing is loaded for it."""
        rows = [(name, words) for name, (_, words) in COMMANDS.items()]
        rows += [(name, command.get_short_help_str(80)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def refuse_unknown(group: click.Group, ctx: click.Context, args: Sequence[str]) -> None:
    """NotFoundError with the nearest name when the first word is no command of the group."""
    known = group.list_commands(ctx)
    if ctx.resilient_parsing:  # a completion is asked for, which is never an error
        return
    if args and not args[0].startswith("-") and args[0] not in known:
        raise _unknown(group, ctx, args[0])


def _unknown(group: click.Group, ctx: click.Context, word: str) -> NotFoundError:
    known = group.list_commands(ctx)
    meant = nearest(word, [*known, *FACES] if isinstance(group, Language) else known)
    path = ctx.command_path.removeprefix("webduh").strip()
    return NotFoundError(
        f"There is no command {f'{path} {word}'.strip()}.",
        hint=f"Did you mean {meant}?" if meant else f"See `{ctx.command_path} --help`.",
    )


class Reading(click.Command):
    """A command that changes nothing: no app, no target, no setting."""


class Changing(click.Command):
    """A command that changes something, unless it is asked for a dry run."""


def would_change(context: click.Context) -> bool:
    """Whether running a parsed command would change something; a command that does not say is taken to."""
    command = context.command
    only_asks = isinstance(command, Changing) and context.params.get("dry_run") is True
    return not isinstance(command, click.Group | Reading) and not only_asks


class Noun(click.Group):
    """A command with verbs: `env set`. Alone it is parsed like any other, and shows its verbs."""

    def __init__(self, name: str | None = None, **options: Any) -> None:
        super().__init__(name, **{**options, "no_args_is_help": False})

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown verb gets the nearest one."""
        refuse_unknown(self, ctx, args)
        return super().resolve_command(ctx, args)


def _with_output(command: click.Command) -> click.Command:
    """Every leaf has `-o`; its value is read by the face, not by the command."""
    if isinstance(command, click.Group):
        for verb in command.commands.values():
            _with_output(verb)
    elif not any(parameter.name == _OUTPUT for parameter in command.params):
        command.params.append(
            click.Option(
                ["-o", "--output"],
                type=click.Choice(["table", "json"]),
                expose_value=False,
                callback=_keep_output,
                help="How to show the answer.",
            )
        )
    return command


def _keep_output(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value:
        ctx.find_root().meta[_OUTPUT] = value


def output_of(context: click.Context) -> str:
    """`table` or `json`, as this command line asked."""
    return str(context.find_root().meta.get(_OUTPUT, "table"))


@click.group(cls=Language, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="webduh", message="%(prog)s %(version)s")
def root() -> None:
    """Deploy your own apps to your own machines.

    Without a command, the console opens.
    """


def parse(words: Sequence[str], ctx: Context, group: click.Group = root) -> click.Context:
    """The context of the command these words name, down to its last verb; UsageError or NotFoundError if there is none.

    Only syntax is checked: nothing is run, and nothing needs to exist yet.
    """
    try:
        context = group.make_context("webduh", list(words), obj=ctx)
        command: click.Command = group
        while isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            if not rest:
                break
            name, verb, left = command.resolve_command(context, rest)
            assert verb is not None
            context = verb.make_context(name, [*left], parent=context)
            command = verb
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "webduh"
        raise UsageError(error.format_message(), kept="Nothing was done.", hint=f"See `{path} --help`.") from error
    return context


def invoke(context: click.Context) -> Any:
    """Run a parsed command; what it returns is a `Result`."""
    with context:
        return context.command.invoke(context)


def run_line(ctx: Context, line: str) -> Any:
    """Run one line, as `:` in the console does; asking for help answers a `Text`."""
    from webduh_console.commands.results import Text

    words = split(line)
    if not words:
        raise UsageError("There is no command in an empty line.", hint="Type `?` for help.")
    if {"-h", "--help"} & set(words):
        text = help_text([word for word in words if word not in ("-h", "--help")], ctx)
        return Text(f"help: {words[0]}", text, text)
    context = parse(words, ctx)
    if isinstance(context.command, click.Group):
        text = context.get_help()
        return Text(f"help: {line}", text, text)
    return invoke(context)


def help_text(words: Sequence[str], ctx: Context) -> str:
    """The help of a command."""
    context = root.make_context("webduh", [], obj=ctx, resilient_parsing=True)
    command: click.Command = root
    for word in words:
        if not isinstance(command, click.Group) or word.startswith("-"):
            break
        found = command.get_command(context, word)
        if found is None:
            raise _unknown(command, context, word)
        command, context = found, found.make_context(word, [], parent=context, resilient_parsing=True)
    return command.get_help(context)


def split(line: str, where: str = "") -> list[str]:
    """A line's words; quotes hold words together, `#` begins a comment. UsageError begins with `where`."""
    try:
        return shlex.split(_without_comment(line))
    except ValueError as error:
        place = f"{where}: " if where else ""
        raise UsageError(f"{place}The line {line!r} cannot be split into words: {error}.") from error


def _without_comment(line: str) -> str:
    """The line up to a `#` that begins a word, as in a shell; `shlex` would take one in the middle of a word too."""
    at = 0
    while at < len(line):
        if line[at] == "#":
            return line[:at]
        if (word := _WORD.match(line, at)) is None:  # a quote that is not closed
            return line
        at = word.end()
    return line


def completions(ctx: Context, text: str) -> list[str]:
    """What may stand where a line ends now: commands, verbs, options, apps."""
    from click.shell_completion import ShellComplete

    words = text.split(" ")
    complete = ShellComplete(root, {"obj": ctx}, "webduh", "_WEBDUH_COMPLETE")
    return [item.value for item in complete.get_completions(words[:-1], words[-1])]


def expand(words: Sequence[str], variables: dict[str, str], where: str) -> list[str]:
    """The words with each `${NAME}` replaced; a value never becomes several words. UsageError for an undefined name.

    `${$}` is a dollar sign: `${$}{NAME}` is the text `${NAME}`.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "$":
            return name
        if name not in variables:
            raise UsageError(
                f"{where}: the variable {name} is not defined.",
                kept="No line was run.",
                hint=f"Give it with --var {name}=VALUE, or in the environment.",
            )
        return variables[name]

    return [_NAME.sub(value, word) for word in words]


def as_written(word: str) -> str:
    """A word as it stands in a script that is to mean just that."""
    return shlex.quote(_NAME.sub(lambda match: f"${{$}}{match.group(0)[1:]}", word))
