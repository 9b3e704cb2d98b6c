"""Ruby apps: Rails and other web frameworks, plain programs, and sites that Ruby generates."""

import re
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
    argv,
    is_secret,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins import ruby_rails as rails
from webduh_plugins.ruby_gems import (
    Gems,
    from_git,
    gems,
    install_steps,
    ruby_version,
    settings,
)
from webduh_plugins.ruby_gems import warnings as about_gems
from webduh_plugins.ruby_packages import packages
from webduh_plugins.ruby_start import (
    FRAMEWORKS,
    JEKYLL,
    SITES,
    Site,
    bare_jekyll_steps,
    bundled,
    framework,
    is_bare_jekyll,
    program,
    server,
    serves,
    site,
    started,
)

_READ = re.compile(r"ENV\.fetch\([\"'](\w+)[\"']\s*(\)(?!\s*(?:\{|do\b)))?|ENV\[[\"'](\w+)[\"']\]")
_READ_IN = (
    "*.rb",
    "*.ru",
    "config/*.rb",
    "config/*.yml",
    "config/initializers/*.rb",
    "config/environments/production.rb",
)
_GIVEN = frozenset(
    {
        *("BUNDLE_GEMFILE", "PIDFILE", "RACK_ENV", "RAILS_ENV", "RAILS_LOG_TO_STDOUT", "RAILS_SERVE_STATIC_FILES"),
        *("SECRET_KEY_BASE_DUMMY", "SOLID_QUEUE_IN_PUMA"),
    }
)
# Gems that other people's apps are worked on with.
_TOOLS = frozenset({"cocoapods", "danger", "fastlane", "overcommit", "rubocop", "xcpretty"})
_SUPERSEDES = ("node", "static")


class Plugin:
    """Ruby, recognized by a Gemfile, a rackup file, or a program with a usual name."""

    name = "ruby"
    api = 1
    variants = ("rails", *FRAMEWORKS, *(one.name for one in SITES))

    def detect(self, source: Source) -> Match | None:
        """A framework is told by its gem; Rails by its own files too."""
        found = gems(source)
        rack = source.exists("config.ru")
        if not found.file and is_bare_jekyll(source):
            return Match(
                self.name, "framework", 0.8, (Evidence("_config.yml", "is for Jekyll"),), "jekyll", ("static",)
            )
        if not found.file and not rack:
            file = program(source, found)
            if not file:
                return None
            return Match(self.name, "script", 0.5, (Evidence(file, "is a Ruby program"),))
        listed = (Evidence(found.file, "lists gems"),) if found.file else ()
        if rails.is_rails(source, found):
            told = "config/application.rb" if source.exists("config/application.rb") else "bin/rails"
            evidence = (Evidence(found.file, "needs rails"), Evidence(told, "is a Rails app's"))
            needs = ("node",) if rails.needs_node(source, found) else ()
            return Match(self.name, "framework", 0.97, evidence, "rails", _SUPERSEDES, needs)
        if made := site(source, found):
            piped = made[0].name == "bridgetown" or "external_pipeline" in source.text("config.rb")
            needs = ("node",) if piped and source.exists("package.json") else ()
            reason = (Evidence(found.file, f"needs {made[1]}"),)
            return Match(self.name, "framework", 0.95, reason, made[0].name, _SUPERSEDES, needs)
        variant = framework(source, found) or ("rack" if rack else "")
        file = program(source, found)
        if variant and (rack or file or "web" in procfile(source)):
            begun = (Evidence("config.ru", "starts a Rack app"),) if rack else ()
            named = (Evidence(found.file, f"needs {variant}"),) if variant in found.direct else ()
            return Match(self.name, "framework", 0.9, (*named, *begun), variant, ("static",))
        if file or "web" in procfile(source):
            return Match(self.name, "language", 0.7 if file and serves(source, file) else 0.6, listed)
        if _TOOLS.issuperset(found.direct):
            return None
        return Match(self.name, "language", 0.2, listed)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """The gems go into `vendor/bundle`; a Procfile says better than any guess how the app is started."""
        found = gems(source)
        if not found.file and is_bare_jekyll(source):
            return _pages(source, self.name)
        is_rails, made = rails.is_rails(source, found), site(source, found)
        apt, build_apt = packages(
            found, git=from_git(source, found), sql=is_rails and source.exists("db/structure.sql")
        )
        version = ruby_version(source, found)
        plan = _Plan(source, found, is_rails=is_rails, made=made[0] if made else None)
        begun, port = plan.processes()
        return BuildPlan(
            self.name,
            "ruby",
            variant=plan.variant or match.variant,
            install=install_steps(source, found),
            build=tuple(plan.build()),
            processes=begun,
            static=Static(plan.made.output(source)) if plan.made else None,
            port=port,
            health=rails.health(source) if is_rails else "",
            versions={"ruby": version.text} if version else {},
            version_source={"ruby": version.file} if version else {},
            package_manager="bundler" if found.file else None,
            env=plan.env(),
            variables=plan.given(),
            volumes=tuple(rails.volumes(source, found)) if is_rails else (),
            warnings=(*about_gems(found), *plan.warnings(begun)),
            apt=apt,
            build_apt=build_apt,
            writes=rails.WRITES if is_rails else (),
        )


def _pages(source: Source, name: str) -> BuildPlan:
    """The plan of a site that GitHub Pages would build."""
    install, build = bare_jekyll_steps(source)
    version = ruby_version(source, gems(source))
    return BuildPlan(
        name,
        "ruby",
        variant="jekyll",
        install=(install,),
        build=(build,),
        static=Static(JEKYLL.output(source)),
        versions={"ruby": version.text} if version else {},
        version_source={"ruby": version.file} if version else {},
        warnings=("There is no Gemfile: the site is built with the gems that GitHub Pages has.",),
        build_apt=("build-essential",),
    )


class _Plan:
    """What a plan says of an app, part by part."""

    def __init__(self, source: Source, found: Gems, *, is_rails: bool, made: Site | None) -> None:
        self._source, self._found, self._rails = source, found, is_rails
        self.made = None if is_rails else made
        rack = "rack" if source.exists("config.ru") else ""
        self.variant = "rails" if is_rails else made.name if made else framework(source, found) or rack

    def build(self) -> Iterator[BuildStep]:
        """The steps after the installation."""
        if self._rails:
            yield from rails.build_steps(self._source, self._found)
        elif self.made:
            yield self.made.step(self._source)
        elif self._found.has("hanami-assets") and self._source.folder("app/assets"):
            yield BuildStep("compile the assets", ("bundle", "exec", "hanami", "assets", "compile"), ("bundle",))

    def processes(self) -> tuple[tuple[Process, ...], int | None]:
        """What runs, and the port it insists on. A site's Procfile is for its development."""
        if self.made:
            return (), None
        lines = procfile(self._source)
        guessed, port = self._guessed()
        chosen = [process for process in guessed if process.name not in lines]
        said = tuple(Process(name, bundled(argv(line), self._found)) for name, line in lines.items())
        return (*chosen, *said), None if "web" in lines else port

    def _guessed(self) -> tuple[list[Process], int | None]:
        source, found = self._source, self._found
        if self._rails:
            return list(rails.processes(source)), None
        if "hanami" in found.direct:
            words = ("hanami", "server", "--host", "0.0.0.0", "--port", "${PORT}")
            return [Process("web", ("bundle", "exec", *words))], None
        if source.exists("config.ru"):
            return [Process("web", server(source, found, "config.ru"))], None
        if file := program(source, found):
            command, port = started(source, found, file)
            return [Process("web", command)], port
        if found.file and source.exists("Rakefile"):
            return [Process("web", ("bundle", "exec", "rake"))], None
        return [], None

    def given(self) -> dict[str, str]:
        """The variables that the app is given."""
        if self.made:
            return settings(self._found)
        more = rails.given(self._source, self._found) if self._rails else {"APP_ENV": "production"}
        hanami = {"HANAMI_ENV": "production", "HANAMI_SERVE_ASSETS": "true"} if self.variant == "hanami" else {}
        return {**settings(self._found), "RACK_ENV": "production", **more, **hanami}

    def env(self) -> tuple[EnvVar, ...]:
        """The variables that the app reads."""
        files = (file for pattern in _READ_IN for file in self._source.files(pattern))
        read = {
            name: EnvVar(name, f"read in {file}", required=end == ")" and not self._rails, secret=is_secret(name))
            for file in files
            for fetched, end, taken in _READ.findall(self._source.text(file))
            if (name := fetched or taken) not in _GIVEN
        }
        known = rails.variables(self._source, self._found) if self._rails else ()
        return merged((*known, *read.values(), *named_in_example(self._source)))

    def warnings(self, begun: tuple[Process, ...]) -> Iterator[str]:
        """What a person should know."""
        source, found = self._source, self._found
        if self._rails:
            yield from rails.warnings(source, found)
        if not self.made and not any(process.name == "web" for process in begun):
            yield "Nothing says how the app is started: write `start:` in webduh.yaml, or a Procfile."
        served = self.variant in FRAMEWORKS and self.variant != "hanami" and source.exists("config.ru")
        if served and found.file and not found.has("puma", "falcon", "unicorn", "thin", "rackup"):
            yield f'{found.file} names no server: add `gem "puma"`, or the start will fail.'
