"""What is written for Traefik, and what is read of what it says."""

import json

import pytest

from webduh_console.errors import ConfigError, TargetError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Route
from webduh_console.targets.server.blame import blamed_in, files_in, problem_in
from webduh_console.targets.server.front import Requests, established, requests_in
from webduh_console.targets.server.traefik import (
    check_written,
    guard_file,
    hosted_routes,
    release_in,
    route_file,
    rule_of,
    upstreams_in,
)

GUEST = AppKey("default", "guest", "production")
TOKEN = "t" * 32
HOST = "guest.example.com"


def routed(key: AppKey, release: int, routes: tuple[Route, ...], *upstreams: str) -> str:
    return route_file(key, release, routes, upstreams, TOKEN)


# What is written


def test_a_route_file_names_its_release_and_its_upstreams() -> None:
    text = routed(GUEST, 7, (Route(HOST),), "b--2:8080", "a--1:8080")
    assert (release_in(text), upstreams_in(text)) == (7, ("a--1:8080", "b--2:8080"))
    assert text.startswith("# Release 7 of default--guest--production. Written by webduh")


def test_a_route_file_is_this_value() -> None:
    text = routed(GUEST, 7, (Route(HOST, "/api"),), "a--1:8080")
    slug, both = "default--guest--production", ["web", "websecure"]
    rule = f"Host(`{HOST}`) && (Path(`/api`) || PathPrefix(`/api/`))"
    assert json.loads(text.partition("\n")[2]) == {
        "http": {
            "routers": {
                f"{slug}-1": {
                    "rule": rule,
                    "entryPoints": both,
                    "service": slug,
                    "priority": 20010,
                    "middlewares": [f"{slug}-quiet"],
                },
                f"{slug}-1-probe": {
                    "rule": f"{rule} && Header(`X-Webduh-Probe`, `{TOKEN}`)",
                    "entryPoints": both,
                    "service": slug,
                    "priority": 20011,
                    "middlewares": [f"{slug}-probe"],
                },
            },
            "middlewares": {
                f"{slug}-quiet": {"headers": {"customResponseHeaders": {"X-Webduh-Release": ""}}},
                f"{slug}-probe": {
                    "headers": {
                        "customRequestHeaders": {"X-Webduh-Probe": ""},
                        "customResponseHeaders": {"X-Webduh-Release": "7"},
                    }
                },
            },
            "services": {slug: {"loadBalancer": {"servers": [{"url": "http://a--1:8080"}], "passHostHeader": True}}},
        }
    }


def test_without_a_host_or_an_upstream_nothing_is_routed() -> None:
    assert routed(GUEST, 1, (Route("", "/", 8080),), "a:1") == ""
    assert routed(GUEST, 1, (Route(HOST),)) == ""
    assert (release_in(""), upstreams_in("")) == (None, ())


def test_a_host_is_routed_once_and_ports_do_not_matter() -> None:
    routes = (Route(HOST, "/", 1), Route("", "/"), Route(HOST, "/", 2), Route(HOST, "/api"))
    assert hosted_routes(routes) == (Route(HOST), Route(HOST, "/api"))


@pytest.mark.parametrize(
    ("route", "rule"),
    [
        (Route("a.example.com"), "Host(`a.example.com`)"),
        (Route("a.example.com", "/api/"), "Host(`a.example.com`) && (Path(`/api`) || PathPrefix(`/api/`))"),
        (Route("*.example.com"), r"HostRegexp(`^[a-z0-9-]+\.example\.com$`)"),
        (Route("xn--mnchen-3ya.example"), "Host(`xn--mnchen-3ya.example`)"),
        (Route("10.0.0.5"), "Host(`10.0.0.5`)"),
    ],
)
def test_a_route_becomes_a_rule(route: Route, rule: str) -> None:
    assert rule_of(route) == rule


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("Guest.Example.com", "'guest.example.com'"),
        ("https://guest.example.com/x", "'guest.example.com'"),
        ("münchen.example", "'xn--mnchen-3ya.example'"),
        ("a b", "guest.example.com"),
        ("`) || Host(`evil.com", "guest.example.com"),
        ("{{ env }}", "guest.example.com"),
        ("a..b", "guest.example.com"),
        ("-a.b", "guest.example.com"),
        ("a" * 64 + ".b", "guest.example.com"),
        (("a" * 60 + ".") * 5 + "b", "guest.example.com"),
        ("a\n.b", "guest.example.com"),
    ],
)
def test_a_host_that_is_none_is_refused_with_what_was_meant(host: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        routed(GUEST, 1, (Route(host),), "a:1")
    assert hint in caught.value.hint


@pytest.mark.parametrize("path", ["api", "/a b", "/`", "/{{", "/a\n", "/" + "a" * 1001, ""])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="cannot be routed"):
        routed(GUEST, 1, (Route(HOST, path),), "a:1")


@pytest.mark.parametrize("upstream", ["a", "a:", ":1", "a b:1", "a:1/x", "http://a:1", "a:123456"])
def test_an_upstream_is_a_name_and_a_port(upstream: str) -> None:
    with pytest.raises(ValueError, match="not name:port"):
        routed(GUEST, 1, (Route(HOST),), upstream)


@pytest.mark.parametrize("secret", ["", "short", "a" * 129, "a" * 20 + "`", "a b" * 10])
def test_a_token_or_key_that_could_break_a_rule_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="16 to 128"):
        route_file(GUEST, 1, (Route(HOST),), ("a:1",), secret)
    with pytest.raises(ValueError, match="16 to 128"):
        guard_file(secret)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# x\n{{ env }}", "template"),
        ('# x\n{"http": {"routers": {}}, "tcp": {}}', "unknown field `tcp`"),
        ('# x\n{"http": {"routers": {"a": {"rule": "x"}}}}', "missing required field"),
        ("", "truncated"),
        ('# x\n{"http": ', "truncated"),
    ],
)
def test_a_file_that_is_not_as_it_is_written_here_is_never_placed(text: str, why: str) -> None:
    with pytest.raises(TargetError, match=why):
        check_written(text)


# What Traefik and the kernel say


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.yml", "", ""),
        ("a.yml", "# nothing\n", ""),
        ("a.yaml", "http: {routers: {}}", ""),
        ("a.yml", "tls: {options: {}}\ntcp: {}\n", ""),
        ("a.toml", "[http.routers]\n", ""),
        ("a.txt", "{{{", ""),
        ("README", "http: [", ""),
        ("a.yml", "http: {routers: [\n", "line 2: "),
        ("a.yml", "\tx: 1", "line 1: found character '\\t' that cannot start any token"),
        ("a.yml", "just text", "it is no mapping of names to values"),
        ("a.yml", "- 1\n", "it is no mapping of names to values"),
        ("a.yml", "htpp: {}", "Traefik knows no 'htpp' there"),
        ("a.yml", "http: {router: {}}", "Traefik knows no 'router' in http"),
        ("a.yml", '{{ env "HOME" }}: 1', "it contains {{, which Traefik runs as a template"),
        ("a.yml", "a: !!python/object:os.system x", "line 1: could not determine a constructor"),
        ("a.yml", "a: \x00", "it is no YAML: "),
        ("a.toml", "[http", "it is no TOML: "),
    ],
)
def test_what_is_wrong_with_a_file_in_traefiks_folder(name: str, text: str, problem: str) -> None:
    found = problem_in(name, text)
    assert found.startswith(problem)
    assert bool(found) == bool(problem)


def test_the_listing_of_a_folder_is_read_file_by_file() -> None:
    listing = "file a.yml\n: http:\n:   file b.yml\n\nfile .c d.yml\n\nfile e\n: : x\n"
    assert files_in(listing) == {"a.yml": "http:\n  file b.yml", ".c d.yml": "", "e": ": x"}


def test_the_file_that_traefiks_log_complains_about_last_is_found() -> None:
    log = "\n".join(
        [
            "not json",
            '{"level":"error","error":"collecting file configs: /etc/traefik/dynamic/a.yml: field not found, node: x"}',
            '{"error":"collecting file configs: /etc/traefik/dynamic/b.yml: yaml: errors:\\n  line 1."}',
            '{"level":"error","error":"the service \\"zz@file\\" does not exist"}',
            "[1]",
        ]
    )
    found = blamed_in(log)
    assert found is not None
    assert (found.path, found.why) == ("/etc/traefik/dynamic/b.yml", "yaml: errors: line 1")
    assert blamed_in("") is None


def test_requests_are_counted_per_app_from_the_metrics() -> None:
    metrics = """# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",protocol="http",service="a--b--c@file"} 20
traefik_service_requests_total{code="502",method="GET",protocol="http",service="a--b--c@file"} 3
traefik_service_requests_total{code="500",method="POST",protocol="http",service="a--b--c@file"} 1.5e+03
traefik_service_requests_total{code="404",method="GET",protocol="http",service="a--b--d@file"} 2
traefik_service_requests_total{code="200",method="GET",protocol="http",service="prometheus@internal"} 9
traefik_service_requests_bytes_total{code="200",method="GET",protocol="http",service="a--b--c@file"} 99
"""
    assert requests_in(metrics) == {"a--b--c": Requests(1523, 1503), "a--b--d": Requests(2, 0)}
    assert requests_in("") == {}


def test_only_established_connections_from_elsewhere_count_as_under_way() -> None:
    table = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0500D20A:1F90 0200D20A:C350 01 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0500D20A:1F90 0200D20A:C351 06 00000000:00000000 00:00000000 00000000     0        0 3
   3: 0100007F:1F90 0100007F:C352 01 00000000:00000000 00:00000000 00000000     0        0 4
   4: 0500D20A:C353 0600D20A:1F90 01 00000000:00000000 00:00000000 00000000     0        0 5
   0: 0000000000000000FFFF00000500D20A:1F90 0000000000000000FFFF00000200D20A:C354 01 0:0 00:0 0 0 0 6
   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C355 01 0:0 00:0 0 0 0 7
   2: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:C356 01 0:0 00:0 0 0 0 8
"""
    assert established(table, 8080) == 2
    assert established("", 8080) == 0
