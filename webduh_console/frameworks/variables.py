"""The variables an app reads."""

import re
from collections.abc import Iterable

from webduh_console.model.build import EnvVar, Source

_SECRET = re.compile(
    r"(^|_)(SECRETS?|TOKENS?|PASSWORDS?|PASSWD|PASSPHRASE|PWD|KEYS?|DSN|CREDENTIALS?|DATABASE_URL|REDIS_URL)(_|$)"
)
_PUBLIC = re.compile(r"(^|_)(PUBLIC|PUBLISHABLE)(_|$)")
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
GIVEN = frozenset(
    {
        *(
            "PORT",
            "HOST",
            "HOSTNAME",
            "PATH",
            "HOME",
            "USER",
            "PWD",
            "SHELL",
            "TERM",
            "LANG",
            "TZ",
            "TMPDIR",
            "TEMP",
            "TMP",
        ),
        *("CI", "NODE_ENV", "PYTHONPATH", "PYTHONUNBUFFERED", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE"),
    }
)
"""Names that the system or the target gives: nobody has to set them."""


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is secret."""
    return _SECRET.search(name.upper()) is not None and not _PUBLIC.search(name.upper())


def named_in_example(source: Source) -> tuple[EnvVar, ...]:
    """The variables that the app's `.env.example` names. Its values are examples, so none is taken as a default."""
    file = next(filter(source.exists, _EXAMPLES), "")
    found = (_ASSIGNMENT.match(line) for line in source.text(file).splitlines()) if file else ()
    names = dict.fromkeys(line[1] for line in found if line)
    return tuple(EnvVar(name, f"named in {file}", secret=is_secret(name)) for name in names if name not in GIVEN)


def merged(variables: Iterable[EnvVar]) -> tuple[EnvVar, ...]:
    """One entry a name, sorted; of several, one that requires it wins, then the first."""
    chosen: dict[str, EnvVar] = {}
    for variable in variables:
        known = chosen.get(variable.name)
        if variable.name not in GIVEN and (known is None or (variable.required and not known.required)):
            chosen[variable.name] = variable
    return tuple(chosen[name] for name in sorted(chosen))
