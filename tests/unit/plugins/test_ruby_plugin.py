"""Ruby apps: what tells a framework, how gems are installed, and how each is started."""

import pytest
from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.ruby import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, EnvVar, Match, Process, Static, Volume
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.render import BASES, render
from webduh_console.frameworks.render.bases import chosen

RAILS = {"config/application.rb": "require 'rails/all'", "bin/rails": "", "config.ru": "run Rails.application"}
PACKAGE = '{"scripts": {"build": "esbuild"}, "devDependencies": {"esbuild": "1"}}'


def gemfile(*names: str, first: str = "") -> str:
    """A Gemfile that needs gems."""
    return f'source "https://rubygems.org"\n{first}\n' + "".join(f'gem "{name}"\n' for name in names)


def lock(*names: str, platforms: str = "x86_64-linux", ruby: str = "") -> str:
    """A lock of gems, in version 1."""
    specs = "".join(f"    {name} (1)\n" for name in names)
    last = f"\nRUBY VERSION\n   ruby {ruby}\n" if ruby else ""
    return f"GEM\n  remote: https://rubygems.org/\n  specs:\n{specs}\nPLATFORMS\n  {platforms}\n\nDEPENDENCIES\n{last}"


def match(tree: Tree, files: dict[str, str]) -> Match:
    return matched(Plugin(), tree(files))


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    return planned(Plugin(), tree(files))


def named(steps: tuple[BuildStep, ...]) -> list[str]:
    return [" ".join(step.run) for step in steps]


@pytest.mark.parametrize(
    ("files", "variant", "start"),
    [
        ({"Gemfile": gemfile("rails"), **RAILS}, "rails", "bin/rails server -b 0.0.0.0 -p ${PORT}"),
        (
            {"Gemfile": gemfile("rails"), "config/application.rb": ""},
            "rails",
            "bundle exec rails server -b 0.0.0.0 -p ${PORT}",
        ),
        (
            {"Gemfile": gemfile("sinatra", "puma"), "config.ru": ""},
            "sinatra",
            "bundle exec puma -b tcp://0.0.0.0:${PORT}",
        ),
        (
            {"Gemfile": gemfile("sinatra", "rackup"), "config.ru": ""},
            "sinatra",
            "bundle exec rackup -o 0.0.0.0 -p ${PORT}",
        ),
        (
            {"Gemfile": gemfile("sinatra", "puma"), "app.rb": "require 'sinatra'\nget('/') { 'x' }"},
            "sinatra",
            "bundle exec ruby app.rb -o 0.0.0.0 -p ${PORT}",
        ),
        (
            {
                "Gemfile": gemfile("sinatra"),
                "app.rb": "require 'sinatra/base'\nclass A < Sinatra::Base\n run! if true\nend",
            },
            "sinatra",
            "bundle exec ruby app.rb",
        ),
        (
            {"Gemfile": gemfile("hanami", "puma"), "config.ru": ""},
            "hanami",
            "bundle exec hanami server --host 0.0.0.0 --port ${PORT}",
        ),
        ({"Gemfile": gemfile("roda", "unicorn"), "config.ru": ""}, "roda", "bundle exec unicorn -o 0.0.0.0 -p ${PORT}"),
        (
            {"Gemfile": gemfile("grape", "thin"), "config.ru": ""},
            "grape",
            "bundle exec thin start -a 0.0.0.0 -p ${PORT} -R config.ru",
        ),
        (
            {"Gemfile": gemfile("rack", "falcon"), "config.ru": ""},
            "rack",
            "bundle exec falcon serve --bind http://0.0.0.0:${PORT} --config config.ru",
        ),
        ({"Gemfile": gemfile("puma"), "config.ru": ""}, "rack", "bundle exec puma -b tcp://0.0.0.0:${PORT}"),
        ({"gems.rb": gemfile("puma"), "config.ru": ""}, "rack", "bundle exec puma -b tcp://0.0.0.0:${PORT}"),
        ({"Gemfile": gemfile("discordrb"), "bot.rb": ""}, "", "bundle exec ruby bot.rb"),
        ({"Gemfile": gemfile("discordrb"), "anything.rb": ""}, "", "bundle exec ruby anything.rb"),
        ({"main.rb": "puts 1"}, "", "ruby main.rb"),
        ({"Gemfile": gemfile("rake"), "Rakefile": ""}, "", "bundle exec rake"),
        ({"Gemfile": gemfile("rack"), "Procfile": "web: puma -p $PORT"}, "rack", "bundle exec puma -p ${PORT}"),
        (
            {"Gemfile": gemfile("sinatra"), "Procfile": "web: bundle exec puma -p $PORT"},
            "sinatra",
            "bundle exec puma -p ${PORT}",
        ),
    ],
)
def test_an_app_is_started_by_the_server_that_it_brings(
    tree: Tree, files: dict[str, str], variant: str, start: str
) -> None:
    found = plan(tree, files)

    assert (found.variant, " ".join(found.start or ())) == (variant, start)
    assert render(found).dockerfile


@pytest.mark.parametrize(
    ("files", "variant", "build", "folder"),
    [
        ({"Gemfile": gemfile("jekyll"), "_config.yml": ""}, "jekyll", "bundle exec jekyll build", "_site"),
        ({"Gemfile": gemfile("github-pages"), "_config.yml": ""}, "jekyll", "bundle exec jekyll build", "_site"),
        (
            {"Gemfile": gemfile("jekyll"), "_config.yml": "title: x\ndestination: ./public/  # here\n"},
            "jekyll",
            "bundle exec jekyll build",
            "public",
        ),
        ({"Gemfile": gemfile("middleman"), "config.rb": ""}, "middleman", "bundle exec middleman build", "build"),
        ({"Gemfile": gemfile("nanoc"), "nanoc.yaml": "output_dir: out\n"}, "nanoc", "bundle exec nanoc compile", "out"),
        (
            {"Gemfile": gemfile("bridgetown"), "config/initializers.rb": "", "bin/bridgetown": "", "config.ru": ""},
            "bridgetown",
            "bin/bridgetown deploy",
            "output",
        ),
    ],
)
def test_a_site_is_built_into_its_folder(
    tree: Tree, files: dict[str, str], variant: str, build: str, folder: str
) -> None:
    found = plan(tree, files)

    assert (found.variant, named(found.build), found.static) == (variant, [build], Static(folder))
    assert found.processes == ()


def test_a_site_for_github_pages_needs_no_gemfile(tree: Tree) -> None:
    found = detect(tree({"_config.yml": "title: x", "_posts/2025-01-01-a.md": "", "index.html": ""}), plugins())

    assert (found.plan.variant, found.plan.static) == ("jekyll", Static("_site"))
    assert "gem install --no-document github-pages" in render(found.plan).dockerfile


@pytest.mark.parametrize(
    ("files", "framework"),
    [
        ({"_config.yml": "theme: minima", "index.md": "---\n---\n"}, "ruby"),
        ({"_config.yml": "title: x\nremote_theme: a/b", "index.markdown": "", "about.md": ""}, "ruby"),
        ({"_config.yml": "theme: minima", "README.md": "", "go.mod": "module a\n", "main.go": "package main"}, "go"),
        ({"_config.yml": "title: x", "index.md": "", "index.html": ""}, "static"),
    ],
)
def test_a_theme_and_a_first_page_are_a_site_for_github_pages(
    tree: Tree, files: dict[str, str], framework: str
) -> None:
    assert detect(tree(files), plugins()).plan.framework == framework


def test_a_site_of_hexo_and_a_library_are_no_ruby_apps(tree: Tree) -> None:
    assert Plugin().detect(tree({"_config.yml": "", "package.json": '{"dependencies": {"hexo": "7"}}'})) is None
    assert Plugin().detect(tree({"lib/tool.rb": ""})) is None
    assert Plugin().detect(tree({"Gemfile": gemfile("fastlane", "cocoapods")})) is None
    tool = Plugin().detect(tree({"Gemfile": gemfile("rake"), "lib/tool.rb": ""}))
    assert tool is not None
    assert tool.confidence < 0.5


@pytest.mark.parametrize("name", ["rails-i18n", "sinatra-contrib-x", "rack-attack"])
def test_a_gem_with_a_similar_name_tells_nothing(tree: Tree, name: str) -> None:
    assert match(tree, {"Gemfile": gemfile(name), "main.rb": ""}).variant == ""


def test_gems_go_where_the_app_finds_them_as_the_lock_says(tree: Tree) -> None:
    found = plan(tree, {"Gemfile": gemfile("rack", "puma"), "Gemfile.lock": lock("rack", "puma"), "config.ru": ""})
    env = {"BUNDLE_DEPLOYMENT": "1", "BUNDLE_PATH": "vendor/bundle", "BUNDLE_WITHOUT": "development:test"}
    files, made = ("Gemfile", "Gemfile.lock"), ("vendor/bundle",)

    assert found.install == (
        BuildStep("install the gems", ("bundle", "install"), ("bundle",), files, made, env=env),
        BuildStep(
            "remove what was fetched", ("sh", "-c", "rm -rf vendor/bundle/ruby/*/cache"), inputs=files, outputs=made
        ),
    )
    assert found.variables == {**env, "APP_ENV": "production", "RACK_ENV": "production"}
    assert found.warnings == ()


@pytest.mark.parametrize("line", ["gemspec", 'gem "a", path: "engines/a"', 'eval_gemfile "other"'])
def test_what_needs_more_than_the_gemfile_is_installed_with_the_source(tree: Tree, line: str) -> None:
    found = plan(tree, {"Gemfile": gemfile("puma", first=line), "config.ru": ""})

    assert {(step.inputs, step.outputs) for step in found.install} == {((), ())}


@pytest.mark.parametrize(
    ("files", "text", "file", "image"),
    [
        ({".ruby-version": "ruby-3.3.0\n"}, "3.3.0", ".ruby-version", "3.3.0"),
        ({".ruby-version": "3.2\n", "Gemfile": gemfile(first='ruby "3.4.1"')}, "3.2", ".ruby-version", "3.2"),
        ({".tool-versions": "ruby 3.3.6\n"}, "3.3.6", ".tool-versions", "3.3.6"),
        ({"mise.toml": '[tools]\nruby = "3.2"\n'}, "3.2", "mise.toml", "3.2"),
        ({"Gemfile": gemfile(first="ruby '3.2.2'")}, "3.2.2", "Gemfile", "3.2.2"),
        ({"Gemfile": gemfile(first='ruby "~> 3.2.0"')}, "~> 3.2.0", "Gemfile", "3.2"),
        ({"Gemfile": gemfile(first='ruby "~> 3.2"')}, "~> 3.2", "Gemfile", "3.4"),
        ({"Gemfile": gemfile(first='ruby ">= 3.1", "< 3.4"')}, ">= 3.1, < 3.4", "Gemfile", "3.3"),
        (
            {"Gemfile": gemfile(first='ruby file: "versions/ruby"'), "versions/ruby": "3.3.1"},
            "3.3.1",
            "versions/ruby",
            "3.3.1",
        ),
        (
            {"Gemfile": gemfile(first='ruby file: ".tool-versions"'), ".tool-versions": "ruby 3.3.2"},
            "3.3.2",
            ".tool-versions",
            "3.3.2",
        ),
        ({"Gemfile.lock": lock("puma", ruby="3.3.5p100")}, "3.3.5", "Gemfile.lock", "3.3.5"),
        ({"Gemfile": gemfile(first='# ruby "2.0.0"')}, "", "", "3.4"),
    ],
)
def test_ruby_is_the_version_that_was_asked_for(
    tree: Tree, files: dict[str, str], text: str, file: str, image: str
) -> None:
    found = plan(tree, {"Gemfile": gemfile("puma"), "config.ru": "", **files})

    assert (found.versions.get("ruby", ""), found.version_source.get("ruby", "")) == (text, file)
    assert chosen(BASES["ruby"], text) == (image, True)


@pytest.mark.parametrize(
    ("gem", "apt", "build"),
    [
        ("pg", "libpq5", "libpq-dev"),
        ("mysql2", "libmariadb3", "default-libmysqlclient-dev"),
        ("rmagick", "imagemagick", "libmagickwand-dev"),
        ("ruby-vips", "libvips42", "build-essential"),
    ],
)
def test_gems_get_the_libraries_they_run_with_and_what_compiles_them_stays_behind(
    tree: Tree, gem: str, apt: str, build: str
) -> None:
    found = plan(tree, {"Gemfile": gemfile("puma", gem), "config.ru": ""})

    assert apt in found.apt
    assert build in found.build_apt
    assert build not in found.apt


def test_rails_changes_images_with_vips_unless_it_says_otherwise(tree: Tree) -> None:
    locked = {**RAILS, "Gemfile.lock": lock("rails", "image_processing", "mini_magick", "ruby-vips")}

    assert plan(tree, {**locked, "Gemfile": gemfile("rails", "image_processing")}).apt == ("libvips42", "tzdata")
    assert "imagemagick" in plan(tree, {**locked, "Gemfile": gemfile("rails", "mini_magick")}).apt


def test_a_schema_in_sql_is_loaded_by_the_databases_client(tree: Tree) -> None:
    assert "postgresql-client" in plan(tree, {**RAILS, "Gemfile": gemfile("rails", "pg"), "db/structure.sql": ""}).apt


def test_gems_from_repositories_are_fetched_by_git(tree: Tree) -> None:
    assert "git" in plan(tree, {"Gemfile": gemfile(first='gem "a", github: "a/a"'), "config.ru": ""}).build_apt


def test_a_lock_of_another_system_and_a_missing_one_are_told(tree: Tree) -> None:
    files = {"Gemfile": gemfile("puma"), "Gemfile.lock": lock("puma", platforms="arm64-darwin-23"), "config.ru": ""}
    assert "bundle lock --add-platform x86_64-linux" in plan(tree, files).warnings[0]


def test_a_missing_lock_is_told(tree: Tree) -> None:
    assert "There is no Gemfile.lock" in plan(tree, {"Gemfile": gemfile("puma"), "config.ru": ""}).warnings[0]


def test_rails_makes_its_assets_without_a_secret_and_keeps_its_files(tree: Tree) -> None:
    files = {
        **RAILS,
        "Gemfile": gemfile("rails", "propshaft", "sqlite3", "bootsnap"),
        "app/assets/a.css": "",
        "config/database.yml": "production:\n  database: storage/production.sqlite3\n",
        "config/routes.rb": 'get "up" => "rails/health#show", as: :check\n',
        "bin/docker-entrypoint": "./bin/rails db:prepare\n",
    }
    found = plan(tree, files)

    assert found.build[0].run == ("bin/rails", "assets:precompile")
    assert found.build[0].env["SECRET_KEY_BASE_DUMMY"] == "1"
    assert named(found.build)[1] == "bundle exec bootsnap precompile --gemfile app/"
    assert found.volumes == (Volume("storage", "storage"),)
    assert found.health == "/up"
    assert found.processes[1] == Process("release", ("bin/rails", "db:prepare"))
    assert found.env == (EnvVar("SECRET_KEY_BASE", "Rails signs cookies with it", required=True, secret=True),)
    assert found.writes == ("log", "storage", "tmp")


def test_rails_that_only_answers_programs_has_no_assets(tree: Tree) -> None:
    assert plan(tree, {**RAILS, "Gemfile": gemfile("rails"), "Gemfile.lock": lock("rails")}).build == ()


def test_sealed_credentials_need_their_key(tree: Tree) -> None:
    found = plan(tree, {**RAILS, "Gemfile": gemfile("rails"), "config/credentials.yml.enc": "x"})

    assert found.env == (EnvVar("RAILS_MASTER_KEY", "opens config/credentials.yml.enc", required=True, secret=True),)


def test_a_key_that_would_be_in_the_image_is_told(tree: Tree) -> None:
    files = {**RAILS, "Gemfile": gemfile("rails"), "config/credentials.yml.enc": "x", "config/master.key": "x"}

    assert any(said.startswith("config/master.key would be in the image") for said in plan(tree, files).warnings)


def test_a_database_that_goes_with_each_release_is_told(tree: Tree) -> None:
    files = {
        **RAILS,
        "Gemfile": gemfile("rails", "sqlite3"),
        "config/database.yml": "production:\n  database: db/production.sqlite3\n",
    }
    found = plan(tree, files)

    assert any("db/production.sqlite3, which goes with each release" in said for said in found.warnings)
    assert found.volumes == ()


def test_rails_with_a_front_end_of_node_builds_it_once(tree: Tree) -> None:
    files = {
        **RAILS,
        "Gemfile": gemfile("rails", "sprockets-rails", "jsbundling-rails"),
        "package.json": PACKAGE,
        "package-lock.json": "{}",
        "app/javascript/a.js": "",
    }
    found = detect(tree(files), plugins())

    assert (found.match.framework, found.match.needs) == ("ruby", ("node",))
    assert named(found.plan.build) == ["npm run build", "bin/rails assets:precompile"]
    assert found.plan.build[1].env["SKIP_JS_BUILD"] == "1"
    assert "COPY --from=dependencies /app/node_modules" not in render(found.plan).dockerfile


def test_variables_are_those_that_the_code_reads(tree: Tree) -> None:
    code = "ENV.fetch('A')\nENV.fetch('B', 1)\nENV.fetch('C') { 2 }\nENV['API_KEY']\nENV['RACK_ENV']"
    found = plan(tree, {"Gemfile": gemfile("puma"), "config.ru": "", "app.rb": code})

    assert [(env.name, env.required, env.secret) for env in found.env] == [
        ("A", True, False),
        ("API_KEY", False, True),
        ("B", False, False),
        ("C", False, False),
    ]


def test_a_port_that_is_written_down_is_the_apps(tree: Tree) -> None:
    code = "require 'sinatra'\nset :bind, '0.0.0.0'\nset :port, 4567\nget('/') { 'x' }"
    found = plan(tree, {"Gemfile": gemfile("sinatra"), "app.rb": code})

    assert (found.port, found.start) == (4567, ("bundle", "exec", "ruby", "app.rb"))
