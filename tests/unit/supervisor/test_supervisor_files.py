import pytest

from webduh_console.targets.local.supervisor import files
from webduh_console.targets.local.supervisor.files import ASK_FIRST, FOREVER, File, Head, respond

MODIFIED = 784111777
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
FILE = File("page.html", 1000, MODIFIED, b'"tag"')
DESCRIBED = [(b"ETag", b'"tag"'), (b"Last-Modified", DATE), (b"Cache-Control", b"no-cache")]
HTML = (b"Content-Type", b"text/html; charset=utf-8")
WHOLE = Head(200, [*DESCRIBED, (b"Accept-Ranges", b"bytes"), HTML, (b"Content-Length", b"1000")], 0, 1000)
UNCHANGED = Head(304, DESCRIBED)
NO_SUCH_RANGE = Head(416, [(b"Content-Range", b"bytes */1000"), (b"Content-Length", b"0")])


def part(first: int, last: int) -> Head:
    length = last - first + 1
    headers = [
        *DESCRIBED,
        (b"Accept-Ranges", b"bytes"),
        HTML,
        (b"Content-Range", b"bytes %d-%d/1000" % (first, last)),
        (b"Content-Length", b"%d" % length),
    ]
    return Head(206, headers, first, length)


@pytest.mark.parametrize(
    ("wanted", "head"),
    [
        (b"bytes=0-499", part(0, 499)),
        (b"bytes=500-999", part(500, 999)),
        (b"bytes=0-0", part(0, 0)),
        (b"bytes=999-999", part(999, 999)),
        (b"bytes=999-", part(999, 999)),
        (b"bytes=0-", part(0, 999)),
        (b"bytes=1-", part(1, 999)),
        (b"bytes=-1", part(999, 999)),
        (b"bytes=-500", part(500, 999)),
        (b"bytes=-1000", part(0, 999)),
        (b"bytes=-2000", part(0, 999)),
        (b"bytes=0-5000", part(0, 999)),
        (b"bytes=500-99999999999999999999", part(500, 999)),
        (b"Bytes=0-9", part(0, 9)),
        (b"bytes= 0-9 ", part(0, 9)),
        (b"bytes=00-09", part(0, 9)),
        (b"bytes=1000-", NO_SUCH_RANGE),
        (b"bytes=1000-1001", NO_SUCH_RANGE),
        (b"bytes=99999999999-", NO_SUCH_RANGE),
        (b"bytes=-0", NO_SUCH_RANGE),
        (b"bytes=5-4", WHOLE),
        (b"bytes=-", WHOLE),
        (b"bytes=", WHOLE),
        (b"bytes=a-b", WHOLE),
        (b"bytes=1", WHOLE),
        (b"bytes=1-2-3", WHOLE),
        (b"bytes=+1-2", WHOLE),
        (b"bytes=\xb2-3", WHOLE),
        (b"bytes=999999999999999999999999999999-", WHOLE),
        (b"bytes=0-1,5-6", WHOLE),
        (b"bytes=0-1,", WHOLE),
        (b"items=0-1", WHOLE),
        (b"0-1", WHOLE),
        (b"", WHOLE),
    ],
)
def test_a_range_is_answered_with_that_part(wanted: bytes, head: Head) -> None:
    assert respond(b"GET", {b"range": wanted}, FILE) == head


@pytest.mark.parametrize(
    ("asked", "head"),
    [
        ({}, WHOLE),
        ({b"if-none-match": b'"tag"'}, UNCHANGED),
        ({b"if-none-match": b'W/"tag"'}, UNCHANGED),
        ({b"if-none-match": b'"other", "tag"'}, UNCHANGED),
        ({b"if-none-match": b"*"}, UNCHANGED),
        ({b"if-none-match": b'"other"'}, WHOLE),
        ({b"if-none-match": b"tag"}, WHOLE),
        ({b"if-none-match": b""}, WHOLE),
        ({b"if-modified-since": DATE}, UNCHANGED),
        ({b"if-modified-since": b"Sun, 06 Nov 1994 08:49:38 GMT"}, UNCHANGED),
        ({b"if-modified-since": b"Sunday, 06-Nov-94 08:49:37 GMT"}, UNCHANGED),
        ({b"if-modified-since": b"Sun, 06 Nov 1994 08:49:36 GMT"}, WHOLE),
        ({b"if-modified-since": b"nonsense"}, WHOLE),
        ({b"if-modified-since": b"\xff\xfe"}, WHOLE),
        ({b"if-modified-since": b"Sun, 99 Nov 1994 08:49:36 GMT"}, WHOLE),
        ({b"if-none-match": b'"other"', b"if-modified-since": DATE}, WHOLE),
        ({b"if-none-match": b'"tag"', b"range": b"bytes=0-9"}, UNCHANGED),
        ({b"range": b"bytes=0-9", b"if-range": b'"tag"'}, part(0, 9)),
        ({b"range": b"bytes=0-9", b"if-range": b'"other"'}, WHOLE),
        ({b"range": b"bytes=0-9", b"if-range": b'W/"tag"'}, WHOLE),
        ({b"range": b"bytes=0-9", b"if-range": DATE}, part(0, 9)),
        ({b"range": b"bytes=0-9", b"if-range": b"Sun, 06 Nov 1994 08:49:38 GMT"}, WHOLE),
        ({b"range": b"bytes=5000-", b"if-range": b'"other"'}, WHOLE),
    ],
)
def test_conditions_decide_what_is_sent(asked: dict[bytes, bytes], head: Head) -> None:
    assert respond(b"GET", asked, FILE) == head


def test_head_is_answered_like_get_without_the_bytes() -> None:
    assert respond(b"HEAD", {}, FILE) == WHOLE._replace(length=0)
    assert respond(b"HEAD", {b"range": b"bytes=0-9"}, FILE) == WHOLE._replace(length=0)
    assert respond(b"HEAD", {b"if-none-match": b'"tag"'}, FILE) == UNCHANGED


def test_an_empty_file_has_no_part() -> None:
    empty = FILE._replace(size=0)
    assert respond(b"GET", {}, empty)[::3] == (200, 0)
    for wanted in (b"bytes=0-", b"bytes=0-0"):
        assert respond(b"GET", {b"range": wanted}, empty).status == 416


def test_the_page_for_what_is_missing_is_whole_and_carries_no_tag() -> None:
    head = Head(404, [(b"Cache-Control", b"no-cache"), HTML, (b"Content-Length", b"1000")], 0, 1000)
    asked = {b"if-none-match": b'"tag"', b"range": b"bytes=0-1"}
    assert respond(b"GET", asked, FILE, missing=True) == head


def test_compressed_content_says_so_and_that_it_depends_on_who_asks() -> None:
    headers = dict(respond(b"GET", {}, FILE._replace(encoding=b"br", varies=True)).headers)
    assert (headers[b"Content-Encoding"], headers[b"Vary"], headers[HTML[0]]) == (b"br", b"Accept-Encoding", HTML[1])


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (b"/", ()),
        (b"/a", ("a",)),
        (b"/a/b.html?x=/../y", ("a", "b.html")),
        (b"/a/", ("a",)),
        (b"//a///b", ("a", "b")),
        (b"/./a/.", ("a",)),
        (b"/a%20b/%C3%BC", ("a b", "ü")),
        (b"/%FF", ("\udcff",)),
        (b"/%zz", ("%zz",)),
        (b"/a%3Fb", ("a?b",)),
        (b"/.well-known/acme", (".well-known", "acme")),
        (b"/a..b/...c"[:5], ("a..b",)),
        (b"/..", None),
        (b"/../etc/passwd", None),
        (b"/a/../../b", None),
        (b"/%2e%2e/b", None),
        (b"/%2E./b", None),
        (b"/a%2fb", None),
        (b"/a%2F..%2Fb", None),
        (b"/a%00b", None),
        (b"/a%5c..%5cb", None),
        (b"/..\\b", None),
        (b"/.env", None),
        (b"/.git/config", None),
        (b"/a/.htpasswd", None),
        (b"*", ("*",)),
    ],
)
def test_a_path_never_leaves_its_root(target: bytes, names: tuple[str, ...] | None) -> None:
    assert files.parts(target) == names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", b"text/html; charset=utf-8"),
        ("a.css", b"text/css; charset=utf-8"),
        ("a.js", b"text/javascript; charset=utf-8"),
        ("a.mjs", b"text/javascript; charset=utf-8"),
        ("a.json", b"application/json"),
        ("a.js.map", b"application/json"),
        ("A.PNG", b"image/png"),
        ("a.svg", b"image/svg+xml"),
        ("a.webp", b"image/webp"),
        ("a.avif", b"image/avif"),
        ("a.woff2", b"font/woff2"),
        ("a.wasm", b"application/wasm"),
        ("a.webmanifest", b"application/manifest+json"),
        ("a.xml", b"text/xml; charset=utf-8"),
        ("a.txt", b"text/plain; charset=utf-8"),
        ("a.pdf", b"application/pdf"),
        ("a.tar.gz", b"application/gzip"),
        ("favicon.ico", b"image/x-icon"),
        ("CNAME", b"application/octet-stream"),
        ("a.unknown", b"application/octet-stream"),
        ("html", b"application/octet-stream"),
    ],
)
def test_a_name_tells_the_media_type(name: str, kind: bytes) -> None:
    assert files.content_type(name) == kind


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("app.3f9a1c2b.js", FOREVER),
        ("index-BxYz12Ab.css", FOREVER),
        ("main.8a7b6c5d4e3f2a1b0c9d.chunk.js", FOREVER),
        ("main-0123456789abcdef.js", FOREVER),
        ("logo-D0cX_3-a.svg", FOREVER),
        ("vendor.D4xKq9Lm.mjs", FOREVER),
        ("font-a1b2c3d4.woff2", FOREVER),
        ("index.html", ASK_FIRST),
        ("index-BxYz12Ab.html", ASK_FIRST),
        ("app.js", ASK_FIRST),
        ("my-document.js", ASK_FIRST),
        ("service-worker.js", ASK_FIRST),
        ("report-20240101.json", ASK_FIRST),
        ("jquery-3.7.1.min.js", ASK_FIRST),
        ("three.module.min.js", ASK_FIRST),
        ("photo-deadbeef.png", ASK_FIRST),
        ("3f9a1c2b.js", ASK_FIRST),
        ("MyComponent.js", ASK_FIRST),
        ("chapter-Chapter12.png", ASK_FIRST),
        ("bootstrap-5.3.0-dist.css", ASK_FIRST),
        ("no-ending-3f9a1c2b", ASK_FIRST),
    ],
)
def test_only_a_name_with_a_hash_of_its_content_is_kept_for_ever(name: str, control: bytes) -> None:
    assert files.cache_control(name) == control


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        (b"", set()),
        (b"gzip", {b"gzip"}),
        (b"gzip, deflate, br, zstd", {b"gzip", b"br"}),
        (b"GZIP", {b"gzip"}),
        (b"gzip;q=0", set()),
        (b"gzip;q=0.000, br;q=0.5", {b"br"}),
        (b"gzip;q=1.0", {b"gzip"}),
        (b"*", {b"gzip", b"br"}),
        (b"*;q=0", set()),
        (b"br;q=0, *", {b"gzip"}),
        (b"identity", set()),
    ],
)
def test_only_codings_the_client_takes_are_used(header: bytes, codings: set[bytes]) -> None:
    assert files.accepted({b"accept-encoding": header}) == codings
