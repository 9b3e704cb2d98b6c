"""Rendered Dockerfiles, really built and run by a server's Docker: what they make, hold, keep out and how they end."""

import base64
import hashlib
import http.client
import io
import json
import re
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from server import Server

from webduh_console.config.load import load
from webduh_console.config.spec import options, overridden
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.render import SECRETS_DIGEST, render
from webduh_console.frameworks.source import FolderSource
from webduh_console.frameworks.tree import walk
from webduh_console.model.build import BuildPlan, BuildStep, Process, Static, Volume
from webduh_console.model.release import Variable
from webduh_console.targets.local.supervisor.site import Site

EXAMPLES = Path(__file__).parents[2] / "examples"
FLASK = """\
import os
from flask import Flask
app = Flask(__name__)

@app.get("/")
def hello():
    return "port " + os.environ["PORT"]
"""
EXPRESS = """\
const server = require('express')()
  .get('/', (request, response) => response.send(require('./made.json')))
  .listen(process.env.PORT)
process.on('SIGTERM', () => server.close())
"""
MAKE = """\
require('is-odd')
const digest = require('crypto').createHash('sha256').update(process.env.TOKEN).digest('hex')
require('fs').writeFileSync('made.json', JSON.stringify({ colour: process.env.COLOUR, digest }))
"""
PACKAGE = {
    "name": "made",
    "version": "1.0.0",
    "scripts": {"start": "node server.js", "build": "node make.js"},
    "dependencies": {"express": "4.21.2"},
    "devDependencies": {"is-odd": "3.0.1"},
}
READ_ONLY = ("--read-only", "--tmpfs", "/tmp")


def planned(folder: Path) -> BuildPlan:
    loaded = load(folder)
    plan = detect(FolderSource(folder), plugins(), loaded.config.framework, options(loaded)).plan
    return overridden(plan, loaded, "production")


def until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Engine:
    """The Docker of a server: builds an app there as it is sent, and runs what came out on the server's port 80."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def build(
        self, name: str, folder: Path, plan: BuildPlan | None = None, variables: Mapping[str, Variable] | None = None
    ) -> str:
        """What BuildKit said."""
        given = variables or {}
        rendered = render(plan or planned(folder), given, name)
        texts = {"Dockerfile": rendered.dockerfile, "Dockerfile.dockerignore": rendered.dockerignore}
        texts |= {f"secrets/{secret}": given[secret].value for secret in rendered.secrets}
        self.server.exec(
            "sh",
            "-c",
            f"rm -rf /build/{name} && mkdir -p /build/{name} && tar -xC /build/{name}",
            stdin=_packed(folder, texts),
        )
        words = [f"--build-arg={argument}={given[argument].value}" for argument in rendered.arguments]
        words += [f"--build-arg={SECRETS_DIGEST}={hash(tuple(given[secret].value for secret in rendered.secrets))}"]
        words += [f"--secret=id={secret},src=/build/{name}/secrets/{secret}" for secret in rendered.secrets]
        at = f"/build/{name}"
        script = 'docker build --progress=plain "$@" 2>&1'
        return self.server.sh(script, f"--file={at}/Dockerfile", f"--tag=webduh/rendered-{name}", *words, f"{at}/src")

    def run(self, name: str, *words: str) -> None:
        self.docker(
            "run",
            "--detach",
            "--init",
            "--label",
            "rendered",
            "--name",
            name,
            "--publish",
            "80:8080",
            *words,
            f"webduh/rendered-{name}",
        )

    def docker(self, *words: str) -> str:
        return self.server.exec("docker", *words)

    def inside(self, name: str, script: str) -> str:
        return self.docker("exec", name, "sh", "-c", script)

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.host, self.server.http, timeout=10)
        try:
            connection.request(method, target, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def answers(self, target: str) -> bool:
        try:
            return self.ask("GET", target)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stopped_by_itself(self, name: str) -> bool:
        """Whether the app ended on the signal that asks it to, and was not killed."""
        self.docker("stop", "--time", "5", name)
        return self.docker("inspect", "--format", "{{.State.ExitCode}}", name).strip() in ("0", "143")


def _packed(folder: Path, texts: Mapping[str, str]) -> bytes:
    """A folder as it is sent, in `src/`, and texts beside it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for entry in walk(folder):
            member = archive.gettarinfo(folder / entry.path, f"src/{entry.path}")
            member.uid, member.gid, member.mode = 0, 0, 0o755 if entry.executable or entry.kind == "folder" else 0o644
            content = (folder / entry.path).read_bytes() if entry.kind == "file" else b""
            archive.addfile(member, io.BytesIO(content))
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture
def engine(server: Server) -> Iterator[Engine]:
    yield Engine(server)
    server.sh(
        "docker ps -aq --filter label=rendered | xargs -r docker rm -fv; docker volume rm -f rendered; rm -rf /build"
    )


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        whole = folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        ("hello-static", "/", ()),
        ("guestbook-python", "/healthz", ("--volume", "rendered:/app/data")),
        ("clock-node", "/healthz", ()),
    ],
)
def test_an_example_runs_as_nobody_in_particular_over_a_root_it_cannot_write_and_stops_when_asked(
    engine: Engine, name: str, path: str, words: tuple[str, ...]
) -> None:
    engine.build(name, EXAMPLES / name)
    engine.run(name, *READ_ONLY, *words)
    until(lambda: engine.answers(path))

    assert engine.inside(name, "id -u").strip() == "10001"
    assert engine.inside(name, "ls -a /app /srv 2>/dev/null | grep -c -e webduh.yaml -e ignore || true").strip() == "0"
    assert engine.stopped_by_itself(name)


def test_a_change_of_the_source_installs_nothing_again(engine: Engine, tmp_path: Path) -> None:
    folder = written(tmp_path / "flask", {"requirements.txt": "flask\ngunicorn\n", "app.py": FLASK})
    engine.build("flask", folder)
    (folder / "app.py").write_text(FLASK.replace('"port ', '"now on '))
    said = engine.build("flask", folder)
    engine.run("flask", *READ_ONLY)
    until(lambda: engine.answers("/"))

    step = re.search(r"^#(\d+) \[dependencies .*pip install", said, re.MULTILINE)
    assert step is not None
    assert f"#{step[1]} CACHED" in said
    assert engine.ask("GET", "/")[2] == b"now on 8080"
    assert engine.stopped_by_itself("flask")


def test_a_build_reads_its_secrets_and_no_layer_keeps_them(engine: Engine, tmp_path: Path) -> None:
    files = {"package.json": json.dumps(PACKAGE), "server.js": EXPRESS, "make.js": MAKE}
    folder = written(tmp_path / "made", files)
    token = "a 'quoted' $HOME-long secret\nof two lines"
    engine.build(
        "made", folder, variables={"TOKEN": Variable("the first secret", secret=True), "COLOUR": Variable("red")}
    )
    engine.build("made", folder, variables={"TOKEN": Variable(token, secret=True), "COLOUR": Variable("green")})
    engine.run("made", *READ_ONLY)
    until(lambda: engine.answers("/"))

    assert json.loads(engine.ask("GET", "/")[2]) == {
        "colour": "green",
        "digest": hashlib.sha256(token.encode()).hexdigest(),
    }
    assert engine.inside("made", "ls node_modules | grep -x -e express -e is-odd").split() == ["express"]
    engine.docker("save", "--output", "/build/image.tar", "webduh/rendered-made")
    seen = engine.docker("history", "--no-trunc", "webduh/rendered-made") + engine.docker(
        "inspect", "webduh/rendered-made"
    )
    for needle in (
        "the first secret",
        "$HOME-long secret",
        *(base64.b64encode(word.encode()).decode()[:20] for word in ("the first secret", token)),
    ):
        assert needle not in seen
        assert engine.server.sh('grep -caF "$1" /build/image.tar || true', needle).strip() == "0"
    assert engine.stopped_by_itself("made")


def test_what_the_source_brings_to_a_volume_is_the_apps_to_change(engine: Engine, tmp_path: Path) -> None:
    folder = written(
        tmp_path / "seeded", {"app.py": (EXAMPLES / "guestbook-python/app.py").read_text(), "data/in/seed.txt": "seed"}
    )
    plan = BuildPlan(
        "python", "python", processes=(Process("web", ("python3", "app.py")),), volumes=(Volume("data", "data"),)
    )
    engine.build("seeded", folder, plan)
    engine.run("seeded", *READ_ONLY, "--volume", "rendered:/app/data")
    until(lambda: engine.answers("/healthz"))

    assert engine.inside("seeded", "stat -c %u data data/in data/in/seed.txt app.py").split() == ["10001"] * 3 + ["0"]


def test_odd_words_arrive_as_they_are(engine: Engine, tmp_path: Path) -> None:
    names = ["[id].txt", 'it\'s "q".txt', "a\\b.txt", "$HOME.txt", "ü *?.txt"]
    folder = written(tmp_path / "odd", dict.fromkeys([*names, "not copied"], "x"))
    values = {"ZA": 'a b $HOME "q" \\ \' é #', "ZB": "", "ZC": "\\"}
    words = ("a b", "$HOME", "é", '"', "'", "x\n|", "<<EOF", "\\")
    show = (
        "python3",
        "-c",
        "import json,os,sys; json.dump([sys.argv[1:], dict(os.environ), os.listdir()], open('/tmp/words','w'))",
    )
    serve = ("sh", "-c", '"$@"; exec python3 -m http.server "$0" -d /tmp', "${PORT}", *show, *words)
    install = BuildStep(
        "list", ("sh", "-c", "ls > listed\nls -A | wc -l >> listed"), inputs=tuple(names), outputs=("listed",)
    )
    build = BuildStep("say", ("sh", "-c", 'printf "%s" "$1" > said', "sh", words[-2]), env={"A": "b c"})
    plan = BuildPlan(
        "odd", "python", install=(install,), build=(build,), processes=(Process("web", serve),), variables=values
    )
    engine.build("odd", folder, plan)
    engine.run("odd")
    until(lambda: engine.answers("/words"))

    argv, environment, listed = json.loads(engine.ask("GET", "/words")[2])
    assert tuple(argv) == words
    assert {name: environment[name] for name in values} == values
    assert set(listed) >= {*names, "not copied", "said"}
    assert engine.inside("odd", "cat said; echo; tail -n 1 listed").splitlines() == ["<<EOF", str(len(names) + 1)]


SITE = {
    "index.html": "<h1>one</h1>",
    "404.html": "lost",
    "about.html": "about",
    "docs/index.html": "docs",
    "docs/a b.html": "a b",
    "both.html": "file",
    "both/index.html": "folder",
    "empty/x.txt": "x",
    ".env": "SECRET",
    ".well-known/acme": "token",
    "assets/index-BxYz12Ab.css": "a{}",
    "assets/app.1a2b3c4d5e.js": "1",
    "é.html": "é",
    "style.css": "b{}",
    "über/index.html": "u",
    "x.wasm": "w",
    "a.unknown": "?",
    "q?.html": "q",
    "per%cent.html": "p",
}
TARGETS = (
    *("/", "/index.html", "/about", "/about/", "/docs", "/docs/", "/docs?x=1&y=%20", "/docs/a%20b", "/both", "/both/"),
    *("/empty", "/empty/", "/empty/x.txt", "/.env", "/.well-known/acme", "/.well-known", "/nope", "/nope.js", "/nope/"),
    *("/nope.b/", "/assets/index-BxYz12Ab.css", "/assets/app.1a2b3c4d5e.js", "/assets/miss-BxYz12Ab.js", "/style.css"),
    *("/%C3%A9", "/%C3%BCber", "/x.wasm", "/a.unknown", "/q%3F", "/per%25cent", "/404.html", "//about"),
)
COMPARED = ("cache-control", "location", "content-range", "allow")


@pytest.mark.parametrize("spa", [False, True])
def test_a_site_is_answered_as_the_local_target_answers_it(engine: Engine, tmp_path: Path, spa: bool) -> None:
    folder = written(tmp_path / "site", SITE)
    static = Static(".", spa=spa)
    engine.build("site", folder, BuildPlan("static", "html", static=static))
    engine.run("site", *READ_ONLY)
    until(lambda: engine.answers("/"))
    local = Site(folder, static)

    for target in TARGETS:
        for method, headers in (
            ("GET", {}),
            ("HEAD", {}),
            ("GET", {"accept": "text/html"}),
            ("GET", {"range": "bytes=0-1"}),
            ("POST", {}),
        ):
            wanted = local.answer(
                method.encode(), target.encode(), {k.encode(): v.encode() for k, v in headers.items()}
            )
            said = {name.decode().lower(): value.decode() for name, value in wanted.head.headers}
            status, found, body = engine.ask(method, target, headers)
            what = (method, target, headers)
            assert (what, status) == (what, wanted.head.status)
            assert (what, {name: found.get(name) for name in COMPARED}) == (
                what,
                {name: said.get(name) for name in COMPARED},
            )
            if wanted.path is not None:
                assert (what, found["content-type"]) == (what, said["content-type"])
                first, length = wanted.head.start, wanted.head.length
                assert (what, body) == (what, wanted.path.read_bytes()[first : first + length])

    _, found, _ = engine.ask("GET", "/style.css")
    again = engine.ask("GET", "/style.css", {"if-none-match": found["etag"]})
    assert (again[0], again[1]["cache-control"], again[2]) == (304, "no-cache", b"")
    assert engine.stopped_by_itself("site")


def test_a_site_that_is_built_has_its_output_alone(engine: Engine, tmp_path: Path) -> None:
    folder = written(
        tmp_path / "built",
        {"make.js": "require('fs').mkdirSync('out');require('fs').writeFileSync('out/index.html','made')"},
    )
    shutil.copy(EXAMPLES / "clock-node/package.json", folder)
    plan = BuildPlan("custom", "javascript", build=(BuildStep("build", ("node", "make.js")),), static=Static("out"))
    engine.build("built", folder, plan)
    engine.run("built")
    until(lambda: engine.answers("/"))

    assert engine.ask("GET", "/")[2] == b"made"
    assert engine.inside("built", "ls -A /srv").split() == ["index.html"]
