"""A guestbook: Python's standard library, SQLite on a volume, a health path, and a clean stop."""

import json
import os
import signal
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

PORT = int(os.environ.get("PORT", "8000"))
DATA = Path(os.environ.get("DATA", "data"))
DATABASE = DATA / "guestbook.db"
LONGEST_NAME, LONGEST_TEXT, LARGEST_BODY = 60, 500, 10_000

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guestbook</title>
<style>
  :root {{ color-scheme: light dark; --ink: light-dark(#22303a, #e6e9ea); --quiet: light-dark(#66747e, #93a0a8);
    --paper: light-dark(#fffdf8, #1c2328); --ground: light-dark(#efe9dd, #12171b); --accent: light-dark(#1f6f5c, #6fd0b3); }}
  * {{ box-sizing: border-box; margin: 0 }}
  body {{ background: var(--ground); color: var(--ink); font: 1.0625rem/1.55 ui-serif, Georgia, serif; padding: 3rem 1rem }}
  main {{ max-width: 36rem; margin: auto }}
  h1 {{ font-size: 2.5rem; letter-spacing: -.02em }}
  .count {{ color: var(--quiet); margin: .25rem 0 1.75rem }}
  form, article {{ background: var(--paper); border-radius: .75rem; padding: 1.25rem; margin-bottom: 1rem }}
  label {{ display: block; color: var(--quiet); font-size: .875rem }}
  input, textarea {{ width: 100%; margin: .25rem 0 .9rem; padding: .6rem .7rem; font: inherit; color: inherit;
    background: transparent; border: 1px solid var(--quiet); border-radius: .4rem }}
  button {{ font: inherit; font-weight: 600; padding: .55rem 1.4rem; border: 0; border-radius: 2rem; cursor: pointer;
    background: var(--accent); color: var(--paper) }}
  :focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px }}
  article p {{ white-space: pre-wrap; overflow-wrap: anywhere }}
  footer {{ color: var(--quiet); font-size: .875rem; margin-top: .5rem }}
</style>
</head>
<body><main>
<h1>Guestbook</h1>
<p class="count">{count}</p>
<form method="post" action="/">
  <label for="name">Your name</label>
  <input id="name" name="name" maxlength="{longest_name}" required autocomplete="name">
  <label for="text">What you want to say</label>
  <textarea id="text" name="text" rows="3" maxlength="{longest_text}" required></textarea>
  <button>Sign</button>
</form>
{entries}
</main></body>
</html>
"""


def database() -> sqlite3.Connection:
    connection = sqlite3.connect(DATABASE, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


def prepare() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    with closing(database()) as connection, connection:
        # Two releases read and write side by side while traffic moves from one to the other.
        connection.execute("pragma journal_mode = wal")
        connection.execute(
            "create table if not exists entries (id integer primary key, at text not null, name text not null, text text not null)"
        )


def entries() -> list[dict[str, object]]:
    with closing(database()) as connection:
        return [dict(row) for row in connection.execute("select id, at, name, text from entries order by id desc limit 200")]


def sign(name: str, text: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with closing(database()) as connection, connection:
        connection.execute("insert into entries (at, name, text) values (?, ?, ?)", (at, name, text))


def page() -> str:
    written = entries()
    articles = "\n".join(
        f"<article><p>{escape(str(entry['text']))}</p>"
        f"<footer>{escape(str(entry['name']))}, {escape(str(entry['at']))}</footer></article>"
        for entry in written
    )
    count = f"{len(written)} {'entry' if len(written) == 1 else 'entries'}" if written else "Nobody has signed yet: be the first."
    return PAGE.format(count=count, entries=articles, longest_name=LONGEST_NAME, longest_text=LONGEST_TEXT)


class Guestbook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "guestbook"
    # A browser that keeps an idle connection open must not hold up the stop.
    timeout = 5

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, page(), "text/html")
        elif path == "/entries.json":
            self.answer(200, json.dumps(entries(), ensure_ascii=False), "application/json")
        elif path == "/healthz":
            entries()
            self.answer(200, "ok\n", "text/plain")
        else:
            self.answer(404, "There is no such page.\n", "text/plain")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self.answer(413, "That is too long.\n", "text/plain")
            return
        form = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        name, text = (form.get(field, [""])[0].strip() for field in ("name", "text"))
        if self.path != "/" or not name or not text or len(name) > LONGEST_NAME or len(text) > LONGEST_TEXT:
            self.answer(400, "A name and a text are needed, neither too long.\n", "text/plain")
            return
        sign(name, text)
        self.answer(303, "", "text/plain", {"Location": "/"})

    def answer(self, status: int, body: str, kind: str, headers: dict[str, str] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if stopping.is_set() or self.close_connection:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        line = (format % args).encode("unicode_escape").decode()
        print(f"{datetime.now(UTC).isoformat(timespec='seconds')} {self.client_address[0]} {line}", flush=True)


class Server(ThreadingHTTPServer):
    # The threads that answer requests are waited for when the server is closed.
    daemon_threads = False
    request_queue_size = 128
    block_on_close = True


stopping = threading.Event()


def main() -> None:
    prepare()
    server = Server(("0.0.0.0", PORT), Guestbook)

    def stop(number: int, frame: object) -> None:
        stopping.set()
        # shutdown() waits for the loop that this very thread is running.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"guestbook listens on port {PORT}, entries are in {DATABASE}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    print("guestbook has finished its requests and stops", flush=True)


if __name__ == "__main__":
    main()
