"""Apps in Clojure: Leiningen, and the tools of deps.edn."""

import re

from webduh_console.frameworks import BuildPlan, BuildStep, Evidence, Match, Source, Tier
from webduh_plugins import jvm
from webduh_plugins.jvm import JAR, JAVA, Jar
from webduh_plugins.program_text import reading

_FRAMEWORKS = {
    "luminus": "luminus",
    "io.pedestal/": "pedestal",
    "metosin/reitit": "reitit",
    "compojure": "compojure",
    "http-kit": "http-kit",
    "ring/": "ring",
}
_MAIN = re.compile(r":main\s+(?:\^:skip-aot\s+)?([\w.*+!?<>=-]+)")
_OPTS = re.compile(r":main-opts\s*\[\s*\"-m\"\s+\"([\w.-]+)\"")
_STARTS = re.compile(r"\(defn\s+-main\b")
_SPACE = re.compile(r"\(ns\s+(?:\^\S+\s+)*([\w.-]+)")
_PORT = re.compile(r"\(env\s+:port\b|:port\s+env\b|\(:port\s+env")
_TAKE = r"""cp "$(ls -S target/*.jar target/*/*.jar 2>/dev/null | head -n 1)" {}"""


class Plugin:
    """Clojure, recognized by project.clj or deps.edn."""

    name = "clojure"
    api = 1
    variants = tuple(_FRAMEWORKS.values())

    def detect(self, source: Source) -> Match | None:
        """A project with a main function."""
        file = next(filter(source.exists, ("project.clj", "deps.edn")), "")
        if not file or not (_main(source) or source.exists("build.clj") or _by_ring(source)):
            return None
        variant = _variant(source)
        tier: Tier = "framework" if variant else "language"
        evidence = (Evidence(file, f"depends on {variant}" if variant else "is for Clojure"),)
        return Match(self.name, tier, 0.95 if variant else 0.86, evidence, variant, ("node", "static", "java"))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """One jar that holds everything; without a build for that, the sources with all that they need."""
        read = reading(source, "src/*.clj", "src/**/*.clj", "src/**/*.cljc", "resources/*.edn")
        read = read._replace(reads_port=read.reads_port or read.has(_PORT.pattern))
        version = jvm.java_version(source, ())
        take = BuildStep("take the jar", ("sh", "-c", _TAKE.format(JAR)), outputs=(JAR,))
        variant = _variant(source)
        if source.exists("project.clj"):
            run = ("lein", "ring", "uberjar") if _by_ring(source) else ("lein", "uberjar")
            read = read._replace(reads_port=read.reads_port or _by_ring(source))
            build = BuildStep("build", run, ("lein",), outputs=("target",), caches=("~/.m2",))
            jar = Jar(self.name, "clojure", variant, (build, take), jvm.started(None), (JAR,), "lein", "lein")
        elif source.exists("build.clj"):
            task = "uber" if "(defn uber" in source.text("build.clj") else "ci"
            build = BuildStep(
                "build",
                ("clojure", "-T:build", task),
                ("clojure",),
                outputs=("target",),
                caches=("~/.m2", "~/.gitlibs"),
            )
            jar = Jar(self.name, "clojure", variant, (build, take), jvm.started(None), (JAR,), "clojure", "clojure")
        else:
            line = "clojure -Sdeps '{:mvn/local-repo \".m2\"}' -Spath > .classpath"
            fetch = BuildStep("fetch what it needs", ("sh", "-c", line), ("clojure",), outputs=(".m2", ".classpath"))
            run_ = f'exec {" ".join(JAVA)} -cp "$(cat .classpath)" clojure.main -m {_main(source)}'
            jar = Jar(self.name, "clojure", variant, (fetch,), ("sh", "-c", run_), (), "clojure", "clojure")
        return jvm.planned(source, jar, version, (), read)


def _by_ring(source: Source) -> bool:
    """Whether lein-ring makes the main function, which reads PORT."""
    text = source.text("project.clj")
    return "[lein-ring " in text and ":handler" in text


def _variant(source: Source) -> str:
    text = source.text("project.clj") + source.text("deps.edn")
    return next((name for word, name in _FRAMEWORKS.items() if re.search(rf"[\s\[({{]{re.escape(word)}", text)), "")


def _main(source: Source) -> str:
    """The namespace with the main function."""
    found = _MAIN.search(source.text("project.clj")) or _OPTS.search(source.text("deps.edn"))
    if found:
        return found[1]
    for file in dict.fromkeys((*source.files("src/*.clj"), *source.files("src/**/*.clj"))):
        text = source.text(file)
        if _STARTS.search(text) and (space := _SPACE.search(text)):
            return space[1]
    return ""
