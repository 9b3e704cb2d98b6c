"""Apps that Gradle builds, with the wrapper that they bring or without."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildPlan, BuildStep, Command, Evidence, Source
from webduh_plugins import jvm
from webduh_plugins.compiled import USUAL, below, one_of
from webduh_plugins.gradle_build import Build, build_file, java_of, modules
from webduh_plugins.jvm import JAR, JAVA, Jar, Kind, started
from webduh_plugins.maven import main_class
from webduh_plugins.program_text import reading

_MODULES = ("app", "application", "boot", *USUAL)
_ANDROID = frozenset({"com.android.application", "com.android.library"})
_SHADOW = frozenset({"com.github.johnrengelman.shadow", "com.gradleup.shadow", "io.github.goooler.shadow"})
_SPRING, _KTOR, _QUARKUS = "org.springframework.boot", "io.ktor.plugin", "io.quarkus"
_APPLICATION = frozenset({"application", "io.micronaut.application", "org.jetbrains.kotlin.jvm.application"})
# What is made beside the jar that runs is not taken.
_TAKE = r"""cp "$(ls -S {}/*.jar | grep -Ev '(-sources|-javadoc|-plain)\.jar$' | head -n 1)" {}"""


class Module(NamedTuple):
    """The module that is run: its folder (empty: the top), its build file and that of the top."""

    folder: str
    build: Build
    top: Build | None
    kind: Kind | None
    others: tuple[str, ...]


def module(source: Source, wish: str = "") -> Module | None:
    """The module that is the app; None for an app of Android, or where nothing is built."""
    top = build_file(source)
    found = {name: build for name in modules(source) if (build := build_file(source, name))}
    if top is not None and (_runs(top) or not found):
        found = {"": top}
    runs = [name for name, build in found.items() if _runs(build)]
    names = {name.rpartition("/")[2] or source.name: name for name in (runs or list(found))}
    name, _ = one_of(list(names), (wish, source.name, *_MODULES))
    folder = names.get(name, "")
    build = found.get(folder)
    if build is None or build.plugins & _ANDROID:
        return None
    artifacts = (*build.artifacts, *build.plugins, *(f"{one}:" for one in build.plugins))
    kind = jvm.kind_of(artifacts) or (jvm.kind_of(top.artifacts) if top else None)
    return Module(folder, build, top, kind, tuple(one for one in runs if one != folder))


def evidence(source: Source, app: Module) -> Iterator[Evidence]:
    """What tells that it is this module."""
    yield jvm.evidence(app.build.file, app.kind, "is for Gradle")
    if app.folder:
        settings = next(filter(source.exists, ("settings.gradle", "settings.gradle.kts")), "settings.gradle")
        yield Evidence(settings, f"has the module {app.folder}")


def planned(source: Source, app: Module) -> BuildPlan:
    """The plan of an app that Gradle builds."""
    version = jvm.java_version(source, java_of(source, app.build, app.top))
    warnings = []
    if app.others:
        warnings.append(
            f"Several modules can run ({', '.join(sorted((app.folder, *app.others)))}): {app.folder} is run. "
            "Another one is chosen with `options: {module: NAME}` in webduh.yaml."
        )
    jar = _jar(source, app)
    read = reading(source, *(below(app.folder, pattern) for pattern in jvm.SOURCES))
    return jvm.planned(source, jar, version, warnings, read)


def _jar(source: Source, app: Module) -> Jar:
    kind, plugins = app.kind, app.build.plugins | (app.top.plugins if app.top and app.folder else frozenset())
    libs = below(app.folder, "build/libs")
    checked = kind is not None and bool(kind.checked) and f":{kind.checked}" in "".join(app.build.artifacts)
    take = BuildStep("take the jar", ("sh", "-c", _TAKE.format(libs, JAR)), outputs=(JAR,))
    wrapped = source.exists("gradlew")
    jar = Jar(
        "java",
        jvm.language(source, app.folder),
        kind.name if kind else "",
        (),
        started(kind),
        (JAR,),
        "jdk" if wrapped else "gradle",
        "gradle",
        kind.health if kind and checked else "",
        jvm.takes_port(kind),
    )
    if _QUARKUS in plugins:
        folder = below(app.folder, "build/quarkus-app")
        start = started(kind, f"{folder}/quarkus-run.jar")
        return jar._replace(build=(_gradle(app, wrapped, "quarkusBuild", folder),), start=start, runtime=(folder,))
    if _SPRING in plugins:
        return jar._replace(build=(_gradle(app, wrapped, "bootJar", libs), take))
    if _KTOR in plugins:
        return _ktor(source, app, jar, (_gradle(app, wrapped, "buildFatJar", libs), take))
    if plugins & _SHADOW:
        return jar._replace(build=(_gradle(app, wrapped, "shadowJar", libs), take))
    if plugins & _APPLICATION:
        return _installed(source, app, jar, wrapped)
    tasks = ("build", "-x", "test")
    return jar._replace(build=(_gradle(app, wrapped, tasks[0], libs, *tasks[1:]), take))


def _installed(source: Source, app: Module, jar: Jar, wrapped: bool) -> Jar:
    """What the plugin `application` puts together: a folder of jars."""
    made = below(app.folder, "build/install")
    bring = BuildStep("take the jars", ("sh", "-c", f"mkdir -p dist && cp -r {made}/*/. dist"), outputs=("dist",))
    main = app.build.main_class or main_class(source, app.folder)
    options = (*JAVA, *(app.kind.options if app.kind else ()))
    start: Command = (*options, "-cp", "dist/lib/*", main)
    if not main:
        start = ("sh", "-c", 'exec "$(ls -d dist/bin/* | grep -v bat | head -n 1)"')
    jar = jar._replace(build=(_gradle(app, wrapped, "installDist", made), bring), start=start, runtime=("dist",))
    return _ktor(source, app, jar, jar.build) if app.kind and app.kind.name == "ktor" else jar


def _ktor(source: Source, app: Module, jar: Jar, steps: tuple[BuildStep, ...]) -> Jar:
    """Its engine's own main function takes the port from the command."""
    jar = jar._replace(build=steps)
    engine = "EngineMain" in app.build.main_class or any(
        "EngineMain" in source.text(file) for file in source.files(below(app.folder, "src/**/*.kt"))[:60]
    )
    return jar._replace(start=(*jar.start, "-host=0.0.0.0", "-port=${PORT}"), takes_port=True) if engine else jar


def _gradle(app: Module, wrapped: bool, task: str, made: str, *words: str) -> BuildStep:
    program: Command = ("sh", "gradlew") if wrapped else ("gradle",)
    name = f":{app.folder.replace('/', ':')}:{task}" if app.folder else task
    needs = ("javac",) if wrapped else ("gradle",)
    return BuildStep("build", (*program, "--no-daemon", name, *words), needs, outputs=(made,), caches=("~/.gradle",))


def _runs(build: Build) -> bool:
    """Whether a module is made to run."""
    lent = r"[\"'].*\bapply\s*\(?\s*false"  # to the modules, and not to this one
    applied = {one for one in build.plugins if not re.search(re.escape(one) + lent, build.text)}
    return bool(applied & (_APPLICATION | _SHADOW | {_SPRING, _KTOR, _QUARKUS, "war"}))
