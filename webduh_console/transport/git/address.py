"""Where a repository is: what counts as an address, and what must not stand in one."""

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import msgspec

from webduh_console.errors import NotFoundError, UsageError

KEPT = "Nothing was changed."
SCHEMES = ("https", "http", "ssh", "git", "file")
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]+){3}|::1")
_SCP = re.compile(r"(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]+:(?!//)[^\s]+")


class Origin(msgspec.Struct, frozen=True):
    """A repository, what of it is wanted, and how to get in.

    `ref` is a branch, a tag or a commit (empty: the repository's own default branch), `path` a folder in it (empty:
    all), `key` the file of a deploy key (empty: whatever ssh finds by itself).
    """

    url: str
    ref: str = ""
    path: str = ""
    key: str = ""

    @property
    def repository(self) -> str:
        """The last word of the address, without `.git`."""
        return re.split(r"[/:]", self.url.rstrip("/"))[-1].removesuffix(".git")

    @property
    def name(self) -> str:
        """What an app is called after: the folder that is wanted, else the repository."""
        return PurePosixPath(self.path).name or self.repository

    @property
    def over_ssh(self) -> bool:
        """Whether ssh is the way there."""
        return self.url.startswith("ssh://") or ("://" not in self.url and not self.url.startswith("/"))

    @property
    def host(self) -> str:
        """`https://HOST[:PORT]`, as Git names the place that asks for a password; empty for other ways."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("https", "http") else ""

    @property
    def confidential(self) -> bool:
        """Whether a token may be sent there: only where nobody reads along."""
        return self.host.startswith("https://") or bool(_LOOPBACK.fullmatch(urlsplit(self.url).hostname or ""))


def is_address(word: str) -> bool:
    """Whether a word names a repository: a URL, `git@host:path`, or the folder of a bare repository."""
    scheme, _, rest = word.partition("://")
    if rest:
        return scheme in SCHEMES
    if "/" not in word.partition(":")[0] and _SCP.fullmatch(word) and "@" in word.partition(":")[0]:
        return True
    return _is_bare(Path(word).expanduser())


def origin(word: str, ref: str = "", path: str = "", key: str = "") -> Origin:
    """The repository that a word stands for; UsageError for a secret in it, a wrong ref or folder, a missing key."""
    url = os.path.abspath(os.path.expanduser(word)) if _is_path(word) else word  # noqa: PTH100, PTH111 - links stay
    if "://" in url and (urlsplit(url).password or (urlsplit(url).username and not url.startswith("ssh://"))):
        raise UsageError(
            f"The address of {_without_user(url)} has a user or a password in it.",
            why="Addresses are kept, shown and passed to programs; a secret would be seen by everybody.",
            kept=KEPT,
            hint="Take it out, and give the token in the environment: WEBDUH_GIT_TOKEN=… webduh deploy …",
        )
    if any(ord(character) < 33 or ord(character) == 127 for character in url + ref) or ref.startswith("-"):
        raise UsageError(f"{ref or url!r} cannot name anything in Git.", kept=KEPT)
    clean = "" if path in ("", ".", "./") else str(PurePosixPath(path))
    if clean.startswith("/") or ".." in PurePosixPath(clean).parts or "\0" in clean:
        raise UsageError(
            f"{path!r} is no folder inside the repository.", kept=KEPT, hint="For example --path apps/web."
        )
    file = str(Path(key).expanduser().absolute()) if key else ""
    if file and not Path(file).is_file():
        raise NotFoundError(f"There is no key file {file}.", kept=KEPT)
    return Origin(url, ref, clean, file)


def _is_path(word: str) -> bool:
    return "://" not in word and _is_bare(Path(word).expanduser())


def _is_bare(folder: Path) -> bool:
    try:
        return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    except OSError:  # not ours to look into, or no path at all
        return False


def _without_user(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
