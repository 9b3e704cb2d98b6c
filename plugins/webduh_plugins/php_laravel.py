"""What is Laravel's own: how it starts, its queue and schedule, and what its settings say."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import BuildStep, Command, Process, Source
from webduh_plugins.php_composer import Packages

NAMES = ("laravel", "statamic", "october", "lumen")
"""The frameworks that are Laravel, or are built on it."""

_SERVER = re.compile(r"['\"]server['\"]\s*=>\s*env\(\s*['\"]OCTANE_SERVER['\"]\s*,\s*['\"](\w+)['\"]")
_SQLITE = re.compile(r"^DB_CONNECTION=sqlite\b", re.MULTILINE)
_SCHEDULED = re.compile(r"\bSchedule::|\$schedule->")
_QUEUED = re.compile(r"implements\s+[\w\\, ]*ShouldQueue")


def octane(source: Source, found: Packages) -> str:
    """The server that Octane starts: `frankenphp`, `swoole`, `roadrunner`; empty without Octane."""
    if not found.has("laravel/octane"):
        return ""
    said = _SERVER.search(source.text("config/octane.php"))
    return said[1] if said else "frankenphp"


def command(source: Source, found: Packages, name: str) -> Command:
    """The server's command. What can be cached of the settings is cached when it starts: variables come then."""
    server = octane(source, found)
    if server:
        return ("php", "artisan", "octane:start", f"--server={server}", "--host=0.0.0.0", "--port=${PORT}")
    if name in ("lumen", "october"):
        return ("apache2-foreground",)
    return ("sh", "-c", "php artisan optimize; exec apache2-foreground")


def build_steps(source: Source) -> Iterator[BuildStep]:
    """The link to uploads, which `storage:link` makes."""
    if source.folder("storage/app/public") and not source.exists("public/storage"):
        words = ("ln", "-sfn", "../storage/app/public", "public/storage")
        yield BuildStep("link the uploads", words)


def on_sqlite(source: Source) -> bool:
    """Whether the app keeps its data in a file of SQLite, as a new one does."""
    return _SQLITE.search(source.text(".env.example")) is not None and source.exists("artisan")


def kept_in_a_file() -> tuple[dict[str, str], Process]:
    """Where that file outlives releases, and what makes it and its tables: nothing works before that."""
    return {"DB_DATABASE": "/app/storage/app/database.sqlite"}, Process(
        "release", ("php", "artisan", "migrate", "--force")
    )


def health(source: Source) -> str:
    """The path of the health check, from Laravel 11 on."""
    said = re.search(r"\bhealth:\s*['\"](/[\w/-]*)['\"]", source.text("bootstrap/app.php"))
    return said[1] if said else ""


def warnings(source: Source, found: Packages) -> Iterator[str]:
    """What does not run by itself, and what is not kept."""
    if source.files("database/migrations/*.php") and not on_sqlite(source):
        yield (
            "Migrations are not run: write `release: php artisan migrate --force` in a Procfile, or under `processes:` "
            "in webduh.yaml."
        )
    code = [source.text(file) for file in (*source.files("app/Jobs/*.php"), *source.files("app/Listeners/*.php"))]
    if found.has("laravel/horizon"):
        yield "Horizon is not run: write `worker: php artisan horizon` under `processes:` in webduh.yaml."
    elif any(map(_QUEUED.search, code)):
        yield "Queued jobs are not run: write `worker: php artisan queue:work` under `processes:` in webduh.yaml."
    if any(
        _SCHEDULED.search(source.text(file))
        for file in ("routes/console.php", "bootstrap/app.php", "app/Console/Kernel.php")
    ):
        yield "The schedule is not run: write `scheduler: php artisan schedule:work` under `processes:` in webduh.yaml."
