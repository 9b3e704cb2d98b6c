"""Real repositories, and the ways to them: by file, by HTTP with a token, by ssh."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from webduh_console.transport.git.repository import Checkout

BACKEND = "/usr/lib/git-core/git-http-backend"
_WHO = {
    f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "a"), ("EMAIL", "a@b"))
}


class GitHouse:
    """A work tree, and the bare repository that it is pushed to, `NAME.git`."""

    def __init__(self, root: Path, name: str = "shop") -> None:
        self.root, self.work, self.bare = root, root / f"{name}-work", root / f"{name}.git"
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--bare", "-b", "main", str(self.bare), at=root)
        self.git("init", "--quiet", "-b", "main", str(self.work), at=root)
        self.git("remote", "add", "origin", str(self.bare))
        self.url = f"file://{self.bare}"

    def git(self, *words: str, at: Path | None = None) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        setting = ("-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *setting, *words],
            cwd=at or self.work,
            env={**env, **_WHO},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, files: dict[str, str], branch: str = "main", tag: str = "") -> str:
        """Commit files (path → text) on the branch that is checked out, push it, and give the commit's id."""
        for path, text in files.items():
            (self.work / path).parent.mkdir(parents=True, exist_ok=True)
            (self.work / path).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        if tag:
            self.git("tag", "--force", "-a", tag, "-m", tag)
            self.git("push", "--quiet", "--force", "origin", f"refs/tags/{tag}")
        return self.git("rev-parse", "HEAD")


def texts(checkout: Checkout) -> dict[str, str]:
    """The files of a checkout and what is in them, which is taken away then."""
    files = (path for path in checkout.folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    found = {str(path.relative_to(checkout.folder)): path.read_text() for path in files if path.name != ".git"}
    checkout.remove()
    return found


@contextmanager
def over_http(root: Path, token: str = "") -> Iterator[str]:
    """Serve the repositories below a folder with `git http-backend`; with a token to nobody else. The address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(root, token))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(root: Path, token: str) -> type[BaseHTTPRequestHandler]:
    wanted = "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if token and self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def do_POST(self) -> None:
            self.do_GET()

        def _answer(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            env = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_USER": "x",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            answer = subprocess.run([BACKEND], env=env, input=body, capture_output=True, check=False).stdout
            head, _, content = answer.partition(b"\r\n\r\n")
            fields = [line.partition(": ") for line in head.decode().split("\r\n") if line]
            status = next((value for name, _, value in fields if name == "Status"), "200 OK")
            self.send_response(int(status.split()[0]))
            for name, _, value in fields:
                if name != "Status":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
