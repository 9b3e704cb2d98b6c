import gzip
import os
from pathlib import Path

import pytest
from supervisor_house import Browser, House

from webduh_console.model.build import Static
from webduh_console.targets.local.supervisor.site import Answer, Site

PAGES = {
    "index.html": "home",
    "about.html": "about",
    "docs/index.html": "docs",
    "docs/guide.html": "guide",
    "empty/readme.txt": "text",
    "both.html": "page",
    "both/inner.html": "inner",
    "a b/ü.txt": "umlaut",
    "app.js": "script",
}


def site(root: Path, spa: bool = False, not_found: str = "404.html", **more: str) -> Site:
    for path, text in (PAGES | more).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Site(root, Static(".", spa, not_found))


def body(answer: Answer) -> bytes:
    if answer.path is None:
        return answer.text
    return answer.path.read_bytes()[answer.head.start : answer.head.start + answer.head.length]


def asked(where: Site, target: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    answer = where.answer(method.encode(), target.encode(), named)
    return answer.head.status, body(answer)


@pytest.mark.parametrize(
    ("target", "status", "text"),
    [
        ("/", 200, b"home"),
        ("/?x=1", 200, b"home"),
        ("/index.html", 200, b"home"),
        ("/about.html", 200, b"about"),
        ("/about", 200, b"about"),
        ("/docs/", 200, b"docs"),
        ("/docs/?x", 200, b"docs"),
        ("/docs/guide", 200, b"guide"),
        ("/both", 200, b"page"),
        ("/both/inner", 200, b"inner"),
        ("/a%20b/%C3%BC.txt", 200, b"umlaut"),
        ("//docs//guide.html", 200, b"guide"),
        ("/docs", 301, b""),
        ("/about/", 404, b"There is nothing here.\n"),
        ("/about.html/", 404, b"There is nothing here.\n"),
        ("/empty", 404, b"There is nothing here.\n"),
        ("/empty/", 404, b"There is nothing here.\n"),
        ("/nowhere", 404, b"There is nothing here.\n"),
        ("/nowhere.js", 404, b"There is nothing here.\n"),
        ("/../secret", 404, b"There is nothing here.\n"),
        ("/%00", 404, b"There is nothing here.\n"),
        ("/" + "a" * 5000, 404, b"There is nothing here.\n"),
        ("/" + "a/" * 3000, 404, b"There is nothing here.\n"),
    ],
)
def test_a_path_leads_to_its_file(tmp_path: Path, target: str, status: int, text: bytes) -> None:
    assert asked(site(tmp_path), target) == (status, text)


@pytest.mark.parametrize(
    ("target", "place"),
    [("/docs", b"/docs/"), ("/docs?a=b&c", b"/docs/?a=b&c"), ("//docs", b"/docs/"), ("/d%20%C3%BC", b"/d%20%C3%BC/")],
)
def test_a_folder_is_moved_to_its_slash_and_never_to_another_host(tmp_path: Path, target: str, place: bytes) -> None:
    where = site(tmp_path, **{"d ü/index.html": "x"})
    assert dict(where.answer(b"GET", target.encode(), {}).head.headers)[b"Location"] == place


@pytest.mark.parametrize(
    ("target", "accept", "status", "text"),
    [
        ("/some/deep/page", "*/*", 200, b"home"),
        ("/user/john.doe", "text/html,*/*", 200, b"home"),
        ("/user/john.doe", "*/*", 404, b"There is nothing here.\n"),
        ("/missing.js", "*/*", 404, b"There is nothing here.\n"),
        ("/nowhere/", "*/*", 200, b"home"),
        ("/app.js", "text/html", 200, b"script"),
        ("/.env", "*/*", 404, b"There is nothing here.\n"),
    ],
)
def test_a_single_page_app_answers_unknown_pages_and_no_unknown_files(
    tmp_path: Path, target: str, accept: str, status: int, text: bytes
) -> None:
    assert asked(site(tmp_path, spa=True), target, accept=accept) == (status, text)


def test_the_page_for_what_is_missing_can_be_chosen(tmp_path: Path) -> None:
    assert asked(site(tmp_path, **{"404.html": "lost"}), "/nowhere") == (404, b"lost")
    assert asked(site(tmp_path, not_found="docs/guide.html"), "/nowhere") == (404, b"guide")
    assert asked(site(tmp_path, not_found="../outside"), "/nowhere") == (404, b"There is nothing here.\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
def test_only_reading_is_allowed(tmp_path: Path, method: str) -> None:
    answer = site(tmp_path).answer(method.encode(), b"/", {})
    assert (answer.head.status, dict(answer.head.headers)[b"Allow"]) == (405, b"GET, HEAD")


def test_links_that_stay_inside_are_followed_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text("secret")
    where = site(tmp_path / "site")
    (tmp_path / "site" / "inside.txt").symlink_to("app.js")
    (tmp_path / "site" / "outside.txt").symlink_to("../secret.txt")
    (tmp_path / "site" / "folder").symlink_to("../folder")
    (tmp_path / "site" / "loop").symlink_to("loop")
    (tmp_path / "site" / "site2").symlink_to("../site-other")
    (tmp_path / "site-other").mkdir()
    (tmp_path / "site-other" / "index.html").write_text("secret")
    assert asked(where, "/inside.txt") == (200, b"script")
    for target in ("/outside.txt", "/folder/", "/folder", "/folder/index.html", "/loop", "/site2/"):
        assert asked(where, target)[0] == 404


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    where = site(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert asked(where, "/pipe")[0] == 404


def test_a_compressed_sibling_is_sent_to_who_takes_it(tmp_path: Path) -> None:
    where = site(tmp_path, **{"app.js.br": "brotli"})
    (tmp_path / "app.js.gz").write_bytes(gzip.compress(b"script"))

    def coding(header: str) -> tuple[bytes, bytes, bytes]:
        answer = where.answer(b"GET", b"/app.js", {b"accept-encoding": header.encode()})
        headers = dict(answer.head.headers)
        return headers.get(b"Content-Encoding", b""), headers[b"Vary"], headers[b"Content-Type"]

    script, vary = b"text/javascript; charset=utf-8", b"Accept-Encoding"
    assert coding("gzip, br") == (b"br", vary, script)
    assert coding("gzip") == (b"gzip", vary, script)
    assert coding("") == (b"", vary, script)
    assert asked(where, "/app.js", accept_encoding="br") == (200, b"brotli")
    assert b"Vary" not in dict(where.answer(b"GET", b"/about", {}).head.headers)


def test_the_tag_follows_the_content_and_outlives_a_copy(tmp_path: Path) -> None:
    def tag(where: Site, target: bytes = b"/app.js", **headers: bytes) -> bytes:
        named = {name.replace("_", "-").encode(): text for name, text in headers.items()}
        return dict(where.answer(b"GET", target, named).head.headers)[b"ETag"]

    one, two, three = site(tmp_path / "1"), site(tmp_path / "2"), site(tmp_path / "3", **{"app.js": "Script"})
    for number in (1, 2, 3):  # a release's files may all carry the same time
        os.utime(tmp_path / str(number) / "app.js", (0, 0))
    assert tag(one) == tag(two) != tag(three)
    (tmp_path / "1" / "app.js").write_text("sCript")
    os.utime(tmp_path / "1" / "app.js", (0, 0))
    assert tag(one) != tag(two)
    assert asked(two, "/app.js", if_none_match=tag(two).decode()) == (304, b"")


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        Site(tmp_path / "nowhere", Static("."))


def test_over_the_wire_it_is_all_the_same(house: House) -> None:
    house.site("a", {"index.html": "home", "404.html": "lost", "app.3f9a1c2b.js": "script"})
    with Browser(house.serve("a")) as browser:
        status, headers, text = browser.get("/")
        assert (status, text, headers["content-type"]) == (200, b"home", "text/html; charset=utf-8")
        assert headers["date"].endswith("GMT")
        assert browser.get("/", f"If-None-Match: {headers['etag']}", method="HEAD")[0] == 304
        assert browser.get("/", method="HEAD")[1]["content-length"] == "4"
        assert browser.get("/", "Range: bytes=1-2")[::2] == (206, b"om")
        assert browser.get("/nowhere")[::2] == (404, b"lost")
        assert browser.get("/app.3f9a1c2b.js")[1]["cache-control"] == "public, max-age=31536000, immutable"
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        assert browser.answer()[0] == 405
        assert browser.get("http://x/nowhere")[0] == 404
        assert browser.get("/")[2] == b"home"
    state = house.state("a")
    assert (state.in_flight, state.served, state.errors) == (0, 9, 0)
