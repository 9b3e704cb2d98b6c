"""A Dockerfile: the app brings its own build."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildPlan, EnvVar, Evidence, Match, Source, SourceError, Volume, is_secret
from webduh_console.model.names import to_name

_NAMES = ("Dockerfile", "Containerfile", "Dockerfile.prod", "Dockerfile.production")
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_PROBE = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::[\w${}:-]+)?(/[^\s\"'|;&)]*)?")
_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")
_LANGUAGES = {
    **dict.fromkeys(("python", "uv"), "python"),
    **dict.fromkeys(("node", "bun"), "javascript"),
    **dict.fromkeys(("golang",), "go"),
    **dict.fromkeys(("openjdk", "eclipse-temurin", "amazoncorretto", "maven", "gradle"), "java"),
    **dict.fromkeys(("aspnet", "sdk", "runtime"), "dotnet"),
    **{name: name for name in ("ruby", "php", "rust", "elixir", "deno", "swift")},
    **dict.fromkeys(("nginx", "caddy", "httpd"), "html"),
}
# BuildKit gives these by itself.
_PREDEFINED = re.compile(
    r"(HTTPS?|FTP|NO|ALL)_PROXY|(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)|SOURCE_DATE_EPOCH|BUILDKIT_.*"
)


class Instruction(NamedTuple):
    """One instruction, its word in capitals, with its continued lines joined, and the line it starts at."""

    word: str
    rest: str
    line: int


class Stage(NamedTuple):
    """One stage: its image with variables filled in, its name, the line of its FROM, and what follows."""

    image: str
    name: str
    line: int
    variables: dict[str, str]
    instructions: tuple[Instruction, ...]


class Plugin:
    """A Dockerfile or Containerfile at the top, or one for production. The option `dockerfile` names another one."""

    name = "dockerfile"
    api = 1

    def detect(self, source: Source) -> Match | None:
        """The file is there: that is all it takes."""
        file = next(filter(source.exists, _NAMES), None)
        return Match(self.name, "dockerfile", 1.0, (Evidence(file, "is there"),)) if file else None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """What the image listens on, keeps and is checked by. SourceError if the file is not there or has no FROM."""
        file = options.get("dockerfile") or next(filter(source.exists, _NAMES), _NAMES[0])
        stages, arguments = _stages(tuple(instructions(source.text(file))))
        if not stages:
            why = "It has no FROM instruction." if source.exists(file) else "There is no such file."
            raise SourceError(f"{file} describes no image.", why, "Start it with FROM and a base image.", file=file)
        final = _lineage(stages, stages[-1])
        versions, sources = _versions(stages, file)
        ports = _ports(final)
        return BuildPlan(
            self.name,
            _language(stages),
            dockerfile=file,
            port=ports[0] if ports else None,
            health=_health(final),
            versions=versions,
            version_source=sources,
            env=_arguments(stages, arguments, file),
            volumes=_volumes(final),
            warnings=tuple(_warnings(source, file, stages, ports)),
        )


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile: comments dropped, continued lines joined, here-documents passed over."""
    escape = "`" if re.match(r"(#[^\n]*\n)*#\s*escape\s*=\s*`", text, re.IGNORECASE) else "\\"
    parts: list[str] = []
    start, until = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if until:
            until = "" if line == until else until
            continue
        if not line or line.startswith("#"):
            continue
        start = start if parts else number
        parts.append(line.removesuffix(escape).strip())
        if line.endswith(escape):
            continue
        word, _, rest = " ".join(parts).partition(" ")
        parts = []
        yield Instruction(word.upper(), rest.strip(), start)
        if word.upper() in ("RUN", "COPY", "ADD") and (document := _HEREDOC.search(rest)):
            until = document[1]
    if parts:
        word, _, rest = " ".join(parts).partition(" ")
        yield Instruction(word.upper(), rest.strip(), start)


def _stages(found: tuple[Instruction, ...]) -> tuple[list[Stage], dict[str, str | None]]:
    """The stages, and the ARGs before the first: name → default."""
    starts = [index for index, instruction in enumerate(found) if instruction.word == "FROM"]
    head = found[: starts[0]] if starts else ()
    arguments = dict(
        pair for instruction in head if instruction.word == "ARG" for pair in _assignments(instruction.rest)
    )
    given = {name: value for name, value in arguments.items() if value is not None}
    stages = []
    for start, end in zip(starts, [*starts[1:], len(found)], strict=bool(starts)):
        words = [word for word in found[start].rest.split() if not word.startswith("--")]
        image = _expanded(words[0], given) if words else ""
        name = words[2] if len(words) > 2 and words[1].upper() == "AS" else ""
        body = found[start + 1 : end]
        stages.append(Stage(image, name.lower(), found[start].line, _variables(body, given), body))
    return stages, arguments


def _variables(body: tuple[Instruction, ...], given: dict[str, str]) -> dict[str, str]:
    """What ENV and ARG set in a stage; an ARG without a default takes the one from before the first FROM."""
    variables: dict[str, str] = {}
    for instruction in body:
        if instruction.word in ("ENV", "ARG"):
            for name, value in _assignments(instruction.rest):
                filled = given.get(name, "") if value is None else _expanded(value, variables)
                variables[name] = filled
    return variables


def _assignments(rest: str) -> Iterator[tuple[str, str | None]]:
    """`A=1 B="2 3" C` → A, B and C; the old form `ENV NAME value` too."""
    first, _, more = rest.partition(" ")
    if "=" not in first and more:
        yield first, more.strip()
        return
    for word in re.findall(r"(?:[^\s\"']|\"[^\"]*\"|'[^']*')+", rest):
        name, equals, value = word.partition("=")
        yield name, value.strip("\"'") if equals else None


def _expanded(text: str, variables: dict[str, str]) -> str:
    return _REFERENCE.sub(lambda found: variables.get(found[1] or found[2], found[3] or ""), text)


def _lineage(stages: list[Stage], stage: Stage) -> list[Stage]:
    """A stage and the stages it is made from, the oldest first."""
    line = [stage]
    while parent := next(
        (s for s in stages if s.name and s.name == line[0].image.lower() and s.line < line[0].line), None
    ):
        line.insert(0, parent)
    return line


def _ports(stages: list[Stage]) -> list[int]:
    """The TCP ports that EXPOSE names, in order."""
    variables: dict[str, str] = {}
    ports: list[int] = []
    for stage in stages:
        variables |= stage.variables
        words = (word for found in stage.instructions if found.word == "EXPOSE" for word in found.rest.split())
        for word in words:
            number, _, protocol = _expanded(word, variables).strip("\"'").partition("/")
            first = number.partition("-")[0]
            if first.isdecimal() and 0 < int(first) < 65536 and protocol.lower() in ("", "tcp"):
                ports.append(int(first))
    return list(dict.fromkeys(ports))


def _health(stages: list[Stage]) -> str:
    """The path that the last HEALTHCHECK asks for; empty if it asks for none."""
    checks = [found.rest for stage in stages for found in stage.instructions if found.word == "HEALTHCHECK"]
    probe = _PROBE.search(checks[-1]) if checks else None
    return (probe[1] or "").rstrip("\\") if probe else ""


def _volumes(stages: list[Stage]) -> tuple[Volume, ...]:
    paths: dict[str, None] = {}
    variables: dict[str, str] = {}
    for stage in stages:
        variables |= stage.variables
        for found in stage.instructions:
            if found.word == "VOLUME":
                paths |= dict.fromkeys(_expanded(path, variables) for path in _list(found.rest))
    return tuple(Volume(to_name(path), path) for path in paths if path.strip("/"))


def _list(rest: str) -> list[str]:
    """The words of an instruction in its JSON form or its plain one."""
    if rest.startswith("["):
        try:
            return [str(word) for word in json.loads(rest)]
        except ValueError:
            return []
    return rest.split()


def _named(image: str) -> tuple[str, str]:
    """The last word of an image's name, and its tag or digest: `ghcr.io/astral-sh/uv:0.5` → uv, 0.5."""
    whole, _, digest = image.partition("@")
    name, _, tag = whole.rpartition("/")[2].partition(":")
    return name, tag or digest


def _external(stages: list[Stage]) -> Iterator[Stage]:
    """The stages that start from an image rather than from a stage of the file."""
    names = {stage.name for stage in stages if stage.name}
    return (stage for stage in stages if stage.image.lower() not in names and stage.image.lower() != "scratch")


def _versions(stages: list[Stage], file: str) -> tuple[dict[str, str], dict[str, str]]:
    versions, sources = {}, {}
    for stage in _external(stages):
        name, tag = _named(stage.image)
        if name and tag:
            versions[name], sources[name] = tag, f"{file}:{stage.line}"
    return versions, sources


def _language(stages: list[Stage]) -> str:
    """The language of the base images, the final one's first; `docker` if they do not tell."""
    known = (_LANGUAGES.get(_named(stage.image)[0]) for stage in [_lineage(stages, stages[-1])[0], *stages])
    languages = list(filter(None, known))
    return next((language for language in languages if language != "html"), languages[0] if languages else "docker")


def _arguments(stages: list[Stage], head: dict[str, str | None], file: str) -> tuple[EnvVar, ...]:
    """The ARGs: a build may be given them. One without a default anywhere is wanted."""
    found = dict(head)
    for stage in stages:
        for instruction in stage.instructions:
            if instruction.word == "ARG":
                for name, value in _assignments(instruction.rest):
                    found[name] = value if value is not None else found.get(name)
    return tuple(
        EnvVar(name, f"ARG in {file}", "build", default is None, is_secret(name), default)
        for name, default in sorted(found.items())
        if not _PREDEFINED.fullmatch(name.upper())
    )


def _warnings(source: Source, file: str, stages: list[Stage], ports: list[int]) -> Iterator[str]:
    if not ports:
        yield f"{file} exposes no port: the app must listen on the port in PORT, or webduh.yaml must say `port:`."
    if len(ports) > 1:
        others = ", ".join(map(str, ports[1:]))
        yield f"{file} exposes {len(ports)} ports: requests go to {ports[0]}, not to {others}."
    for stage in _external(stages):
        name, tag = _named(stage.image)
        if tag in ("", "latest"):
            base = name or "its base image"
            yield f"{file}:{stage.line} does not fix the version of {base}: a later build may differ."
    compose = next(filter(source.exists, _COMPOSE), None)
    if compose:
        yield f"{compose} is not read: only the image of {file} is deployed."
