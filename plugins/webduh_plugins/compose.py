"""A Compose file that nothing else stands beside: recognized, and not run yet."""

from webduh_console.frameworks import BuildPlan, Evidence, Match, Source, SourceError

FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


class Plugin:
    """It claims an app only where nobody else does: most Compose files are there for development."""

    name = "compose"
    api = 1

    def detect(self, source: Source) -> Match | None:
        """A Compose file at the top."""
        file = next(filter(source.exists, FILES), None)
        return Match(self.name, "script", 0.1, (Evidence(file, "is a Compose file"),)) if file else None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """There is none: SourceError says what can be deployed instead."""
        file = next(filter(source.exists, FILES), FILES[0])
        found = (*source.files("*/Dockerfile"), *source.files("*/*/Dockerfile"))
        folders = [one.rpartition("/")[0] for one in found]
        if folders:
            hint = f"Deploy each service that it builds by itself: `webduh deploy {folders[0]}`"
            more = f", and {', '.join(folders[1:4])}" if folders[1:] else ""
            hint += f"{more}."
        else:
            hint = "Deploy the folder of a service with its code, or a Dockerfile that says FROM the service's image."
        raise SourceError(
            f"{file} is a Compose file, and those are not run yet.", "An app is one image here.", hint, file=file
        )
