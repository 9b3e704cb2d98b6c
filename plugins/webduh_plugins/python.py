"""Python apps: web frameworks, plain programs, and sites that Python generates."""

from collections.abc import Iterator

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    EnvVar,
    Evidence,
    Match,
    Process,
    Source,
    Static,
    is_secret,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins.python_app import Entry, entry, modules
from webduh_plugins.python_front import front_end
from webduh_plugins.python_inline import imported
from webduh_plugins.python_module import Module
from webduh_plugins.python_native import needed
from webduh_plugins.python_project import (
    REQUIREMENTS,
    Manager,
    Project,
    adding_step,
    fetches,
    install_steps,
    own_program,
    project,
    python_version,
    unlisted,
)
from webduh_plugins.python_sites import SITES, site_command
from webduh_plugins.python_start import Start, collects_static, procfile_processes, start
from webduh_plugins.python_workers import alone, celery
from webduh_plugins.python_workspace import rooted

_SIGNS = (*REQUIREMENTS, "pyproject.toml", "Pipfile", "setup.py", "uv.lock", "poetry.lock", "pdm.lock")

_TOLD_BY_FILES = ("django", "streamlit", "nicegui", "chainlit", "panel")


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
        *("aiohttp", "tornado", "gradio", "streamlit", "nicegui", "chainlit", "panel"),
        *("mkdocs", "sphinx", "pelican", "jupyter-book"),
    )

    def detect(self, source: Source) -> Match | None:
        """A framework is surest when its app object was found and it is a declared dependency."""
        signs = tuple(Evidence(file, "is there") for file in _SIGNS if source.exists(file))
        if not signs and not any(map(source.files, ("*.py", "*/manage.py", "*/__main__.py"))):
            return None
        found, read, begin = _begun(source)
        if begin is None:
            lines = tuple(Evidence("Procfile", "says how it is started") for _ in range("web" in procfile(source)))
            if own := own_program(source, found):
                lines += (Evidence("pyproject.toml", f"has the program {own}"),)
            return Match(self.name, "language", 0.8 if lines else 0.3, (*signs, *lines)) if signs else None
        evidence = (*begin.evidence, *_chosen(found))
        if begin.variant:
            surely = begin.app is not None or begin.variant in (*_TOLD_BY_FILES, *SITES)
            confidence = 0.6 if not surely else 0.95 if begin.declared else 0.8
            over, needs = front_end(source, begin)
            return Match(self.name, "framework", confidence, evidence, begin.variant, over, needs)
        one = read.get(begin.file, Module())
        serves = one.listens or one.reads_port
        if signs or serves:
            return Match(self.name, "language", 0.8 if serves else 0.6, evidence)
        return Match(self.name, "script", 0.5, evidence)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """The dependencies go into `.venv`; a Procfile says better than any guess how the app is started."""
        found, read, begin = _begun(source)
        lines = procfile(source)
        begun = start(source, found, begin, read) if begin is not None else _own_start(source, found)
        said = procfile_processes(lines, found)
        worker = alone(source, found, begin, read) if "web" not in lines else None
        begun = Start((worker,)) if worker else begun
        guessed = [] if "web" in lines else [process for process in begun.processes if process.name not in lines]
        version = python_version(source)
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


def _begun(source: Source) -> tuple[Project, dict[str, Module], Entry | None]:
    """What is installed, what the files say, and where it begins. Without a list, what is imported is installed."""
    found, read = project(source), modules(source)
    begin = entry(source, found, read)
    if found.manager is None and begin is not None and begin.variant:
        names = {"django"} if begin.variant == "django" else {name for one in read.values() for name in one.imports}
        found = unlisted(Manager("pip", begin.file), imported(names))
    return found, read, begin


def _own_start(source: Source, found: Project) -> Start:
    """The program that the project installs, if it is what starts the app."""
    name = own_program(source, found)
    return Start((Process("web", (f".venv/bin/{name}",)),)) if name else Start()


def _chosen(found: Project) -> Iterator[Evidence]:
    if found.manager is not None and found.dependencies and not found.inline:
        yield Evidence(found.manager.file, f"is for {found.manager.name}")


def _build(source: Source, found: Project, begin: Entry | None) -> Iterator[BuildStep]:
    if begin is not None and (line := site_command(source, begin.variant, found.python)):
        yield BuildStep("build the site", line, outputs=(SITES[begin.variant],))
    if begin is not None and begin.variant == "django" and collects_static(source, begin) == "runs":
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
    if begin is None and not procfile_says and not begun.processes:
        yield "Nothing says how the app is started: write `start:` in webduh.yaml, or a Procfile."
    if not procfile_says:
        yield from begun.warnings
    if found.inline and begin is not None and found.manager and found.manager.name == "pip":
        what = ", ".join(found.inline)
        yield f"Nothing lists what it needs: {what} is installed, as it is imported. A requirements.txt fixes versions."
    if source.exists("environment.yml") and (found.inline or found.manager is None):
        yield "environment.yml is for Conda, which is not used: list what the app needs in a requirements.txt, too."
    if begin is not None and begin.variant and not begin.declared and not found.inline:
        where = found.listed or "a requirements.txt"
        yield f"{begin.file} needs {begin.variant}, which is not a dependency in {where}: the start will fail."
    if begin is not None and begin.variant == "django" and collects_static(source, begin) == "needs variables":
        yield (
            f"Static files are not collected, since the settings need variables: add `{begin.file} collectstatic` "
            "to the build steps in webduh.yaml."
        )
    if begin is not None and begin.variant and not procfile_says and (worker := celery(source, found, read)):
        line = " ".join(worker.command).replace(f"{found.python} -m ", "")
        yield f"It has a Celery: `processes: {{worker: {line}}}` in webduh.yaml, or a Procfile, runs its worker."
    for file, one in read.items():
        if one.broken:
            yield f"{file} cannot be parsed ({one.broken}): what it says was not used."
