"""One walk over a YAML file that keeps what a plain load loses: places, duplicate keys and the text of numbers."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webduh_console.config.problems import Problem

if TYPE_CHECKING:
    from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode

LONGEST_FILE = 256 * 1024
MOST_VALUES = 10_000
DEEPEST = 40

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_TAG = "tag:yaml.org,2002:"

Scalar = str | int | float | bool | None


class Item(msgspec.Struct):
    """A value with its place: a scalar (and its `text` as written), a block of entries or a list of items.

    `own` is one that the user's own settings say, over those of a repository.
    """

    line: int
    column: int
    value: Scalar = None
    text: str = ""
    entries: "dict[str, Entry] | None" = None
    items: "list[Item] | None" = None
    own: bool = False

    @property
    def says_nothing(self) -> bool:
        """Whether it is empty, so that what stands elsewhere counts."""
        return self.value is None and self.entries is None and self.items is None


class Entry(msgspec.Struct):
    """A key with its place, and its value."""

    line: int
    column: int
    item: Item
    own: bool = False


class Bounds(Exception):  # noqa: N818 - ends the walk, and is no error of ours
    """The walk met more than it is willing to read."""

    def __init__(self, node: "Node", path: str, says: str) -> None:
        self.node, self.path, self.says = node, path, says


def join(path: str, key: str) -> str:
    """The path of a key below `path`."""
    return f"{path}.{key}" if path else key


def shown(text: str, longest: int = 60) -> str:
    """A text from a file made fit to be shown: one line, no control characters, not long."""
    visible = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return visible if len(visible) <= longest else visible[: longest - 1] + "…"


def read(file: Path) -> tuple[Item | None, list[Problem]]:
    """The file's top value, None if it is empty or cannot be read, and what is wrong with it as YAML.

    Opens nothing but a plain file, so that a pipe of that name cannot make us wait.
    """
    name = file.name
    try:
        if not file.is_file():
            return None, [Problem(name, 1, 1, "", "is not a file")]
        if file.stat().st_size > LONGEST_FILE:
            return None, [Problem(name, 1, 1, "", f"is larger than {LONGEST_FILE // 1024} KiB")]
        raw = file.read_bytes()
    except OSError as error:
        return None, [Problem(name, 1, 1, "", f"cannot be read: {error.strerror or error}")]
    try:
        return parse(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        says = f"is not UTF-8: byte 0x{raw[error.start]:02x}"
        return None, [Problem(name, before.count(b"\n") + 1, column, "", says, "save the file as UTF-8")]


def parse(text: str, name: str) -> tuple[Item | None, list[Problem]]:
    """The top value of a YAML text, and what is wrong with it; `name` is the file's name in the problems."""
    import yaml
    from yaml.reader import ReaderError

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        return None, [_broken(error, name)]
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        return None, [
            Problem(name, line, column, "", f"the character U+{ord(text[error.position]):04X} is not allowed in YAML")
        ]
    except RecursionError:
        return None, [Problem(name, 1, 1, "", f"is nested deeper than {DEEPEST} levels")]
    if node is None:
        return None, []
    walk = _Walk(name)
    try:
        return walk.item(node, "", 0), walk.problems
    except Bounds as bound:
        mark = bound.node.start_mark
        return None, [Problem(name, mark.line + 1, mark.column + 1, bound.path, bound.says)]


class _Walk:
    """Turns nodes into items, and collects what YAML itself lets pass."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.count = 0

    def item(self, node: "Node", path: str, depth: int) -> Item:
        """The value at a node. An alias is walked again at each use, hence the bounds."""
        import yaml

        self.count += 1
        if self.count > MOST_VALUES:
            raise Bounds(node, "", f"has more than {MOST_VALUES} values; an alias may repeat too much")
        if depth > DEEPEST:
            raise Bounds(node, "", f"is nested deeper than {DEEPEST} levels")
        item = Item(node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, path, "map")
            item.entries = self._entries(node, path, depth)
        elif isinstance(node, yaml.SequenceNode):
            self._check_tag(node, path, "seq")
            item.items = [self.item(child, f"{path}[{index}]", depth + 1) for index, child in enumerate(node.value)]
        elif isinstance(node, yaml.ScalarNode):
            item.text = node.value
            item.value = self._scalar(node, path)
        return item

    def _entries(self, node: "MappingNode", path: str, depth: int) -> dict[str, Entry]:
        import yaml

        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                for other, entry in self._merged(value, path, depth).items():
                    merged.setdefault(other, entry)
                continue
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode):
                self._says(key, path, "a key must be a single word")
                continue
            if key.value in own:
                lines = f"lines {own[key.value].line} and {line}"
                self._says(key, join(path, shown(key.value)), f"is written twice, in {lines}", "keep one of them")
                continue
            own[key.value] = Entry(line, column, self.item(value, join(path, shown(key.value)), depth + 1))
        return {**merged, **own}

    def _merged(self, node: "Node", path: str, depth: int) -> dict[str, Entry]:
        """What `<<` brings in: one block, or several of which the first wins."""
        merged: dict[str, Entry] = {}
        for source in node.value if node.tag == _TAG + "seq" else [node]:
            item = self.item(source, path, depth + 1)
            if item.entries is None:
                self._says(source, join(path, "<<"), "expected a block of keys to merge")
                continue
            for key, entry in item.entries.items():
                merged.setdefault(key, entry)
        return merged

    def _scalar(self, node: "ScalarNode", path: str) -> Scalar:
        """The value as YAML 1.2 reads it: `no` and `on` are texts, `010` and `12:30` are not numbers."""
        text, kind = node.value, node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in ("true", "false"):
            return bool(text.lower() == "true")
        if kind == "int" and _INTEGER.fullmatch(text) and len(text) < 20:
            return int(text)
        if kind == "float" and _FLOAT.fullmatch(text) and len(text) < 40:
            return float(text)
        if kind not in ("str", "bool", "int", "float", "timestamp", "value"):
            self._check_tag(node, path, "str")
        return str(text)

    def _check_tag(self, node: "Node", path: str, kind: str) -> None:
        if node.tag != _TAG + kind:
            tag = shown(node.tag.replace(_TAG, "!!"))
            self._says(node, path, f"the tag {tag} means nothing here", "leave the tag out")

    def _says(self, node: "Node", path: str, says: str, hint: str = "") -> None:
        mark = node.start_mark
        self.problems.append(Problem(self.name, mark.line + 1, mark.column + 1, path, says, hint))


def _broken(error: "MarkedYAMLError", name: str) -> Problem:
    """What is wrong with the YAML itself, in our words where its own are unclear."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or "cannot be understood"
    hint = ""
    if "'\\t'" in problem:
        problem, hint = "a tab where YAML allows only spaces", "indent with spaces"
    elif "mapping values are not allowed" in problem:
        hint = "a value with a colon needs quotes, and every key its own line"
    elif "but found another document" in problem or "expected a single document" in (error.context or ""):
        problem, hint = "a second document begins here", "leave the --- out"
    elif error.context and error.context_mark and error.context_mark.line + 1 != line:
        problem = f"{problem} ({error.context} in line {error.context_mark.line + 1})"
    return Problem(name, line, column, "", f"broken YAML: {shown(problem, 160)}", hint)
