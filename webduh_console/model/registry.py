"""A registry of images, over which the servers of a target hand each other a release. Pure."""

import base64
import re

import msgspec

_HOST = re.compile(r"(?:localhost|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_BARE = re.compile(r"[a-z0-9-]+:[0-9]{1,5}")
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*")


class Registry(msgspec.Struct, frozen=True):
    """Where images are pushed to and pulled from: `address` is `HOST[:PORT][/PATH]`.

    Without a `user` nobody logs in. Its representation does not show the password.
    """

    address: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Registry({self.address!r}, {self.user!r})"

    @property
    def host(self) -> str:
        """The host, with its port if it has one."""
        return self.address.partition("/")[0]

    def repository(self, slug: str) -> str:
        """Where the images of an app in an environment are."""
        return f"{self.address}/{slug}"

    @property
    def login(self) -> str:
        """The header `X-Registry-Auth` of the Engine API, by which a password comes there and into no file."""
        said = {"username": self.user, "password": self.password, "serveraddress": self.host} if self.user else {}
        return base64.urlsafe_b64encode(msgspec.json.encode(said)).decode()


def refusal(address: str) -> str:
    """Why an address cannot be a registry's; empty when it can."""
    if "://" in address:
        return "A registry is named without https://; it is spoken to over TLS."
    host, *path = address.split("/")
    if not (_HOST.fullmatch(host) or _BARE.fullmatch(host)):
        return f"{host!r} is no host: Docker wants a name with a dot, or a port."
    wrong = next((part for part in path if not _PART.fullmatch(part)), None)
    if wrong is not None:
        return f"{wrong!r} cannot be part of a path: it is made of a-z, 0-9, and single . _ or - in between."
    return ""
