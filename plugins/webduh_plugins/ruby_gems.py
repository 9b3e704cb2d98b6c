"""A Ruby app's gems: what Gemfile and Gemfile.lock say, how they are installed, and the version of Ruby."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildStep, Source, Version, first_version, line_version, tool_version

FILES = ("Gemfile", "gems.rb")
FOLDER = "vendor/bundle"
WITHOUT = "development:test"

_GEM = re.compile(r"^[ \t]*gem[ \t(]+[\"']([A-Za-z0-9_.-]+)[\"']([^\n]*)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_RUBY = re.compile(r"^[ \t]*ruby[ \t(]+([^\n#]+)", re.MULTILINE)
_RUBY_FILE = re.compile(r"file:\s*[\"']([^\"']+)[\"']")
_NUMBERS = re.compile(r"[\"']([<>=~!\s]*\d[\w.]*)[\"']")
_LOCKED = re.compile(r"^    ([A-Za-z0-9_.-]+) \(([^)\n]+)\)", re.MULTILINE)
_LOCKED_RUBY = re.compile(r"^RUBY VERSION\n\s+ruby (\d[\d.]*)", re.MULTILINE)
_PLATFORMS = re.compile(r"^PLATFORMS\n((?:  \S+\n?)+)", re.MULTILINE)
# What makes the installation depend on more than the Gemfile and its lock.
_ELSEWHERE = re.compile(
    r"^[ \t]*(gemspec|eval_gemfile|path)\b|\bpath:|:path\s*=>|File\.read|require_relative", re.MULTILINE
)
_FROM_GIT = re.compile(r"\b(git|github|gist|bitbucket):|:(git|github)\s*=>|^[ \t]*git\b", re.MULTILINE)
_VERSION_FILES = (".ruby-version", ".tool-versions", "mise.toml", ".mise.toml")


class Gems(NamedTuple):
    """What an app's Gemfile says. `locked` are all gems of the lock: name → version; `file` is empty without a Gemfile.

    `direct` are the gems that the Gemfile names: name → the rest of the line.
    """

    file: str
    lock: str
    direct: dict[str, str]
    locked: dict[str, str]
    platforms: tuple[str, ...]
    text: str

    def has(self, *names: str) -> bool:
        """Whether any of these is installed, by itself or because another gem needs it."""
        return any(name in self.direct or name in self.locked for name in names)

    @property
    def whole(self) -> bool:
        """Whether installing may need any file of the app, and not only the Gemfile."""
        return _ELSEWHERE.search(self.text) is not None


def gems(source: Source) -> Gems:
    """The gems of an app; empty if it has no Gemfile."""
    file = next(filter(source.exists, FILES), "")
    lock = {"Gemfile": "Gemfile.lock", "gems.rb": "gems.locked"}.get(file, "")
    lock = lock if source.exists(lock) else ""
    text = _COMMENT.sub("", source.text(file)) if file else ""
    locked = source.text(lock) if lock else ""
    found = _PLATFORMS.search(locked)
    return Gems(
        file,
        lock,
        dict(_GEM.findall(text)),
        dict(_LOCKED.findall(locked)),
        tuple(found[1].split()) if found else (),
        text,
    )


def ruby_version(source: Source, found: Gems) -> Version | None:
    """The version of Ruby that the app asks for."""
    return first_version(
        (
            line_version(source, ".ruby-version", "ruby-"),
            tool_version(source, "ruby"),
            _said(source, found),
            Version(locked[1], found.lock) if (locked := _LOCKED_RUBY.search(source.text(found.lock))) else None,
        )
    )


def install_steps(source: Source, found: Gems) -> tuple[BuildStep, ...]:
    """The gems go into `vendor/bundle`, as the lock says; those of development and of tests stay out."""
    if not found.file:
        return ()
    env = settings(found)
    inputs = () if found.whole else tuple(_inputs(source, found))
    outputs = () if found.whole else (FOLDER,)
    install = BuildStep("install the gems", ("bundle", "install"), ("bundle",), inputs, outputs, env=env)
    tidy = ("sh", "-c", f"rm -rf {FOLDER}/ruby/*/cache")
    return install, BuildStep("remove what was fetched", tidy, (), inputs, outputs)


def settings(found: Gems) -> dict[str, str]:
    """What Bundler is told, when it installs and when the app runs."""
    if not found.file:
        return {}
    deployment = {"BUNDLE_DEPLOYMENT": "1"} if found.lock else {}
    gemfile = {} if found.file == "Gemfile" else {"BUNDLE_GEMFILE": found.file}
    return {**deployment, **gemfile, "BUNDLE_PATH": FOLDER, "BUNDLE_WITHOUT": WITHOUT}


def from_git(source: Source, found: Gems) -> bool:
    """Whether a gem comes from a repository."""
    return _FROM_GIT.search(found.text) is not None or "\nGIT\n" in f"\n{source.text(found.lock)}"


def warnings(found: Gems) -> Iterator[str]:
    """What a person should know about the gems."""
    if found.file and not found.lock:
        lock = "Gemfile.lock" if found.file == "Gemfile" else "gems.locked"
        yield f"There is no {lock}: each build may get other versions. `bundle lock` writes one."
    foreign = found.platforms and not any(name == "ruby" or "linux" in name for name in found.platforms)
    if foreign:
        yield (
            f"{found.lock} is for {', '.join(found.platforms)} alone, and Bundler will refuse it on Linux: "
            "`bundle lock --add-platform x86_64-linux aarch64-linux` mends it."
        )


def _inputs(source: Source, found: Gems) -> Iterator[str]:
    yield found.file
    if found.lock:
        yield found.lock
    said = _RUBY_FILE.search(found.text)
    named = said[1] if said else ""
    yield from (file for file in dict.fromkeys((named, *_VERSION_FILES)) if file == named and source.exists(file))


def _said(source: Source, found: Gems) -> Version | None:
    """What the Gemfile's line `ruby` says: versions, or a file with one."""
    line = _RUBY.search(found.text)
    if line is None:
        return None
    if file := _RUBY_FILE.search(line[1]):
        if file[1].rpartition("/")[2] == ".tool-versions":
            return tool_version(source, "ruby")
        return line_version(source, file[1], "ruby-")
    numbers = [" ".join(number.split()) for number in _NUMBERS.findall(line[1].partition("engine")[0])]
    return Version(", ".join(numbers), found.file) if numbers else None
