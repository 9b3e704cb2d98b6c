"""A Mix project: what mix.exs and the configuration say, and the versions of Elixir and Erlang."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from webduh_console.frameworks import (
    EnvVar,
    Source,
    Version,
    first_version,
    is_secret,
    line_version,
    merged,
    tool_version,
)

_COMMENT = re.compile(r"(?:^|(?<=\s))#(?!\{)[^\n]*", re.MULTILINE)
_APP = re.compile(r"\bapp:\s*:(\w+)")
_DEPENDENCY = re.compile(r"\{\s*:(\w+)\s*,")
_ELIXIR = re.compile(r"\belixir:\s*\"([^\"]+)\"")
_RELEASES = re.compile(r"\breleases:\s*(?:\[\s*:?\"?(\w+)\"?\s*(?::|,|=>)|(releases)\(?\)?)")
_RELEASES_DEFINED = re.compile(r"\bdefp?\s+releases\b.*?\[\s*(\w+):", re.DOTALL)
_DEFAULT_RELEASE = re.compile(r"\bdefault_release:\s*:(\w+)")
_ALIAS = r"[\"']?{}[\"']?\s*(?::|=>)\s*\[([^\]]*)\]"
_FETCHED = re.compile(r"System\.fetch_env!\(\s*\"(\w+)\"")
_GOT = re.compile(r"System\.get_env\(\s*\"(\w+)\"(?:\s*,\s*\"([^\"]*)\")?\s*\)(?:\s*\|\|\s*(raise\b|\"([^\"]*)\"))?")
_CONFIGURED = (
    "config/runtime.exs",
    "config/releases.exs",
    "config/prod.secret.exs",
    "config/prod.exs",
    "config/config.exs",
)
_ELSEWHERE = re.compile(r"\bpath:\s*\"|\bFile\.read|\bCode\.(?:require|eval)_file")
_GIVEN = frozenset({"PHX_SERVER", "MIX_ENV", "RELEASE_NAME", "RELEASE_TMP", "ECTO_IPV6", "DNS_CLUSTER_QUERY"})


class Mix(NamedTuple):
    """What mix.exs says. `release` is what `mix release` makes; `umbrella` the folder of its apps, if it has some.

    `text` is mix.exs without comments; `whole`: fetching dependencies may need any file of the app.
    """

    app: str
    dependencies: frozenset[str]
    release: str
    umbrella: str
    text: str
    whole: bool

    def has(self, *names: str) -> bool:
        """Whether any of these is a dependency."""
        return any(name in self.dependencies for name in names)

    def alias(self, name: str) -> str | None:
        """What an alias stands for, as it is written; None if there is none."""
        found = re.search(_ALIAS.format(re.escape(name)), self.text)
        return found[1] if found else None


def mix(source: Source) -> Mix | None:
    """The project in `source`; None if there is no mix.exs."""
    if not source.exists("mix.exs"):
        return None
    text = _COMMENT.sub("", source.text("mix.exs"))
    umbrella = re.search(r"\bapps_path:\s*\"([^\"]+)\"", text)
    folder = umbrella[1].strip("/") if umbrella else ""
    members = source.files(f"{folder}/*/mix.exs") if folder else ()
    texts = [text, *(_COMMENT.sub("", source.text(file)) for file in members)]
    app = _APP.search(text)
    return Mix(
        app[1] if app else "",
        frozenset(name for one in texts for name in _DEPENDENCY.findall(one)),
        _release(text) or (app[1] if app else ""),
        folder,
        text,
        any(_ELSEWHERE.search(one) for one in texts),
    )


def elixir_version(source: Source, found: Mix) -> Version | None:
    """The version of Elixir that the project asks for."""
    asked = _ELIXIR.search(found.text)
    return first_version(
        (
            line_version(source, ".elixir-version"),
            tool_version(source, "elixir"),
            _buildpack(source, "elixir_version"),
            Version(asked[1], "mix.exs") if asked else None,
        )
    )


def erlang_version(source: Source) -> Version | None:
    """The version of Erlang that the project asks for."""
    return first_version((tool_version(source, "erlang"), _buildpack(source, "erlang_version")))


def variables(source: Source) -> tuple[EnvVar, ...]:
    """The variables that the configuration reads. What is read when it is compiled must be there then."""
    return merged(variable for file in _CONFIGURED if source.exists(file) for variable in _read(source, file))


def _read(source: Source, file: str) -> Iterator[EnvVar]:
    text = _COMMENT.sub("", source.text(file))
    when: Literal["run", "both"] = "run" if file in ("config/runtime.exs", "config/releases.exs") else "both"
    for name in _FETCHED.findall(text):
        yield EnvVar(name, f"read in {file}", when, required=True, secret=is_secret(name))
    for name, default, otherwise, literal in _GOT.findall(text):
        if name not in _GIVEN:
            said = default or literal or None
            yield EnvVar(name, f"read in {file}", when, otherwise == "raise", is_secret(name), said)


def _release(text: str) -> str:
    """The release that is made: the default one, else the first that is defined."""
    if found := _DEFAULT_RELEASE.search(text):
        return found[1]
    found = _RELEASES.search(text)
    if found and found[2]:
        found = _RELEASES_DEFINED.search(text)
    return found[1] if found and found[1] else ""


def _buildpack(source: Source, key: str) -> Version | None:
    """A version in the configuration of Elixir's buildpack."""
    file = next(filter(source.exists, ("elixir_buildpack.config", ".elixir_buildpack.config")), "")
    found = re.search(rf"^\s*{key}\s*=\s*[\"']?v?(\d[\w.-]*)", source.text(file), re.MULTILINE) if file else None
    return Version(found[1], file) if found else None
