"""Apps that Maven builds: one module or several, into a jar that holds everything, or a jar and what it needs."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildPlan, BuildStep, Command, Evidence, Source
from webduh_plugins import jvm
from webduh_plugins.compiled import USUAL, below, one_of
from webduh_plugins.jvm import JAR, JAVA, Jar, Kind, started
from webduh_plugins.maven_pom import Pom, pom, versions
from webduh_plugins.program_text import reading

# The largest jar: what is made beside it is not the app, or lacks what the app needs.
_TAKE = r"""cp "$(ls -S {}/*.jar | grep -Ev '(-sources|-javadoc|-tests|-plain)\.jar$|/original-' | head -n 1)" {}"""
_WHOLE = ("spring-boot-maven-plugin", "maven-shade-plugin", "maven-assembly-plugin", "micronaut-maven-plugin")
_MODULES = ("app", "application", "boot", "bootstrap", "start", "starter", *USUAL)
# Tomcat's own folders are root's; it keeps what it makes in a folder for the while that it runs.
_TOMCAT = (
    "base=/tmp/tomcat && mkdir -p $base/logs $base/temp $base/work && ln -sfn $CATALINA_HOME/conf $base/conf"
    ' && ln -sfn "$PWD/webapps" $base/webapps && CATALINA_BASE=$base exec catalina.sh run'
)
_MAIN = re.compile(r"\bpublic\s+static\s+void\s+main\b|\bstatic\s+void\s+main\s*\(|^fun\s+main\s*\(", re.MULTILINE)
_PACKAGE = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)


class Module(NamedTuple):
    """The module that is run: its folder (empty: the top), its pom.xml, and that of the top."""

    folder: str
    pom: Pom
    top: Pom
    kind: Kind | None
    others: tuple[str, ...]

    @property
    def file(self) -> str:
        """Its pom.xml."""
        return below(self.folder, "pom.xml")

    @property
    def plugins(self) -> frozenset[str]:
        """What its build does beyond compiling."""
        return frozenset((*self.pom.plugins, *(self.top.plugins if self.folder else ())))


def module(source: Source, wish: str = "") -> Module:
    """The module that is the app: of several, the one that is made to run."""
    top = pom(source)
    if not top.modules:
        return Module("", top, top, jvm.kind_of(top.artifacts), ())
    found = {name: pom(source, f"{name}/pom.xml") for name in _modules(source, top, "")}
    runs = [name for name, one in found.items() if _runs(source, name, one, top)]
    names = {name.rpartition("/")[2]: name for name in (runs or list(found))}
    name, _ = one_of(list(names), (wish, source.name, *_MODULES))
    folder = names.get(name, "")
    chosen = found.get(folder, top)
    kind = jvm.kind_of(chosen.artifacts) or jvm.kind_of(top.artifacts)
    return Module(folder, chosen, top, kind, tuple(one for one in runs if one != folder))


def evidence(source: Source, app: Module) -> Iterator[Evidence]:
    """What tells that it is this module."""
    yield jvm.evidence(app.file, app.kind, f"is for Maven's {app.pom.artifact or source.name}")
    if app.folder:
        yield Evidence("pom.xml", f"has the module {app.folder}")


def planned(source: Source, app: Module) -> BuildPlan:
    """The plan of an app that Maven builds."""
    found = pom(source)
    version = jvm.java_version(source, versions(source, app.file, *(("pom.xml",) if app.folder else ())))
    warnings = []
    if app.others:
        warnings.append(
            f"Several modules can run ({', '.join(sorted((app.folder, *app.others)))}): {app.folder} is run. "
            "Another one is chosen with `options: {module: NAME}` in webduh.yaml."
        )
    jar = _jar(source, app, found)
    if jar.start == ():
        warnings.append("No class with a main method was found: write `start:` in webduh.yaml.")
        jar = jar._replace(start=started(app.kind))
    read = reading(source, *(below(app.folder, pattern) for pattern in jvm.SOURCES))
    return jvm.planned(source, jar, version, warnings, read)


def _jar(source: Source, app: Module, top: Pom) -> Jar:
    """How it is built, and what runs."""
    target, kind = below(app.folder, "target"), app.kind
    checked = kind is not None and any(kind.checked and one.endswith(f":{kind.checked}") for one in app.pom.artifacts)
    jar = Jar(
        "java",
        jvm.language(source, app.folder),
        kind.name if kind else "",
        (_maven(source, app, top),),
        started(kind),
        (JAR,),
        "maven",
        "maven",
        kind.health if kind and checked else "",
        jvm.takes_port(kind),
    )
    take = BuildStep("take the jar", ("sh", "-c", _TAKE.format(target, JAR)), outputs=(JAR,))
    if kind is not None and kind.name == "quarkus":
        return _quarkus(source, app, jar, target, take)
    if app.pom.packaging == "war" and "spring-boot-maven-plugin" not in app.plugins:
        return _war(source, app, jar, target)
    if app.pom.packaging == "war":
        take = BuildStep("take the war", ("sh", "-c", f"cp {target}/*.war {JAR}"), outputs=(JAR,))
    if kind is not None and kind.name == "helidon":
        bring = BuildStep("take what it needs", ("cp", "-r", f"{target}/libs", "libs"), outputs=("libs",))
        return jar._replace(build=(*jar.build, take, bring), runtime=(JAR, "libs"))
    if kind is not None and kind.name == "dropwizard":
        config = next(iter(source.files("*.yml")), "config.yml")
        return jar._replace(build=(*jar.build, take), start=(*started(kind), "server", config), runtime=(JAR, config))
    if not app.plugins.isdisjoint(_WHOLE) or (kind is not None and kind.name in ("spring-boot", "micronaut")):
        return jar._replace(build=(*jar.build, take))
    return _with_library(source, app, jar, target, take)


def _with_library(source: Source, app: Module, jar: Jar, target: str, take: BuildStep) -> Jar:
    """A jar that holds the app alone: what it needs lies beside it."""
    main = app.pom.main_class or main_class(source, app.folder)
    words = (
        *jar.build[0].run,
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        "-DoutputDirectory=target/lib",
    )
    build = BuildStep("build", words, ("mvn",), outputs=(target,), caches=("~/.m2",))
    bring = BuildStep(
        "take what it needs",
        ("sh", "-c", f"mkdir -p lib {target}/lib && cp -r {target}/lib/. lib"),
        outputs=("lib",),
    )
    options = jar.start[len(JAVA) : jar.start.index("-jar")]
    start = (*JAVA, *options, "-cp", f"{JAR}:lib/*", main) if main else ()
    return jar._replace(build=(build, take, bring), start=start, runtime=(JAR, "lib"))


def _quarkus(source: Source, app: Module, jar: Jar, target: str, take: BuildStep) -> Jar:
    settings = source.text(below(app.folder, "src/main/resources/application.properties"))
    settings += "".join(f"\n{name}={value}" for name, value in app.pom.properties.items())
    if re.search(r"^quarkus\.package\.(?:jar\.)?type\s*=\s*uber-jar", settings, re.MULTILINE):
        runner = BuildStep("take the jar", ("sh", "-c", f"cp {target}/*-runner.jar {JAR}"), outputs=(JAR,))
        return jar._replace(build=(*jar.build, runner))
    folder = f"{target}/quarkus-app"
    return jar._replace(start=started(app.kind, f"{folder}/quarkus-run.jar"), runtime=(folder,))


def _war(source: Source, app: Module, jar: Jar, target: str) -> Jar:
    """A war runs in Tomcat: in the last one for Java EE, or in that for Jakarta EE."""
    names = " ".join(app.pom.artifacts)
    old = "javax." in names or ("jakarta." not in names and _imports(source, app, "javax.servlet"))
    line = f"mkdir -p webapps/ROOT && cd webapps/ROOT && jar -xf {'../' * 2}{target}/*.war"
    unpack = BuildStep("unpack the war", ("sh", "-c", line), outputs=("webapps",))
    return jar._replace(
        variant=jar.variant or "war",
        build=(*jar.build, unpack),
        start=("sh", "-c", _TOMCAT),
        runtime=("webapps",),
        runs_on="tomcat",
        port=8080,
        versions={"tomcat": "9.0" if old else "10.1"},
        variables={"CATALINA_OPTS": JAVA[1]},
    )


def _maven(source: Source, app: Module, top: Pom) -> BuildStep:
    profile = next((name for name in ("production", "prod") if name in (*app.pom.profiles, *top.profiles)), "")
    program: Command = ("sh", "mvnw") if source.exists("mvnw") else ("mvn",)
    words = [*program, "-B", "-DskipTests", *([f"-P{profile}"] if profile else [])]
    words += ["-pl", app.folder, "-am"] if app.folder else []
    outputs = (below(app.folder, "target"),)
    return BuildStep("build", (*words, "package"), ("mvn",), outputs=outputs, caches=("~/.m2",))


def _modules(source: Source, top: Pom, folder: str) -> Iterator[str]:
    """The folders of all modules, those of modules too."""
    for name in top.modules:
        path = below(folder, name)
        if source.exists(f"{path}/pom.xml") and path.count("/") < 4:
            yield path
            yield from _modules(source, pom(source, f"{path}/pom.xml"), path)


def _runs(source: Source, folder: str, one: Pom, top: Pom) -> bool:
    """Whether a module is made to run: something makes it a program, or it has a main method."""
    if one.packaging not in ("jar", "war", "quarkus"):
        return False
    made = not set(one.plugins).isdisjoint({*_WHOLE, "quarkus-maven-plugin", "exec-maven-plugin"})
    return made or one.packaging == "war" or bool(one.main_class or main_class(source, folder))


def _imports(source: Source, app: Module, name: str) -> bool:
    files = source.files(below(app.folder, "src/main/java/**/*.java"))
    return any(f"import {name}" in source.text(file) for file in files[:40])


def main_class(source: Source, folder: str = "") -> str:
    """The class with a main method, by its whole name; the shortest path's if there are several."""
    patterns = ("src/main/java/**/*.java", "src/main/kotlin/**/*.kt", "src/**/*.java", "src/**/*.kt")
    files = dict.fromkeys(file for pattern in patterns for file in source.files(below(folder, pattern)))
    ordered = sorted((file for file in files if "/test/" not in file), key=lambda file: (file.count("/"), file))
    for file in ordered[:200]:
        text = source.text(file)
        if _MAIN.search(text):
            name = file.rpartition("/")[2].partition(".")[0]
            if file.endswith(".kt") and "@JvmStatic" not in text:
                name = f"{name[:1].upper()}{name[1:]}Kt"
            package = _PACKAGE.search(text)
            return f"{package[1]}.{name}" if package else name
    return ""
