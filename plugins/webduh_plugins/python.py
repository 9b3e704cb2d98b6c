"""Python apps: web frameworks, plain programs, and sites that Python generates."""

from collections.abc import Iterator

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    EnvVar,
    Evidence,
    Match,
    Source,
    Static,
    is_secret,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins.python_app import modules
from webduh_plugins.python_django import collects_static
from webduh_plugins.python_entry import Entry, entry
from webduh_plugins.python_front import front_end
from webduh_plugins.python_given import CONDA
from webduh_plugins.python_install import adding_step, fetches, install_steps
from webduh_plugins.python_module import Module
from webduh_plugins.python_native import needed
from webduh_plugins.python_project import LOCKS, REQUIREMENTS, Project, describes, project, python_version
from webduh_plugins.python_server import Start
from webduh_plugins.python_sites import SIGNS, SITES, site_command
from webduh_plugins.python_start import procfile_processes, start
from webduh_plugins.python_tools import TOOLS
from webduh_plugins.python_workers import celery
from webduh_plugins.python_workspace import rooted

_SIGNS = (
    *REQUIREMENTS,
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "setup.cfg",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    *CONDA,
)


class Plugin:
    """Python, recognized by its project files, an app object, or a program with a usual name."""

    name = "python"
    api = 1
    variants = (
        *(
            "django",
            "fastapi",
            "fasthtml",
            "litestar",
            "quart",
            "flask",
            "dash",
            "sanic",
            "falcon",
            "bottle",
            "starlette",
        ),
        *("pyramid", "aiohttp", "tornado", "gradio", "streamlit", "nicegui", "blacksheep", "connexion", "robyn"),
        *TOOLS,
        *SITES,
    )

    def detect(self, source: Source) -> Match | None:
        """A framework is surest when its app object was found and it is a declared dependency."""
        signs = tuple(Evidence(file, "is there") for file in _SIGNS if source.exists(file))
        if [sign.file for sign in signs] == ["setup.cfg"] and not describes(source, "setup.cfg"):
            signs = ()
        if not signs and not any(map(source.files, ("*.py", "*/manage.py", "*/__main__.py", *SIGNS))):
            return None
        read = modules(source)
        found = project(source, read)
        begin = entry(source, found, read)
        if begin is None:
            lines = tuple(Evidence("Procfile", "says how it is started") for _ in range("web" in procfile(source)))
            return Match(self.name, "language", 0.8 if lines else 0.3, (*signs, *lines)) if signs else None
        evidence = (*begin.evidence, *_chosen(found))
        guessed = found.given is not None and found.given.guessed
        if begin.variant in SITES and guessed:
            return Match(self.name, "language", 0.4, evidence, begin.variant)
        if begin.variant:
            surely = begin.app is not None or begin.variant in ("django", "streamlit", "nicegui", *TOOLS, *SITES)
            confidence = 0.6 if not surely else 0.95 if begin.declared and not guessed else 0.8
            over, needs = front_end(source, begin)
            return Match(self.name, "framework", confidence, evidence, begin.variant, over, needs)
        one = read.get(begin.file, Module())
        serves = one.listens or one.reads_port
        if signs or serves:
            return Match(self.name, "language", 0.8 if serves else 0.6, evidence)
        return Match(self.name, "script", 0.5, evidence)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """The dependencies go into `.venv`; a Procfile says better than any guess how the app is started."""
        read = modules(source)
        found = project(source, read)
        begin = entry(source, found, read)
        lines = procfile(source)
        begun = start(source, found, begin, read) if begin is not None else Start()
        said = procfile_processes(lines, found)
        if "web" not in lines and (begin is None or not begin.variant) and (worker := celery(source, found, read)):
            begun = Start((worker,))
        guessed = [] if "web" in lines else [process for process in begun.processes if process.name not in lines]
        version = python_version(source, found)
        site = SITES.get(begin.variant) if begin is not None else None
        steps = install_steps(source, found)
        adds = (adding_step(begun.adds, steps[-1].inputs),) if begun.adds and "web" not in lines else ()
        native = needed(found.dependencies, fetches(source, found))
        plan = BuildPlan(
            self.name,
            "python",
            variant=begin.variant if begin else match.variant,
            install=(*steps, *adds),
            build=tuple(_build(source, found, begin)),
            processes=(*guessed, *said),
            static=Static(site) if site else None,
            port=None if "web" in lines else begun.port,
            health=begun.health,
            versions={"python": version.text} if version else {},
            version_source={"python": version.file} if version else {},
            package_manager=found.manager.name if found.manager else None,
            env=_variables(source, read),
            variables={"PYTHONUNBUFFERED": "1", **begun.variables} if not site else {},
            warnings=tuple(_warnings(source, begin, begun, read, found, procfile_says="web" in lines)),
            apt=native.apt if not site else (),
            build_apt=native.build if not site else (*native.apt, *native.build),
        )
        return rooted(source, plan)


def _chosen(found: Project) -> Iterator[Evidence]:
    if found.manager is not None and found.dependencies and not (found.given and found.given.guessed):
        yield Evidence(found.manager.file, f"is for {found.manager.name}")


def _build(source: Source, found: Project, begin: Entry | None) -> Iterator[BuildStep]:
    if begin is not None and (line := site_command(source, begin.variant, found.python)):
        needs = ("npm",) if line[-1] == "--html" else ()
        yield BuildStep("build the site", line, needs, outputs=(SITES[begin.variant],))
    if (
        begin is not None
        and begin.variant == "django"
        and begin.app is None
        and collects_static(source, begin) == "runs"
    ):
        yield BuildStep("collect the static files", (found.python, begin.file, "collectstatic", "--noinput"))


def _variables(source: Source, read: dict[str, Module]) -> tuple[EnvVar, ...]:
    found = (
        EnvVar(one.name, f"read in {file}", "run", one.required, is_secret(one.name), one.default)
        for file, module in read.items()
        for one in module.reads
    )
    return merged((*found, *named_in_example(source)))


def _warnings(
    source: Source, begin: Entry | None, begun: Start, read: dict[str, Module], found: Project, *, procfile_says: bool
) -> Iterator[str]:
    if begin is None and not procfile_says:
        yield "Nothing says how the app is started: write `start:` in webduh.yaml, or a Procfile."
    if not procfile_says:
        yield from begun.warnings
    if found.given is not None and found.given.guessed:
        names = ", ".join(found.given.requirements)
        yield f"Nothing lists the dependencies: what the app names is installed ({names}). A requirements.txt pins it."
    if found.given is not None and found.given.file in CONDA:
        yield f"{found.given.file} is for conda, which is not used here: what pip has of it is installed."
    if found.given is not None and found.given.left:
        names = ", ".join(found.given.left)
        yield f"These of conda are left out: {names}. Name them in a requirements.txt, or as `apt:`."
    if begin is not None and begin.variant and not begin.declared:
        where = found.listed or "a requirements.txt"
        yield f"{begin.file} needs {begin.variant}, which is not a dependency in {where}: the start will fail."
    if (
        begin is not None
        and begin.variant == "django"
        and begin.app is None
        and collects_static(source, begin) == "needs variables"
    ):
        yield (
            f"Static files are not collected, since the settings need variables: add `{begin.file} collectstatic` "
            "to the build steps in webduh.yaml."
        )
    if begin is not None and begin.variant and not procfile_says and (worker := celery(source, found, read)):
        line = " ".join(worker.command).replace(f"{found.python} -m ", "")
        yield f"It has a Celery: `processes: {{worker: {line}}}` in webduh.yaml, or a Procfile, runs its worker."
    yield from _locks(source, found)
    for file, one in read.items():
        if one.broken:
            yield f"{file} cannot be parsed ({one.broken}): what it says was not used."


def _locks(source: Source, found: Project) -> Iterator[str]:
    """Which lock file counts where there are several, or where the one there is belongs to another package manager."""
    there = [file for file in LOCKS if file.endswith("lock") and source.exists(file)]
    counts = found.manager.file if found.manager else ""
    idle = [file for file in there if file != counts]
    if not idle:
        return
    names = " and ".join(idle)
    if counts in there:
        yield f"There are several lock files: {counts} counts, {names} does not. Delete what is not used."
    else:
        yield f"{names} is not used: the project is not written for {LOCKS[idle[0]]}, and {found.listed} counts."
