"""PHP's frameworks: what tells each, the folder it is served from, and what it needs of its surroundings."""

from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import EnvVar, Source, Volume, table
from webduh_plugins.php_composer import Packages

_PDO = ("pdo_mysql", "pdo_pgsql")
_LARAVEL = ("bcmath", "intl", "pcntl", "zip", *_PDO)
_APP_KEY = EnvVar(
    "APP_KEY", "Laravel seals sessions with it; `php artisan key:generate --show` makes one", "run", True, True
)
_SYMFONY = (EnvVar("APP_SECRET", "Symfony signs with it", "run", False, True),)
_DATABASE = (EnvVar("DATABASE_URL", "the app finds its database by it", "run", False, True),)


class Kind(NamedTuple):
    """A framework. `packages` or `files` tell it (any of the packages, all of the files); `root` is what is served.

    `front`: its index.php answers what is no file. `frozen`: nothing but a release changes its code. `closed` is what
    nobody gets of what is served.
    """

    name: str
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    root: str = "public"
    extensions: tuple[str, ...] = ()
    front: bool = True
    frozen: bool = True
    writes: tuple[str, ...] = ()
    volumes: tuple[Volume, ...] = ()
    variables: dict[str, str] = {}  # noqa: RUF012  # a tuple's default: never changed
    env: tuple[EnvVar, ...] = ()
    closed: tuple[str, ...] = ()


_LARAVEL_WRITES = ("bootstrap/cache", "storage")
_LARAVEL_STORAGE = (Volume("storage", "storage/app"),)
_LARAVEL_VARIABLES = {"APP_DEBUG": "false", "APP_ENV": "production", "LOG_CHANNEL": "stderr"}
_LIKE_LARAVEL = Kind(
    "laravel",
    ("laravel/framework",),
    extensions=_LARAVEL,
    writes=_LARAVEL_WRITES,
    volumes=_LARAVEL_STORAGE,
    variables=_LARAVEL_VARIABLES,
    env=(_APP_KEY,),
)
KINDS = (
    Kind(
        "statamic",
        ("statamic/cms",),
        ("artisan",),
        extensions=(*_LARAVEL, "exif", "gd"),
        writes=(*_LARAVEL_WRITES, "content", "users"),
        volumes=(*_LARAVEL_STORAGE, Volume("content", "content"), Volume("users", "users")),
        variables=_LARAVEL_VARIABLES,
        env=(_APP_KEY,),
    ),
    Kind(
        "october",
        ("october/rain", "october/system", "wintercms/winter", "winter/storm"),
        ("artisan",),
        ".",
        extensions=(*_LARAVEL, "gd"),
        writes=_LARAVEL_WRITES,
        volumes=_LARAVEL_STORAGE,
        variables=_LARAVEL_VARIABLES,
        env=(_APP_KEY,),
        closed=("vendor", "storage/framework", "storage/logs", "config"),
    ),
    _LIKE_LARAVEL._replace(name="lumen", packages=("laravel/lumen-framework",), writes=("storage",)),
    _LIKE_LARAVEL,
    Kind(
        "craft",
        ("craftcms/cms",),
        (),
        "web",
        extensions=("bcmath", "gd", "intl", "zip", *_PDO),
        writes=("config/project", "storage", "web/cpresources"),
        volumes=(Volume("storage", "storage"),),
        variables={"CRAFT_ENVIRONMENT": "production"},
        env=(EnvVar("CRAFT_SECURITY_KEY", "Craft seals data with it", "run", True, True),),
    ),
    Kind(
        "yii",
        ("yiisoft/yii2", "yiisoft/yii-web", "yiisoft/yii-http", "yiisoft/yii-runner-http"),
        (),
        "web",
        extensions=("intl", *_PDO),
        writes=("runtime", "web/assets", "public/assets"),
    ),
    Kind(
        "bedrock",
        ("roots/bedrock-autoloader", "roots/wordpress", "roots/wordpress-no-content", "johnpbloch/wordpress"),
        (),
        "web",
        extensions=("bcmath", "exif", "gd", "intl", "mysqli", "zip"),
        writes=("web/app/cache",),
        volumes=(Volume("uploads", "web/app/uploads"),),
        variables={"WP_ENV": "production"},
        env=(
            *(EnvVar(name, "WordPress needs it", "run", True) for name in ("WP_HOME", "WP_SITEURL")),
            *(
                EnvVar(f"{name}_{what}", "WordPress signs with it", "run", False, True)
                for what in ("KEY", "SALT")
                for name in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
            ),
        ),
    ),
    Kind(
        "drupal",
        ("drupal/core-recommended", "drupal/core", "drupal/recommended-project"),
        (),
        "web",
        extensions=("gd", "zip", *_PDO),
        frozen=False,
        volumes=(Volume("files", "web/sites/default/files"),),
    ),
    Kind(
        "typo3",
        ("typo3/cms-core", "typo3/minimal", "typo3/cms-base-distribution"),
        (),
        "public",
        extensions=("gd", "intl", "mysqli", "zip", *_PDO),
        frozen=False,
        writes=("var", "public/typo3temp"),
        volumes=(Volume("fileadmin", "public/fileadmin"),),
        variables={"TYPO3_CONTEXT": "Production"},
    ),
    Kind(
        "magento",
        ("magento/product-community-edition", "mage-os/product-community-edition", "magento/magento2-base"),
        (),
        "pub",
        extensions=("bcmath", "gd", "intl", "soap", "sockets", "xsl", "zip", "pdo_mysql"),
        frozen=False,
        writes=("generated", "pub/static", "var"),
        volumes=(Volume("media", "pub/media"),),
    ),
    Kind(
        "shopware",
        ("shopware/core",),
        (),
        extensions=("gd", "intl", "pdo_mysql", "zip"),
        writes=("files", "var", "public"),
        volumes=(Volume("media", "public/media"),),
        variables={"APP_ENV": "prod"},
        env=(*_SYMFONY, *_DATABASE),
    ),
    Kind(
        "symfony",
        ("symfony/framework-bundle", "symfony/symfony"),
        (),
        extensions=("apcu", "intl", "zip"),
        writes=("var",),
        variables={"APP_DEBUG": "0", "APP_ENV": "prod"},
        env=_SYMFONY,
    ),
    Kind(
        "cakephp",
        ("cakephp/cakephp",),
        (),
        "webroot",
        extensions=("intl", *_PDO),
        writes=("logs", "tmp"),
        variables={"DEBUG": "false"},
        env=(EnvVar("SECURITY_SALT", "CakePHP hashes with it", "run", True, True),),
    ),
    Kind(
        "codeigniter",
        ("codeigniter4/framework", "codeigniter4/codeigniter4"),
        (),
        extensions=("intl", "mysqli"),
        writes=("writable",),
        variables={"CI_ENVIRONMENT": "production"},
    ),
    Kind(
        "laminas",
        ("laminas/laminas-mvc", "mezzio/mezzio", "zendframework/zend-mvc"),
        (),
        extensions=("intl",),
        writes=("data",),
    ),
    Kind("slim", ("slim/slim",), (), writes=("logs", "var")),
    Kind("leaf", ("leafs/leaf",), (), "."),
    Kind("flight", ("flightphp/core", "mikecao/flight"), (), "."),
    Kind(
        "kirby",
        ("getkirby/cms",),
        (),
        ".",
        extensions=("gd", "intl"),
        frozen=False,
        writes=("media", "site/cache", "site/sessions"),
        volumes=(Volume("content", "content"), Volume("accounts", "site/accounts")),
    ),
    Kind(
        "grav",
        (),
        ("system/defines.php", "bin/grav"),
        ".",
        extensions=("gd", "intl", "zip"),
        frozen=False,
        writes=("assets", "backup", "cache", "images", "logs", "tmp"),
        volumes=(Volume("user", "user"),),
    ),
    Kind(
        "wordpress",
        (),
        ("wp-load.php", "wp-includes/version.php"),
        ".",
        frozen=False,
        extensions=("bcmath", "exif", "gd", "intl", "mysqli", "zip"),
        volumes=(Volume("uploads", "wp-content/uploads"),),
    ),
    Kind(
        "drupal",
        (),
        ("core/lib/Drupal.php", "index.php"),
        ".",
        ("gd", "zip", *_PDO),
        frozen=False,
        volumes=(Volume("files", "sites/default/files"),),
    ),
    Kind(
        "joomla",
        (),
        ("administrator/index.php", "libraries/src/Version.php"),
        ".",
        ("gd", "intl", "mysqli", "zip"),
        frozen=False,
        volumes=(Volume("images", "images"),),
        writes=("administrator/cache", "cache", "tmp"),
    ),
    Kind(
        "codeigniter",
        (),
        ("system/core/CodeIgniter.php", "application/config/config.php"),
        ".",
        ("mysqli",),
        writes=("application/cache", "application/logs"),
        closed=("application", "system"),
    ),
    _LIKE_LARAVEL._replace(packages=(), files=("artisan", "bootstrap/app.php")),
)
"""The frameworks, those that are built on others first."""

ROOTS = ("public", "web", "webroot", "htdocs", "public_html", "html", "www", "docroot", "pub", "src", "app")


def kind(source: Source, found: Packages) -> tuple[Kind, str] | None:
    """The framework that an app is made with, and what told it."""
    for one in KINDS:
        package = next((name for name in one.packages if found.has(name)), "")
        if one.packages and package and all(map(source.exists, one.files)):
            return one, f"requires {package}"
        if not one.packages and all(map(source.exists, one.files)):
            return one, "is there"
    return None


def served(source: Source, found: Packages, one: Kind | None) -> str:
    """The folder that is served: what Composer's `extra` says, else the framework's, else where an index.php is."""
    extra = table(found.project, "extra")
    said = (
        extra.get("public-dir"),
        table(extra, "drupal-scaffold", "locations").get("web-root"),
        table(extra, "typo3/cms").get("web-dir"),
    )
    named = next((text.removeprefix("./").strip("/") for text in said if isinstance(text, str)), None)
    if named is not None:
        return named or "."
    candidates = _candidates(source, one)
    return next((folder for folder in candidates if _has_index(source, folder)), one.root if one else ".")


def _candidates(source: Source, one: Kind | None) -> Iterator[str]:
    if one is not None:
        yield one.root
    if one is None:
        yield "."
    if one is not None and one.name == "yii":
        yield from ("public", "frontend/web")
    yield from ROOTS
    yield "."


def _has_index(source: Source, folder: str) -> bool:
    return source.exists("index.php" if folder == "." else f"{folder}/index.php")
