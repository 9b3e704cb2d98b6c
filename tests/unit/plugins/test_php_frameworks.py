"""Laravel, Symfony and WordPress: what they write, what they must be told, what they run beside the site."""

import pytest
from php_apps import composer, named, plan
from source_tree import Tree

from webduh_console.frameworks import EnvVar, Process, Volume
from webduh_console.frameworks.render import render

LARAVEL = {
    "composer.json": composer("laravel/framework"),
    "artisan": "",
    "public/index.php": "",
    "bootstrap/app.php": "",
}


def test_laravel_caches_its_settings_when_it_starts_and_writes_where_it_may(tree: Tree) -> None:
    found = plan(tree, {**LARAVEL, "storage/app/public/": "", "bootstrap/cache/": ""})

    assert found.processes == (Process("web", ("sh", "-c", "php artisan optimize; exec apache2-foreground")),)
    assert found.writes == ("bootstrap/cache", "storage")
    assert found.volumes == (Volume("storage", "storage/app"),)
    assert found.variables == {"APP_DEBUG": "false", "APP_ENV": "production", "LOG_CHANNEL": "stderr"}
    assert [env.name for env in found.env if env.required] == ["APP_KEY"]
    assert named(found.build)[-1] == "ln -sfn ../storage/app/public public/storage"


def test_a_new_laravel_keeps_its_database_beside_the_uploads_and_makes_its_tables(tree: Tree) -> None:
    found = plan(tree, {**LARAVEL, ".env.example": "APP_KEY=\nDB_CONNECTION=sqlite\n", "database/migrations/1.php": ""})

    assert found.variables["DB_DATABASE"] == "/app/storage/app/database.sqlite"
    assert found.processes[1:] == (Process("release", ("php", "artisan", "migrate", "--force")),)
    assert found.warnings == (
        "There is no composer.lock: each build may get other versions. `composer update` writes one.",
    )


def test_what_laravel_does_not_run_by_itself_is_told(tree: Tree) -> None:
    files = {
        **LARAVEL,
        ".env.example": "DB_CONNECTION=mysql\n",
        "database/migrations/1.php": "",
        "app/Jobs/Mail.php": "<?php class Mail implements ShouldQueue {}",
        "routes/console.php": "<?php Schedule::command('x')->daily();",
    }
    told = plan(tree, files).warnings

    assert [said.partition(":")[0] for said in told[1:]] == [
        "Migrations are not run",
        "Queued jobs are not run",
        "The schedule is not run",
    ]


@pytest.mark.parametrize(
    ("settings", "server", "base"),
    [
        ("'server' => env('OCTANE_SERVER', 'frankenphp'),", "frankenphp", "dunglas/frankenphp:1-php8.4"),
        ("'server' => env('OCTANE_SERVER', 'swoole'),", "swoole", "php:8.4-apache"),
    ],
)
def test_octane_is_started_by_the_server_that_it_is_set_to(tree: Tree, settings: str, server: str, base: str) -> None:
    text = composer("laravel/framework", "laravel/octane")
    found = plan(tree, {**LARAVEL, "composer.json": text, "config/octane.php": settings})

    assert found.start is not None
    assert found.start[2:4] == ("octane:start", f"--server={server}")
    assert base in render(found).bases


def test_symfonys_env_file_stands_in_for_the_one_that_is_not_sent(tree: Tree) -> None:
    files = {
        "composer.json": composer("symfony/framework-bundle", scripts={"post-install-cmd": ["@auto-scripts"]}),
        "public/index.php": "",
        ".env": 'APP_ENV=dev\nDATABASE_URL="mysql://a:b@c/d"\nMAILER_DSN=null://null\nOTHER=x\n',
        "config/packages/doctrine.yaml": "url: '%env(resolve:DATABASE_URL)%'",
    }
    found = plan(tree, files)

    assert named(found.build) == [
        "composer dump-autoload --no-dev --optimize",
        "composer run-script --no-dev post-install-cmd",
    ]
    assert ".env" in found.files
    assert found.variables == {"APP_DEBUG": "0", "APP_ENV": "prod", "MAILER_DSN": "null://null"}
    assert found.env == (
        EnvVar("APP_SECRET", "Symfony signs with it", secret=True),
        EnvVar("DATABASE_URL", "named in .env", required=True, secret=True),
        EnvVar("OTHER", "named in .env"),
    )


def test_wordpress_gets_a_configuration_that_reads_variables_unless_it_has_one(tree: Tree) -> None:
    files = {"wp-load.php": "", "wp-includes/version.php": "", "index.php": ""}

    assert "WORDPRESS_DB_" in plan(tree, files).files["wp-config.php"]
    assert "wp-config.php" not in plan(tree, {**files, "wp-config.php": "<?php"}).files
    assert plan(tree, files).volumes == (Volume("uploads", "wp-content/uploads"),)
