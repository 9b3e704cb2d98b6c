"""What the Dockerfiles of apps look like, whole. WEBDUH_RENDER=1 writes them anew; then read the difference."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from webduh_console.config.load import load
from webduh_console.config.spec import options, overridden
from webduh_console.frameworks.detection import NotDetectedError, detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.render import Rendered, render
from webduh_console.frameworks.source import FolderSource
from webduh_console.model.build import BuildPlan
from webduh_console.model.release import Variable

EXAMPLES = Path(__file__).parents[3] / "examples"
FIXTURES = Path(__file__).parents[2] / "apps"
RENDERED = Path(__file__).parent / "rendered"
SHOWN = (
    *("laravel", "symfony", "wordpress", "bedrock", "php-plain", "rails", "rails-esbuild", "sinatra", "jekyll"),
    *("phoenix", "elixir-plain", "gleam"),
)
"""Apps of `tests/apps` whose images cannot be built everywhere: their texts are looked at."""
PLAIN, SECRET = Variable("the-plain-value"), Variable("the-secret-value", secret=True)
FLASK = "from flask import Flask\napp = Flask(__name__)\n"


def package(**more: object) -> str:
    return json.dumps({"name": "app", "scripts": {"build": "tool build"}, **more})


def express(**more: object) -> dict[str, str]:
    found = package(**{"dependencies": {"express": "5"}, "scripts": {"start": "node server.js"}, **more})
    return {"package.json": found, "package-lock.json": "{}", "server.js": "app.listen(process.env.PORT)"}


APPS: dict[str, dict[str, str]] = {
    "flask-pip": {
        "requirements.txt": "flask\ngunicorn\n-r more/base.txt\n",
        "more/base.txt": "rich\n",
        "app.py": FLASK,
    },
    "flask-uv": {
        "pyproject.toml": '[project]\nname="a"\ndependencies=["flask","gunicorn"]\n',
        "uv.lock": "",
        "app.py": FLASK,
    },
    "flask-package": {
        "pyproject.toml": '[project]\nname="a"\nrequires-python=">=3.11"\ndependencies=["flask","gunicorn"]\n'
        '[build-system]\nrequires=["hatchling"]\n',
        "app.py": FLASK,
    },
    "django-poetry": {
        "pyproject.toml": '[tool.poetry.dependencies]\npython="^3.12"\ndjango="*"\ngunicorn="*"\n',
        "poetry.lock": "",
        "manage.py": "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')",
        "site1/settings.py": "STATIC_ROOT = 'collected'\n",
        "site1/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        "webduh.yaml": "volumes:\n  uploads: uploads\n  data: /data\nprocesses:\n  worker: celery -A site1 worker\n",
    },
    "mkdocs": {
        "requirements.txt": "mkdocs\n",
        "mkdocs.yml": "site_name: a",
        "docs/index.md": "# a",
        ".python-version": "3.12.1",
    },
    "express-npm": express(engines={"node": ">=20 <21"}),
    "express-pnpm": {**express(packageManager="pnpm@9.1.0"), "pnpm-lock.yaml": ""},
    "express-yarn-script": {
        **express(scripts={"start": "tsx server.ts", "build": "tsc"}, packageManager="yarn@4.2.0"),
        "yarn.lock": "",
    },
    "express-hooked": express(scripts={"start": "node dist/server.js", "build": "tsc", "postinstall": "node patch.js"}),
    "vite": {
        "package.json": package(devDependencies={"vite": "5"}, scripts={"build": "vite build"}),
        "package-lock.json": "{}",
        "vite.config.js": "",
        "index.html": "",
        "src/main.js": "import.meta.env.VITE_TITLE + import.meta.env.VITE_MAP_TOKEN + process.env.DATABASE_URL",
    },
    "next": {"package.json": package(dependencies={"next": "15"}), "package-lock.json": "{}", "next.config.js": ""},
    "next-standalone": {
        "package.json": package(dependencies={"next": "15"}),
        "package-lock.json": "{}",
        "next.config.js": "module.exports = { output: 'standalone' }",
        "public/a.txt": "",
    },
    "nuxt": {"package.json": package(dependencies={"nuxt": "3"}), "package-lock.json": "{}", "nuxt.config.ts": ""},
    "bun": {"package.json": package(dependencies={"hono": "4"}, scripts={"start": "bun run.ts"}), "bun.lock": ""},
    "go-front-end": {
        "go.mod": "module example.com/shop\n\ngo 1.26\n\nrequire github.com/mattn/go-sqlite3 v1.14.32\n",
        "go.sum": "",
        "main.go": 'package main\n\nimport "net/http"\n\n//go:embed web/dist\nvar files embed.FS\n',
        "web/package.json": package(devDependencies={"vite": "7"}, scripts={"build": "vite build"}),
        "web/package-lock.json": "{}",
        "web/index.html": "",
        "views/index.html": "",
    },
    "rust": {
        "Cargo.toml": '[package]\nname = "shop"\n[dependencies]\naxum = "0.8"\n',
        "Cargo.lock": '[[package]]\nname = "openssl-sys"\n',
        "rust-toolchain.toml": '[toolchain]\nchannel = "1.90.0"\n',
        "src/main.rs": "",
    },
    "spring-boot": {
        "pom.xml": "<project><artifactId>shop</artifactId><properties><java.version>21</java.version></properties>"
        "<parent><groupId>org.springframework.boot</groupId></parent></project>",
    },
    "aspnet": {
        "Shop.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"><TargetFramework>net9.0</TargetFramework></Project>'
    },
    "custom": {"server.sh": "", "webduh.yaml": "start: ./server.sh --port ${PORT}\nport: 9000\n"},
    "odd-words": {
        "index.html": "",
        "my site [1]/a$b/index.html": "",
        "webduh.yaml": 'install: "echo one\\necho two"\nbuild:\n  - [echo, "a b", "$HOME", "\'", "é", "<<EOF"]\n'
        '  - echo "last \\\\"\n  - "[ -d x ] || mkdir x"\nstatic: "my site [1]/a$b"\n',
    },
}
GIVEN: dict[str, dict[str, Variable]] = {
    "vite": {"VITE_TITLE": PLAIN, "VITE_MAP_TOKEN": SECRET, "DATABASE_URL": SECRET, "NPM_TOKEN": SECRET},
    "next": {"NPM_CONFIG_REGISTRY": PLAIN, "SENTRY_TOKEN": SECRET, "COLOUR": PLAIN, "NODE_ENV": Variable("staging")},
}


def planned(folder: Path) -> BuildPlan:
    loaded = load(folder)
    try:
        plan = detect(FolderSource(folder), plugins(), loaded.config.framework, options(loaded)).plan
    except NotDetectedError:
        plan = BuildPlan("custom", "")
    return overridden(plan, loaded, "production")


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        whole = folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text)
    return folder


def rendered(name: str, folder: Path) -> Rendered:
    there = FIXTURES / name / "app" if name in SHOWN else EXAMPLES / name
    files = APPS.get(name)
    plan = planned(there if files is None else written(folder, files))
    return render(plan, GIVEN.get(name), f"default--{name}--production")


def compared(path: Path, text: str) -> None:
    if os.environ.get("WEBDUH_RENDER"):
        path.write_text(text)
    assert path.read_text() == text


@pytest.mark.parametrize("name", ["clock-node", "guestbook-python", "hello-static", *SHOWN, *APPS])
def test_the_dockerfile_of_an_app_is_as_it_was(name: str, tmp_path: Path) -> None:
    found = rendered(name, tmp_path / "app")

    compared(RENDERED / f"{name}.Dockerfile", found.dockerfile)
    facts = msgspec.structs.replace(found, dockerfile="", dockerignore="")
    shown = {key: value for key, value in msgspec.to_builtins(facts).items() if value}
    compared(RENDERED / f"{name}.json", json.dumps(shown, indent=2) + "\n")


def test_every_file_among_the_rendered_belongs_to_an_app() -> None:
    names = {path.stem for path in RENDERED.iterdir()}

    assert names == {"clock-node", "guestbook-python", "hello-static", *SHOWN, *APPS}


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_no_value_of_a_given_variable_is_in_the_text(name: str, tmp_path: Path) -> None:
    text = rendered(name, tmp_path / "app").dockerfile

    assert not [variable.value for variable in GIVEN[name].values() if variable.value in text]
