"""Elixir apps: Phoenix, and anything else that Mix makes a release of."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Process,
    Source,
    argv,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins.elixir_project import Mix, elixir_version, erlang_version, mix, variables

_PROD = {"MIX_ENV": "prod"}
_COMPILED = ("config/config.exs", "config/prod.exs")
_LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm"}
_INSTALLS: dict[str, Command] = {
    "npm": ("npm", "ci", "--prefix", "assets"),
    "yarn": ("yarn", "--cwd", "assets", "install", "--frozen-lockfile"),
    "pnpm": ("pnpm", "--dir", "assets", "install", "--frozen-lockfile"),
}
_CACHES = {"npm": "~/.npm", "yarn": "~/.cache/yarn", "pnpm": "~/.local/share/pnpm/store"}
_DOWNLOADS = re.compile(r"[\s\",]*(?:(?:tailwind|esbuild|bun)\.install[\w\s-]*[\s\",]*)+")
_DATABASES = ("ecto_sql", "postgrex", "myxql", "ecto_sqlite3")


class Plugin:
    """Elixir, recognized by mix.exs."""

    name = "elixir"
    api = 1
    variants = ("phoenix",)

    def detect(self, source: Source) -> Match | None:
        """Phoenix is told by the dependency."""
        found = mix(source)
        if found is None:
            return None
        if found.has("phoenix"):
            evidence = (Evidence("mix.exs", "depends on phoenix"),)
            return Match(self.name, "framework", 0.95, evidence, "phoenix", ("node", "static"))
        return Match(self.name, "language", 0.9, (Evidence("mix.exs", "is the project of Mix"),))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A release, which has Erlang in it, runs on a Debian without anything of Elixir."""
        found = mix(source) or Mix("", frozenset(), "", "", "", whole=True)
        manager = _node(source)
        elixir, erlang = elixir_version(source, found), erlang_version(source)
        versions = {name: version for name, version in (("elixir", elixir), ("erlang", erlang)) if version}
        phoenix = found.has("phoenix")
        home = f"_build/prod/rel/{found.release}"
        return BuildPlan(
            self.name,
            "elixir",
            variant="phoenix" if phoenix else match.variant,
            install=tuple(_install(source, found, manager)),
            build=tuple(_build(source, found, manager)),
            processes=_processes(source, (f"{home}/bin/{found.release}", "start") if found.release else None),
            versions={name: version.text for name, version in versions.items()},
            version_source={name: version.file for name, version in versions.items()},
            package_manager="mix",
            env=merged((*variables(source), *named_in_example(source))),
            variables={
                "LANG": "C.UTF-8",
                "MIX_ENV": "prod",
                "RELEASE_TMP": "/tmp",
                **({"PHX_SERVER": "true"} if phoenix else {}),
            },
            warnings=tuple(_warnings(source, found)),
            runs_on="other",
            apt=("ca-certificates", "libncurses6", "libstdc++6", "openssl"),
            build_apt=("build-essential", "ca-certificates", "git"),
            runtime=(home,) if found.release else (),
        )


def _processes(source: Source, start: Command | None) -> tuple[Process, ...]:
    """The release; what a Procfile says is for a folder with Mix in it, unless it names the release itself."""
    lines = procfile(source)
    told = tuple(Process(name, argv(line)) for name, line in lines.items() if "_build/prod/rel/" in line)
    if any(process.name == "web" for process in told):
        return told
    return (*((Process("web", start),) if start else ()), *told)


def _install(source: Source, found: Mix, manager: str) -> Iterator[BuildStep]:
    """The dependencies, compiled; apart from the app's own code, so that they outlive its changes."""
    config = tuple(filter(source.exists, _COMPILED))
    named = tuple(source.files(f"{found.umbrella}/*/mix.exs")) if found.umbrella else ()
    listed = ("mix.exs", *(("mix.lock",) if source.exists("mix.lock") else ()), *named)
    plain = not any("import_config" in source.text(file) and "env" not in source.text(file) for file in config)
    whole = found.whole or not plain
    inputs, outputs = ((), ()) if whole else ((*listed, *config), ("_build", "deps"))
    if found.dependencies or found.umbrella:
        fetch = ("mix", "deps.get", "--only", "prod")
        yield BuildStep("fetch the dependencies", fetch, ("mix",), inputs, outputs, ("~/.hex",), _PROD)
        yield BuildStep("compile the dependencies", ("mix", "deps.compile"), ("mix",), inputs, outputs, env=_PROD)
    setup = found.alias("assets.setup")
    if setup and _DOWNLOADS.fullmatch(setup) and not found.umbrella:
        words = ("mix", "assets.setup")
        yield BuildStep("fetch the tools of the assets", words, ("mix",), inputs, outputs, env=_PROD)
    if manager:
        lock = next((file for file in _LOCKS if source.exists(f"assets/{file}")), "")
        command = _INSTALLS[manager] if lock else ("npm", "install", "--prefix", "assets")
        files = () if whole else ("assets/package.json", *((f"assets/{lock}",) if lock else ()))
        made = () if whole else ("assets/node_modules",)
        yield BuildStep("install the front end's packages", command, (manager,), files, made, (_CACHES[manager],))


def _build(source: Source, found: Mix, manager: str) -> Iterator[BuildStep]:
    yield BuildStep("compile", ("mix", "compile"), ("mix",), outputs=("_build",), env=_PROD)
    if found.alias("assets.deploy") is not None:
        yield BuildStep("make the assets", ("mix", "assets.deploy"), ("mix",), outputs=("_build",), env=_PROD)
    elif found.has("phoenix") and source.folder("assets"):
        scripts = source.json("assets/package.json").get("scripts") if manager else None
        script = next((name for name in ("deploy", "build") if isinstance(scripts, dict) and name in scripts), "")
        if script:
            command: Command = (
                (manager, "--cwd", "assets", "run", script)
                if manager == "yarn"
                else ("npm", "run", script, "--prefix", "assets")
            )
            yield BuildStep("make the assets", command, (manager,))
        yield BuildStep("digest the assets", ("mix", "phx.digest"), ("mix",), outputs=("_build",), env=_PROD)
    words = ("mix", "release", "--overwrite")
    yield BuildStep("make the release", words, ("mix",), outputs=("_build",), env=_PROD)


def _node(source: Source) -> str:
    """The package manager of the front end; empty if Node has no part in it."""
    if not source.exists("assets/package.json"):
        return ""
    return next((name for file, name in _LOCKS.items() if source.exists(f"assets/{file}")), "npm")


def _warnings(source: Source, found: Mix) -> Iterator[str]:
    if not source.exists("mix.lock") and found.dependencies:
        yield "There is no mix.lock: each build may get other versions. `mix deps.get` writes one."
    if found.umbrella and not re.search(r"\breleases:", found.text):
        yield "An umbrella needs `releases:` in mix.exs: without it `mix release` fails."
    if not found.release:
        yield "mix.exs names no app: what `mix release` makes is not known. Write `start:` in webduh.yaml."
    late = any(map(source.exists, ("config/runtime.exs", "config/releases.exs")))
    if found.has("phoenix") and not late and not found.umbrella:
        yield "There is no config/runtime.exs: variables are read when the app is built, and not when it starts."
    if found.has(*_DATABASES) and source.files("priv/repo/migrations/*.exs"):
        migrate = "rel/overlays/bin/migrate"
        home = f"_build/prod/rel/{found.release}"
        if source.exists(migrate):
            line = f"{home}/bin/migrate"
            yield f"Migrations are not run: write `release: {line}` under `processes:` in webduh.yaml."
        else:
            yield (
                "Migrations are not run: `mix phx.gen.release` writes what runs them, and `release: "
                f"{home}/bin/migrate` under `processes:` in webduh.yaml calls it."
            )
