"""What a Go module says: its go.mod, its commands, and what they import."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from webduh_console.frameworks import Source, Version, first_version, line_version, tool_version

_REQUIRE = re.compile(r"^\s*(?:require\s+)?([\w.~/-]+\.[\w.~/-]+)\s+(v[\w.+-]+)\s*(//\s*indirect)?", re.MULTILINE)
_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_GO = re.compile(r"^go\s+(\d[\w.]*)", re.MULTILINE)
_TOOLCHAIN = re.compile(r"^toolchain\s+go(\d[\w.]*)", re.MULTILINE)
_MAIN = re.compile(r"^package[ \t]+main\b", re.MULTILINE)
_SERVES = re.compile(
    r"\"(?:net/http|[\w.-]+/(?:gin-gonic/gin|labstack/echo|gofiber/fiber|go-chi/chi|gorilla/mux)[\w/]*)\""
)
_NOT_OURS = re.compile(
    r"(^|/)(?:examples?|_\w*|tests?|testdata|tools?|scripts?|hack|vendor|node_modules|docs?|internal/tools)/"
)

FRAMEWORKS: Mapping[str, str] = {
    "github.com/pocketbase/pocketbase": "pocketbase",
    "github.com/gobuffalo/buffalo": "buffalo",
    "github.com/gin-gonic/gin": "gin",
    "github.com/labstack/echo": "echo",
    "github.com/gofiber/fiber": "fiber",
    "github.com/go-chi/chi": "chi",
    "github.com/danielgtaylor/huma": "huma",
    "github.com/gorilla/mux": "gorilla",
    "github.com/beego/beego": "beego",
    "github.com/astaxie/beego": "beego",
    "github.com/revel/revel": "revel",
    "github.com/kataras/iris": "iris",
    "github.com/cloudwego/hertz": "hertz",
    "github.com/gogf/gf": "goframe",
    "github.com/go-kratos/kratos": "kratos",
    "github.com/zeromicro/go-zero": "go-zero",
    "github.com/julienschmidt/httprouter": "httprouter",
    "github.com/valyala/fasthttp": "fasthttp",
    "connectrpc.com/connect": "connect",
    "google.golang.org/grpc": "grpc",
}
"""Module, without its major version → the framework it is; the first one required counts."""

CGO: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "github.com/mattn/go-sqlite3": ((), ()),
    "github.com/confluentinc/confluent-kafka-go": ((), ()),
    "github.com/marcboeker/go-duckdb": ((), ("libstdc++6",)),
    "github.com/davidbyttow/govips": (("libvips-dev",), ("libvips42t64",)),
    "github.com/h2non/bimg": (("libvips-dev",), ("libvips42t64",)),
    "gopkg.in/gographics/imagick": (("libmagickwand-dev",), ("libmagickwand-7.q16-10",)),
    "github.com/gen2brain/go-fitz": ((), ()),
    "github.com/chai2010/webp": ((), ()),
    "github.com/tecbot/gorocksdb": (("librocksdb-dev",), ("librocksdb9.10",)),
}
"""Modules that a C compiler is needed for → the Debian packages to build them with, and to run them with."""


class GoModule(NamedTuple):
    """What go.mod says. `direct` are the modules that the app itself imports, without their major version."""

    path: str
    direct: dict[str, str]
    text: str

    @property
    def name(self) -> str:
        """What `go install` calls its program."""
        parts = [part for part in self.path.split("/") if not re.fullmatch(r"v\d+", part)]
        return parts[-1] if parts else ""


class GoCommand(NamedTuple):
    """A package main: its folder (empty: the top), the name of its program, and whether it serves HTTP."""

    folder: str
    name: str
    serves: bool


def go_module(source: Source) -> GoModule:
    """What go.mod says; nothing where there is none."""
    text = source.text("go.mod")
    found = _MODULE.search(text)
    required = {_unversioned(name): version for name, version, indirect in _REQUIRE.findall(text) if not indirect}
    return GoModule(found[1] if found else "", required, text)


def go_version(source: Source, root: Source | None = None) -> Version | None:
    """The version of Go that an app asks for: its own files first, then those of its workspace."""
    return first_version(version for place in (source, root) if place is not None for version in _versions(place))


def go_commands(source: Source, module: GoModule) -> list[GoCommand]:
    """The programs of a module: those in `cmd/` by the names of their folders, the one at the top by the module's."""
    found: dict[str, GoCommand] = {}
    # A folder with a go.mod of its own is another module.
    others = tuple(file.removesuffix("go.mod") for file in source.files("**/go.mod") if file != "go.mod")
    for pattern in ("*.go", "cmd/*.go", "cmd/*/*.go", "**/main.go") if module.path else ("*.go",):
        for file in source.files(pattern):
            folder = file.rpartition("/")[0]
            if file.endswith("_test.go") or _NOT_OURS.search(file) or file.startswith(others):
                continue
            text = source.text(file)
            if _MAIN.search(text) and "//go:build ignore" not in text:
                before = found.get(folder)
                serves = bool(_SERVES.search(text)) or (before is not None and before.serves)
                found[folder] = GoCommand(folder, _name(source, module, folder), serves)
    return [found[folder] for folder in sorted(found)]


def _name(source: Source, module: GoModule, folder: str) -> str:
    if folder in ("", "cmd", "src"):
        return module.name or source.name or "app"
    return folder.rpartition("/")[2]


def _versions(source: Source) -> Iterator[Version | None]:
    yield line_version(source, ".go-version", prefix="go")
    found = tool_version(source, "golang", "go")
    yield Version(found.text.removeprefix("go"), found.file) if found else None
    for file in ("go.work", "go.mod"):
        for pattern in (_TOOLCHAIN, _GO):
            match = pattern.search(source.text(file))
            yield Version(match[1], file) if match else None


def _unversioned(path: str) -> str:
    return re.sub(r"(/v\d+|\.v\d+)$", "", path)
