"""Dependencies that no list for pip names: those inside a script (PEP 723), of conda and Hatch, and of imports."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webduh_console.frameworks import Source, SourceError, strings, table

CONDA = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
# The distribution of an import. Only well-known ones are guessed: an unknown name may be anybody's in the index.
DISTRIBUTIONS = {
    **{
        name: name
        for name in (
            *("aiofiles", "aiogram", "aiohttp", "aiosqlite", "altair", "anthropic", "apscheduler", "arq", "asyncpg"),
            *(
                "blacksheep",
                "boto3",
                "bokeh",
                "bottle",
                "celery",
                "chainlit",
                "click",
                "cryptography",
                "dash",
                "discord",
            ),
            *(
                "django",
                "falcon",
                "fastapi",
                "fastmcp",
                "flask",
                "flet",
                "gradio",
                "groq",
                "gunicorn",
                "httpx",
                "hypercorn",
            ),
            *(
                "jinja2",
                "langchain",
                "litestar",
                "loguru",
                "markdown",
                "marimo",
                "matplotlib",
                "mesop",
                "mkdocs",
                "mysqlclient",
            ),
            *(
                "networkx",
                "nicegui",
                "numpy",
                "openai",
                "openpyxl",
                "pandas",
                "panel",
                "pelican",
                "pika",
                "plotly",
                "polars",
            ),
            *("psutil", "psycopg", "pydantic", "pygments", "pymongo", "pymysql", "quart", "qrcode", "redis", "reflex"),
            *("requests", "rich", "robyn", "sanic", "schedule", "scipy", "seaborn", "sentry_sdk", "shiny", "solara"),
            *("sphinx", "sqlalchemy", "sqlmodel", "starlette", "streamlit", "stripe", "telethon", "tornado", "tqdm"),
            *("tweepy", "typer", "uvicorn", "voila", "waitress", "websockets", "whitenoise", "yfinance", "apiflask"),
            *("connexion", "peewee", "pyramid", "asgiref", "channels", "daphne", "environs", "httptools", "orjson"),
        )
    },
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "discord": "discord.py",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "fasthtml": "python-fasthtml",
    "flask_cors": "flask-cors",
    "flask_login": "flask-login",
    "jose": "python-jose",
    "flask_migrate": "flask-migrate",
    "flask_socketio": "flask-socketio",
    "flask_sqlalchemy": "flask-sqlalchemy",
    "flask_wtf": "flask-wtf",
    "jwt": "pyjwt",
    "multipart": "python-multipart",
    "psycopg2": "psycopg2-binary",
    "pydantic_settings": "pydantic-settings",
    "rest_framework": "djangorestframework",
    "sklearn": "scikit-learn",
    "corsheaders": "django-cors-headers",
    "dj_database_url": "dj-database-url",
    "telebot": "pytelegrambotapi",
    "telegram": "python-telegram-bot",
    "yaml": "pyyaml",
    "sentry_sdk": "sentry-sdk",
    "ninja": "django-ninja",
}
_NORMAL = frozenset(name.replace("_", "-").lower() for name in (*DISTRIBUTIONS, *DISTRIBUTIONS.values()))
_SCRIPT = re.compile(r"^# /// script[ \t]*\r?\n((?:#(?:| [^\n]*)\r?\n)+?)# ///[ \t]*\r?$", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)
_PINNED = re.compile(r"(?:[\w.-]+::)?([A-Za-z0-9_.-]+)[ \t]*(={1,2}|[<>~!]=?)?[ \t]*([^ \t]*)")


class Given(NamedTuple):
    """Requirements as pip takes them, the `file` that they come from, and the version of Python it asks for.

    `guessed`: they are what the app imports. `left` are dependencies that nobody here can install.
    """

    file: str
    requirements: tuple[str, ...]
    python: str = ""
    guessed: bool = False
    left: tuple[str, ...] = ()


def script(source: Source, files: Iterable[str]) -> Given | None:
    """What the first of these files with inline metadata says of itself. SourceError if that is broken."""
    for file in files:
        text = source.text(file) if "/" not in file else ""
        if "# /// script" not in text or (block := _SCRIPT.search(text)) is None:
            continue
        lines = "".join(line[2:] if line.startswith("# ") else line[1:] for line in block[1].splitlines(keepends=True))
        try:
            said = tomllib.loads(lines)
        except tomllib.TOMLDecodeError as error:
            above = text[: block.start()].count("\n") + 1
            inside = re.search(r"line (\d+)", str(error))
            line = above + (int(inside[1]) if inside else lines.count("\n"))
            raise SourceError(
                f"{file}:{line} is not TOML.",
                f"The metadata of the script: {str(error).partition(' (at ')[0]}.",
                f"Mend the lines after `# /// script` in {file}.",
                file=file,
                line=line,
            ) from error
        python = said.get("requires-python")
        return Given(file, strings(said.get("dependencies")), python if isinstance(python, str) else "")
    return None


def conda(source: Source) -> Given | None:
    """The packages of an environment of conda that the index for pip has too. SourceError if it is no YAML."""
    file = next(filter(source.exists, CONDA), None)
    if file is None:
        return None
    import yaml

    try:
        listed = table(yaml.safe_load(source.text(file))).get("dependencies")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise SourceError(
            f"{file}:{line} is not YAML.", f"Line {line}: {problem}.", f"Mend {file}.", file=file, line=line
        ) from error
    entries = listed if isinstance(listed, list) else []
    requirements = [one for entry in entries if isinstance(entry, dict) for one in strings(entry.get("pip"))]
    python, left = "", []
    for found in filter(None, (_PINNED.match(one.strip()) for one in strings(entries))):
        name, operator, version = found[1].lower(), found[2] or "", found[3].partition("=")[0]
        if name == "python":
            python = version if operator in ("=", "==", "") else operator + version
        elif name.replace("_", "-") in _NORMAL:
            requirements.append(
                name
                + ((f"=={version.removesuffix('.*')}.*" if operator == "=" else operator + version) if operator else "")
            )
        elif name != "pip":
            left.append(name)
    return Given(file, tuple(requirements), python.removesuffix(".*"), left=tuple(left))


def imported(source: Source, files: Iterable[str]) -> Given | None:
    """The distributions of what these files import, as far as they are well known."""
    found: dict[str, str] = {}
    for file in files:
        for name in _imports(source.text(file)):
            if name in DISTRIBUTIONS and not source.exists(f"{name}.py") and not source.folder(name):
                found.setdefault(DISTRIBUTIONS[name].replace("_", "-"), file)
    return Given(next(iter(found.values())), tuple(sorted(found)), guessed=True) if found else None


def hatch(pyproject: dict[str, object]) -> tuple[str, ...]:
    """The dependencies of the environment of Hatch that the app runs in: `default` or one with a name for that."""
    environments = table(pyproject, "tool", "hatch", "envs")
    chosen = next(
        (name for name in ("prod", "production", "serve", "web", "app", "default") if name in environments), ""
    )
    said = table(environments, chosen)
    return (*strings(said.get("dependencies")), *strings(said.get("extra-dependencies")))


def _imports(text: str) -> Iterator[str]:
    for one, several in _IMPORT.findall(text):
        yield from (name.strip().split(" ")[0].partition(".")[0] for name in (one or several).split(","))
