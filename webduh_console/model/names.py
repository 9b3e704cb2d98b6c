"""What things are called, and which names are allowed."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

NAME_LIMIT = 40
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONTAINER_LIMIT = 63


def is_name(text: str) -> bool:
    """Whether `text` may name a project, an app, an environment, a process, a volume: `[a-z0-9-]`, no `--`."""
    return len(text) <= NAME_LIMIT and _NAME.fullmatch(text) is not None


def to_name(text: str) -> str:
    """The nearest allowed name to any text, such as a folder's name; `app` when nothing of it can be kept."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return "-".join(words)[:NAME_LIMIT].strip("-") or "app"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


class AppKey(msgspec.Struct, frozen=True, order=True):
    """An app in an environment of a project: what is deployed, leased and recorded as one."""

    project: str
    app: str
    environment: str

    @property
    def slug(self) -> str:
        """The key as one word, for folders and names: `project--app--environment`."""
        return f"{self.project}--{self.app}--{self.environment}"

    @classmethod
    def from_slug(cls, slug: str) -> "AppKey":
        """The key whose slug this is; ValueError if it is none."""
        project, app, environment = slug.split("--")
        return cls(project, app, environment)

    def __str__(self) -> str:
        project = "" if self.project == "default" else f"{self.project}/"
        environment = "" if self.environment == "production" else f" ({self.environment})"
        return f"{project}{self.app}{environment}"


def instance_name(key: AppKey, process: str, release: int, index: int = 1) -> str:
    """`project--app--environment--process--release`, at most 63 characters; a longer one ends with a short hash.

    The second and later instances of a process carry their index.
    """
    number = str(release) if index == 1 else f"{release}-{index}"
    whole = f"{key.slug}--{process}--{number}"
    if len(whole) <= _CONTAINER_LIMIT:
        return whole
    from hashlib import sha256  # OpenSSL is loaded with it, and hardly a name is so long

    digest = sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: _CONTAINER_LIMIT - 9].rstrip('-')}-{digest}"
