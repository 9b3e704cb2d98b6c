"""The settings of nginx for a folder of static output: the answers are those that the local target gives."""

import re

from webduh_console.errors import ConfigError
from webduh_console.model.build import Static

ROOT = "/srv"
"""Where the files are in the image."""

_TYPES = {
    "text/html": "html htm shtml",
    "text/css": "css",
    "text/javascript": "js mjs cjs",
    "text/plain": "txt text log",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "text/xml": "xml",
    "text/yaml": "yaml yml",
    "application/atom+xml": "atom",
    "application/geo+json": "geojson",
    "application/gzip": "gz tgz",
    "application/json": "json map",
    "application/ld+json": "jsonld",
    "application/manifest+json": "webmanifest",
    "application/pdf": "pdf",
    "application/rss+xml": "rss",
    "application/wasm": "wasm",
    "application/x-brotli": "br",
    "application/x-bzip2": "bz2",
    "application/x-xz": "xz",
    "application/xhtml+xml": "xhtml",
    "application/zip": "zip",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/apng": "apng",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
    "video/mp4": "mp4 m4v",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
_COMPRESSED = (
    *("text/css", "text/javascript", "text/plain", "text/markdown", "text/csv", "text/xml", "text/yaml", "text/vtt"),
    *("application/json", "application/manifest+json", "application/wasm", "application/atom+xml"),
    *("application/rss+xml", "application/xhtml+xml", "application/geo+json", "application/ld+json"),
    *("image/svg+xml", "image/x-icon", "image/bmp", "font/otf", "font/ttf", "model/gltf+json"),
)
_BUILT = (
    "avif|css|gif|ico|jpe?g|js|json|map|mjs|mp4|otf|png|svg|ttf|txt|wasm|webm|webmanifest|webp|woff2?"  # extensions
)
_HEXADECIMAL = "(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}"
_LETTERS = r"(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9][\w-]*[A-Za-z])"
_PLAIN_NAME = re.compile(r"[^\x00-\x1f\x7f\"'$\\;{}?#*]+")

HASHED = (
    rf"/(?:[^/]*\.(?:{_HEXADECIMAL}|{_LETTERS}[\w-]{{8,43}})(?:\.[^/]*)?"
    rf"|[^/-]*-(?:{_HEXADECIMAL}|{_LETTERS}[\w-]{{8,43}})"
    rf"|[^/-]*-[^/]*-(?:{_HEXADECIMAL}|(?=\w*[a-z])(?=\w*[A-Z])(?=\w*[0-9]\w*[A-Za-z])\w{{8,43}}))"
    rf"\.(?i:{_BUILT})$"
)
"""The paths of built files whose names carry a hash of their content (`/assets/index-BxYz12Ab.css`): kept for ever."""

_TEMPLATE = """\
worker_processes 2;
pid /dev/shm/nginx.pid;
error_log stderr warn;

events {
    worker_connections 4096;
}

http {
    log_format request '$remote_addr "$request" $status $body_bytes_sent ${request_time}s';
    access_log /dev/stdout request;
    client_body_temp_path /tmp;
    proxy_temp_path /tmp;
    fastcgi_temp_path /tmp;
    uwsgi_temp_path /tmp;
    scgi_temp_path /tmp;

    types {
@TYPES@
    }
    default_type application/octet-stream;
    charset utf-8;
    charset_types @TEXTS@;

    server_tokens off;
    sendfile on;
    tcp_nopush on;
    # Longer than the proxy in front keeps an idle connection, so that it is never the server that closes first.
    keepalive_timeout 180s;
    keepalive_requests 100000;
    absolute_redirect off;

    # A file with a .gz beside it is sent as that; other text is compressed on its way.
    gzip on;
    gzip_static on;
    gzip_vary on;
    gzip_proxied any;
    gzip_comp_level 5;
    gzip_min_length 1000;
    gzip_types @COMPRESSED@;

    # A name with a hash of its content may be kept for ever; everything else is asked for again, and answered with 304.
    map "$status $uri" $kept {
        "~^404 " no-cache;
        "~^20[06] .*@HASHED@" "public, max-age=31536000, immutable";
        "~^304 .*@HASHED@" "public, max-age=31536000, immutable";
        "~^(20[06]|304) " no-cache;
        default "";
    }
    map $status $allowed {
        405 "GET, HEAD";
        default "";
    }
@SPA@
    server {
        listen @PORT@;
        root @ROOT@;
        add_header Cache-Control $kept always;
        add_header Allow $allowed always;
        error_page 404 "/@LOST@";

        if ($request_method !~ "^(GET|HEAD)$") {
            return 405;
        }
        location ~ "/\\.(?!well-known(?:/|$))" {
            return 404;
        }
        location = "/@LOST@" {
            try_files "/@LOST@" @nothing;
        }
        location ~ "/$" {
            try_files "${uri}index.html" @FALLBACK@;
        }
        location / {
            if (-f "$request_filename/index.html") {
                rewrite "^(.*)$" "$1/" permanent;
            }
            try_files $uri "$uri.html" @FALLBACK@;
        }
        location @nothing {
            default_type text/plain;
            return 404 "There is nothing here.\\n";
        }
    }
}
"""
_SPA = """\
    # A path that exists in the browser alone gets the first page; a missing picture or script does not.
    map $http_accept $wanted {
        "~text/html" page;
        default other;
    }
    map "$wanted $uri" $first_page {
        "~^page " /index.html;
        "~/[^/.]+/*$" /index.html;
        default /.nothing;
    }
"""


def nginx(static: Static, port: int) -> str:
    """The whole of nginx.conf. It needs no other file, writes nothing but its process id, and runs as any user.

    Types, ranges, conditional requests, `about` for about.html, the page for what is not found and a single-page app's
    paths are as on the local target; entity tags are made of size and time, and Brotli files are not chosen.
    ConfigError if the page for what is not found has a name that nginx cannot be told.
    """
    lost = static.not_found.strip("/")
    if lost and not _PLAIN_NAME.fullmatch(lost):
        raise ConfigError(
            f"{static.not_found!r} cannot be the page for what is not found.",
            why="A web server's settings cannot hold such a name.",
            kept="Nothing was changed.",
            hint="Give that page a plain name, such as 404.html.",
        )
    values = {
        "TYPES": "\n".join(f"        {kind} {endings};" for kind, endings in _TYPES.items()),
        "TEXTS": " ".join(kind for kind in _TYPES if kind.startswith("text/") and kind != "text/html"),
        "COMPRESSED": " ".join(_COMPRESSED),
        "HASHED": HASHED,
        "SPA": _SPA if static.spa else "",
        "PORT": str(port),
        "ROOT": ROOT,
        "LOST": lost or ".nothing",
        "FALLBACK": "$first_page =404" if static.spa else "=404",
    }
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], _TEMPLATE)
