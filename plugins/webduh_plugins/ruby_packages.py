"""What gems need of Debian: libraries they run with, and what they are compiled with."""

from collections.abc import Iterable

from webduh_plugins.ruby_gems import Gems

# gem → (packages it runs with, packages it is compiled with)
_PACKAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pg": (("libpq5",), ("libpq-dev",)),
    "mysql2": (("libmariadb3",), ("default-libmysqlclient-dev",)),
    "sqlite3": (("libsqlite3-0",), ("libsqlite3-dev",)),
    "tiny_tds": (("freetds-common", "libct4", "libsybdb5"), ("freetds-dev",)),
    "rmagick": (("imagemagick",), ("libmagickwand-dev",)),
    "mini_magick": (("imagemagick",), ()),
    "ruby-vips": (("libvips42",), ()),
    "image_processing": (("libvips42",), ()),
    "charlock_holmes": (("libicu-dev",), ("libicu-dev", "zlib1g-dev")),
    "rugged": (("libssh2-1",), ("cmake", "libssh2-1-dev")),
    "curb": (("libcurl4",), ("libcurl4-openssl-dev",)),
    "ethon": (("libcurl4",), ()),
    "typhoeus": (("libcurl4",), ()),
    "idn-ruby": (("libidn12",), ("libidn-dev",)),
    "ruby-filemagic": (("libmagic1",), ("libmagic-dev",)),
    "snappy": (("libsnappy1v5",), ("cmake", "libsnappy-dev")),
    "rdkafka": ((), ("cmake",)),
    "streamio-ffmpeg": (("ffmpeg",), ()),
    "taglib-ruby": (("libtag1-dev",), ("libtag1-dev",)),
    "gpgme": (("libgpgme11",), ("libgpgme-dev",)),
    "ffi": ((), ("libffi-dev",)),
    "psych": ((), ("libyaml-dev",)),
    "tzinfo": (("tzdata",), ()),
    "rails": (("tzdata",), ()),
}
_COMPILER = ("build-essential", "libyaml-dev", "pkg-config")


# A schema in SQL is loaded by the database's own client.
_CLIENTS = {"pg": "postgresql-client", "mysql2": "default-mysql-client", "trilogy": "default-mysql-client"}
_OTHER_UPLOADS = ("carrierwave", "kt-paperclip", "paperclip", "shrine")


def packages(found: Gems, *, git: bool, sql: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The packages an app runs with, and those its gems are compiled with besides. `sql`: its schema is in SQL."""
    if not found.file:
        return (), ()
    used = [pair for gem, pair in _PACKAGES.items() if found.has(gem) and not _unused(gem, found)]
    used += [((client,), ()) for gem, client in _CLIENTS.items() if sql and gem in found.direct]
    compiled = (
        *_COMPILER,
        *(("git", "ca-certificates") if git else ()),
        *(name for _, names in used for name in names),
    )
    return _once(name for names, _ in used for name in names), _once(compiled)


def _unused(gem: str, found: Gems) -> bool:
    """Whether a gem is only there because another one could use it: Active Storage changes images with libvips."""
    return gem == "mini_magick" and gem not in found.direct and found.has("rails") and not found.has(*_OTHER_UPLOADS)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
