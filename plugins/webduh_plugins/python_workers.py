"""Python programs that answer no requests: workers of Celery, and bots."""

import re

from webduh_console.frameworks import Process, Source
from webduh_plugins.python_app import Entry, place
from webduh_plugins.python_module import Module
from webduh_plugins.python_project import Project

_BOTS = frozenset(
    {
        *("discord", "disnake", "nextcord", "hikari", "telegram", "aiogram", "telebot", "pyrogram", "telethon"),
        *("slack_bolt.adapter.socket_mode", "tweepy", "praw", "schedule", "apscheduler", "paho", "pika", "aiokafka"),
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


def alone(source: Source, found: Project, begin: Entry | None, read: dict[str, Module]) -> Process | None:
    """The worker of an app that is nothing else; None where something answers requests, or nobody can tell."""
    if begin is not None and begin.variant:
        return None
    if (worker := celery(source, found, read)) is not None:
        return worker
    one = read.get(begin.file, Module()) if begin is not None else Module()
    heads = {part for name in one.imports for part in (name, name.partition(".")[0])}
    if begin is None or one.reads_port or heads.isdisjoint(_BOTS):
        return None
    return Process("worker", (found.python, begin.file))
