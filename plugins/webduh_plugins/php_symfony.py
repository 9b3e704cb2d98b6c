"""What is Symfony's own: its `.env`, which is part of the source there, and its assets."""

import re
from collections.abc import Iterator

from webduh_console.frameworks import BuildStep, EnvVar, Source, is_secret
from webduh_plugins.php_composer import Packages

_LINE = re.compile(r"^([A-Z][A-Z0-9_]*)=[\"']?([^\"'\n]*)[\"']?[ \t]*$", re.MULTILINE)
_READ = re.compile(r"%env\((?:\w+:)*([A-Z][A-Z0-9_]*)\)%")
# Values that name no place and nobody: they are as good in production.
_HARMLESS = re.compile(r"(?:null|doctrine|sync|in-memory)://[^@]*|http://localhost")
_CONFIGURATION = ("config/*.yaml", "config/packages/*.yaml", "config/packages/prod/*.yaml")
_OWN = frozenset({"APP_ENV", "APP_DEBUG", "APP_SECRET"})
_ENV = {"APP_ENV": "prod", "APP_DEBUG": "0"}


def stand_in(source: Source) -> dict[str, str]:
    """Symfony insists on a `.env`, which is not sent: path → text. One that is sent all the same is kept."""
    return {} if source.files(".env") else {".env": "# Values are variables of the app.\n"}


def build_steps(found: Packages) -> Iterator[BuildStep]:
    """The assets are made once: the server does not make them anew."""
    if found.has("symfony/asset-mapper"):
        words = ("php", "bin/console", "asset-map:compile")
        yield BuildStep("compile the assets", words, ("php",), env=_ENV)


def given(source: Source) -> dict[str, str]:
    """The values of `.env` that hold in production too."""
    return {name: value for name, value in _LINE.findall(source.text(".env")) if _HARMLESS.fullmatch(value)}


def variables(source: Source) -> Iterator[EnvVar]:
    """The variables that `.env` names; those that the configuration reads must be there."""
    read = {
        name
        for pattern in _CONFIGURATION
        for file in source.files(pattern)
        for name in _READ.findall(source.text(file))
    }
    for name, value in _LINE.findall(source.text(".env")):
        if name not in _OWN and not _HARMLESS.fullmatch(value):
            yield EnvVar(name, "named in .env", required=name in read, secret=is_secret(name))


def warnings(source: Source, found: Packages) -> Iterator[str]:
    """What does not run by itself."""
    if source.files("migrations/*.php"):
        yield (
            "Migrations are not run: write `release: php bin/console doctrine:migrations:migrate -n` under "
            "`processes:` in webduh.yaml."
        )
    if found.has("symfony/messenger") and "async" in source.text("config/packages/messenger.yaml"):
        yield (
            "Messages are not handled: write `worker: php bin/console messenger:consume async` under `processes:` in "
            "webduh.yaml."
        )
