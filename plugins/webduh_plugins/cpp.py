"""Programs in C and C++ that CMake, Meson or a plain Makefile builds."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildPlan, BuildStep, Evidence, Match, Option, Source
from webduh_plugins.compiled import USUAL, Program, one_of, planned
from webduh_plugins.program_text import beside, reading

_ENDINGS = ("*.c", "*.cc", "*.cpp", "*.cxx")
_PATTERNS = (*_ENDINGS, *(f"{folder}/{one}" for folder in ("src", "src/*", "app", "source") for one in _ENDINGS))
_EXECUTABLE = re.compile(
    r"^\s*add_executable\s*\(\s*([\w.${}-]+)(?!\s+(?:IMPORTED|ALIAS))", re.MULTILINE | re.IGNORECASE
)
_PROJECT = re.compile(r"^\s*project\s*\(\s*\"?([\w.-]+)", re.MULTILINE | re.IGNORECASE)
_MESON = re.compile(r"^\s*(?:\w+\s*=\s*)?executable\s*\(\s*'([\w.-]+)'", re.MULTILINE)
_MESON_PROJECT = re.compile(r"^\s*project\s*\(\s*'([\w.-]+)'", re.MULTILINE)
_VARIABLE = re.compile(
    r"^\s*(?:TARGET|BIN|PROG|PROGRAM|NAME|EXE|EXECUTABLE|OUT|OUTPUT)\s*[:?]?=\s*([\w./-]+)\s*$", re.MULTILINE
)
_OUTPUT = re.compile(r"\s-o\s+([\w./-]+)")
_LIBRARIES = {
    "openssl": (("libssl-dev",), ("libssl3t64",)),
    "curl": (("libcurl4-openssl-dev",), ("libcurl4t64",)),
    "sqlite3": (("libsqlite3-dev",), ("libsqlite3-0",)),
    "postgresql": (("libpq-dev",), ("libpq5",)),
    "libpq": (("libpq-dev",), ("libpq5",)),
    "zlib": (("zlib1g-dev",), ("zlib1g",)),
    "boost": (("libboost-all-dev",), ("libboost-system1.83.0", "libboost-filesystem1.83.0")),
    "drogon": (("libdrogon-dev",), ("libdrogon1t64",)),
    "microhttpd": (("libmicrohttpd-dev",), ("libmicrohttpd12t64",)),
    "uv": (("libuv1-dev",), ("libuv1t64",)),
    "asio": (("libasio-dev",), ()),
    "nlohmann_json": (("nlohmann-json3-dev",), ()),
    "fmt": (("libfmt-dev",), ("libfmt10",)),
    "spdlog": (("libspdlog-dev",), ("libspdlog1.15",)),
    "httplib": (("libcpp-httplib-dev",), ("libcpp-httplib0.18",)),
    "protobuf": (("libprotobuf-dev", "protobuf-compiler"), ("libprotobuf32t64",)),
}
_FOUND = re.compile(
    r"\b(?:find_package|pkg_check_modules|dependency|find_library)\s*\(\s*'?(?:\w+\s+(?:REQUIRED\s+)?)?'?([\w+-]+)"
)
_FIRST = re.compile(r"\b(?:find_package|dependency)\s*\(\s*'?([\w+-]+)")
_LINKED = re.compile(r"(?<![\w-])-l([\w+-]+)")
_OTHER = (
    *("package.json", "pyproject.toml", "setup.py", "requirements.txt", "Cargo.toml", "go.mod", "Gemfile", "mix.exs"),
    *("composer.json", "pom.xml", "build.gradle", "build.gradle.kts", "pubspec.yaml", "Package.swift", "shard.yml"),
)


class Built(NamedTuple):
    """How it is built: what with, by which file, into which program, by which steps."""

    by: str
    file: str
    programs: tuple[str, ...]
    text: str


class Plugin:
    """C and C++. A Makefile alone says nothing, since any project may have one: there must be C, and nothing else."""

    name = "cpp"
    api = 1
    variants = ("cmake", "meson", "make")

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("program", "The program that is run, as its build file calls it."),)

    def detect(self, source: Source) -> Match | None:
        """A build file that makes a program, of sources in C or C++."""
        found = _built(source)
        if found is None:
            return None
        weak = any(map(source.exists, _OTHER))
        evidence = [Evidence(found.file, f"makes {found.programs[0]}" if found.programs else "is the build file")]
        evidence += [Evidence(file, "is the program's source") for file in _sources(source)[:1]]
        confidence = 0.3 if weak else 0.8 if found.by != "make" else 0.6
        return Match(self.name, "script" if weak else "language", confidence, tuple(evidence), found.by)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """A release build; the program alone gets out, with the libraries it is linked with."""
        found = _built(source) or Built("make", "Makefile", (), "")
        wish = options.get("program", "")
        name, sure = one_of(found.programs or (source.name,), (wish, source.name, *USUAL))
        read = reading(source, *_PATTERNS)
        libraries = list(_libraries(found))
        short = name.rpartition("/")[2]
        program = Program(
            self.name,
            "c" if not any(not file.endswith(".c") for file in _sources(source)) else "c++",
            found.by,
            f"bin/{short}",
            tuple(_steps(found, name)),
            beside=beside(
                source, read, (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".txt"), ("include", "lib", "cmake")
            ),
            apt=("libstdc++6", *(one for _, names in libraries for one in names)),
            build_apt=(*_TOOLS[found.by], *(one for names, _ in libraries for one in names)),
            base="other",
            package_manager=found.by,
        )
        return planned(source, program, read, {}, _warnings(found, name, sure))


_TOOLS = {
    "cmake": ("build-essential", "ca-certificates", "cmake", "git", "ninja-build", "pkg-config"),
    "meson": ("build-essential", "ca-certificates", "git", "meson", "ninja-build", "pkg-config"),
    "make": ("build-essential", "pkg-config"),
}


def _built(source: Source) -> Built | None:
    sources = _sources(source)
    if not sources:
        return None
    if source.exists("CMakeLists.txt"):
        text = "\n".join(source.text(file) for file in ("CMakeLists.txt", *source.files("*/CMakeLists.txt")))
        project = _PROJECT.search(text)
        name = project[1] if project else source.name
        programs = [re.sub(r"\$\{(?:CMAKE_)?PROJECT_NAME\}", name, one) for one in _EXECUTABLE.findall(text)]
        programs = [one for one in programs if "$" not in one and not re.search(r"(^|[_-])tests?$", one)]
        return Built("cmake", "CMakeLists.txt", tuple(dict.fromkeys(programs)), text) if programs else None
    if source.exists("meson.build"):
        text = "\n".join(source.text(file) for file in ("meson.build", *source.files("*/meson.build")))
        programs = [one for one in _MESON.findall(text) if not re.search(r"(^|[_-])tests?$", one)]
        return Built("meson", "meson.build", tuple(dict.fromkeys(programs)), text) if programs else None
    file = next(filter(source.exists, ("Makefile", "makefile", "GNUmakefile")), "")
    text = source.text(file)
    if not file or not re.search(r"\$\((?:CC|CXX)\)|\b(?:gcc|g\+\+|clang(?:\+\+)?|cc)\b", text):
        return None
    named = _VARIABLE.search(text)
    made = named[1] if named else next(iter(_OUTPUT.findall(text)), "")
    return Built("make", file, (made.removeprefix("./"),) if made and "$" not in made else (), text)


def _sources(source: Source) -> tuple[str, ...]:
    return tuple(file for pattern in _PATTERNS for file in source.files(pattern))


def _steps(found: Built, name: str) -> Iterator[BuildStep]:
    short = name.rpartition("/")[2]
    out = (f"bin/{short}",)
    if found.by == "cmake":
        configure = ("cmake", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release")
        yield BuildStep("configure", configure, ("cmake",), outputs=("build",))
        yield BuildStep("build", ("cmake", "--build", "build", "--target", short), ("cmake",), outputs=("build",))
        line = (
            f"mkdir -p bin && find build -type f -name {short} -perm -u+x -exec install -s {{}} bin/{short} ';' -quit"
        )
        yield BuildStep("take the program", ("sh", "-c", line), outputs=out)
    elif found.by == "meson":
        yield BuildStep("configure", ("meson", "setup", "build", "--buildtype=release"), ("meson",), outputs=("build",))
        yield BuildStep("build", ("meson", "compile", "-C", "build"), ("meson",), outputs=("build",))
        line = (
            f"mkdir -p bin && find build -type f -name {short} -perm -u+x -exec install -s {{}} bin/{short} ';' -quit"
        )
        yield BuildStep("take the program", ("sh", "-c", line), outputs=out)
    else:
        yield BuildStep("build", ("make",), ("make",), outputs=(name,))
        if name != f"bin/{short}":
            yield BuildStep("take the program", ("install", "-D", name, f"bin/{short}"), outputs=out)


def _libraries(found: Built) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    words = {word.lower() for pattern in (_FIRST, _FOUND, _LINKED) for word in pattern.findall(found.text)}
    words |= {word.removeprefix("lib") for word in words} | {"openssl" for word in words if word in ("ssl", "crypto")}
    words |= {"zlib" for word in words if word == "z"} | {"boost" for word in words if word.startswith("boost")}
    for name, packages in _LIBRARIES.items():
        if name in words or (name == "postgresql" and "pq" in words):
            yield packages


def _warnings(found: Built, name: str, sure: bool) -> Iterator[str]:
    if not found.programs:
        yield f"{found.file} does not say what its program is called: write `build:` and `start:` in webduh.yaml."
    elif not sure and len(found.programs) > 1:
        yield (
            f"There are several programs ({', '.join(found.programs)}): {name} is run. Another one is chosen with "
            "`options: {program: NAME}` in webduh.yaml."
        )
