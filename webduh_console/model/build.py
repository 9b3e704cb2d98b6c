"""What a framework plugin answers: why it thinks it knows an app, and how the app is built and run."""

from typing import Literal, Protocol, runtime_checkable

import msgspec

Tier = Literal["wish", "compose", "dockerfile", "framework", "language", "static", "script"]
"""How strong a kind of evidence is, strongest first: an explicit wish beats a Compose file beats a Dockerfile …"""

TIERS: tuple[Tier, ...] = ("wish", "compose", "dockerfile", "framework", "language", "static", "script")

Command = tuple[str, ...]
"""An argv. `${PORT}` in a word stands for the port the instance must listen on."""


class Evidence(msgspec.Struct, frozen=True):
    """One reason for a match: the file it was seen in, relative to the source, and what was seen."""

    file: str
    says: str


class Match(msgspec.Struct, frozen=True):
    """A plugin's claim that it knows an app.

    `confidence` is 0 to 1, compared only within a tier. `supersedes` names frameworks that this one makes unnecessary,
    `needs` those whose installation and build belong to the app too, such as `node` for a front end.
    """

    framework: str
    tier: Tier
    confidence: float
    evidence: tuple[Evidence, ...]
    variant: str = ""
    supersedes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class BuildStep(msgspec.Struct, frozen=True):
    """One command of a build, run in the app's folder.

    `needs` are programs that must be there (`npm`), `caches` folders that survive builds (`~/.npm`), `inputs` the
    files the step depends
    on (empty: all of the source) and `outputs` what it makes, so that an unchanged step need not run again.
    """

    name: str
    run: Command
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    env: dict[str, str] = {}


class Check(msgspec.Struct, frozen=True):
    """A command that must succeed in what was built, as whom and where it will run, without a network.

    `why` is what is told when it fails.
    """

    name: str
    run: Command
    why: str


class Option(msgspec.Struct, frozen=True):
    """A setting of a plugin, under `options:` in `webduh.yaml`; with `choices` it is one of those."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    default: str = ""


class Static(msgspec.Struct, frozen=True):
    """Output that is served as files: `dir` relative to the app's folder; with `spa` an unknown path gets index.html.

    `not_found` is the page for an unknown path, relative to `dir`.
    """

    dir: str
    spa: bool = False
    not_found: str = "404.html"


class EnvVar(msgspec.Struct, frozen=True):
    """A variable that the app reads, as far as the plugin can tell."""

    name: str
    why: str
    when: Literal["build", "run", "both"] = "run"
    required: bool = False
    secret: bool = False
    default: str | None = None


class Volume(msgspec.Struct, frozen=True):
    """A folder that outlives releases. A relative `path` is inside the app's folder."""

    name: str
    path: str


class Mount(msgspec.Struct, frozen=True):
    """A file or folder of the app's source that is put at `path`, read-only; a relative path is in the app's folder.

    `digest` (`sha256:…`) covers names, modes and contents, `size` is in bytes.
    """

    source: str
    path: str
    digest: str
    size: int
    folder: bool = False


class Content(msgspec.Struct, frozen=True):
    """One file of what is mounted at `mount`; `path` is its place in that, if it is a folder, else empty."""

    mount: str
    path: str
    content: bytes
    executable: bool = False

    def __repr__(self) -> str:
        return f"Content({self.mount!r}, {self.path!r}, {len(self.content)} bytes)"


Restart = Literal["always", "on-failure", "never"]
"""When an instance that ends by itself is started again; a failure is any exit code but 0."""


class Process(msgspec.Struct, frozen=True):
    """One kind of an app's running parts; `web` gets the requests, `release` runs once per release.

    `overlap` says whether the old instances may run beside the new ones (None: as the app's spec says). `max_retries`
    bounds how often one that fails is started again (0: without end).
    """

    name: str
    command: Command
    instances: int = 1
    overlap: bool | None = None
    restart: Restart = "always"
    max_retries: int = 0

    def ends_well(self, exit: int | None) -> bool:
        """Whether an instance that ended with this code has done its work, and nothing is missing."""
        return exit == 0 and self.restart != "always"


class Schedule(msgspec.Struct, frozen=True):
    """A command that is run again and again, at the times that `cron` says in a time zone, like a process.

    Two runs never overlap. One that takes longer than `timeout` seconds is ended (0: it may take any time).
    """

    name: str
    cron: str
    command: Command
    timezone: str = "UTC"
    timeout: float = 0.0

    @property
    def process(self) -> Process:
        """What one run is: it is never started again."""
        return Process(self.name, self.command, restart="never")


class BuildPlan(msgspec.Struct, frozen=True):
    """How an app is built and run, as values: the local target runs it in a folder, others render it.

    `origin` says where a value came from when it was not the plugin: field → `webduh.yaml:7`. `port` is what the app
    listens on when it does not read PORT (None: it does). `health` is a path, or empty when any answer below 500 on `/`
    will do. `base` is what it is built on and `runs_on` what it runs on (empty: the same): keys of the table of images,
    or an image's name; empty, the language decides. `apt` are Debian packages that it runs with, `build_apt` those it
    is built with besides. `system` are steps that equip the machine itself: they run as root before anything of the app
    is there, with its `apt` alone, and what they make is there for the build and for what runs. `runtime` are the paths
    that run, all others stay behind (empty: all run). `writes` are folders that the app writes to while it runs and
    that need not outlive it. `files` are texts that it needs besides its source: path → text, relative to the app's
    folder. `checks` must hold in what was built. A plan `from_root` is one of a workspace: its paths
    and commands are relative to its root.
    """

    framework: str
    language: str
    variant: str = ""
    install: tuple[BuildStep, ...] = ()
    build: tuple[BuildStep, ...] = ()
    processes: tuple[Process, ...] = ()
    static: Static | None = None
    dockerfile: str | None = None
    port: int | None = None
    health: str = ""
    versions: dict[str, str] = {}
    version_source: dict[str, str] = {}
    package_manager: str | None = None
    env: tuple[EnvVar, ...] = ()
    variables: dict[str, str] = {}
    volumes: tuple[Volume, ...] = ()
    warnings: tuple[str, ...] = ()
    origin: dict[str, str] = {}
    base: str = ""
    runs_on: str = ""
    apt: tuple[str, ...] = ()
    build_apt: tuple[str, ...] = ()
    system: tuple[BuildStep, ...] = ()
    runtime: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    files: dict[str, str] = {}
    checks: tuple[Check, ...] = ()
    from_root: bool = False

    @property
    def start(self) -> Command | None:
        """The command of the process that gets the requests; None for static output."""
        return next((process.command for process in self.processes if process.name == "web"), None)


class Alternative(msgspec.Struct, frozen=True):
    """A framework that matched too and lost, and why."""

    framework: str
    tier: Tier
    confidence: float
    evidence: tuple[Evidence, ...]
    lost: str


class Detection(msgspec.Struct, frozen=True):
    """What was chosen for a source, on which evidence, against which alternatives, and the plan that follows."""

    match: Match
    alternatives: tuple[Alternative, ...]
    plan: BuildPlan


@runtime_checkable
class Source(Protocol):
    """A read-only view of an app's folder that cannot be left. Paths are relative, with `/`.

    `workspace` is the one the app is a member of; None when it stands alone.
    """

    name: str

    @property
    def workspace(self) -> "Workspace | None":
        """The workspace that the folder is a member of."""

    def exists(self, path: str) -> bool:
        """Whether there is a file at `path`."""

    def folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""

    def text(self, path: str) -> str:
        """The file's text, UTF-8 with wrong bytes replaced; empty if there is none or it is over 2 MiB."""

    def json(self, path: str) -> dict[str, object]:
        """The file as a JSON object; empty if there is none. SourceError names file and line when it is broken."""

    def toml(self, path: str) -> dict[str, object]:
        """The file as a TOML table; empty if there is none. SourceError names file and line when it is broken."""

    def files(self, pattern: str = "*") -> tuple[str, ...]:
        """The files that match a glob (`*.py`, `**/*.html`), sorted; folders such as node_modules are not entered."""


class Workspace(Protocol):
    """A tree with several apps and packages in it, as npm, pnpm, Yarn, Bun, uv, Cargo and Go have them.

    `kind` is whose it is (`node`, `uv`, `cargo`, `go`), `root` a view of all of it, `path` the app's folder in it, and
    `members` the folders of all members, sorted.
    """

    @property
    def kind(self) -> str:
        """Whose it is."""

    @property
    def root(self) -> Source:
        """All of it."""

    @property
    def path(self) -> str:
        """The app's folder in it; empty for the root itself."""

    @property
    def members(self) -> tuple[str, ...]:
        """The folders of its members."""


@runtime_checkable
class Optioned(Protocol):
    """A plugin that has settings: they are asked for in the console, and checked in `webduh.yaml`."""

    def options(self) -> tuple[Option, ...]:
        """Its settings."""


@runtime_checkable
class Refining(Protocol):
    """A plugin that looks at the plan of whichever framework was chosen, and betters it."""

    def refine(self, source: Source, plan: BuildPlan) -> BuildPlan:
        """The plan, changed or as it is. Pure."""


@runtime_checkable
class Verifying(Protocol):
    """A plugin that knows what must hold in what was built by its plan."""

    def verify(self, source: Source, plan: BuildPlan) -> tuple[Check, ...]:
        """The checks. Pure."""


class Framework(Protocol):
    """The plugin contract, `api = 1`: two pure functions. No network, no subprocess, only the source."""

    name: str
    api: int

    def detect(self, source: Source) -> Match | None:
        """Whether this plugin knows the app in `source`, and why."""

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """How the app is built and run. `options` are the plugin's own settings from `webduh.yaml`."""
