"""A Docker daemon of a test's own: an HTTP server on a Unix socket that answers what it is told to."""

import http.server
import json
import socketserver
import threading
from pathlib import Path
from urllib.parse import urlsplit

VERSION = {"Version": "26.1", "ApiVersion": "1.45", "Arch": "amd64", "Os": "linux"}
Answers = dict[str, tuple[int, object]]


class Daemon:
    """Answers what it is told to; `asked` are the questions, `met` counts the connections.

    What changes something is taken and kept as `did`, `METHOD /path`; `refuses` maps one to its status and message.
    """

    def __init__(self, socket: Path) -> None:
        self.answers: Answers = {"/version": (200, VERSION)}
        self.asked: list[str] = []
        self.did: list[str] = []
        self.refuses: dict[str, tuple[int, str]] = {}
        self.met, self.hangs_up = 0, False
        daemon = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                daemon.met += 1
                self.client_address = ("", 0)
                super().setup()

            def do_GET(self) -> None:
                daemon.asked.append(self.path)
                path = urlsplit(self.path).path
                self.answer(*daemon.answers.get(path, (404, {"message": f"No such thing: {path}"})))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.change()

            def do_DELETE(self) -> None:
                self.change()

            def change(self) -> None:
                act = f"{self.command} {urlsplit(self.path).path.removeprefix('/v1.45')}"
                daemon.did.append(act)
                status, why = daemon.refuses.get(act, (200 if "/images/" in act else 204, ""))
                self.answer(status, {"message": why} if why else [] if status == 200 else b"")

            def answer(self, status: int, value: object) -> None:
                content = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = daemon.hangs_up  # without a word, as a daemon that is started anew

            def log_message(self, format: str, *args: object) -> None:
                """Nowhere."""

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        self.server = Server(str(socket), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
