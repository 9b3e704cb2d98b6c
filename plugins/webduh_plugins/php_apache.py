"""What turns the official image of PHP into a server of an app: extensions, Apache's settings, PHP's own."""

from collections.abc import Iterable

from webduh_console.frameworks import BuildStep

BUILT_IN = frozenset(
    {
        *("core", "ctype", "curl", "date", "dom", "fileinfo", "filter", "ftp", "hash", "iconv", "json", "libxml"),
        *("mbstring", "mysqlnd", "openssl", "pcre", "pdo", "pdo_sqlite", "phar", "posix", "random", "readline"),
        *("reflection", "session", "simplexml", "sodium", "spl", "sqlite3", "standard", "tokenizer", "xml", "zend"),
        *("xmlreader", "xmlwriter", "zlib", "uri", "lexbor"),
    }
)
"""The extensions that the official image has."""

_NAMES = {"zend-opcache": "opcache", "zend opcache": "opcache", "mysql": "mysqli", "pecl-redis": "redis"}
_FOLDER = ".webduh"
_INI = (
    # As without a php.ini: frameworks look for variables in $_ENV.
    "variables_order = EGPCS",
    "expose_php = Off",
    "log_errors = On",
    "display_errors = Off",
    "memory_limit = 256M",
    "post_max_size = 64M",
    "upload_max_filesize = 64M",
    "opcache.enable = 1",
    "opcache.memory_consumption = 192",
    "opcache.max_accelerated_files = 20000",
    "realpath_cache_size = 4096K",
)
# Code that only a new release changes is not looked at again.
_FROZEN = ("opcache.validate_timestamps = 0",)
_SITE = r"""ServerName localhost
ServerTokens Prod
ServerSignature Off
TraceEnable Off
Listen ${PORT}

<VirtualHost *:${PORT}>
    # Redirects name the port that visitors know, which is not the one inside.
    ServerName localhost:80
    ErrorLog /proc/self/fd/2
    LogFormat "%%a %%t \"%%r\" %%>s %%O %%D" webduh
    CustomLog /proc/self/fd/1 webduh

    # Who is in front says who asks, and how; a request from elsewhere cannot.
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
    SetEnvIf X-Forwarded-Proto ^https$ HTTPS=on
    SetEnvIf Authorization "(.+)" HTTP_AUTHORIZATION=$1

    DocumentRoot "%(root)s"
    <Directory "%(root)s">
        Options FollowSymLinks
        AllowOverride All
        Require all granted
        DirectoryIndex index.php index.html index.htm
%(front)s    </Directory>
    <LocationMatch "/\.(?!well-known(/|$))">
        Require all denied
    </LocationMatch>
%(closed)s</VirtualHost>
"""
_CLOSED = """    <Location "/%s">
        Require all denied
    </Location>
"""
_FRONT = "        FallbackResource /index.php\n"


def extensions_step(names: Iterable[str]) -> BuildStep | None:
    """The step that adds extensions which the image lacks; None if it has them all."""
    wanted = sorted({_NAMES.get(name, name).replace("-", "_") for name in names} - BUILT_IN)
    if not wanted:
        return None
    program = "install-php-extensions"
    return BuildStep("add the extensions of PHP", (program, *wanted), (program,))


def settings_step(*, apache: bool) -> BuildStep:
    """The step that has PHP, and Apache if that serves the app, read the settings that are among the app's files."""
    lines = [
        'cp "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"',
        f'ln -s /app/{_FOLDER}/php.ini "$PHP_INI_DIR/conf.d/webduh.ini"',
    ]
    if apache:
        lines += [
            "a2enmod -q expires headers remoteip rewrite",
            ": > /etc/apache2/ports.conf",
            f"ln -sf /app/{_FOLDER}/apache.conf /etc/apache2/sites-available/000-default.conf",
        ]
    return BuildStep("read the app's settings", ("sh", "-c", " && ".join(lines)))


def php_ini(*, frozen: bool) -> dict[str, str]:
    """PHP's settings for production: path → text. `frozen` code is changed by nothing but a new release."""
    return {f"{_FOLDER}/php.ini": "".join(f"{line}\n" for line in (*_INI, *(_FROZEN if frozen else ())))}


def apache_conf(folder: str, *, front: bool, closed: Iterable[str] = ()) -> dict[str, str]:
    """What makes Apache serve `folder` of the app, on the port it is told and as whoever starts it: path → text.

    `front`: what is no file is answered by its index.php. `closed` are folders and files inside that nobody gets.
    """
    values = {
        "root": "/app" if folder == "." else f"/app/{folder}",
        "front": _FRONT if front else "",
        "closed": "".join(_CLOSED % name for name in closed),
    }
    return {f"{_FOLDER}/apache.conf": _SITE % values}
