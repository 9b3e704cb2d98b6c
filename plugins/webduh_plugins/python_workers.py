"""Python programs that answer no requests: workers of Celery, and bots."""

import re

from webduh_console.frameworks import Process, Source
from webduh_plugins.python_app import place
from webduh_plugins.python_module import Module
from webduh_plugins.python_project import Project

_BOTS = frozenset(
    {
        *("discord", "disnake", "nextcord", "hikari", "telegram", "aiogram", "telebot", "pyrogram", "telethon"),
        *(
            "slack_bolt.adapter.socket_mode",
            "tweepy",
            "praw",
            "schedule",
            "apscheduler",
            "paho",
            "pika",
            "aiokafka",
            "rq",
        ),
    }
)
_CELERY = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:celery\.)?Celery\(", re.MULTILINE)


def celery(source: Source, found: Project, read: dict[str, Module]) -> Process | None:
    """The worker of an app's Celery; None if it has none."""
    for file, one in read.items():
        if "celery" in {name.partition(".")[0] for name in one.imports} and (app := _CELERY.search(source.text(file))):
            module = place(source, file, read).module
            target = module if app[1] in ("app", "celery") else f"{module}:{app[1]}"
            return Process("worker", (found.python, "-m", "celery", "-A", target, "worker", "--loglevel=info"))
    return None


def is_bot(one: Module) -> bool:
    """Whether a file imports a library of bots, or of others that answer no requests."""
    return not _BOTS.isdisjoint({part for name in one.imports for part in (name, name.partition(".")[0])})


def answers(one: Module) -> bool:
    """Whether a bot is told of messages by requests, rather than asking for them."""
    return one.reads_port or bool(one.ports)
