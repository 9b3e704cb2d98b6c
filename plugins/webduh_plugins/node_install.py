"""How the dependencies of JavaScript are installed, on which files that depends, and what Debian must have for them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildStep, Command, Source, table
from webduh_plugins.node_manager import Manager
from webduh_plugins.node_package import Package

_SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".pnpmfile.cjs", "bunfig.toml")
_FOLDERS = ("patches/*", ".yarn/releases/*", ".yarn/plugins/*", ".yarn/plugins/*/*", ".yarn/patches/*")
_HOOKS = ("preinstall", "install", "postinstall", "prepare", "prepublish")
_HARMLESS = re.compile(
    r"(?:npx |pnpm (?:exec )?|yarn |bunx )?(?:husky(?: install)?|is-ci.*husky.*|lefthook install|simple-git-hooks"
    r"|only-allow \w+|patch-package|prisma generate|ngcc\b.*|exit 0|true|echo\b[^&|;]*)"
    r"(?: *\|\| *(?:true|exit 0|echo .*))?"
)
_GENERATED = re.compile(r"generator\s+\w+\s*\{[^}]*?^\s*output\s*=", re.DOTALL | re.MULTILINE)
_COMPILED = ("node-pty", "node-sass", "isolated-vm", "libxmljs", "libxmljs2", "usb", "serialport", "kerberos", "odbc")
_COMPILER = ("python3", "make", "g++")
_LAST_WITH_OLD_WEBPACK = (
    *(("react-scripts", 4), ("@vue/cli-service", 4), ("nuxt", 2), ("preact-cli", 3), ("webpack", 4), ("gatsby", 2)),
    *(("umi", 3), ("gridsome", 0), ("@angular-devkit/build-angular", 0), ("@quasar/app", 2)),
)
"""Framework → its last line that was made with a webpack before 5."""
_BROWSERS = ("puppeteer", "puppeteer-core", "playwright", "playwright-core", "playwright-chromium")
_CHROMIUM = "/usr/bin/chromium"
_OF_CHROMIUM = {"PUPPETEER_SKIP_DOWNLOAD": "true", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}


class Native(NamedTuple):
    """What dependencies need of the machine: packages to run and to build with, variables, and what to know."""

    apt: tuple[str, ...] = ()
    build_apt: tuple[str, ...] = ()
    variables: dict[str, str] = {}  # noqa: RUF012  # a tuple's default: never changed
    warnings: tuple[str, ...] = ()


def install_steps(
    source: Source, found: Package, members: tuple[str, ...] = (), adds: tuple[Command, ...] = ()
) -> tuple[BuildStep, ...]:
    """The steps that make node_modules; none without dependencies. `source` is where it is installed.

    `members` are those of the workspace that it is the root of, `adds` what adds to what the app depends on.
    """
    if not found.dependencies and not found.workspaces and not members:
        return ()
    manager = found.manager
    inputs = _inputs(source, manager, members)
    whole = _depends_on_more(source, found) or _members_depend(source, members)
    schemas = _schemas(source) if found.has("prisma", "@prisma/client") else ()
    plug = not found.linked
    outputs = (".yarn", ".pnp.cjs", ".pnp.loader.mjs", "node_modules") if plug else ("node_modules",)
    needed = () if whole else tuple(dict.fromkeys((*inputs, *schemas)))
    env = {"CI": "1", "NODE_ENV": "development"}  # in production what is only needed to build would be left out
    if found.has(*_BROWSERS):
        env |= _OF_CHROMIUM
    command = _install(manager)
    steps = [BuildStep("install the dependencies", command, manager.needs, needed, outputs, (manager.cache,), env)]
    for add in adds:
        outside = {"NODE_ENV": "development"}  # with CI set, some refuse to change what is locked
        steps.append(BuildStep("add to them", add, manager.needs, needed, outputs, (manager.cache,), outside))
    if members and not plug:
        # Some members get dependencies of their own; a folder that is named must be there.
        folders = tuple(f"{member}/node_modules" for member in members)
        steps.append(BuildStep("make the folders", ("mkdir", "-p", *folders), (), needed, folders))
    if schemas and found.has("prisma") and not _generates(found) and not _apart(source, schemas):
        run = found.program("prisma", "generate")
        steps.append(BuildStep("generate the client of Prisma", run, manager.needs, needed, ("node_modules",)))
    return tuple(steps)


def generated_by_build(source: Source, found: Package) -> tuple[BuildStep, ...]:
    """The step that generates Prisma's client into the app's own folders, if none of its scripts does."""
    schemas = _schemas(source)
    if not schemas or not found.has("prisma") or _generates(found) or not _apart(source, schemas):
        return ()
    run = found.program("prisma", "generate")
    return (BuildStep("generate the client of Prisma", run, found.manager.needs),)


def native(source: Source, found: Package) -> Native:
    """What the dependencies need of the machine."""
    apt: list[str] = []
    warnings: list[str] = []
    variables: dict[str, str] = {}
    if found.has("prisma", "@prisma/client"):
        apt.append("openssl")
        if source.folder("prisma/migrations"):
            warnings.append(
                "Migrations of Prisma are not run: write `release: npx prisma migrate deploy` in a Procfile."
            )
    if not found.running.isdisjoint(_BROWSERS):
        apt += ["chromium", "fonts-liberation"]
        variables["PUPPETEER_EXECUTABLE_PATH"] = _CHROMIUM
        if any("playwright" in name for name in found.running):
            warnings.append(f"Chromium is Debian's: start Playwright with `executablePath: '{_CHROMIUM}'`.")
    compiled = found.has(*_COMPILED) or source.exists("binding.gyp")
    return Native(tuple(apt), _COMPILER if compiled else (), variables, tuple(warnings))


def for_old_webpack(found: Package, asked: str) -> dict[str, str]:
    """What lets frameworks with a webpack before 5 build on a Node from 17 on, whose OpenSSL has no MD4.

    `asked` is the version of Node that is asked for, or empty; older ones refuse that word.
    """
    old = any(found.has(name) and (found.major(name) or last + 1) <= last for name, last in _LAST_WITH_OLD_WEBPACK)
    lines = [int(number) for number in re.findall(r"(?:^|[^\d.])(\d+)", asked)]
    early = bool(lines) and max(lines) < 17 and not asked.strip().startswith(">")
    return {"NODE_OPTIONS": "--openssl-legacy-provider"} if old and not early else {}


def _inputs(source: Source, manager: Manager, members: tuple[str, ...]) -> tuple[str, ...]:
    names = ("package.json", manager.lock, *_SETTINGS, *(f"{member}/package.json" for member in members))
    there = [file for file in names if file and source.exists(file)]
    return (*there, *(file for pattern in _FOLDERS for file in source.files(pattern)))


def _depends_on_more(source: Source, found: Package) -> bool:
    """Whether installing reads more of the app: packages in folders of it, and hooks that may do anything."""
    local = any(value.startswith(("file:", "link:", "portal:")) for value in found.dependencies.values())
    hooks = [found.scripts[name] for name in _HOOKS if name in found.scripts]
    return local or source.exists("binding.gyp") or not all(map(_HARMLESS.fullmatch, map(str.strip, hooks)))


def _members_depend(source: Source, members: tuple[str, ...]) -> bool:
    """Whether the hooks of a workspace's members read more than their package.json."""
    scripts = (table(source.json(f"{member}/package.json"), "scripts") for member in members)
    hooks = [line for said in scripts for name in _HOOKS if isinstance(line := said.get(name), str)]
    return any("prisma" in line or not _HARMLESS.fullmatch(line.strip()) for line in hooks)


def _install(manager: Manager) -> Command:
    if not manager.lock:
        return (manager.name, "install")
    if manager.name == "npm":
        return ("npm", "ci")
    return (manager.name, "install", "--immutable" if manager.berry else "--frozen-lockfile")


def _schemas(source: Source) -> tuple[str, ...]:
    patterns = ("prisma/*.prisma", "prisma/*/*.prisma", "schema.prisma", "prisma.config.ts")
    return tuple(file for pattern in patterns for file in source.files(pattern))


def _generates(found: Package) -> bool:
    return any("prisma generate" in line for line in found.scripts.values() if not line.startswith("prisma migrate"))


def _apart(source: Source, schemas: tuple[str, ...]) -> bool:
    """Whether the client is generated into the app's own folders, not into node_modules."""
    return any(_GENERATED.search(text) for text in _texts(source, schemas))


def _texts(source: Source, files: tuple[str, ...]) -> Iterator[str]:
    return (source.text(file) for file in files if file.endswith(".prisma"))
