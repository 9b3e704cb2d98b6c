"""What package managers leave behind, as a bill of materials."""

import json
from datetime import UTC, datetime

import pytest

from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, SourceRef, Spec
from webduh_console.targets.materials import Component, components, document

DPKG = b"""\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: the library
 with a line: that is none

Package: gone
Status: deinstall ok config-files
Version: 1

Package: perl-base
Status: install ok installed
Version: 1:5.36
"""
APK = b"C:Q1=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\nP:zlib\nV:1.3.1-r2\n"
WHEEL = (
    b"Metadata-Version: 2.4\nName: Flask_Cors\nVersion: 5.0.0\nLicense-Expression: MIT\n\nLong words: of no interest\n"
)
COMPOSER = {
    "packages": [{"name": "slim/slim", "version": "4.14.0", "license": ["MIT"]}, {"name": "a/b", "version": "1"}]
}
SLIM = ["pkg:composer/a/b@1", "pkg:composer/slim/slim@4.14.0"]
DEPS = {"libraries": {"Npgsql/8.0.3": {"type": "package"}, "shop/1.0.0": {"type": "project"}}}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("files", "purls"),
    [
        (
            {"var/lib/dpkg/status": DPKG, "etc/os-release": b'PRETTY_NAME="x"\nID=ubuntu\n'},
            ["pkg:deb/ubuntu/libc6@2.36-9%2Bdeb12u10?arch=amd64", "pkg:deb/ubuntu/perl-base@1:5.36"],
        ),
        ({"var/lib/dpkg/status.d/base": b"Package: base\nVersion: 12\n"}, ["pkg:deb/debian/base@12"]),
        (
            {"lib/apk/db/installed": APK},
            ["pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64", "pkg:apk/alpine/zlib@1.3.1-r2"],
        ),
        ({"app/.venv/site-packages/Flask_Cors.dist-info/METADATA": WHEEL}, ["pkg:pypi/flask-cors@5.0.0"]),
        (
            {
                "app/node_modules/left-pad/package.json": encoded({"name": "left-pad", "version": "1.3.0"}),
                "app/node_modules/@fastify/cors/package.json": encoded({"name": "@fastify/cors", "version": "11.0.1"}),
                "app/node_modules/a/node_modules/b/package.json": encoded({"name": "b", "version": "2.0.0"}),
                "app/node_modules/left-pad/test/package.json": encoded({"name": "none", "version": "1"}),
                "app/package.json": encoded({"name": "shop", "version": "1"}),
            },
            ["pkg:npm/b@2.0.0", "pkg:npm/%40fastify/cors@11.0.1", "pkg:npm/left-pad@1.3.0"],
        ),
        ({"app/vendor/composer/installed.json": encoded(COMPOSER)}, SLIM),
        ({"app/vendor/composer/installed.json": encoded(COMPOSER["packages"])}, SLIM),
        ({"usr/local/bundle/specifications/rack-3.1.8.gemspec": b""}, ["pkg:gem/rack@3.1.8"]),
        ({"usr/local/bundle/specifications/net-http-0.4.1.gemspec": b""}, ["pkg:gem/net-http@0.4.1"]),
        ({"app/lib/jackson-core-2.17.1.jar": b"", "app/app.jar": b""}, ["pkg:maven/jackson-core@2.17.1"]),
        ({"app/shop.deps.json": encoded(DEPS)}, ["pkg:nuget/Npgsql@8.0.3"]),
    ],
)  # fmt: skip
def test_what_package_managers_leave_tells_what_is_there(files: dict[str, bytes], purls: list[str]) -> None:
    assert [one.purl for one in components(files)] == purls


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("app/node_modules/a/package.json", b"{"),
        ("app/node_modules/a/package.json", b"[]"),
        ("app/node_modules/a/package.json", b'{"name": 1}'),
        ("app/vendor/composer/installed.json", b'{"packages": [1]}'),
        ("app/shop.deps.json", b"{}"),
        ("var/lib/dpkg/status", b"\xff\xfe\n\n:::"),
        ("x.dist-info/METADATA", b"\x00"),
        ("nothing/of/ours", b"x"),
    ],
)
def test_a_broken_file_tells_of_nothing_and_hides_no_other(path: str, content: bytes) -> None:
    good = {"lib/apk/db/installed": b"P:musl\nV:1\n"}
    assert components({path: content, **good}) == [Component("apk", "musl", "1", "alpine")]


def test_each_is_there_once_sorted_with_its_licence_if_that_is_short() -> None:
    long = b"Name: b\nVersion: 1\nLicense: " + b"x" * 200 + b"\n"
    files = {"a/b.dist-info/METADATA": long, "c/b.dist-info/METADATA": long, "a.dist-info/METADATA": WHEEL}
    assert components(files) == [Component("pypi", "b", "1"), Component("pypi", "flask-cors", "5.0.0", licence="MIT")]


def test_the_document_is_the_same_each_time_and_names_the_release() -> None:
    key, made = AppKey("default", "shop", "production"), datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    artifact = Artifact("sha256:" + "ab" * 32, "image", 5)
    release = Release(7, key, "prod", Spec("node"), artifact, SourceRef("/srv/shop"), made, "me", "command", "01J")
    found = [Component("npm", "cors", "11.0.1", "@fastify", "MIT"), Component("deb", "libc6", "2", "debian")]
    text = document(release, found, "0.1.0")
    assert text == document(release, found, "0.1.0")
    said = json.loads(text)
    assert (said["bomFormat"], said["specVersion"], said["metadata"]["timestamp"]) == (
        "CycloneDX",
        "1.6",
        "2030-01-02T03:04:05Z",
    )
    assert said["metadata"]["component"]["version"] == "7"
    assert said["components"][0] == {
        "type": "library",
        "bom-ref": "pkg:npm/%40fastify/cors@11.0.1",
        "group": "@fastify",
        "name": "cors",
        "version": "11.0.1",
        "licenses": [{"license": {"name": "MIT"}}],
        "purl": "pkg:npm/%40fastify/cors@11.0.1",
    }
    assert "group" not in said["components"][1]
