"""Traefik's configuration as values: what it starts with, the guard of its API, and one file of routes an app. Pure.

Traefik routes by files, never by labels. One malformed file in its folder silently blocks every switch, and files are
Go templates, so whatever is written here is checked first. The facts were tried with Traefik 3.7.15.
"""

import re
from collections.abc import Sequence

import msgspec

from webduh_console.errors import ConfigError, TargetError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Route

IMAGE = "traefik:v3.7"
"""The one place that says which Traefik is run."""

OLDEST = (3, 7, 12)
"""The first that knows `aliasHeadersStrategy`: before it a client can forge X-Forwarded-For (CVE-2026-88879)."""

CONTAINER = "webduh-traefik"
CONFIGURATION = "/etc/traefik"
"""Where the container sees Traefik's folder: there Traefik looks for `traefik.yml` by itself."""

OPS_PORT = 8099
KEY_HEADER = "X-Webduh-Key"
PROBE_HEADER = "X-Webduh-Probe"
RELEASE_HEADER = "X-Webduh-Release"

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)*{_LABEL}")
_PATH = re.compile(r"/[A-Za-z0-9._~/%@+:,!$&'()*;=-]{0,1000}")
_UPSTREAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*:[0-9]{1,5}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")
_EXACT = 10_000  # an exact host beats a wildcard, however long the wildcard's path is


class Router(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Which requests go where; the highest `priority` wins."""

    rule: str
    entry_points: tuple[str, ...]
    service: str
    priority: int = 0
    middlewares: tuple[str, ...] = ()


class Headers(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Headers that are set; an empty value takes the header away."""

    custom_request_headers: dict[str, str] = {}
    custom_response_headers: dict[str, str] = {}


class Middleware(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to a request on its way."""

    headers: Headers


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One upstream."""

    url: str


class LoadBalancer(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The upstreams of a service, in turn."""

    servers: tuple[Server, ...]
    pass_host_header: bool = True


class Service(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Where requests go."""

    load_balancer: LoadBalancer


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The part of a dynamic file that is about HTTP."""

    routers: dict[str, Router]
    middlewares: dict[str, Middleware] = {}
    services: dict[str, Service] = {}


class Dynamic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dynamic file as it is written here."""

    http: Http


def static_file(redirect: bool = False) -> str:
    """What Traefik starts with. With `redirect` plain HTTP is sent to HTTPS."""
    web: dict[str, object] = {"aliasHeadersStrategy": "delete"}
    if redirect:
        web["redirections"] = {"entryPoint": {"to": "websecure", "scheme": "https", "permanent": True}}
    transport = {
        # 0: an upload may take as long as it takes.
        "respondingTimeouts": {"readTimeout": 0},
        # How long a Traefik that is replaced lets its last requests end; meanwhile nobody listens on the ports.
        "lifeCycle": {"graceTimeOut": "4s"},
    }
    return _text(
        "Traefik's static configuration",
        {
            "entryPoints": {
                "web": {"address": ":80", "transport": transport, "http": web},
                "websecure": {
                    "address": ":443",
                    "transport": transport,
                    "http": {"aliasHeadersStrategy": "delete", "tls": {}},
                },
                "ops": {"address": f":{OPS_PORT}", "http": {"aliasHeadersStrategy": "delete"}},
            },
            "providers": {
                "providersThrottleDuration": "100ms",
                "file": {"directory": f"{CONFIGURATION}/dynamic", "watch": True},
            },
            # Shorter than any app's own: else Traefik sends a request into a connection that the app just closed, and
            # idle connections to a drained instance look like requests under way.
            "serversTransport": {"forwardingTimeouts": {"idleConnTimeout": "1s"}},
            "api": {"dashboard": False},
            "metrics": {"prometheus": {"manualRouting": True, "addServicesLabels": True}},
            "log": {"level": "ERROR", "format": "json"},
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        },
    )


def guard_file(key: str) -> str:
    """The dynamic file that opens Traefik's API and metrics to whoever knows the key, and to nobody else.

    ValueError when the key is not one of ours.
    """
    if not _SECRET.fullmatch(key):
        raise ValueError("the key is not 16 to 128 of A-Z, a-z, 0-9, _ and -")
    guard = f"Header(`{KEY_HEADER}`, `{key}`)"
    routers = {
        "webduh-api": Router(f"PathPrefix(`/api`) && {guard}", ("ops",), "api@internal"),
        "webduh-metrics": Router(f"Path(`/metrics`) && {guard}", ("ops",), "prometheus@internal"),
    }
    return _text("Traefik's API, behind a key", Dynamic(Http(routers)))


def route_file(key: AppKey, release: int, routes: Sequence[Route], upstreams: Sequence[str], token: str) -> str:
    """The routes of an app in an environment to a release; empty when it has no host, so that nothing leads to it.

    `upstreams` are `name:port` of its containers: names, since addresses change when the server restarts. Requests with
    the header X-Webduh-Probe and the `token` are answered with X-Webduh-Release; no other request is. ConfigError when
    a host or a path cannot be routed, ValueError when an upstream or the token is malformed.
    """
    if not _SECRET.fullmatch(token):
        raise ValueError("the token is not 16 to 128 of A-Z, a-z, 0-9, _ and -")
    if bad := [upstream for upstream in upstreams if not _UPSTREAM.fullmatch(upstream)]:
        raise ValueError(f"not name:port: {bad[0]}")
    hosted = sorted(hosted_routes(routes))
    if not hosted or not upstreams:
        return ""
    slug = key.slug
    routers: dict[str, Router] = {}
    for number, route in enumerate(hosted, 1):
        rule, priority = rule_of(route), _priority(route)
        entry = ("web", "websecure")
        routers[f"{slug}-{number}"] = Router(rule, entry, slug, priority, (f"{slug}-quiet",))
        probed = f"{rule} && Header(`{PROBE_HEADER}`, `{token}`)"
        routers[f"{slug}-{number}-probe"] = Router(probed, entry, slug, priority + 1, (f"{slug}-probe",))
    middlewares = {
        f"{slug}-quiet": Middleware(Headers({}, {RELEASE_HEADER: ""})),
        f"{slug}-probe": Middleware(Headers({PROBE_HEADER: ""}, {RELEASE_HEADER: str(release)})),
    }
    servers = tuple(Server(f"http://{upstream}") for upstream in sorted(upstreams))
    text = _text(
        f"Release {release} of {slug}",
        Dynamic(Http(routers, middlewares, {slug: Service(LoadBalancer(servers))})),
    )
    check_written(text)
    return text


def hosted_routes(routes: Sequence[Route]) -> tuple[Route, ...]:
    """The routes that lead anywhere on a server: those with a host, once each."""
    return tuple(dict.fromkeys(Route(route.host, route.path) for route in routes if route.host))


def check_written(text: str) -> None:
    """TargetError unless this is a dynamic file as it is written here: asked before it goes into Traefik's folder."""
    why = ""
    if "{{" in text:
        why = "it contains {{, which Traefik runs as a template"
    else:
        try:
            msgspec.json.decode(text.partition("\n")[2], type=Dynamic)
        except msgspec.DecodeError as error:
            why = str(error)
    if why:
        raise TargetError(
            "A route file was not written.",
            why=f"It is not as Traefik must have it: {why}.",
            kept="The routes are as they were.",
            hint="Deploy again: that writes it anew.",
        )


def upstreams_in(text: str) -> tuple[str, ...]:
    """The `name:port` a route file of ours leads to; empty for an empty one."""
    if not text.strip():
        return ()
    services = msgspec.json.decode(text.partition("\n")[2], type=Dynamic).http.services.values()
    return tuple(server.url.removeprefix("http://") for one in services for server in one.load_balancer.servers)


def release_in(text: str) -> int | None:
    """The release a route file of ours names; None for an empty one."""
    middlewares = msgspec.json.decode(text.partition("\n")[2], type=Dynamic).http.middlewares.values() if text else ()
    named = (one.headers.custom_response_headers.get(RELEASE_HEADER, "") for one in middlewares)
    return next((int(number) for number in named if number.isdigit()), None)


def rule_of(route: Route) -> str:
    """Traefik's rule of a route; ConfigError when its host or path cannot be routed."""
    if not _is_host(route.host):
        raise ConfigError(
            f"{route.host!r} cannot be routed.",
            why="It is no host name in lower case.",
            kept="Nothing was changed.",
            hint=f"Write {_mended(route.host)!r}." if _mended(route.host) else "Write one such as guest.example.com.",
        )
    if not _PATH.fullmatch(route.path):
        raise ConfigError(
            f"The path {route.path!r} of {route.host} cannot be routed.",
            why="A path begins with / and has only the characters that a URL may have.",
            kept="Nothing was changed.",
            hint="Write one such as /api.",
        )
    if route.host.startswith("*."):
        rest = route.host[1:].replace(".", r"\.")
        host = f"HostRegexp(`^[a-z0-9-]+{rest}$`)"
    else:
        host = f"Host(`{route.host}`)"
    path = route.path.rstrip("/")  # PathPrefix(`/a`) alone would match /ab, too
    return f"{host} && (Path(`{path}`) || PathPrefix(`{path}/`))" if path else host


def _is_host(text: str) -> bool:
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def _priority(route: Route) -> int:
    """An exact host before a wildcard, then the longer path; even, so that a probe fits between."""
    return 2 * ((0 if route.host.startswith("*.") else _EXACT) + len(route.path.rstrip("/")) + 1)


def _mended(host: str) -> str:
    """The host name that was most likely meant: without its scheme, in lower case, in ASCII; empty if there is none."""
    host = host.strip().lower().rpartition("://")[2].partition("/")[0]
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        return ""
    return host if _is_host(host) else ""


def _text(about: str, content: object) -> str:
    """JSON, which is YAML, under one line that says whose it is."""
    shown = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
    return f"# {about}. Written by webduh: changes made by hand are lost.\n{shown}\n"
