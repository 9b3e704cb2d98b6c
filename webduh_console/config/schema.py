"""The schema of `webduh.yaml`. These types are the validator, the editors' JSON Schema and the reference in one."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from webduh_console.model.build import Restart
from webduh_console.model.names import NAME_LIMIT, to_name

SCHEMA_ID = "https://webduh.dev/schema/webduh.yaml.json"


def _word(pattern: str, words: str, longest: int | None = None, mend: Callable[[str], str] | None = None) -> Meta:
    """A constraint on a text; `words` finish the sentence «expected …», `mend` makes a right text of most wrong ones.

    Python's `$` would let a last line break through, and JavaScript has no `\\Z`: hence the look-ahead.
    """
    if pattern.endswith("$"):
        pattern += r"(?!\n)"
    return Meta(pattern=pattern, max_length=longest, extra={"words": words, "mend": mend})


def _to_host(text: str) -> str:
    return text.lower().rpartition("://")[2].partition("/")[0]


Name = Annotated[
    str,
    _word(
        r"^[a-z0-9]+(-[a-z0-9]+)*$",
        f"a name of a-z, 0-9 and single dashes, at most {NAME_LIMIT} characters",
        longest=NAME_LIMIT,
        mend=to_name,
    ),
]
VariableName = Annotated[
    str, _word(r"^[A-Za-z_][A-Za-z0-9_]*$", "a variable name of letters, digits and _", longest=256)
]
Words = Annotated[str, _word(r"\S", "a text that is not empty")]
ShellCommand = Annotated[str, _word(r"\S", "a command")]
Argv = Annotated[tuple[str, ...], Meta(min_length=1, extra={"words": "a list of words"})]
Command = ShellCommand | Argv
"""A text is run by `sh -c`; a list of words is run as it is. `${PORT}` stands for the port to listen on."""

Scalar = Annotated[str | bool | int | float, Meta(extra={"words": "a text, a number or true/false", "scalar": True})]
"""Any single value. Loading keeps the text it was written as, so that a version 1.10 stays 1.10."""

CronText = Annotated[str, _word(r"\S", "a time such as 15 3 * * * or @daily", longest=256)]
ZoneName = Annotated[
    str, _word(r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", "a time zone such as Europe/Berlin", longest=64)
]

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(ge=0, le=86400)]
DurationText = Annotated[str, _word(r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$", "a time with its unit, such as 30s")]
Duration = Annotated[Seconds | DurationText, Meta(extra={"words": "a time such as 30, 30s or 2m"})]
"""A time in seconds, or with its unit: `500ms`, `30s`, `2m`, `1h`."""

MemoryText = Annotated[str, _word(r"^[0-9]+(\.[0-9]+)?[BKMG]$", "an amount of memory such as 512M or 2G")]
MemorySize = Annotated[
    Annotated[int, Meta(ge=0)] | MemoryText, Meta(extra={"words": "an amount of memory such as 512M or 2G"})
]
"""Bytes, or with a unit of 1024: `B`, `K`, `M`, `G`."""

Cores = Annotated[float, Meta(ge=0.01, le=1024)]

UrlPath = Annotated[str, _word(r"^/[^\s#]*$", "a path that begins with /")]
InnerPath = Annotated[str, _word(r"^(?!/)(?!(.*/)?\.\.(/|$))[^\x00]+$", "a folder inside the app, such as dist")]
VolumePath = Annotated[str, _word(r"^(?!(.*/)?\.\.(/|$))[^\x00]+$", "a path without ..")]
Host = Annotated[
    str,
    _word(
        r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        "a host name in lower case, such as guest.example.com",
        longest=253,
        mend=_to_host,
    ),
]
Status = Annotated[int, Meta(ge=100, le=599)]
StatusRange = Annotated[str, _word(r"^[1-5][0-9][0-9]-[1-5][0-9][0-9]$", "a range such as 200-399")]
StatusWish = Annotated[Status | StatusRange, Meta(extra={"words": "a status such as 204 or a range such as 200-399"})]


class StaticConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Built files that are served as they are."""

    dir: Annotated[
        InnerPath, Meta(description="The folder of the built files, relative to the app.", examples=["dist"])
    ]
    spa: Annotated[bool, Meta(description="Answer an unknown path with index.html, for a single-page app.")] = False
    not_found: Annotated[
        InnerPath, Meta(description="The page for an unknown path, relative to the folder.", examples=["404.html"])
    ] = "404.html"


class HealthConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a new instance is healthy."""

    path: Annotated[UrlPath | None, Meta(description="The path that is asked.", examples=["/healthz"])] = None
    status: Annotated[
        StatusWish | None,
        Meta(description="The answer that counts as healthy: a status or a range.", examples=["200-399", 204]),
    ] = None
    timeout: Annotated[
        Duration | None, Meta(description="How long a new instance may take to become healthy.", examples=[60])
    ] = None
    interval: Annotated[Duration | None, Meta(description="The time between two questions.", examples=[0.25])] = None

    def __post_init__(self) -> None:
        if isinstance(self.status, str) and self.status[:3] > self.status[4:]:
            raise ValueError(f"status {self.status} ends before it begins")


class ProcessConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of the app's running parts."""

    command: Annotated[
        Command | None,
        Meta(description="What is run: a text for `sh -c`, or a list of words.", examples=["python worker.py"]),
    ] = None
    instances: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="How many copies run.", examples=[2])
    ] = None
    overlap: Annotated[
        bool | None,
        Meta(description="Whether old and new copies may run side by side; `deploy.overlap` if left out."),
    ] = None
    restart: Annotated[
        Restart | None,
        Meta(description="When a copy that ends is started again: `always`, if left out.", examples=["on-failure"]),
    ] = None
    max_retries: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        Meta(description="How often with `restart: on-failure`; without end if left out.", examples=[5]),
    ] = None


class DeployConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a release takes over from the one before."""

    watch: Annotated[
        Duration | None, Meta(description="How long a new release is watched after the switch.", examples=[5, "30s"])
    ] = None
    drain: Annotated[
        Duration | None,
        Meta(description="How long the old instances may finish what they are doing.", examples=[30, "2m"]),
    ] = None
    keep: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        Meta(description="How many releases are kept to go back to.", examples=[5]),
    ] = None
    overlap: Annotated[
        bool | None,
        Meta(
            description="Whether the old release runs on while the new one starts; with false it is stopped first, and "
            "the app does not answer meanwhile.",
            examples=[False],
        ),
    ] = None


class HookConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"where": "in"}):
    """Commands at a point of a deployment, where they are run, and how long each may take."""

    run: Annotated[
        ShellCommand | tuple[Command, ...],
        Meta(description="The commands, one after another.", examples=["npm run lint", [["./notify", "done"]]]),
    ]
    timeout: Annotated[
        Duration | None, Meta(description="How long each may take; 10 minutes if left out.", examples=["30s"])
    ] = None
    where: Annotated[
        Literal["here", "image"],
        Meta(
            description="Here, in the app's folder; or in the release's image, with its variables.", examples=["image"]
        ),
    ] = "here"


HookWish = ShellCommand | tuple[Command, ...] | HookConfig


class HooksConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Commands that are run on the machine that deploys, in the app's folder."""

    before_build: Annotated[HookWish | None, Meta(description="Before the build; a failure stops it.")] = None
    after_build: Annotated[
        HookWish | None, Meta(description="After the build, before anything changes; a failure stops the deployment.")
    ] = None
    before_deploy: Annotated[
        HookWish | None, Meta(description="Before a release is recorded and started; a failure stops the deployment.")
    ] = None
    after_deploy: Annotated[
        HookWish | None, Meta(description="When the new release serves and is kept; a failure is a warning.")
    ] = None
    before_rollback: Annotated[HookWish | None, Meta(description="Before a rollback; a failure stops it.")] = None
    after_rollback: Annotated[HookWish | None, Meta(description="After a rollback; a failure is a warning.")] = None
    after_failure: Annotated[
        HookWish | None,
        Meta(description="When a deployment or rollback failed, was taken back or cancelled; a failure is a warning."),
    ] = None


class ScheduleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command that is run again and again."""

    cron: Annotated[
        CronText,
        Meta(
            description="When: minute, hour, day of the month, month, day of the week; or @hourly, @daily, @weekly, "
            "@monthly, @yearly.",
            examples=["15 3 * * *", "@hourly"],
        ),
    ]
    run: Annotated[
        Command, Meta(description="What is run: a text for `sh -c`, or a list of words.", examples=["./cleanup"])
    ]
    timezone: Annotated[ZoneName, Meta(description="The time zone of these times.", examples=["Europe/Berlin"])] = "UTC"
    timeout: Annotated[
        Duration | None,
        Meta(description="After this long a run is ended; it may take any time if left out.", examples=["1h", 3600]),
    ] = None


class LocalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What only the local target needs."""

    port: Annotated[
        Annotated[int, Meta(ge=1024, le=65535)] | None,
        Meta(description="The stable port on this machine.", examples=[8080]),
    ] = None


class EnvironmentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different in one environment; every value stands over the one of the app."""

    variables: Annotated[dict[VariableName, Scalar], Meta(description="Variables of this environment.")] = {}
    domains: Annotated[tuple[Host, ...] | None, Meta(description="Hosts that lead here, instead of the app's.")] = None
    on: Annotated[Name | None, Meta(description="The target this environment runs on.", examples=["local"])] = None
    processes: Annotated[
        dict[Name, ShellCommand | Argv | ProcessConfig], Meta(description="Processes that are added or changed here.")
    ] = {}
    files: Annotated[
        dict[InnerPath, VolumePath], Meta(description="Files that are mounted here, too, or instead at the same path.")
    ] = {}
    schedules: Annotated[
        dict[Name, ScheduleConfig],
        Meta(description="Schedules that are added here, or instead of the one of the same name."),
    ] = {}
    memory: Annotated[MemorySize | None, Meta(description="The limit of each instance here.", examples=["1G"])] = None
    cpus: Annotated[Cores | None, Meta(description="The cores each instance may use here.", examples=[0.5])] = None
    deploy: Annotated[DeployConfig, Meta(description="How a release takes over here.")] = DeployConfig()
    health: Annotated[UrlPath | HealthConfig | None, Meta(description="When an instance is healthy here.")] = None
    local: Annotated[LocalConfig, Meta(description="What only the local target needs.")] = LocalConfig()


class AppConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an app says about itself. Every key is optional: what is not said is detected."""

    name: Annotated[
        Name | None, Meta(description="The app's name; the folder's name if left out.", examples=["guestbook"])
    ] = None
    project: Annotated[Name, Meta(description="The project it belongs to.", examples=["default"])] = "default"
    framework: Annotated[
        Name | None, Meta(description="The framework plugin to use, whatever is detected.", examples=["python"])
    ] = None
    options: Annotated[dict[Words, Scalar], Meta(description="The framework plugin's own settings.")] = {}
    install: Annotated[
        ShellCommand | tuple[Command, ...] | None,
        Meta(
            description="The commands that install dependencies.",
            examples=["npm ci", ["npm ci", ["npx", "prisma", "generate"]]],
        ),
    ] = None
    build: Annotated[
        ShellCommand | tuple[Command, ...] | None,
        Meta(description="The commands that build the app.", examples=["npm run build"]),
    ] = None
    start: Annotated[
        Command | None,
        Meta(description="The command of the web process; short for processes.web.", examples=["python3 app.py"]),
    ] = None
    static: Annotated[
        InnerPath | StaticConfig | None, Meta(description="Serve this folder as files.", examples=["dist"])
    ] = None
    port: Annotated[
        Port | None, Meta(description="The port the app listens on when it does not read PORT.", examples=[8000])
    ] = None
    health: Annotated[
        UrlPath | HealthConfig | None, Meta(description="When a new instance is healthy.", examples=["/healthz"])
    ] = None
    processes: Annotated[
        dict[Name, ShellCommand | Argv | ProcessConfig],
        Meta(
            description="The app's running parts. `web` gets the requests, `release` runs once per release.",
            examples=[{"web": "python3 app.py", "worker": {"command": "python3 worker.py", "instances": 2}}],
        ),
    ] = {}
    schedules: Annotated[
        dict[Name, ScheduleConfig],
        Meta(
            description="Commands that are run again and again, like processes of the release that serves.",
            examples=[{"cleanup": {"cron": "15 3 * * *", "run": "python cleanup.py", "timezone": "Europe/Berlin"}}],
        ),
    ] = {}
    volumes: Annotated[
        dict[Name, VolumePath],
        Meta(
            description="Folders that outlive releases: name → path, relative to the app.", examples=[{"data": "data"}]
        ),
    ] = {}
    files: Annotated[
        dict[InnerPath, VolumePath],
        Meta(
            description="Files and small folders of the app that are mounted read-only: source → path; not built in.",
            examples=[{"config/app.toml": "/etc/app.toml"}],
        ),
    ] = {}
    variables: Annotated[
        dict[VariableName, Scalar],
        Meta(description="Variables of every process; no place for secrets.", examples=[{"LOG": "info"}]),
    ] = {}
    domains: Annotated[
        tuple[Host, ...] | None, Meta(description="Hosts that lead to the app.", examples=[["guest.example.com"]])
    ] = None
    memory: Annotated[
        MemorySize | None, Meta(description="The limit of each instance; none if left out.", examples=["512M"])
    ] = None
    cpus: Annotated[
        Cores | None,
        Meta(description="The cores each instance may use on a server; all if left out.", examples=[0.5, 2]),
    ] = None
    read_only: Annotated[
        bool | None,
        Meta(
            description="Whether an instance on a server can write to nothing but /tmp and its volumes. True for files "
            "that are served, if left out.",
            examples=[True],
        ),
    ] = None
    deploy: Annotated[DeployConfig, Meta(description="How a release takes over from the one before.")] = DeployConfig()
    hooks: Annotated[
        HooksConfig,
        Meta(
            description="Commands that are run here around build, deployment and rollback.",
            examples=[{"before-build": "npm run lint", "after-deploy": {"run": "./notify", "timeout": "30s"}}],
        ),
    ] = HooksConfig()
    on: Annotated[Name | None, Meta(description="The target the app runs on.", examples=["local"])] = None
    local: Annotated[LocalConfig, Meta(description="What only the local target needs.")] = LocalConfig()
    environments: Annotated[
        dict[Name, EnvironmentConfig],
        Meta(description="What is different in an environment.", examples=[{"staging": {"memory": "256M"}}]),
    ] = {}

    def environment(self, name: str) -> EnvironmentConfig:
        """What is said about one environment; nothing if it is not named."""
        return self.environments.get(name, EnvironmentConfig())


def schema() -> dict[str, Any]:
    """The JSON Schema of `webduh.yaml`, draft 2020-12, for editors and the reference."""
    (reference,), parts = msgspec.json.schema_components((AppConfig,), ref_template="#/$defs/{name}")
    top = parts.pop("AppConfig")
    del reference
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **top,
        "title": "webduh.yaml",
        "$defs": parts,
    }
