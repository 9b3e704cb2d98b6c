"""How an app of JavaScript is started, and the port that its commands say."""

import re
from typing import NamedTuple

from webduh_console.frameworks import Command, Source, argv
from webduh_plugins.node_config import Output, config, text_of
from webduh_plugins.node_fetch import FILE, gives_answers, served
from webduh_plugins.node_frameworks import ENTRIES, FILE_SERVERS, Kind
from webduh_plugins.node_package import Package, called_in, runs_only
from webduh_plugins.node_source import Reading
from webduh_plugins.node_workspace import Place

_STARTS = ("start", "start:prod", "start:production", "serve:prod", "prod", "production")
_PERHAPS = ("serve", "server", "dev", "develop")
"""Scripts that start an app with nothing else that does, if all they do is to run a file."""
_OF_A_WORKSPACE = ("turbo", "nx", "lerna", "concurrently", "npm-run-all", "run-p", "wireit")
_ALL_OF_IT = re.compile(r"\s(?:-r|--recursive|--parallel|--workspaces|-ws|--stream|foreach)\b")
_BOTS = (
    *("discord.js", "@discordjs/core", "eris", "oceanic.js", "discordx", "@sapphire/framework", "telegraf", "grammy"),
    *("node-telegram-bot-api", "tmi.js", "mineflayer", "whatsapp-web.js", "matrix-bot-sdk", "bullmq", "bee-queue"),
    *("node-cron", "cron", "amqplib", "kafkajs", "node-schedule", "twit", "@skyra/discord-components-core"),
)
_PORT = re.compile(r"(?:^|\s)(?:--port|--listen|-p|-l)[= ]+(?:tcp://[\w.]+:)?(\d{2,5})\b|(?:^|\s)PORT=(\d{2,5})\b")
_SERVE_FILES = ("serve", "sirv", "http-server")
_BUILDERS = ("tsc", "tsup", "swc", "esbuild", "rollup", "unbuild", "tsdown", "babel", "ncc")
_TYPED = re.compile(r"\.[cm]?ts$")


class Start(NamedTuple):
    """The command of what is started, whether it is a server, and the script it came from (empty: none)."""

    command: Command | None = None
    script: str = ""
    worker: bool = False


def start_of(
    place: Place, found: Package, one: Kind | None, output: Output, lines: dict[str, str], said: Reading
) -> Start:
    """What is started: a Procfile's web beats the start script, and that the framework's own way."""
    if "web" in lines:
        return Start(place.command(argv(lines["web"])), lines["web"])
    name = found.followed("start")
    script = found.line(name)
    own = runs_only(script, (*(one.serves if one else ()), *FILE_SERVERS))
    if output.static is not None:
        mine = script and not own and not _only_develops(script)
        return Start(found.started_by(name, place.command), script) if mine else Start()
    if output.command is not None and (not script or own):
        hooked = script and found.hooked("start")
        return Start(found.runs("start"), script) if hooked else Start(place.command(output.command))
    if place.is_root and one is None and (not script or _starts_members(script)):
        return Start()
    plain = _plain(place, found, one, said)
    bot = one is None and plain.command is not None and not found.running.isdisjoint(_BOTS)
    return plain._replace(worker=bot and not said.listens and not said.reads_port)


def port_of(start: Start, output: Output, said: Reading) -> int | None:
    """The port that is listened on whatever PORT says; None if it is PORT, or not known."""
    if start.command is None or start.worker or any("${PORT}" in word or word == FILE for word in start.command):
        return None
    told = list(_PORT.finditer(re.split(r"&&|;", start.script)[-1])) if start.script else []
    if told:
        return int(told[-1][1] or told[-1][2])
    if output.command is not None and not start.script and not output.listens:
        return None
    return None if said.reads_port or len(said.ports) != 1 else said.ports[0]


def served_folder(found: Package) -> tuple[str, bool] | None:
    """The folder that the start script serves as files, and whether unknown paths get its first page."""
    line = found.line(found.followed("start"))
    if "build" not in found.scripts or not runs_only(line, _SERVE_FILES):
        return None
    words = [word for word in line.split() if word not in ("npx", "bunx")][1:]
    valued = ("-l", "-p", "--listen", "--port", "-c", "--config", "--host")
    plain = [
        word for at, word in enumerate(words) if not word.startswith("-") and (not at or words[at - 1] not in valued)
    ]
    single = any(word in ("-s", "--single") for word in words)
    return (plain[0].removeprefix("./").strip("/"), single) if plain else None


def entry_of(source: Source, found: Package) -> str:
    """The file that is run; `main` may name one that the build makes."""
    if found.main:
        there = filter(source.exists, (found.main, f"{found.main}.js", f"{found.main}/index.js"))
        made = found.main if "build" in found.scripts else ""
        if entry := next(there, made):
            return entry
    return next(filter(source.exists, ENTRIES), "")


def _plain(place: Place, found: Package, one: Kind | None, said: Reading) -> Start:
    script = next((name for name in _STARTS if name in found.scripts), None)
    prod = "start:prod" in found.scripts and script == "start" and _only_develops(found.scripts["start"])
    script = "start:prod" if prod else script
    if script and found.scripts[script].strip():
        name = found.followed(script)
        return Start(found.started_by(name, place.command), found.line(name))
    entry = entry_of(place.source, found)
    if not entry and (script := next((name for name in _PERHAPS if _runs_a_file(found.line(name))), None)):
        return Start(found.started_by(script, place.command), found.line(script))
    if not entry or (place.folder and not said.listens):
        return Start()
    return Start(_run(place, found, entry, one, said))


def _run(place: Place, found: Package, entry: str, one: Kind | None, said: Reading) -> Command:
    """The command that runs a file, whatever it is written in; what it gives away is served, if it listens nowhere."""
    if found.manager.name == "bun" or said.bun:
        return place.command(("bun", entry))
    file = _built(place, found, entry)
    if not said.calls and gives_answers(place.source.text(entry), serves=one is not None):
        loads = ("--import", "tsx") if found.has("tsx") and _TYPED.search(file) else ()
        return place.command(served(file, "public" if place.source.folder("public") else "", *loads))
    runner = next(filter(found.has, ("tsx", "ts-node")), "") if _TYPED.search(file) else ""
    return found.program(runner, file) if runner else place.command(("node", file))


def _built(place: Place, found: Package, entry: str) -> str:
    """The file that a build makes of the one that is run, if it makes one."""
    line = found.scripts.get("build", "")
    if not _TYPED.search(entry) or "--noEmit" in line or not any(called_in(line, builder) for builder in _BUILDERS):
        return entry
    folder = text_of(config(place.source, "tsconfig"), "outDir") or "dist"
    return f"{folder}/{_TYPED.sub(lambda ending: ending[0].replace('ts', 'js'), entry.removeprefix('src/'))}"


def made_by_a_build(word: str) -> bool:
    """Whether a word of a command is a file of a folder that builds make."""
    return re.match(r"(?:\./)?(?:lib|dist|build|out|output)(?:/|$)", word) is not None


def _runs_a_file(line: str) -> bool:
    """Whether a script does nothing but run a program of the app."""
    return re.fullmatch(r"(?:\w+=\S+ )*(?:node|nodemon|tsx|ts-node|bun|bun run) \S+\.[cm]?[jt]s", line) is not None


def _only_develops(line: str) -> bool:
    """Whether a script is for whoever writes the app."""
    watched = re.search(r"\b(?:tsx|bun|node)\s+(?:--)?watch\b|--watch\b|\bts-node-dev\b|\bnodemon\b", line)
    return watched is not None


def _starts_members(line: str) -> bool:
    """Whether a workspace's script starts all of its apps at once, or those that it is run for."""
    if re.search(r"--(?:filter|scope|project)\b|\s-F\s", line):
        return False
    return any(called_in(line, program) for program in _OF_A_WORKSPACE) or _ALL_OF_IT.search(line) is not None
