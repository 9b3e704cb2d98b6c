"""What one Python file says about the app, read from its syntax tree: app objects, ports, variables, imports."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from webduh_plugins.python_variables import Read, fields_read, wrapped_reads

CONSTRUCTORS = {
    "django.core.wsgi.get_wsgi_application": "django",
    "django.core.asgi.get_asgi_application": "django-asgi",
    "fastapi.FastAPI": "fastapi",
    "fastapi.applications.FastAPI": "fastapi",
    "fasthtml.common.FastHTML": "fasthtml",
    "fasthtml.common.fast_app": "fasthtml",
    "litestar.Litestar": "litestar",
    "litestar.app.Litestar": "litestar",
    "quart.Quart": "quart",
    "flask.Flask": "flask",
    "apiflask.APIFlask": "flask",
    "flask_openapi3.OpenAPI": "flask",
    "connexion.App": "connexion",
    "connexion.FlaskApp": "connexion",
    "connexion.AsyncApp": "connexion",
    "dash.Dash": "dash",
    "sanic.Sanic": "sanic",
    "falcon.App": "falcon",
    "falcon.asgi.App": "falcon-asgi",
    "bottle.Bottle": "bottle",
    "bottle.default_app": "bottle",
    "blacksheep.Application": "blacksheep",
    "blacksheep.server.Application": "blacksheep",
    "robyn.Robyn": "robyn",
    "starlette.applications.Starlette": "starlette",
    "aiohttp.web.Application": "aiohttp",
    "tornado.web.Application": "tornado",
    "gradio.Blocks": "gradio",
    "gradio.Interface": "gradio",
    "gradio.ChatInterface": "gradio",
    "gradio.TabbedInterface": "gradio",
}
"""What makes an app object, by its full name, and of which framework."""

_PACKAGES = frozenset(name.partition(".")[0] for name in CONSTRUCTORS)
_LISTENING = {
    *("run", "serve", "serve_forever", "listen", "bind", "run_app", "run_server", "make_server", "start_server"),
    *("create_server", "HTTPServer", "ThreadingHTTPServer", "TCPServer", "ThreadingTCPServer", "TCPSite", "launch"),
    *("run_webhook", "start_webhook"),
}
# The port of these when none is said.
_DEFAULT_PORTS = {"aiohttp.web.run_app": 8080, "nicegui.ui.run": 8080}
_READERS = {"os.getenv": 0, "os.environ.get": 0, "os.environ.pop": 0, "decouple.config": 0}
_FACTORY = re.compile(r"(create|make|get|build|init)_(app|application|server|api)|app_factory")
_UNPARSED = 300_000


class App(NamedTuple):
    """An app object of a module, or with `factory` a function that makes one."""

    variable: str
    framework: str
    factory: bool = False


class Module(NamedTuple):
    """What a file says. `ports` are the numbers it listens on, `hosts` the addresses; `listens`: it starts a server.

    `imports` are the full names of modules and members, `settings` is Django's settings module; `main`: there is an
    `if __name__ == "__main__"`; `broken` says where its syntax is wrong. `makers` are functions and classes that make
    an app, `made` the variables that are given what another function returns, `names` what imports call things.
    """

    apps: tuple[App, ...] = ()
    reads: tuple[Read, ...] = ()
    ports: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()
    listens: bool = False
    main: bool = False
    settings: str = ""
    broken: str = ""
    makers: tuple[App, ...] = ()
    made: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    @property
    def reads_port(self) -> bool:
        """Whether the file reads PORT."""
        return any(read.name == "PORT" for read in self.reads)


@lru_cache(maxsize=256)
def module(text: str) -> Module:
    """What a Python file says; a `Module` that is broken if it cannot be parsed."""
    if len(text) > _UNPARSED:
        return Module()
    try:
        tree = ast.parse(text)
        return _Reading(tree).module()
    except SyntaxError as error:
        return Module(broken=f"line {error.lineno}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Module(broken=f"{error}")


class _Reading:
    """One pass over a syntax tree, with the names that its imports and constants give."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._nodes = _walked(tree)
        self._names: dict[str, str] = {}
        self._stars: list[str] = []
        self._imports: set[str] = set()
        self._constants = dict(_constants(tree))
        self._read_imports()
        named = {full.partition(".")[0] for full in (*self._names.values(), *self._stars)}
        makers = map(self._maker, tree.body) if not named.isdisjoint(_PACKAGES) else ()
        self._makers = {name: framework for name, framework in makers if framework}

    def module(self) -> Module:
        calls = [node for node in self._nodes if isinstance(node, ast.Call)]
        serving = [call for call in calls if _last(call.func) in _LISTENING]
        if any(_last(call.func) == "bind" for call in serving):
            # After bind(), the number that listen() takes is a backlog.
            serving = [call for call in serving if _last(call.func) != "listen"]
        reads = dict.fromkeys(self._reads(calls))
        return Module(
            apps=tuple(self._apps()),
            reads=tuple(reads),
            ports=tuple(dict.fromkeys(port for call in serving for port in self._ports(call))),
            hosts=tuple(dict.fromkeys(host for call in serving for host in self._hosts(call))),
            imports=frozenset(self._imports),
            listens=any(self._starts_server(call) for call in serving),
            main=any(isinstance(node, ast.If) and _is_main(node.test) for node in self._tree.body),
            settings=self._settings(calls),
            makers=tuple(App(name, framework, factory=True) for name, framework in self._makers.items()),
            made=tuple(self._made_elsewhere()),
            names=tuple(self._names.items()),
        )

    def _read_imports(self) -> None:
        for node in self._nodes:
            if isinstance(node, ast.Import):
                for name in node.names:
                    self._imports.add(name.name)
                    self._names[name.asname or name.name.partition(".")[0]] = (
                        name.name if name.asname else name.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.level:
                origin = "." * node.level + (f"{node.module}." if node.module else "")
                self._names |= {name.asname or name.name: origin + name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                self._imports.add(node.module)
                for name in node.names:
                    if name.name == "*":
                        self._stars.append(node.module)
                    else:
                        self._imports.add(f"{node.module}.{name.name}")
                        self._names[name.asname or name.name] = f"{node.module}.{name.name}"

    def _full(self, node: ast.expr) -> str:
        """The full name of what an expression names: `F` after `from flask import Flask as F` is flask.Flask."""
        if isinstance(node, ast.Attribute):
            owner = self._full(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        if not isinstance(node, ast.Name):
            return ""
        starred = (f"{module}.{node.id}" for module in self._stars)
        return self._names.get(node.id) or next((name for name in starred if name in CONSTRUCTORS), node.id)

    def _apps(self) -> Iterator[App]:
        known: dict[str, str] = {}
        for node in _module_level(self._tree.body):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from self._callable(node)
            for target, value in _assigned(node):
                framework = self._made(value) or self._server_of(value, known)
                if framework:
                    known[target] = framework
                    yield App(target, framework)

    def _made(self, value: ast.expr) -> str:
        if not isinstance(value, ast.Call):
            return ""
        full = self._full(value.func)
        return CONSTRUCTORS.get(full) or self._makers.get(full, "")

    def _server_of(self, value: ast.expr, known: dict[str, str]) -> str:
        """The WSGI application inside a Dash app: `server = app.server`."""
        inside = isinstance(value, ast.Attribute) and value.attr == "server" and isinstance(value.value, ast.Name)
        return "dash-wsgi" if inside and known.get(self._full(value.value)) == "dash" else ""  # type: ignore[attr-defined]

    def _made_elsewhere(self) -> Iterator[tuple[str, str]]:
        for node in _module_level(self._tree.body):
            for target, value in _assigned(node):
                if isinstance(value, ast.Call) and not self._made(value) and (full := self._full(value.func)):
                    yield target, full

    def _maker(self, node: ast.stmt) -> tuple[str, str]:
        """The name of a function that makes an app, or of a class that is one, and its framework."""
        if isinstance(node, ast.ClassDef):
            return node.name, next(
                (CONSTRUCTORS[full] for full in map(self._full, node.bases) if full in CONSTRUCTORS), ""
            )
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return "", ""
        calls = (self._full(one.func) for one in _walked(node) if isinstance(one, ast.Call))
        return node.name, next((CONSTRUCTORS[full] for full in calls if full in CONSTRUCTORS), "")

    def _callable(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[App]:
        """A function that is an app by itself, or one without arguments that makes one and is called so."""
        arguments = [one.arg for one in function.args.posonlyargs + function.args.args]
        waits = isinstance(function, ast.AsyncFunctionDef)
        if arguments == ["scope", "receive", "send"] and waits:
            yield App(function.name, "asgi")
        elif arguments == ["environ", "start_response"] and not waits:
            yield App(function.name, "wsgi")
        wanted = len(arguments) - len(function.args.defaults) + sum(one is None for one in function.args.kw_defaults)
        if _FACTORY.fullmatch(function.name) and not wanted and (made := self._makers.get(function.name)):
            yield App(function.name, made, factory=True)

    def _reads(self, calls: list[ast.Call]) -> Iterator[Read]:
        for node in self._nodes:
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Load)
                and self._full(node.value) == "os.environ"
            ):
                name = self._string(node.slice)
                if name:
                    yield Read(name, True, None)
        for call in calls:
            if self._full(call.func) not in _READERS or not call.args or not (name := self._string(call.args[0])):
                continue
            named = next((keyword.value for keyword in call.keywords if keyword.arg == "default"), None)
            default = call.args[1] if len(call.args) > 1 else named
            required = default is None and self._full(call.func) == "decouple.config"
            yield Read(name, required, None if default is None else self._text(default))
        classes = [node for node in self._nodes if isinstance(node, ast.ClassDef)]
        yield from fields_read(classes, self._full, self._constant)
        yield from wrapped_reads(dict(self._made_elsewhere()), calls, self._full, self._constant)

    def _settings(self, calls: list[ast.Call]) -> str:
        """The settings module that `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)` names."""
        for call in calls:
            if self._full(call.func) == "os.environ.setdefault" and len(call.args) == 2:
                name, value = map(self._string, call.args)
                if name == "DJANGO_SETTINGS_MODULE":
                    return value
        return ""

    def _starts_server(self, call: ast.Call) -> bool:
        """`subprocess.run` and `asyncio.run` are no servers."""
        return self._full(call.func).partition(".")[0] not in ("subprocess", "asyncio", "trio", "anyio", "os", "pytest")

    def _ports(self, call: ast.Call) -> Iterator[int]:
        if not self._starts_server(call):
            return
        said = any(keyword.arg == "port" for keyword in call.keywords)
        found = list(self._numbers(call))
        if not found and not said and (default := _DEFAULT_PORTS.get(self._full(call.func))):
            found = [default]
        yield from (port for port in found if 0 < port < 65536)

    def _numbers(self, call: ast.Call) -> Iterator[int]:
        for keyword in call.keywords:
            if keyword.arg in ("port", "server_port") and (number := self._number(keyword.value)):
                yield number
        for argument in call.args:
            parts = argument.elts if isinstance(argument, ast.Tuple) else [argument]
            for part in parts:
                if number := self._number(part):
                    yield number

    def _hosts(self, call: ast.Call) -> Iterator[str]:
        if not self._starts_server(call):
            return
        named = [keyword.value for keyword in call.keywords if keyword.arg in ("host", "address", "server_name")]
        tuples = [argument.elts[0] for argument in call.args if isinstance(argument, ast.Tuple) and argument.elts]
        for node in [*named, *tuples, *call.args[:1]]:
            host = self._string(node)
            if host:
                yield host

    def _number(self, node: ast.expr) -> int | None:
        value = self._constant(node)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _string(self, node: ast.expr) -> str:
        value = self._constant(node)
        return value if isinstance(value, str) else ""

    def _text(self, node: ast.expr) -> str | None:
        value = self._constant(node)
        return str(value) if isinstance(value, str | int | float) else None

    def _constant(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant):
            return node.value
        return self._constants.get(node.id) if isinstance(node, ast.Name) else None


def _walked(tree: ast.AST) -> list[ast.AST]:
    """The nodes below one and itself, as `ast.walk` gives them, but for operators and contexts, which say nothing."""
    nodes = [tree]
    for node in nodes:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                nodes += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                nodes.append(value)
    return nodes


def _constants(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in tree.body:
        for target, value in _assigned(node):
            if isinstance(value, ast.Constant):
                yield target, value.value


def _module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at import, also those inside `if` (but for main), `try` and `with`."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and not _is_main(node.test):
            yield from _module_level(node.body + node.orelse)
        elif isinstance(node, ast.Try | ast.With):
            yield from _module_level(node.body)


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names a statement gives values: `a = b = x`, `a: T = x`, `a, rest = x` (the first), `with x as a`."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
            if isinstance(first, ast.Name):
                yield first.id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value
    elif isinstance(node, ast.With):
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                yield item.optional_vars.id, item.context_expr


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
