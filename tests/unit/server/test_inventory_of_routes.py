"""What Traefik's API says of its routers and services, read as routes."""

from typing import Any

import pytest

from webduh_console.model.inventory import RouteRow
from webduh_console.targets.server.inventory.routes import rows

SLUG = "default--blog--production"


def answer(**router: Any) -> dict[str, Any]:
    whole = {"entryPoints": ["websecure"], "service": SLUG, "rule": "Host(`a.example.com`)", "priority": 21}
    return {
        "routers": {f"{SLUG}@file": {**whole, "status": "enabled", "using": ["websecure"], **router}},
        "services": {
            f"{SLUG}@file": {
                "loadBalancer": {"servers": [{"url": "http://10.0.0.6:8080"}, {"url": "http://10.0.0.5:8080"}]},
                "status": "enabled",
                "serverStatus": {"http://10.0.0.5:8080": "UP", "http://10.0.0.6:8080": "UP"},
            }
        },
    }


def only(found: dict[str, Any]) -> RouteRow:
    (row,) = rows(found)
    return row


def test_a_route_is_a_router_with_the_servers_of_its_service() -> None:
    assert only(answer(tls={}, middlewares=["probe@file"])) == RouteRow(
        name=f"{SLUG}@file",
        rule="Host(`a.example.com`)",
        entry_points=("websecure",),
        service=SLUG,
        upstreams=("http://10.0.0.5:8080", "http://10.0.0.6:8080"),
        state="enabled",
        tls="own certificate",
        middlewares=("probe@file",),
        priority=21,
        app=SLUG,
    )


@pytest.mark.parametrize(
    ("tls", "shown"),
    [
        ({}, {"tls": "own certificate"}),
        ({"options": "default"}, {"tls": "own certificate"}),
        ({"certResolver": "letsencrypt"}, {"tls": "letsencrypt"}),
        ({"passthrough": True}, {"tls": "passed through"}),
    ],
)
def test_tls_says_who_gives_the_certificate(tls: dict[str, Any], shown: dict[str, str]) -> None:
    assert {"tls": only(answer(tls=tls)).tls} == shown


def test_plain_http_has_no_tls() -> None:
    assert only(answer()).tls == ""


def test_an_upstream_that_traefik_holds_for_down_is_named() -> None:
    found = answer()
    found["services"][f"{SLUG}@file"]["serverStatus"]["http://10.0.0.6:8080"] = "DOWN"
    assert only(found).down == ("http://10.0.0.6:8080",)


def test_a_router_whose_service_is_missing_leads_nowhere_and_says_why() -> None:
    row = only(answer(service="gone@file", status="disabled", error=['the service "gone@file" does not exist']))
    assert (row.upstreams, row.state, row.errors) == ((), "disabled", ('the service "gone@file" does not exist',))


def test_a_service_that_is_wrong_is_told_at_its_router() -> None:
    found = answer()
    found["services"][f"{SLUG}@file"] |= {"status": "warning", "error": ["a server has no address"]}
    row = only(found)
    assert (row.state, row.errors) == ("warning", (f"{SLUG}: a server has no address",))


def test_a_service_of_several_leads_to_the_servers_of_all() -> None:
    found = answer(service="both")
    found["services"]["both@file"] = {"weighted": {"services": [{"name": SLUG, "weight": 3}, {"name": "other@docker"}]}}
    found["services"]["other@docker"] = {"loadBalancer": {"servers": [{"url": "http://10.0.0.9"}]}}
    assert only(found).upstreams == ("http://10.0.0.5:8080", "http://10.0.0.6:8080", "http://10.0.0.9")


def test_a_service_that_leads_to_itself_is_followed_to_an_end() -> None:
    found = answer(service="loop")
    found["services"]["loop@file"] = {"weighted": {"services": [{"name": "loop"}]}}
    assert only(found).upstreams == ()


@pytest.mark.parametrize("how", ["mirroring", "failover"])
def test_what_stands_before_a_service_is_looked_through(how: str) -> None:
    found = answer(service="before")
    found["services"]["before@file"] = {how: {"service": SLUG}}
    assert only(found).upstreams == ("http://10.0.0.5:8080", "http://10.0.0.6:8080")


def test_tcp_and_udp_are_told_too() -> None:
    found = {
        "tcpRouters": {"db@file": {"rule": "HostSNI(`*`)", "service": "db", "entryPoints": ["pg"], "tls": None}},
        "tcpServices": {"db@file": {"loadBalancer": {"servers": [{"address": "10.0.0.7:5432"}]}}},
        "udpRouters": {"dns@file": {"service": "dns", "entryPoints": ["dns"]}},
    }
    assert {(row.protocol, row.name, row.upstreams) for row in rows(found)} == {
        ("tcp", "db@file", ("10.0.0.7:5432",)),
        ("udp", "dns@file", ()),
    }


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("Header(`X-Webduh-Key`, `k3y`) && PathPrefix(`/api`)", "Header(`X-Webduh-Key`, `•••`) && PathPrefix(`/api`)"),
        ("(Host(`a`)) && Header(`X-Webduh-Probe`, `t0ken`)", "(Host(`a`)) && Header(`X-Webduh-Probe`, `•••`)"),
        ("HeaderRegexp(`authorization`,`Bearer x.*`)", "HeaderRegexp(`authorization`,`•••`)"),
        ('Header("X-Api-Key", "abc")', 'Header("X-Api-Key", "•••")'),
        ("Query(`token`, `abc`) || Header(`X-Kind`, `b`)", "Query(`token`, `•••`) || Header(`X-Kind`, `b`)"),
        ("Host(`key.example.com`)", "Host(`key.example.com`)"),
    ],
)
def test_no_rule_and_no_error_shows_a_secret(rule: str, shown: str) -> None:
    row = only(answer(rule=rule, error=[f"it cannot be read: {rule}"], status="disabled"))
    assert (row.rule, row.errors) == (shown, (f"it cannot be read: {shown}",))


def test_what_is_wrong_comes_first_and_traefiks_own_last() -> None:
    found = {
        "routers": {
            "api@internal": {"service": "api@internal", "rule": "PathPrefix(`/api`)", "status": "enabled"},
            "b@file": {"service": "b", "rule": "Host(`b`)", "status": "enabled"},
            "a@file": {"service": "a", "rule": "Host(`a`)", "status": "enabled"},
            "w@file": {"service": "w", "rule": "Host(`w`)", "status": "warning"},
            "x@file": {"service": "x", "rule": "Host(`x`)", "status": "disabled"},
        }
    }
    assert [row.name for row in rows(found)] == ["x@file", "w@file", "a@file", "b@file", "api@internal"]


def test_a_traefik_without_routes_has_none() -> None:
    assert rows({}) == []
