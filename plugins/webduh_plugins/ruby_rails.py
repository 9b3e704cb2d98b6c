"""Ruby on Rails: how it is built and started, what it keeps, and which variables it needs."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import BuildStep, Command, EnvVar, Process, Source, Volume
from webduh_plugins.ruby_gems import Gems

VARIABLES = {"RAILS_ENV": "production", "RAILS_LOG_TO_STDOUT": "1", "RAILS_SERVE_STATIC_FILES": "1"}
WRITES = ("log", "storage", "tmp")

_PIPELINES = ("propshaft", "sprockets-rails", "sprockets", "vite_rails", "shakapacker", "webpacker")
_ASSETS = ("app/assets", "app/javascript", "app/frontend", "app/webpacker")
_NODE_GEMS = ("jsbundling-rails", "cssbundling-rails", "vite_rails", "vite_ruby", "shakapacker", "webpacker")
_SCRIPT_GEMS = ("execjs", "uglifier", "autoprefixer-rails", "coffee-rails")
_SCRIPT_ENGINES = ("mini_racer", "therubyracer", "duktape")
_HEALTH = re.compile(r"^[ \t]*get[ (]+[\"']/?([\w/-]+)[\"'][^\n]*rails/health#show", re.MULTILINE)
_SQLITE = re.compile(r"^[ \t]+database:\s*[\"']?([^\s\"'<]+\.sqlite3?)\b", re.MULTILINE)
_PRODUCTION = re.compile(r"^production:.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_LOCAL_STORAGE = re.compile(r"^[ \t]*config\.active_storage\.service\s*=\s*:local\b", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_CREDENTIALS = ("config/credentials/production.yml.enc", "config/credentials.yml.enc")


def is_rails(source: Source, found: Gems) -> bool:
    """Whether the app is a Rails app, and not a library that is used with one."""
    return found.has("rails", "railties") and any(
        map(source.exists, ("config/application.rb", "bin/rails", "config/environment.rb"))
    )


def rails(source: Source) -> Command:
    """The program of the app that does everything with it."""
    return ("bin/rails",) if source.exists("bin/rails") else ("bundle", "exec", "rails")


def needs_node(source: Source, found: Gems) -> bool:
    """Whether the front end is made by Node."""
    return source.exists("package.json") and found.has(*_NODE_GEMS)


def build_steps(source: Source, found: Gems) -> Iterator[BuildStep]:
    """Assets, and the code as bootsnap keeps it."""
    env = {"RAILS_ENV": "production", "SECRET_KEY_BASE_DUMMY": "1", "SECRET_KEY_BASE": "only-for-the-assets"}
    if _has_assets(source, found):
        scripts = source.json("package.json").get("scripts") if source.exists("package.json") else None
        if isinstance(scripts, dict) and "build" in scripts and found.has("jsbundling-rails"):
            env["SKIP_JS_BUILD"] = "1"
        scripted = found.has(*_SCRIPT_GEMS) and not found.has(*_SCRIPT_ENGINES)
        program = ("node",) if scripted and not needs_node(source, found) else ()
        yield BuildStep("precompile the assets", (*rails(source), "assets:precompile"), ("bundle", *program), env=env)
    if found.has("bootsnap"):
        folders = tuple(f"{name}/" for name in ("app", "lib") if source.folder(name))
        words = ("bundle", "exec", "bootsnap", "precompile", "--gemfile", *folders)
        yield BuildStep("precompile the code", words, ("bundle",))


def processes(source: Source) -> Iterator[Process]:
    """The server; and what the app's own image does before it starts, once a release."""
    words = ("server", "-b", "0.0.0.0", "-p", "${PORT}")
    yield Process("web", (*rails(source), *words))
    if "db:prepare" in source.text("bin/docker-entrypoint"):
        yield Process("release", (*rails(source), "db:prepare"))


def health(source: Source) -> str:
    """The path of the health check, as the routes have it."""
    found = _HEALTH.search(source.text("config/routes.rb"))
    return f"/{found[1]}" if found else ""


def volumes(source: Source, found: Gems) -> Iterator[Volume]:
    """`storage`, where SQLite's databases and uploads are."""
    kept = any(path.startswith("storage/") for path in _databases(source)) and found.has("sqlite3")
    production = _COMMENT.sub("", source.text("config/environments/production.rb"))
    if kept or _LOCAL_STORAGE.search(production):
        yield Volume("storage", "storage")


def variables(source: Source, found: Gems) -> Iterator[EnvVar]:
    """The key, and where the database is."""
    sealed = next(filter(source.exists, _CREDENTIALS), "")
    if sealed:
        opened = bool(source.files("config/master.key"))
        yield EnvVar("RAILS_MASTER_KEY", f"opens {sealed}", required=not opened, secret=True)
    else:
        yield EnvVar("SECRET_KEY_BASE", "Rails signs cookies with it", required=True, secret=True)
    if found.has("pg", "mysql2", "trilogy"):
        yield EnvVar("DATABASE_URL", "Rails finds its database by it", secret=True)


def warnings(source: Source, found: Gems) -> Iterator[str]:
    """What will be missing when it runs."""
    if source.files("config/master.key"):
        yield (
            "config/master.key would be in the image: write it in .webduhignore, and set RAILS_MASTER_KEY as a secret "
            "of the app."
        )
    lost = next((path for path in _databases(source) if not path.startswith(("storage/", "/"))), None)
    if lost and found.has("sqlite3"):
        yield (
            f"config/database.yml keeps the database in {lost}, which goes with each release: write storage/ there, "
            "and `volumes: {storage: storage}` in webduh.yaml."
        )
    prepared = "db:prepare" in source.text("bin/docker-entrypoint")
    if source.files("db/migrate/*.rb") and not prepared:
        line = " ".join((*rails(source), "db:migrate"))
        yield f"Migrations are not run: write `release: {line}` in a Procfile, or under `processes:` in webduh.yaml."
    if source.exists("bin/jobs") and found.has("solid_queue") and "solid_queue" not in source.text("config/puma.rb"):
        yield "Jobs of Solid Queue are not run: write `worker: bin/jobs` under `processes:` in webduh.yaml."
    if found.has("sidekiq") and source.files("app/*/*.rb"):
        yield "Jobs of Sidekiq are not run: write `worker: bundle exec sidekiq` under `processes:` in webduh.yaml."


def given(source: Source, found: Gems) -> dict[str, str]:
    """The variables that a Rails app gets."""
    inside = "SOLID_QUEUE_IN_PUMA" in source.text("config/puma.rb") and found.has("solid_queue")
    return {**VARIABLES, **({"SOLID_QUEUE_IN_PUMA": "1"} if inside else {})}


def _has_assets(source: Source, found: Gems) -> bool:
    piped = found.has(*_PIPELINES) or (not found.lock and "rails" in found.direct)
    return piped and any(map(source.folder, _ASSETS))


def _databases(source: Source) -> list[str]:
    """The files of SQLite that production uses."""
    production = _PRODUCTION.search(_COMMENT.sub("", source.text("config/database.yml")))
    return _SQLITE.findall(production[0]) if production else []
