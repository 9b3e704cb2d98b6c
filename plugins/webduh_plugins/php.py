"""PHP apps: Laravel, Symfony, WordPress and the other frameworks, and folders of plain PHP."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    EnvVar,
    Evidence,
    Match,
    Process,
    Source,
    argv,
    is_secret,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins import php_laravel as laravel
from webduh_plugins import php_symfony as symfony
from webduh_plugins.php_apache import apache_conf, extensions_step, php_ini, settings_step
from webduh_plugins.php_composer import Packages, build_steps, install_steps, packages, php_version
from webduh_plugins.php_composer import warnings as about_packages
from webduh_plugins.php_frameworks import KINDS, Kind, kind, served
from webduh_plugins.php_wordpress import WORDPRESS_VARIABLES, configuration

_READ = re.compile(r"\bgetenv\(\s*['\"](\w+)['\"]|\$_(?:ENV|SERVER)\[\s*['\"]([A-Z][A-Z0-9_]+)['\"]\s*\]")
_USES = {
    "mysqli": re.compile(r"\bmysqli_connect\s*\(|\bnew\s+\\?mysqli\b", re.IGNORECASE),
    "pdo_mysql": re.compile(r"['\"]mysql:"),
    "pdo_pgsql": re.compile(r"['\"]pgsql:"),
    "pgsql": re.compile(r"\bpg_connect\s*\("),
    "gd": re.compile(r"\bimagecreate(?:truecolor|from\w+)?\s*\("),
    "redis": re.compile(r"\bnew\s+\\?Redis\s*\("),
    "intl": re.compile(r"\bnew\s+\\?(?:NumberFormatter|IntlDateFormatter|Collator)\b"),
}
_SERVER_SAYS = re.compile(
    r"^(REQUEST|HTTP|SERVER|REMOTE|SCRIPT|PHP|QUERY|DOCUMENT|CONTENT|PATH|HTTPS|GATEWAY|AUTH|ORIG|ARGV|ARGC)"
)
_MOST_READ = 40
_DEVELOPMENT = re.compile(r"artisan serve|\bphp\s+-S\b|symfony\s+serve")
_SYMFONY = ("symfony", "shopware")
_SERVED_FILES = ("composer.json", "composer.lock", "vendor")


class Plugin:
    """PHP, recognized by composer.json or an index.php."""

    name = "php"
    api = 1
    variants = tuple(dict.fromkeys(one.name for one in KINDS))

    def detect(self, source: Source) -> Match | None:
        """A framework is told by a package or by its own files; an index.php is enough for plain PHP."""
        composed = source.exists("composer.json")
        found = packages(source)
        told = kind(source, found)
        root = served(source, found, told[0] if told else None)
        index = "index.php" if root == "." else f"{root}/index.php"
        if told:
            one, why = told
            file = "composer.json" if one.packages else one.files[0]
            answers = (Evidence(index, "answers requests"),) if source.exists(index) else ()
            needs = ("node",) if source.exists("package.json") else ()
            return Match(
                self.name, "framework", 0.96, (Evidence(file, why), *answers), one.name, ("node", "static"), needs
            )
        needs = ("node",) if source.exists("package.json") else ()
        listed = (Evidence("composer.json", "lists packages"),) if composed else ()
        if source.exists(index):
            reasons = (*listed, Evidence(index, "answers requests"))
            return Match(self.name, "language", 0.85, reasons, needs=needs, supersedes=("node",) if composed else ())
        pages = source.files("*.php")
        if pages:
            confidence = 0.7 if composed else 0.5
            return Match(self.name, "language", confidence, (*listed, Evidence(pages[0], "is PHP")), needs=needs)
        if composed and found.required:
            return Match(self.name, "language", 0.2, listed, needs=needs)
        return None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """Apache serves the app's public folder; the option `root` names another one."""
        found = packages(source)
        told = kind(source, found)
        one = told[0] if told else None
        root = options.get("root") or served(source, found, one)
        version = php_version(source, found)
        alike = one is not None and one.name in laravel.NAMES
        server = laravel.octane(source, found) if alike else ""
        lines = procfile(source)
        return BuildPlan(
            self.name,
            "php",
            variant=one.name if one else match.variant,
            install=install_steps(source, found),
            build=tuple(_build(source, found, one)),
            processes=tuple(_processes(source, found, one, lines)),
            health=laravel.health(source) if alike else "",
            versions={"php": version.text} if version else {},
            version_source={"php": version.file} if version else {},
            package_manager="composer" if found.there else None,
            env=_env(source, one),
            variables=_variables(source, one),
            volumes=one.volumes if one else (),
            warnings=tuple(_warnings(source, found, one, root, lines)),
            base="frankenphp" if server == "frankenphp" else "",
            build_apt=("unzip", *(("ca-certificates", "git") if found.git else ())) if found.there else (),
            system=tuple(_system(source, found, one, server)),
            files=_files(source, found, one, root, server),
            writes=tuple(name for name in one.writes if _may_be_there(source, name)) if one else (),
        )


def _system(source: Source, found: Packages, one: Kind | None, server: str) -> Iterator[BuildStep]:
    wanted = {"opcache", *found.extensions, *(one.extensions if one else ())}
    if not found.there:
        wanted |= _used(source)
    if found.has("doctrine/orm", "doctrine/dbal", "doctrine/doctrine-bundle", "symfony/orm-pack"):
        wanted |= {"pdo_mysql", "pdo_pgsql"}
    if server in ("swoole", "openswoole"):
        wanted.add(server)
    added = extensions_step(wanted)
    if added:
        yield added
    yield settings_step(apache=not server)


def _files(source: Source, found: Packages, one: Kind | None, root: str, server: str) -> dict[str, str]:
    """The settings of PHP and Apache, and what a framework misses that is not sent."""
    closed = (*(one.closed if one else ()), *(_SERVED_FILES if root == "." and found.there else ()))
    front = (one is not None and one.front) or (one is None and found.there and root != ".")
    apache = {} if server else apache_conf(root, front=front, closed=tuple(dict.fromkeys(closed)))
    own = configuration(source) if one is not None and one.name == "wordpress" else {}
    own |= symfony.stand_in(source) if one is not None and one.name in _SYMFONY else {}
    return {**php_ini(frozen=one is not None and one.frozen), **apache, **own}


def _build(source: Source, found: Packages, one: Kind | None) -> Iterator[BuildStep]:
    yield from build_steps(found)
    if one is None:
        return
    if one.name in ("laravel", "statamic"):
        yield from laravel.build_steps(source)
    if one.name in _SYMFONY:
        yield from symfony.build_steps(found)


def _processes(source: Source, found: Packages, one: Kind | None, lines: dict[str, str]) -> Iterator[Process]:
    """The server; a Procfile's own, unless it is the one for development or another place's."""
    web = lines.get("web", "")
    foreign = not web or _DEVELOPMENT.search(web) or "heroku-php" in web
    command: Command = ("apache2-foreground",)
    if one is not None and one.name in laravel.NAMES:
        command = laravel.command(source, found, one.name)
    yield Process("web", command if foreign else argv(web))
    if one is not None and one.name in laravel.NAMES and laravel.on_sqlite(source) and "release" not in lines:
        yield laravel.kept_in_a_file()[1]
    yield from (Process(name, argv(line)) for name, line in lines.items() if name != "web")


def _variables(source: Source, one: Kind | None) -> dict[str, str]:
    if one is None:
        return {}
    filed = one.name in laravel.NAMES and laravel.on_sqlite(source)
    more = laravel.kept_in_a_file()[0] if filed else symfony.given(source) if one.name in _SYMFONY else {}
    return {**one.variables, **more}


def _env(source: Source, one: Kind | None) -> tuple[EnvVar, ...]:
    own = one.env if one else ()
    if one is not None and one.name == "wordpress" and not source.exists("wp-config.php"):
        own = WORDPRESS_VARIABLES
    read: list[EnvVar] = list(symfony.variables(source)) if one is not None and one.name in _SYMFONY else []
    if one is None or not one.packages:
        files = () if one else (*source.files("*.php"), *source.files("*/*.php"))[:_MOST_READ]
        for file in (*files, *source.files("wp-config.php")):
            names = (first or second for first, second in _READ.findall(source.text(file)))
            read += [
                EnvVar(name, f"read in {file}", secret=is_secret(name))
                for name in names
                if not _SERVER_SAYS.match(name)
            ]
    given = _variables(source, one)
    named = (variable for variable in named_in_example(source) if variable.name not in given)
    return merged((*own, *read, *named))


def _warnings(source: Source, found: Packages, one: Kind | None, root: str, lines: dict[str, str]) -> Iterator[str]:
    yield from about_packages(source, found)
    if one is not None and one.name in laravel.NAMES:
        yield from laravel.warnings(source, found)
    if one is not None and one.name in _SYMFONY:
        yield from symfony.warnings(source, found)
    index = "index.php" if root == "." else f"{root}/index.php"
    placed = one is not None and one.name in ("drupal", "craft", "magento", "typo3", "shopware")
    if not source.exists(index) and not placed and "web" not in lines:
        yield f"There is no {index}: / will not be found. The option `root` names another folder."


def _used(source: Source) -> set[str]:
    """The extensions that plain PHP calls."""
    files = (*source.files("*.php"), *source.files("*/*.php"), *source.files("*/*/*.php"))[:_MOST_READ]
    texts = [source.text(file) for file in files]
    return {name for name, pattern in _USES.items() if any(map(pattern.search, texts))}


def _may_be_there(source: Source, name: str) -> bool:
    """Whether a folder is there, or may be made: its parent is there."""
    above = name.rpartition("/")[0]
    return not above or source.folder(above)
