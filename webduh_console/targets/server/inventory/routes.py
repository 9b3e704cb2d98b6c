"""The routes of a server, as its Traefik sees them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from webduh_console.config.load import looks_secret
from webduh_console.model.inventory import RouteRow
from webduh_console.model.mask import MASK
from webduh_console.targets.server.layout import key_of
from webduh_console.targets.server.traefik import PROBE_HEADER

PATH = "/api/rawdata"
"""The one question whose answer holds every router with its errors, and every service with its servers."""
_PARTS = (("http", "routers", "services"), ("tcp", "tcpRouters", "tcpServices"), ("udp", "udpRouters", "udpServices"))
_MATCHED = re.compile(r"""((?:Header|Query)\w*\(\s*[`"]([^`"]+)[`"]\s*,\s*[`"])[^`"]*""")
_ORDER = {"disabled": 0, "warning": 1}


def rows(answer: Mapping[str, Any]) -> list[RouteRow]:
    """The answer to `PATH`: what is wrong comes first, then by what is matched; Traefik's own last."""
    found = [row for protocol, routers, services in _PARTS for row in _of(answer, protocol, routers, services)]
    return sorted(found, key=lambda row: (_ORDER.get(row.state, 2), row.name.endswith("@internal"), row.rule, row.name))


def _of(answer: Mapping[str, Any], protocol: str, routers: str, services: str) -> Iterator[RouteRow]:
    known = answer.get(services) or {}
    for name, router in (answer.get(routers) or {}).items():
        provider = name.rpartition("@")[2]
        wanted = router.get("service") or ""
        service = known.get(wanted) or known.get(f"{wanted}@{provider}") or {}
        upstreams = tuple(_servers(service, known, provider))
        status = service.get("serverStatus") or {}
        # a service that is wrong is why its router leads nowhere, and says so itself
        errors = (*_errors(router), *(f"{wanted}: {each}" for each in _errors(service)))
        own = wanted.rpartition("@")[0] or wanted
        yield RouteRow(
            name=name,
            rule=without_secrets(router.get("rule") or ""),
            entry_points=tuple(router.get("entryPoints") or router.get("using") or ()),
            service=wanted,
            upstreams=tuple(sorted(upstreams)),
            state=_state(router.get("status") or "", service.get("status") or ""),
            tls=_tls(router.get("tls")),
            errors=tuple(dict.fromkeys(map(without_secrets, errors))),
            down=tuple(sorted(url for url, word in status.items() if word != "UP")),
            middlewares=tuple(router.get("middlewares") or ()),
            priority=router.get("priority") or 0,
            protocol=protocol,
            app=own if key_of(own) is not None else "",
        )


def without_secrets(rule: str) -> str:
    """A rule without the values of headers and queries that are secrets: that of the API has its key, ours a token."""

    def shown(found: re.Match[str]) -> str:
        name = found[2].replace("-", "_")
        secret = found[2].lower() == PROBE_HEADER.lower() or looks_secret(name, "x") or "AUTH" in name.upper()
        return f"{found[1]}{MASK}" if secret else found[0]

    return _MATCHED.sub(shown, rule)


def _errors(each: Mapping[str, Any]) -> tuple[str, ...]:
    said = each.get("error") or each.get("errors") or ()
    return (said,) if isinstance(said, str) else tuple(said)


def _state(router: str, service: str) -> str:
    """The worse of both words; what says nothing is enabled."""
    return min((router or "enabled", service or "enabled"), key=lambda word: _ORDER.get(word, 2))


def _servers(service: Mapping[str, Any], known: Mapping[str, Any], provider: str, depth: int = 4) -> Iterator[str]:
    """Where a service sends requests in the end; one that shares them out is followed."""
    for server in (service.get("loadBalancer") or {}).get("servers") or ():
        yield server.get("url") or server.get("address") or ""
    shared = (service.get("weighted") or {}).get("services") or ()
    failover = service.get("failover") or {}
    names = [*(each.get("name") or "" for each in shared), failover.get("service"), failover.get("fallback")]
    for name in filter(None, [*names, (service.get("mirroring") or {}).get("service")]):
        if depth:
            yield from _servers(known.get(name) or known.get(f"{name}@{provider}") or {}, known, provider, depth - 1)


def _tls(tls: Mapping[str, Any] | None) -> str:
    """Who gives the certificate; empty for plain HTTP."""
    if tls is None:
        return ""
    return tls.get("certResolver") or ("passed through" if tls.get("passthrough") else "own certificate")
