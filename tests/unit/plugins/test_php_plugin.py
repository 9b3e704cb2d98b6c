"""PHP apps: what tells a framework, what is served, and what the machine must have for it."""

import pytest
from php_apps import INDEX, added, composer, lock, match, named, plan, root
from source_tree import Tree
from webduh_plugins.php import Plugin

from webduh_console.frameworks import BuildStep, Process, Static
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.render import BASES, render
from webduh_console.frameworks.render.bases import chosen


@pytest.mark.parametrize(
    ("files", "variant", "folder"),
    [
        (
            {"composer.json": composer("laravel/framework@^11.0"), "artisan": "", "public/index.php": ""},
            "laravel",
            "public",
        ),
        ({"artisan": "", "bootstrap/app.php": "", "public/index.php": ""}, "laravel", "public"),
        ({"composer.json": composer("statamic/cms", "laravel/framework"), "artisan": ""}, "statamic", "public"),
        ({"composer.json": composer("laravel/lumen-framework"), "public/index.php": ""}, "lumen", "public"),
        ({"composer.json": composer("october/rain"), "artisan": "", "index.php": ""}, "october", "."),
        ({"composer.json": composer("symfony/framework-bundle"), "public/index.php": ""}, "symfony", "public"),
        ({"composer.json": composer("symfony/framework-bundle", extra={"public-dir": "www/"})}, "symfony", "www"),
        ({"composer.json": composer("slim/slim@4"), "public/index.php": ""}, "slim", "public"),
        ({"composer.json": composer("slim/slim@4"), "index.php": ""}, "slim", "."),
        (
            {"composer.json": composer("codeigniter4/framework"), "public/index.php": "", "spark": ""},
            "codeigniter",
            "public",
        ),
        ({"system/core/CodeIgniter.php": "", "application/config/config.php": "", "index.php": ""}, "codeigniter", "."),
        (
            {"composer.json": composer("cakephp/cakephp"), "webroot/index.php": "", "index.php": ""},
            "cakephp",
            "webroot",
        ),
        ({"composer.json": composer("yiisoft/yii2"), "web/index.php": ""}, "yii", "web"),
        ({"composer.json": composer("yiisoft/yii2"), "frontend/web/index.php": ""}, "yii", "frontend/web"),
        ({"composer.json": composer("craftcms/cms"), "web/index.php": ""}, "craft", "web"),
        ({"composer.json": composer("drupal/core-recommended"), "web/index.php": ""}, "drupal", "web"),
        (
            {
                "composer.json": composer(
                    "drupal/core-recommended", extra={"drupal-scaffold": {"locations": {"web-root": "docroot/"}}}
                )
            },
            "drupal",
            "docroot",
        ),
        (
            {"composer.json": composer("drupal/core", extra={"drupal-scaffold": {"locations": {"web-root": "./"}}})},
            "drupal",
            ".",
        ),
        ({"core/lib/Drupal.php": "", "index.php": ""}, "drupal", "."),
        ({"composer.json": composer("roots/wordpress"), "web/index.php": ""}, "bedrock", "web"),
        ({"wp-load.php": "", "wp-includes/version.php": "", "index.php": ""}, "wordpress", "."),
        ({"composer.json": composer("typo3/cms-core")}, "typo3", "public"),
        ({"composer.json": composer("magento/product-community-edition"), "pub/index.php": ""}, "magento", "pub"),
        ({"composer.json": composer("getkirby/cms"), "index.php": ""}, "kirby", "."),
        ({"composer.json": composer("laminas/laminas-mvc"), "public/index.php": ""}, "laminas", "public"),
        ({"composer.json": composer("monolog/monolog"), "public/index.php": ""}, "", "public"),
        ({"composer.json": "{}", "web/index.php": ""}, "", "web"),
        ({"index.php": ""}, "", "."),
        ({"index.php": "", "public/index.php": ""}, "", "."),
        ({"htdocs/index.php": ""}, "", "htdocs"),
        ({"src/index.php": ""}, "", "src"),
        ({"hello.php": ""}, "", "."),
    ],
)
def test_a_framework_is_told_and_its_public_folder_is_served(
    tree: Tree, files: dict[str, str], variant: str, folder: str
) -> None:
    found = plan(tree, files)

    assert (found.variant, root(found)) == (variant, folder)
    assert match(tree, files).tier == ("framework" if variant else "language")
    assert render(found).dockerfile


@pytest.mark.parametrize(
    ("package", "build", "folder"),
    [
        ("tightenco/jigsaw", "vendor/bin/jigsaw build production", "build_production"),
        ("hyde/framework", "php hyde build", "_site"),
    ],
)
def test_a_site_is_made_by_php_and_served_without_it(tree: Tree, package: str, build: str, folder: str) -> None:
    found = plan(tree, {"composer.json": composer(package), "source/index.md": ""})

    assert (named(found.build)[-1], found.static, found.processes) == (build, Static(folder), ())
    assert render(found).bases[-1] == "nginx:1-alpine-slim"


@pytest.mark.parametrize("name", ["laravel-next", "my/slim", "laravel/framework-extras"])
def test_a_package_with_a_similar_name_tells_nothing(tree: Tree, name: str) -> None:
    assert match(tree, {"composer.json": composer(name), "index.php": INDEX}).variant == ""


def test_a_library_and_a_folder_without_php_are_no_php_app(tree: Tree) -> None:
    assert Plugin().detect(tree({"composer.json": "{}"})) is None
    assert Plugin().detect(tree({"readme.txt": ""})) is None
    library = Plugin().detect(tree({"composer.json": composer("psr/log"), "src/Thing.php": ""}))
    assert library is not None
    assert library.confidence < 0.5


@pytest.mark.parametrize(
    ("files", "framework", "needs"),
    [
        (
            {
                "composer.json": composer("laravel/framework"),
                "artisan": "",
                "public/index.php": "",
                "package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}',
            },
            "php",
            ("node",),
        ),
        ({"composer.json": composer("slim/slim"), "public/index.php": "", "index.html": ""}, "php", ()),
        ({"index.php": INDEX, "index.html": "<h1>"}, "php", ()),
        (
            {"package.json": '{"dependencies": {"next": "15"}, "scripts": {"build": "next build"}}', "mail.php": INDEX},
            "node",
            (),
        ),
    ],
)
def test_of_mixed_trees_the_one_that_a_person_would_choose(
    tree: Tree, files: dict[str, str], framework: str, needs: tuple[str, ...]
) -> None:
    found = detect(tree(files), plugins())

    assert (found.match.framework, found.match.needs) == (framework, needs)


@pytest.mark.parametrize(
    ("files", "text", "file", "image"),
    [
        ({"composer.json": composer("php@^8.2")}, "^8.2", "composer.json", "8.4"),
        ({"composer.json": composer("php@>=8.1")}, ">=8.1", "composer.json", "8.4"),
        ({"composer.json": composer("php@~8.1")}, "^8.1", "composer.json", "8.4"),
        ({"composer.json": composer("php@~8.1.0")}, "~8.1.0", "composer.json", "8.1"),
        ({"composer.json": composer("php@^7.4|^8.0")}, "^7.4|^8.0", "composer.json", "8.4"),
        ({"composer.json": composer("php@^7.4")}, "^7.4", "composer.json", "7.4"),
        ({"composer.json": composer("php@8.2.*")}, "8.2.*", "composer.json", "8.2"),
        ({"composer.json": composer("php@>=8.1 <8.3")}, ">=8.1 <8.3", "composer.json", "8.2"),
        (
            {"composer.json": composer("php@^8.1", config={"platform": {"php": "8.2.7"}})},
            "8.2.7",
            "composer.json",
            "8.2.7",
        ),
        ({".php-version": "8.3\n", "composer.json": composer("php@^8.1")}, "8.3", ".php-version", "8.3"),
        ({".tool-versions": "php 8.2.5\n", "composer.json": composer()}, "8.2.5", ".tool-versions", "8.2.5"),
        ({"mise.toml": '[tools]\nphp = "8.3"\n', "composer.json": composer()}, "8.3", "mise.toml", "8.3"),
        (
            {
                "composer.json": composer("php@^8.1", "a/b"),
                "composer.lock": lock(a__b={"php": "~8.1.0 || ~8.2.0 || ~8.3.0"}, c__d={"php": ">=7.2"}),
            },
            "8.3",
            "composer.lock",
            "8.3",
        ),
        (
            {"composer.json": composer("php@^8.1", "a/b"), "composer.lock": lock(a__b={"php": "^8.0"})},
            "^8.1",
            "composer.json",
            "8.4",
        ),
    ],
)
def test_php_is_the_version_that_was_asked_for_and_that_the_locked_packages_go_with(
    tree: Tree, files: dict[str, str], text: str, file: str, image: str
) -> None:
    found = plan(tree, {"index.php": "", **files})

    assert (found.versions, found.version_source) == ({"php": text}, {"php": file})
    assert chosen(BASES["php"], text) == (image, True)


def test_extensions_are_those_that_the_app_its_packages_and_its_framework_need(tree: Tree) -> None:
    files = {
        "composer.json": composer("slim/slim", "ext-json", "ext-redis", "ext-pdo_mysql"),
        "composer.lock": lock(slim__slim={"ext-gd": "*", "ext-mbstring": "*"}),
        "public/index.php": "",
    }
    assert added(plan(tree, files)) == ["gd", "opcache", "pdo_mysql", "redis"]


def test_symfony_with_doctrine_reaches_databases(tree: Tree) -> None:
    doctrine = {"composer.json": composer("symfony/framework-bundle", "doctrine/orm"), "public/index.php": ""}
    assert added(plan(tree, doctrine)) == ["apcu", "intl", "opcache", "pdo_mysql", "pdo_pgsql", "zip"]


def test_plain_php_gets_the_extensions_that_it_calls(tree: Tree) -> None:
    code = "<?php $a = new PDO('pgsql:host=x'); $b = new mysqli('x'); $c = imagecreatefrompng('x');"
    assert added(plan(tree, {"index.php": "<?php include 'inc/a.php';", "inc/a.php": code})) == [
        "gd",
        "mysqli",
        "opcache",
        "pdo_pgsql",
    ]


def test_packages_are_installed_apart_from_the_source_which_is_mapped_later(tree: Tree) -> None:
    found = plan(tree, {"composer.json": composer("slim/slim"), "composer.lock": lock(), "public/index.php": ""})

    assert found.install == (
        BuildStep(
            "install the packages",
            ("composer", "install", "--no-dev", "--no-progress", "--prefer-dist", "--no-scripts"),
            ("composer",),
            ("composer.json", "composer.lock"),
            ("vendor",),
            ("~/.cache/composer",),
        ),
    )
    assert [(step.run[1], step.outputs) for step in found.build] == [("dump-autoload", ("vendor",))]
    assert (found.package_manager, found.build_apt, found.warnings) == ("composer", ("unzip",), ())


def test_classes_that_are_found_by_looking_are_mapped_when_they_are_there(tree: Tree) -> None:
    looked = composer("slim/slim", autoload={"classmap": ["database/seeds"]})
    found = plan(tree, {"composer.json": looked, "public/index.php": ""})

    assert found.install[0].run[-1] == "--no-autoloader"


@pytest.mark.parametrize(
    "text",
    [
        composer("composer/installers", "roots/wordpress"),
        composer("roots/wordpress"),
        composer("drupal/core-recommended"),
        composer("a/b", extra={"installer-paths": {"web/x": ["a/b"]}}),
        composer("a/b", repositories=[{"type": "path", "url": "packages/*"}]),
        composer("a/b", "cweagans/composer-patches"),
    ],
)
def test_what_puts_packages_elsewhere_is_installed_with_the_source(tree: Tree, text: str) -> None:
    (step,) = plan(tree, {"composer.json": text, "web/index.php": ""}).install

    assert (step.inputs, step.outputs, step.run[-1]) == ((), (), "--optimize-autoloader")


def test_packages_from_repositories_are_fetched_by_git(tree: Tree) -> None:
    text = composer("a/b", repositories=[{"type": "vcs", "url": "https://example.com/a/b"}])

    assert plan(tree, {"composer.json": text, "index.php": ""}).build_apt == ("unzip", "ca-certificates", "git")


@pytest.mark.parametrize(("more", "closed"), [({}, False), ({"composer.json": composer("a/b")}, True)])
def test_what_composer_put_beside_the_pages_is_not_served(tree: Tree, more: dict[str, str], closed: bool) -> None:
    settings = plan(tree, {"index.php": "", **more}).files[".webduh/apache.conf"]

    assert ('<Location "/vendor">' in settings) == closed


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("web: vendor/bin/heroku-php-apache2 public/", ("apache2-foreground",)),
        ("web: php artisan serve --port=$PORT", ("apache2-foreground",)),
        ("web: php server.php --port=$PORT", ("php", "server.php", "--port=${PORT}")),
    ],
)
def test_a_procfile_counts_unless_it_is_for_development_or_another_place(
    tree: Tree, line: str, command: tuple[str, ...]
) -> None:
    files = {
        "composer.json": composer("slim/slim"),
        "public/index.php": "",
        "Procfile": f"{line}\nworker: php work.php\n",
    }

    assert plan(tree, files).processes == (Process("web", command), Process("worker", ("php", "work.php")))


def test_a_broken_lock_is_told_and_a_missing_index_too(tree: Tree) -> None:
    files = {"composer.json": composer("slim/slim"), "composer.lock": "<<<<<<< HEAD\n{}"}
    told = " ".join(plan(tree, files).warnings)

    assert "composer.lock:1:1 is not JSON. The installation will fail." in told
    assert "There is no public/index.php: / will not be found." in told
