"""How large the images of apps are, and how long they take to build, beside those of Dockerfiles written with care."""

import io
import json
import os
import shutil
import sys
import tarfile
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from bench.house import House
from bench.measuring import row, title
from bench.servers import NAMES, TESTBED

if TYPE_CHECKING:
    from server import Server

# Words: a tag, then nothing. The source comes on standard input, its Dockerfile in it.
BUILD = 'docker build --quiet --tag "$1" - >/dev/null && docker image inspect --format "{{.Size}}" "$1"'


class Sample(NamedTuple):
    """An app, the Dockerfile a person would write for it, and the file whose change is built again."""

    files: Mapping[str, str]
    dockerfile: str
    changed: str


def _package(dependencies: Mapping[str, str], scripts: Mapping[str, str], **more: object) -> str:
    return json.dumps({"name": "app", "private": True, "dependencies": dependencies, "scripts": scripts, **more})


_SERVER = """\
FROM node:22-slim
WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev
COPY . .
USER 1000
CMD ["node", "server.js"]
"""
_SITE = """\
FROM node:22-slim AS build
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build
FROM nginx:1-alpine-slim
COPY --from=build /app/dist /usr/share/nginx/html
"""
_NEXT = """\
FROM node:22-slim AS build
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build
FROM node:22-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app /app
USER 1000
CMD ["npm", "start"]
"""
SAMPLES = {
    "Express": Sample(
        {
            "package.json": _package(
                {"express": "5.1.0"}, {"start": "node server.js"}, devDependencies={"typescript": "5.9.2"}
            ),
            "server.js": "require('express')().listen(process.env.PORT)\n",
        },
        _SERVER,
        "server.js",
    ),
    "Vite": Sample(
        {
            "package.json": _package({}, {"build": "vite build"}, devDependencies={"vite": "7.1.5"}),
            "index.html": "<div id='root'></div><script type='module' src='/main.js'></script>\n",
            "main.js": "document.title = 'vite'\n",
        },
        _SITE,
        "main.js",
    ),
    "Next.js": Sample(
        {
            "package.json": _package(
                {"next": "16.4.6", "react": "19.2.0", "react-dom": "19.2.0"},
                {"build": "next build", "start": "next start"},
            ),
            "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>\n",
            "app/page.js": "export default () => <h1>page</h1>\n",
        },
        _NEXT,
        "app/page.js",
    ),
}


def measure(house: House) -> None:
    """Image sizes, and the seconds of builds: with nothing kept, and after a change of one file."""
    title("Images")
    if os.geteuid() or any(shutil.which(name) is None for name in NAMES):
        row("not measured: servers need root and " + ", ".join(NAMES), "")
        return
    sys.path.insert(0, str(TESTBED))
    from lifetime import one_of, used
    from servers import Testbed

    wanted = os.environ.get("BENCH_IMAGES", "").split(",") if os.environ.get("BENCH_IMAGES") else list(SAMPLES)
    with used(Testbed()) as servers, one_of(servers) as server:
        for name in wanted:
            _compare(house, server, name, SAMPLES[name])
        server.sh("docker builder prune -af >/dev/null; docker images -q 'bench-*' | xargs -r docker rmi -f >/dev/null")


def _compare(house: House, server: "Server", name: str, sample: Sample) -> None:
    folder = house.root / name
    for path, text in sample.files.items():
        whole = folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text)
    (shown,) = house.asked("build", str(folder), "--show")
    size, cold, warm = _built(server, sample, str(shown["dockerfile"]))
    by_hand = _built(server, sample, sample.dockerfile)
    row(f"{name}: image", f"{size / 1e6:.0f} MB", f"by hand {by_hand[0] / 1e6:.0f} MB", "")
    row(f"{name}: build, nothing kept", f"{cold:.1f} s", f"by hand {by_hand[1]:.1f} s", "")
    row(f"{name}: build after a change", f"{warm:.1f} s", f"by hand {by_hand[2]:.1f} s", "")


def _built(server: "Server", sample: Sample, dockerfile: str) -> tuple[int, float, float]:
    """Bytes of the image, and seconds of its build: cold, and after a change."""
    server.sh("docker builder prune -af >/dev/null")
    size, cold = _build(server, {**sample.files, "Dockerfile": dockerfile})
    changed = {sample.changed: sample.files[sample.changed] + f"// {time.time_ns()}\n"}
    _, warm = _build(server, {**sample.files, **changed, "Dockerfile": dockerfile})
    return size, cold, warm


def _build(server: "Server", files: Mapping[str, str]) -> tuple[int, float]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    began = time.perf_counter()
    said = server.exec("sh", "-c", BUILD, "webduh", "bench-image", stdin=packed.getvalue())
    return int(said), time.perf_counter() - began
