"""The variables that Python reads through libraries of settings."""

import pytest
from webduh_plugins.python_module import module

SETTINGS = """\
from pydantic import BaseModel, Field, AliasChoices
from pydantic_settings import BaseSettings, SettingsConfigDict
class Mail(BaseModel):
    host: str
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env")
    database_url: str
    debug: bool = False
    secret: str = Field(...)
    level: str = Field(default="info")
    token: str = Field(validation_alias=AliasChoices("API_TOKEN", "TOKEN"))
    hosts: list[str] = Field(default_factory=list)
    nickname: str | None
    mail: Mail
    _private: int = 1
class More(Settings):
    extra: int
"""
ENVIRON = """\
import environ
env = environ.Env(DEBUG=(bool, False))
env.read_env(".env")
DEBUG = env("DEBUG")
SECRET_KEY = env("SECRET_KEY")
DATABASES = {"default": env.db()}
CACHES = {"default": env.cache("REDIS_URL", default="locmem://")}
HOSTS = env.list("ALLOWED_HOSTS", [])
PORT = env("MAIL_PORT", int, 25)
"""


def read(text: str) -> list[tuple[str, bool, str | None]]:
    return sorted((one.name, one.required, one.default) for one in module(text).reads)


def test_fields_of_pydantic_without_a_value_are_required() -> None:
    assert read(SETTINGS) == [
        ("API_TOKEN", True, None),
        ("APP_DATABASE_URL", True, None),
        ("APP_DEBUG", False, "False"),
        ("APP_EXTRA", True, None),
        ("APP_HOSTS", False, None),
        ("APP_LEVEL", False, "info"),
        ("APP_NICKNAME", True, None),
        ("APP_SECRET", True, None),
    ]


def test_optional_fields_of_the_first_pydantic_need_no_value() -> None:
    text = (
        "from typing import Optional\nfrom pydantic import BaseSettings\nclass S(BaseSettings):\n    a: Optional[str]\n"
    )
    text += "    b: int\n    class Config:\n        env_prefix = 'x_'\n"
    assert read(text) == [("X_A", False, None), ("X_B", True, None)]


def test_django_environ_knows_defaults_of_the_scheme_and_of_the_call() -> None:
    assert read(ENVIRON) == [
        ("ALLOWED_HOSTS", False, None),
        ("DATABASE_URL", True, None),
        ("DEBUG", False, "False"),
        ("MAIL_PORT", False, "25"),
        ("REDIS_URL", False, "locmem://"),
        ("SECRET_KEY", True, None),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "from environs import Env\nenv = Env()\nA = env.str('A')\nB = env.int('B', 5)\n",
            [("A", True, None), ("B", False, "5")],
        ),
        (
            "from starlette.config import Config\nc = Config('.env')\nA = c('A', cast=int)\nB = c('B', default='x')\n",
            [("A", True, None), ("B", False, "x")],
        ),
        (
            "from decouple import config\nA = config('A')\nB = config('B', default='x')\n",
            [("A", True, None), ("B", False, "x")],
        ),
        ("from config.base import env\nA = env('A')\n", [("A", True, None)]),
        ("def env(name): ...\nA = env('A')\n", []),
    ],
)
def test_other_readers(text: str, wanted: list[tuple[str, bool, str | None]]) -> None:
    assert read(text) == wanted
