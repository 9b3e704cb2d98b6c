"""Where a server target keeps things, under one root on the server. Pure."""

from dataclasses import dataclass

from webduh_console.model.names import AppKey, is_name

ROOT = "/var/lib/webduh"
"""The root, unless setup had no right to make it and took a folder in the user's home."""


@dataclass(frozen=True)
class Layout:
    """Absolute POSIX paths on the server under `root`. Everything of an app in an environment is below `app`."""

    root: str = ROOT

    @property
    def mark(self) -> str:
        """The file that says that setup was here: JSON with `version` and `created`."""
        return f"{self.root}/target.json"

    @property
    def apps(self) -> str:
        """One folder an app in an environment, named by its slug."""
        return f"{self.root}/apps"

    def app(self, key: AppKey) -> str:
        """The folder of an app in an environment: `lease.json`, `mutex`, `current`, `audit.log`, and what follows."""
        return f"{self.apps}/{key.slug}"

    def source(self, key: AppKey) -> str:
        """The source tree that is kept in step with a laptop's folder."""
        return f"{self.app(key)}/source"

    def release(self, key: AppKey, number: int) -> str:
        """The folder of one release: `release.json`, `plan.json`, `variables.json`, `journal.jsonl`, `route.yml`."""
        return f"{self.app(key)}/releases/{number}"

    def mount(self, key: AppKey, release: int, number: int) -> str:
        """What a release mounts as the first, second … of its files: a file or a folder."""
        return f"{self.release(key, release)}/files/{number}"

    def release_route(self, key: AppKey, number: int) -> str:
        """The Traefik file that a release was switched with."""
        return f"{self.release(key, number)}/route.yml"

    @property
    def traefik(self) -> str:
        """What Traefik's container is given to read."""
        return f"{self.root}/traefik"

    @property
    def static_file(self) -> str:
        """Traefik's static configuration."""
        return f"{self.traefik}/traefik.yml"

    @property
    def dynamic(self) -> str:
        """The folder that Traefik watches."""
        return f"{self.traefik}/dynamic"

    @property
    def guard_file(self) -> str:
        """The Traefik file that guards its API; no app's name begins with an underscore."""
        return f"{self.dynamic}/_webduh.yml"

    def route_file(self, key: AppKey) -> str:
        """The Traefik file of an app in an environment."""
        return f"{self.dynamic}/{key.slug}.yml"

    @property
    def key_file(self) -> str:
        """The value of the secret header that opens Traefik's API."""
        return f"{self.traefik}/key"

    @property
    def certificates(self) -> str:
        """Certificates and their keys."""
        return f"{self.traefik}/certs"


def key_of(slug: str) -> AppKey | None:
    """The key whose slug this is; None if it is none."""
    parts = slug.split("--")
    return AppKey(*parts) if len(parts) == 3 and all(map(is_name, parts)) else None
