"""Apps in Scala: sbt, Play, and files for Scala CLI."""

import re

import msgspec

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Source,
    Tier,
    Version,
    tool_version,
)
from webduh_plugins import jvm
from webduh_plugins.jvm import JAR, JAVA, Jar
from webduh_plugins.program_text import reading

_LAUNCHER = "org.scala-sbt:sbt-launch"
_USUAL = "1.11.7"
_SBT = ("java", "-Dsbt.ci=true", "-jar", ".sbt-launch/sbt-launch.jar")
_CACHES = ("~/.sbt", "~/.ivy2", "~/.cache/coursier")
_NAME = re.compile(r"(?:^|\()\s*(?:ThisBuild\s*/\s*)?name\s*:=\s*\"{1,3}([^\"]+)\"", re.MULTILINE)
_VERSION = re.compile(r"^sbt\.version\s*=\s*(\S+)", re.MULTILINE)
_RELEASE = re.compile(r"\"-{1,2}(?:java-output-version|release|release:)\"?\s*[,:]?\s*\"?(\d+)\"")
_SCALA = re.compile(r"scalaVersion\s*:=\s*\"([^\"]+)\"")
_KINDS = (
    ("play", ("PlayScala", "PlayJava", "PlayService")),
    ("http4s", ("http4s-",)),
    ("zio-http", ("zio-http",)),
    ("akka-http", ("akka-http",)),
    ("pekko-http", ("pekko-http",)),
    ("tapir", ("tapir-",)),
    ("cask", ("cask",)),
    ("finch", ("finch",)),
    ("scalatra", ("scalatra",)),
)
_STAGE = "target/universal/stage"
_PACKAGER = 'com.github.sbt" % "sbt-native-packager" % "1.11.4'


class Plugin:
    """Scala, recognized by build.sbt, or by files that say what they use to Scala CLI."""

    name = "scala"
    api = 1
    variants = (*(name for name, _ in _KINDS), "scala-cli")

    def detect(self, source: Source) -> Match | None:
        """sbt's build file counts before anything else."""
        if source.exists("build.sbt"):
            variant = _variant(source)
            says = f"is for {variant}" if variant else "is the build file of sbt"
            tier: Tier = "framework" if variant else "language"
            evidence = (Evidence("build.sbt", says),)
            return Match(self.name, tier, 0.96 if variant else 0.88, evidence, variant, ("java", "node", "static"))
        file = _by_cli(source)
        if not file:
            return None
        return Match(
            self.name, "language", 0.86, (Evidence(file, "is for Scala CLI"),), "scala-cli", ("node", "static")
        )

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A folder of jars with a script that starts them, or one jar that holds everything."""
        if not source.exists("build.sbt"):
            return _cli_plan(source)
        text, variant = source.text("build.sbt"), _variant(source)
        read = reading(
            source, "src/main/**/*.scala", "app/**/*.scala", "conf/application.conf", "src/main/resources/*.conf"
        )
        assembled = "sbt-assembly" in source.text("project/plugins.sbt") + source.text("project/assembly.sbt")
        release = _RELEASE.search(text)
        version = jvm.java_version(source, [Version(release[1], "build.sbt") if release else None])
        warnings: list[str] = []
        if assembled and "sbt-native-packager" not in source.text("project/plugins.sbt"):
            take = f'cp "$(ls -S target/scala-*/*assembly*.jar target/scala-*/*.jar | head -n 1)" {JAR}'
            steps: tuple[BuildStep, ...] = (
                _step("assembly"),
                BuildStep("take the jar", ("sh", "-c", take), outputs=(JAR,)),
            )
            jar = Jar(self.name, "scala", variant, steps, jvm.started(None), (JAR,), "maven", "sbt")
        else:
            steps, warnings = _staged(source, text)
            jar = Jar(
                self.name,
                "scala",
                variant,
                steps,
                _start(source, text, variant),
                (_STAGE,),
                "maven",
                "sbt",
                takes_port=variant == "play",
                variables={"JAVA_OPTS": JAVA[1]},
            )
        plan = jvm.planned(source, jar, version, warnings, read)
        return msgspec.structs.replace(plan, install=(_launcher(source),), versions={**plan.versions, **_scala(text)})


def _scala(text: str) -> dict[str, str]:
    found = _SCALA.search(text)
    return {"scala": found[1]} if found else {}


def _variant(source: Source) -> str:
    text = source.text("build.sbt") + source.text("project/plugins.sbt") + source.text("project/Dependencies.scala")
    return next((name for name, words in _KINDS if any(f'"{word}' in text or f"({word}" in text for word in words)), "")


def _launcher(source: Source) -> BuildStep:
    """sbt's launcher, which brings the version that the project asks for."""
    run = ("mvn", "-B", "-q", "dependency:copy", f"-Dartifact={_LAUNCHER}:{_USUAL}", "-DoutputDirectory=.sbt-launch")
    files = tuple(filter(source.exists, ("project/build.properties",))) or ("build.sbt",)
    return BuildStep("get sbt", (*run, "-Dmdep.stripVersion"), ("mvn",), files, (".sbt-launch",), ("~/.m2",))


def _step(task: str) -> BuildStep:
    return BuildStep("build", (*_SBT, task), ("java",), outputs=("target",), caches=_CACHES)


def _staged(source: Source, text: str) -> tuple[tuple[BuildStep, ...], list[str]]:
    """The steps that put the app together in a folder; what does that in sbt is added where it is missing."""
    plugins = "".join(source.text(file) for file in source.files("project/*.sbt"))
    if "sbt-native-packager" in plugins or "sbt-plugin" in plugins or "sbt-twirl" in plugins:
        return (_step("stage"),), []
    line = f"echo 'addSbtPlugin(\"{_PACKAGER}\")' > project/webduh.sbt"
    line += " && echo 'enablePlugins(JavaAppPackaging)' > webduh.sbt"
    add = BuildStep("add what puts the jars together", ("sh", "-c", line))
    warning = "There is neither sbt-native-packager nor sbt-assembly: the first is added for the build."
    return (add, _step("stage")), [warning]


def _start(source: Source, text: str, variant: str) -> Command:
    found = _NAME.search(text)
    name = found[1] if found else source.name
    script = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "root"
    words = ("-Dhttp.port=${PORT}", "-Dpidfile.path=/dev/null") if variant == "play" else ()
    return (f"./{_STAGE}/bin/{script}", *words)


def _by_cli(source: Source) -> str:
    if source.exists("project.scala"):
        return "project.scala"
    return next((file for file in source.files("*.scala") if "//> using" in source.text(file)), "")


def _cli_plan(source: Source) -> BuildPlan:
    text = "".join(source.text(file) for file in source.files("*.scala"))
    jdk = re.search(r"//> using (?:jvm|javaVersion)\s+\"?(?:[a-z]+:)?(\d+)", text)
    version = jvm.java_version(
        source, [Version(jdk[1], _by_cli(source)) if jdk else None, tool_version(source, "java")]
    )
    run = ("scala-cli", "--power", "package", ".", "--assembly", "--output", JAR)
    build = BuildStep("build", run, ("scala-cli",), outputs=(JAR,), caches=("~/.cache/coursier",))
    jar = Jar("scala", "scala", "scala-cli", (build,), jvm.started(None), (JAR,), "scala-cli", "scala-cli")
    return jvm.planned(source, jar, version, (), reading(source, "*.scala", "src/**/*.scala"))
