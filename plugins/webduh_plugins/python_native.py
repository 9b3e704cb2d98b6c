"""What dependencies of Python need of Debian, where the package index brings no whole build of them. Pure."""

from collections.abc import Iterable
from typing import NamedTuple


class Native(NamedTuple):
    """Packages of Debian that a dependency runs with, and those that it is built with besides."""

    apt: tuple[str, ...] = ()
    build: tuple[str, ...] = ()


_COMPILER = ("gcc", "g++", "libc6-dev")
NATIVE = {
    "psycopg2": Native(("libpq5",), ("libpq-dev", *_COMPILER)),
    "psycopg": Native(("libpq5",)),
    "psycopg-c": Native(("libpq5",), ("libpq-dev", *_COMPILER)),
    "mysqlclient": Native(("libmariadb3",), ("libmariadb-dev", "pkg-config", *_COMPILER)),
    "uwsgi": Native((), _COMPILER),
    "python-ldap": Native(("libldap2", "libsasl2-2"), ("libldap2-dev", "libsasl2-dev", *_COMPILER)),
    "pyodbc": Native(("unixodbc",)),
    "xmlsec": Native(("libxmlsec1-openssl",), ("libxmlsec1-dev", "pkg-config", *_COMPILER)),
    "pycairo": Native(("libcairo2",), ("libcairo2-dev", "pkg-config", *_COMPILER)),
    "cairosvg": Native(("libcairo2",)),
    "weasyprint": Native(("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")),
    "opencv-python": Native(("libgl1", "libglib2.0-0t64")),
    "opencv-contrib-python": Native(("libgl1", "libglib2.0-0t64")),
    "pydub": Native(("ffmpeg",)),
    "ffmpeg-python": Native(("ffmpeg",)),
    "moviepy": Native(("ffmpeg",)),
    "yt-dlp": Native(("ffmpeg",)),
    "openai-whisper": Native(("ffmpeg",)),
    "pdf2image": Native(("poppler-utils",)),
    "pytesseract": Native(("tesseract-ocr",)),
    "python-magic": Native(("libmagic1",)),
    "pyzbar": Native(("libzbar0",)),
    "graphviz": Native(("graphviz",)),
    "pygraphviz": Native(("graphviz",), ("libgraphviz-dev", *_COMPILER)),
    "pyaudio": Native(("libportaudio2",), ("portaudio19-dev", *_COMPILER)),
    "soundfile": Native(("libsndfile1",)),
    "pymssql": Native(),
    "gevent": Native(),
}
"""Name of a dependency (PEP 503) → what it needs."""


def needed(dependencies: Iterable[str], fetched: bool = False) -> Native:
    """All that these need; `fetched` says that some come from repositories of Git."""
    found = [NATIVE[name] for name in sorted(dependencies) if name in NATIVE]
    apt = dict.fromkeys(name for one in found for name in one.apt)
    build = dict.fromkeys(name for one in found for name in one.build)
    return Native(tuple(apt), (*build, *(("git",) if fetched else ())))
