"""Apps in PHP, Ruby and Elixir, deployed to a real server and answering through its front door.

The images are stand-ins (`script_recipes.py`), and no package can be fetched from Packagist, rubygems.org or Hex: what
is run here is Apache and PHP with extensions, Composer and its autoloader, Bundler with a frozen lock and Sinatra, a
release of Mix. Laravel, Symfony, WordPress, Rails and Phoenix themselves are not: their plans and Dockerfiles are
compared as texts.
"""

import json
import shutil
from pathlib import Path

import languages
import pytest
from server_world import ServedApp, ServerWorld

# Where several test runs share two cores, packages come slowly.
PATIENCE = 240
slowly = pytest.mark.timeout(PATIENCE + 60, func_only=True)
APPS = Path(__file__).parents[1] / "apps"
GEMFILE = 'source "https://rubygems.org"\n\ngem "rackup"\ngem "sinatra"\ngem "webrick"\n'
LOCK = "mkdir /lock && cd /lock && cat > Gemfile && bundle lock >&2 && cat Gemfile.lock"
SINATRA = """\
require "sinatra"

get "/" do
  "#{ENV.fetch("GREETER")}, #{RUBY_VERSION[0, 3]}, #{Process.uid}, #{settings.environment}"
end
"""


def deployed(world: ServerWorld, name: str, folder: Path) -> ServedApp:
    """A copy of an app's folder, told nothing but its name and domain, on the server."""
    shutil.copytree(folder, world.root / name)
    app = ServedApp(world, world.root / name)
    app.configure(
        name=name, on="prod", domains=[app.host], variables={"GREETER": name}, deploy={"watch": 0, "drain": 1}
    )
    began = world.start("deploy", str(app.folder))
    said, wrong = began.communicate(timeout=PATIENCE)
    assert began.returncode == 0, said + wrong
    return app


def asked(app: ServedApp, path: str) -> tuple[int, str]:
    return app.world.get(app.host, path)


@slowly
def test_php_is_served_by_apache_as_nobody_in_particular(world: ServerWorld) -> None:
    languages.on(world.server, "php:8.4-apache", "mlocati/php-extension-installer:2", "composer:2")
    app = deployed(world, "php", APPS / "php-composer" / "app")
    said = json.loads(app.body("/any/path?x=1"))

    assert said == {
        "greeting": "Hello from php",
        "path": "/any/path",
        "scheme": "http",
        "from": said["from"],
        "user": 10001,
        "number": "three",
        "env": True,
        "built": "built",
    }
    assert app.body("/hello.txt") == "hello\n"
    assert asked(app, "/old")[0] == 301
    assert f'href="http://{app.host}/new"' in asked(app, "/old")[1]
    assert asked(app, "/.hidden")[0] == 403


@slowly
def test_a_folder_of_plain_php_needs_nothing_but_its_files(world: ServerWorld, tmp_path: Path) -> None:
    languages.on(world.server, "php:8.4-apache", "mlocati/php-extension-installer:2")
    (tmp_path / "index.php").write_text("<?= 'plain ' . ini_get('opcache.enable') . ' ' . PHP_SAPI;")
    (tmp_path / "about.php").write_text("about")
    app = deployed(world, "plain", tmp_path)

    assert app.body() == "plain 1 apache2handler"
    assert app.body("/about.php") == "about"
    assert asked(app, "/nothing")[0] == 404


@slowly
def test_ruby_gems_are_installed_as_the_lock_says(world: ServerWorld, tmp_path: Path) -> None:
    languages.on(world.server, "ruby:3.3-slim")
    lock = world.server.exec("docker", "run", "--rm", "-i", "ruby:3.3-slim", "sh", "-c", LOCK, stdin=GEMFILE.encode())
    (tmp_path / "Gemfile").write_text(GEMFILE)
    (tmp_path / "Gemfile.lock").write_text(lock)
    (tmp_path / ".ruby-version").write_text("3.3\n")
    (tmp_path / "config.ru").write_text('require "./app"\n\nrun Sinatra::Application\n')
    (tmp_path / "app.rb").write_text(SINATRA)
    app = deployed(world, "ruby", tmp_path)

    assert app.body() == "ruby, 3.3, 10001, production"


@slowly
def test_a_release_of_mix_runs_without_elixir(world: ServerWorld) -> None:
    languages.on(world.server, "elixir:1.18-slim")
    app = deployed(world, "elixir", APPS / "elixir-plain" / "app")

    assert app.body() == "Hello"
    container = app.world.standing().all("container")[0][-1]
    assert "elixir" not in world.server.exec(
        "docker", "exec", container, "sh", "-c", "command -v elixir mix || echo none"
    )
