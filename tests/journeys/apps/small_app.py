"""An app that behaves as its file `mode` says: well, or badly in one of many ways. Answers its version."""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODE = Path("mode").read_text().strip() if Path("mode").exists() else "well"
VERSION = Path("version").read_text().strip()


class Answer(BaseHTTPRequestHandler):
    """The version, or an error."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = VERSION.encode()
        visited = "X-Forwarded-For" in self.headers
        bad = MODE == "answers-500" or (MODE == "fails-visitors" and visited)
        self.send_response(500 if bad else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 256
    daemon_threads = True


def main() -> None:
    """Serve, or fail."""
    print(f"version {VERSION} begins", flush=True)
    for name in os.environ.get("SHOWN", "").split():
        print(f"{name} is {os.environ[name]}", flush=True)
    if MODE == "exits":
        print("the database is not there", file=sys.stderr, flush=True)
        sys.exit(3)
    if MODE == "is-killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if MODE == "hogs":
        kept = [bytearray(2**20) for _ in range(400)]
        print(f"holds {len(kept)} MiB", flush=True)
        time.sleep(60)
    if MODE == "never":
        time.sleep(60)
    port = int(os.environ["PORT"]) if MODE != "elsewhere" else int(Path("elsewhere").read_text())
    Server(("127.0.0.1", port), Answer).serve_forever()


main()
