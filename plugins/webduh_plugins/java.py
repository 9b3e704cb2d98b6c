"""Apps in Java, Kotlin and Groovy that Maven or Gradle builds."""

from webduh_console.frameworks import BuildPlan, Evidence, Match, Option, Source, SourceError, Tier
from webduh_plugins import gradle, jvm, maven
from webduh_plugins.gradle_build import FILES


class Plugin:
    """Maven and Gradle, recognized by their build files; the framework by what those depend on."""

    name = "java"
    api = 1
    variants = tuple(kind.name for kind in jvm.KINDS)

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("module", "The module that is run, by the name of its folder."),)

    def detect(self, source: Source) -> Match | None:
        """The build file says which framework it is. One that is broken is still an app in Java."""
        found = _module(source, "")
        if found is None:
            return None
        if isinstance(found, maven.Module):
            reasons = tuple(maven.evidence(source, found))
        else:
            reasons = tuple(gradle.evidence(source, found))
        wrapper = next(filter(source.exists, ("mvnw", "gradlew")), "")
        reasons += (Evidence(wrapper, "brings the build tool"),) if wrapper else ()
        tier: Tier = "framework" if found.kind else "language"
        variant = found.kind.name if found.kind else ""
        supersedes = ("node", "static", "python")
        return Match(self.name, tier, 0.95 if found.kind else 0.85, reasons, variant, supersedes)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A jar that holds everything, run by a Java that takes what memory its container has."""
        found = _module(source, options.get("module", ""))
        if isinstance(found, maven.Module):
            return maven.planned(source, found)
        if found is not None:
            return gradle.planned(source, found)
        raise SourceError(
            "There is neither a pom.xml nor a build.gradle.",
            "Nothing says how the app is built.",
            "Add one, or write `framework:` and `build:` in webduh.yaml.",
            file="pom.xml",
        )


def _module(source: Source, wish: str) -> maven.Module | gradle.Module | None:
    """The module that is the app. With both build tools there, the one whose wrapper is there counts."""
    by_gradle = any(map(source.exists, (*FILES, "settings.gradle", "settings.gradle.kts")))
    if source.exists("pom.xml") and not (by_gradle and source.exists("gradlew") and not source.exists("mvnw")):
        return maven.module(source, wish)
    return gradle.module(source, wish) if by_gradle else None
