"""How Ruby apps that are not Rails are told apart, and how each is started or made."""

import re
from typing import NamedTuple

from webduh_console.frameworks import BuildStep, Command, Source
from webduh_plugins.ruby_gems import Gems

FRAMEWORKS = ("hanami", "sinatra", "padrino", "roda", "grape", "cuba", "rack")
"""Web frameworks by their gems, those that are built on others first."""

PROGRAMS = ("main.rb", "app.rb", "server.rb", "web.rb", "application.rb", "index.rb", "run.rb", "start.rb", "bot.rb")
"""Names of programs that are started, likeliest first."""

_REQUIRES = re.compile(
    r"^[ \t]*require[ (]+[\"'](sinatra(?:/base)?|webrick|socket|rackup|roda|grape)[\"']", re.MULTILINE
)
_MODULAR = re.compile(r"Sinatra::(Base|Application)\b")
_RUNS_ITSELF = re.compile(r"\brun!|\.start\b|TCPServer|Rackup::")
_PORT = re.compile(r"^[ \t]*set[ (]+:port,[ ]*(\d{2,5})\b", re.MULTILINE)
_SETTING = r"^{}:[ \t]*[\"']?\.?/?([\w./-]+?)/?[\"']?[ \t]*(?:#.*)?$"


class Site(NamedTuple):
    """A generator of static sites: the gem that tells it, its configuration, what makes the site, and where."""

    name: str
    gems: tuple[str, ...]
    files: tuple[str, ...]
    build: Command
    folder: str
    setting: str = ""
    env: dict[str, str] = {}  # noqa: RUF012  # a tuple's default: never changed

    def output(self, source: Source) -> str:
        """The folder that the site is made into, as its configuration says."""
        if self.setting:
            for file in self.files:
                if said := re.search(_SETTING.format(self.setting), source.text(file), re.MULTILINE):
                    return said[1]
        return self.folder

    def step(self, source: Source) -> BuildStep:
        """The step that makes the site."""
        words = self.build
        if self.name == "bridgetown" and source.exists("bin/bridgetown"):
            words = ("bin/bridgetown", "deploy")
        return BuildStep("build the site", words, ("bundle",), outputs=(self.output(source),), env=self.env)


SITES = (
    Site(
        "bridgetown",
        ("bridgetown",),
        ("bridgetown.config.yml", "config/initializers.rb"),
        ("bundle", "exec", "bridgetown", "deploy"),
        "output",
        "destination",
        {"BRIDGETOWN_ENV": "production"},
    ),
    Site(
        "jekyll",
        ("jekyll", "github-pages"),
        ("_config.yml", "_config.yaml", "_config.toml"),
        ("bundle", "exec", "jekyll", "build"),
        "_site",
        "destination",
        {"JEKYLL_ENV": "production"},
    ),
    Site("middleman", ("middleman",), ("config.rb",), ("bundle", "exec", "middleman", "build"), "build"),
    Site("nanoc", ("nanoc",), ("nanoc.yaml",), ("bundle", "exec", "nanoc", "compile"), "output", "output_dir"),
)
"""The generators of static sites."""

# Keys of _config.yml that are Jekyll's, and the pages that it makes a site's first of. A README.md is none: with a
# theme it is the page of a program, which is what the app is.
_JEKYLLS = re.compile(r"^(?:remote_theme|theme|kramdown|permalink|baseurl|markdown):\s*\S", re.MULTILINE)
_FIRST_PAGES = ("index.md", "index.markdown")
JEKYLL = next(one for one in SITES if one.name == "jekyll")


def site(source: Source, found: Gems) -> tuple[Site, str] | None:
    """The generator that makes the app, and the gem that tells it."""
    for one in SITES:
        gem = next((name for name in one.gems if name in found.direct), None)
        if gem and any(map(source.exists, one.files)):
            return one, gem
    return None


def is_bare_jekyll(source: Source) -> bool:
    """Whether this is a site as GitHub Pages takes it: for Jekyll, without a Gemfile."""
    if not source.exists("_config.yml") or source.exists("package.json") or source.exists("_toc.yml"):
        return False
    themed = _JEKYLLS.search(source.text("_config.yml")) and any(map(source.exists, _FIRST_PAGES))
    return bool(themed) or any(map(source.folder, ("_posts", "_layouts", "_includes")))


def bare_jekyll_steps(source: Source) -> tuple[BuildStep, BuildStep]:
    """The steps that install what GitHub Pages has, and make the site."""
    home = 'export GEM_HOME="$PWD/vendor/bundle" && '
    install = ("sh", "-c", home + "gem install --no-document github-pages webrick")
    build = ("sh", "-c", home + "vendor/bundle/bin/jekyll build")
    folder = JEKYLL.output(source)
    return (
        BuildStep("install Jekyll", install, ("gem",)),
        BuildStep("build the site", build, ("ruby",), outputs=(folder,), env=JEKYLL.env),
    )


def server(source: Source, found: Gems, rack: str) -> Command:
    """The command that serves a Rack app, by the server that is among the gems."""
    if found.has("puma"):
        return ("bundle", "exec", "puma", "-b", "tcp://0.0.0.0:${PORT}", *_named(rack))
    if found.has("falcon"):
        return ("bundle", "exec", "falcon", "serve", "--bind", "http://0.0.0.0:${PORT}", "--config", rack)
    if found.has("unicorn"):
        return ("bundle", "exec", "unicorn", "-o", "0.0.0.0", "-p", "${PORT}", *_named(rack))
    if found.has("thin"):
        return ("bundle", "exec", "thin", "start", "-a", "0.0.0.0", "-p", "${PORT}", "-R", rack)
    return ("bundle", "exec", "rackup", "-o", "0.0.0.0", "-p", "${PORT}", *_named(rack))


def framework(source: Source, found: Gems) -> str:
    """The web framework that the gems name; empty if there is none."""
    return next((name for name in FRAMEWORKS if name in found.direct), "")


def program(source: Source, found: Gems) -> str:
    """The file that is run: one with a usual name, best one that starts a server, else the only one there is."""
    names = [name for name in PROGRAMS if source.exists(name)]
    serving = (name for name in names if serves(source, name))
    top = [name for name in source.files("*.rb") if name not in ("config.rb", "Rakefile.rb", "gems.rb")]
    return next(serving, next(iter(names), top[0] if len(top) == 1 else ""))


def serves(source: Source, file: str) -> bool:
    """Whether a program answers requests when it is run."""
    text = source.text(file)
    required = {match.partition("/")[0] for match in _REQUIRES.findall(text)}
    if "sinatra" in required:
        return not _MODULAR.search(text) or bool(_RUNS_ITSELF.search(text))
    return bool(required) and bool(_RUNS_ITSELF.search(text))


def started(source: Source, found: Gems, file: str) -> tuple[Command, int | None]:
    """The command that runs a program, and the port it insists on."""
    text = source.text(file)
    words = ("bundle", "exec", "ruby", file) if found.file else ("ruby", file)
    if "sinatra" not in {match.partition("/")[0] for match in _REQUIRES.findall(text)}:
        return words, None
    port = _PORT.search(text)
    if port or _MODULAR.search(text):
        return words, int(port[1]) if port else None
    return (*words, "-o", "0.0.0.0", "-p", "${PORT}"), None


def bundled(command: Command, found: Gems) -> Command:
    """A command of a Procfile: a program by its bare name may be a gem's, which Bundler knows."""
    bare = "/" not in command[0] and command[0] not in ("bundle", "env", "exec", "sh")
    return ("bundle", "exec", *command) if bare and found.file else command


def _named(rack: str) -> tuple[str, ...]:
    return () if rack == "config.ru" else (rack,)
