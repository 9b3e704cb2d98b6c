"""What apps on the Java Virtual Machine have in common: the version of Java, how a jar runs, what it runs on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Process,
    Source,
    Version,
    argv,
    first_version,
    line_version,
    merged,
    named_in_example,
    procfile,
    tool_version,
)
from webduh_plugins.program_text import Reading, port_warnings, reading

JAR = "app.jar"
"""What a jar that holds everything is called once it is built."""

JAVA = ("java", "-XX:MaxRAMPercentage=75")
"""Java, which takes what memory its container has, not what it finds by itself: a quarter."""

SOURCES = (
    "src/main/**/*.java",
    "src/main/**/*.kt",
    "src/main/**/*.scala",
    "src/main/resources/application*",
    "src/**/*.clj",
)
_DISTRIBUTION = re.compile(r"^(?:[a-z]+[a-z.-]*-)?(?:openjdk-?)?(\d+(?:\.\d+)*)(?:[.+-].*)?$")
_IN_LINE = re.compile(r"(?:\./)?(?:[\w.-]+/)?(?:target|build/libs)/[^\s:;&|]+\.jar")
_BUILT = re.compile(r"^(?:\./)?(?:target|build/libs|[\w.-]+/(?:target|build/libs))/\S+\.jar$")


class Kind(NamedTuple):
    """A framework: how its program is told where to listen. `health` is the path of its check, if `checked` is there.

    `options` come before the jar, `words` after it. `artifacts` are the exact names of what it is depended on by,
    groups where they end with a colon.
    """

    name: str
    artifacts: tuple[str, ...]
    options: Command = ()
    words: Command = ()
    checked: str = ""
    health: str = ""


KINDS = (
    Kind(
        "spring-boot",
        ("org.springframework.boot:",),
        ("-Dserver.port=${PORT}",),
        checked="spring-boot-starter-actuator",
        health="/actuator/health",
    ),
    Kind(
        "quarkus",
        ("io.quarkus:", "io.quarkus.platform:"),
        ("-Dquarkus.http.host=0.0.0.0", "-Dquarkus.http.port=${PORT}"),
        checked="quarkus-smallrye-health",
        health="/q/health",
    ),
    Kind(
        "micronaut",
        ("io.micronaut:", "io.micronaut.application", "io.micronaut.platform:"),
        ("-Dmicronaut.server.port=${PORT}",),
        checked="micronaut-management",
        health="/health",
    ),
    Kind("ktor", ("io.ktor:", "io.ktor.plugin")),
    Kind(
        "helidon",
        ("io.helidon:", "io.helidon.applications:", "io.helidon.webserver:", "io.helidon.microprofile.bundles:"),
        ("-Dserver.host=0.0.0.0", "-Dserver.port=${PORT}"),
    ),
    Kind("vertx", ("io.vertx:",), ("-Dhttp.port=${PORT}",)),
    Kind("javalin", ("io.javalin:",)),
    Kind("dropwizard", ("io.dropwizard:",)),
    Kind("http4k", ("org.http4k:",)),
    Kind("sparkjava", ("com.sparkjava:",)),
    Kind("jooby", ("io.jooby:",), ("-Dapplication.host=0.0.0.0", "-Dserver.port=${PORT}")),
    Kind("armeria", ("com.linecorp.armeria:",)),
)
"""The frameworks, the first that an app depends on counts."""


def kind_of(artifacts: Iterable[str]) -> Kind | None:
    """The framework of an app that depends on these (`group:artifact`, and ids of plugins)."""
    names = set(artifacts)
    groups = {name.partition(":")[0] + ":" for name in names}
    return next((kind for kind in KINDS if not names.isdisjoint(kind.artifacts) or groups & set(kind.artifacts)), None)


def takes_port(kind: Kind | None) -> bool:
    """Whether the command that starts it says the port."""
    return kind is not None and "${PORT}" in " ".join((*kind.options, *kind.words)) and kind.name != "vertx"


def java_version(source: Source, manifest: Iterable[Version | None], root: Source | None = None) -> Version | None:
    """The version of Java that an app asks for: `manifest` says what its build file has."""
    places = dict.fromkeys(place for place in (source, root) if place is not None)
    named = (version for place in places for version in _named(place))
    found = first_version((*named, *manifest))
    return Version(number(found.text), found.file) if found else None


def number(text: str) -> str:
    """`temurin-21.0.4+7` → `21.0.4`, `VERSION_17` → `17`, `1.8` → `8`."""
    text = text.strip().removeprefix("VERSION_").replace("_", ".")
    found = _DISTRIBUTION.match(text)
    text = found[1] if found else text
    return text.removeprefix("1.") if re.fullmatch(r"1\.\d+", text) else text


def started(kind: Kind | None, jar: str = JAR) -> Command:
    """How a jar that holds everything is started."""
    return (*JAVA, *(kind.options if kind else ()), "-jar", jar, *(kind.words if kind else ()))


class Jar(NamedTuple):
    """A built app: its steps, how it starts, and the paths that run."""

    framework: str
    language: str
    variant: str
    build: tuple[BuildStep, ...]
    start: Command
    runtime: tuple[str, ...]
    base: str
    manager: str
    health: str = ""
    takes_port: bool = False
    at: str = ""
    from_root: bool = False
    runs_on: str = "jre"
    variables: Mapping[str, str] = {}  # a tuple's default: never changed
    port: int | None = None
    versions: Mapping[str, str] = {}


def planned(
    source: Source, jar: Jar, version: Version | None, warnings: Sequence[str] = (), read: Reading | None = None
) -> BuildPlan:
    """The plan of an app that is built into a jar, or a folder of them, and runs on a JRE."""
    read = read or reading(source, *SOURCES)
    lines = procfile(source)
    web = _as_built(argv(lines["web"]), jar) if "web" in lines else jar.start
    others = tuple(Process(name, _as_built(argv(line), jar)) for name, line in lines.items() if name != "web")
    told = jar.takes_port or "web" in lines or jar.port is not None
    return BuildPlan(
        jar.framework,
        jar.language,
        variant=jar.variant,
        build=jar.build,
        processes=(Process("web", web), *others),
        port=jar.port if told else read.port,
        health=jar.health,
        versions={**({"java": version.text} if version else {}), **jar.versions},
        version_source={"java": version.file} if version else {},
        package_manager=jar.manager,
        env=merged((*read.env, *named_in_example(source))),
        variables=dict(jar.variables),
        warnings=(*warnings, *(() if told else port_warnings(read))),
        base=jar.base,
        runs_on=jar.runs_on,
        runtime=jar.runtime,
        from_root=jar.from_root,
    )


def language(source: Source, at: str = "") -> str:
    """What most of the app's files are written in."""
    prefix = f"{at}/" if at else ""
    counts = {
        "kotlin": len(source.files(f"{prefix}src/main/**/*.kt")) + len(source.files(f"{prefix}src/*.kt")),
        "scala": len(source.files(f"{prefix}src/main/**/*.scala")),
        "java": len(source.files(f"{prefix}src/main/**/*.java")),
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "java"


def evidence(file: str, kind: Kind | None, otherwise: str) -> Evidence:
    """What a build file says of the framework."""
    return Evidence(file, f"depends on {kind.name}" if kind else otherwise)


def _named(source: Source) -> Iterator[Version | None]:
    yield line_version(source, ".java-version")
    yield _assigned(source, ".sdkmanrc", "java")
    found = tool_version(source, "java")
    yield found
    yield _assigned(source, "system.properties", "java.runtime.version")


def _assigned(source: Source, file: str, name: str) -> Version | None:
    found = re.search(rf"^{re.escape(name)}\s*[=:]\s*(\S+)", source.text(file), re.MULTILINE)
    return Version(found[1], file) if found else None


def _as_built(command: Command, jar: Jar) -> Command:
    """A line of a Procfile, in which the jar is called as the build leaves it."""
    if command[:2] == ("sh", "-c") and len(command) == 3 and JAR in jar.runtime:
        line = _IN_LINE.sub(JAR, command[2])
        return argv(line) if line != command[2] else command
    return tuple(JAR if _BUILT.match(word) and JAR in jar.runtime else word for word in command)
