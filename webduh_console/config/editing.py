"""Changes single settings in the text of a YAML file, and leaves every other character of it as it is. Pure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from webduh_console.config.yamlfile import Scalar
from webduh_console.errors import ConfigError

if TYPE_CHECKING:
    from yaml import MappingNode, Node

Path = tuple[str, ...]
"""The keys that lead to a setting: `("processes", "web")`."""

_STEP = 2


class EditError(ConfigError):
    """The file is written in a way in which a setting cannot be changed without disturbing others."""

    name = "edit"


class _Splice(msgspec.Struct, frozen=True):
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def edited(text: str, changes: Mapping[Path, Scalar], name: str = "webduh.yaml") -> str:
    """The text with these settings; None takes one away, and the blocks that it leaves empty.

    Comments, order, quotes and blank lines of all that is not changed stay. What comes out is read again and compared
    with what was meant; EditError, which says what to write by hand, when they are not the same.
    """
    mark, body = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    newline = "\r\n" if "\r\n" in body else "\n"
    new = body.replace("\r\n", "\n")
    wanted = _plain(new, name, changes)
    before = _alone(wanted)
    for path, value in changes.items():
        if _value(before, path) == value and type(_value(before, path)) is type(value):
            continue
        _put(wanted, path, value)
        splice = _taken_away(new, path) if value is None else _set(new, path, value)
        if splice is not None:
            new = new[: splice.start] + splice.text + new[splice.end :]
    if _plain(new, name, changes) != wanted:
        raise _by_hand(name, changes)
    return mark + new.replace("\n", newline)


def by_hand(changes: Mapping[Path, Scalar]) -> str:
    """The settings as one would write them, those that are taken away left out."""
    content: dict[str, Any] = {}
    for path, value in changes.items():
        if value is not None:
            _put(content, path, value)
    return _dumped(content) if content else ""


def _by_hand(name: str, changes: Mapping[Path, Scalar]) -> EditError:
    taken = ", ".join(".".join(path) for path, value in changes.items() if value is None)
    says = "; ".join(filter(None, [by_hand(changes).strip().replace("\n", " / "), f"without {taken}" if taken else ""]))
    return EditError(
        f"{name} cannot be changed from here.",
        why="It is written in a way in which these settings cannot be changed without disturbing others.",
        kept="Nothing was written.",
        hint=f"Write them by hand: {says}",
    )


def _plain(text: str, name: str, changes: Mapping[Path, Scalar]) -> dict[str, Any]:
    """The file's content; EditError if it is no block of keys."""
    import yaml

    try:
        content = _alone(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _by_hand(name, changes) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _by_hand(name, changes)
    return content


def _alone(content: Any) -> Any:
    """The same with every alias as a value of its own, so that a change of one is none of the others."""
    if isinstance(content, dict):
        return {key: _alone(value) for key, value in content.items()}
    return [_alone(value) for value in content] if isinstance(content, list) else content


def _value(content: Any, path: Path) -> Any:
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _put(content: dict[str, Any], path: Path, value: Scalar) -> None:
    """As the file should read afterwards; a block that becomes empty goes with its last setting."""
    first, rest = path[0], path[1:]
    if value is None and first not in content:
        return
    if not rest:
        if value is None:
            del content[first]
        else:
            content[first] = value
        return
    if not isinstance(content.get(first), dict):
        content[first] = {}
    _put(content[first], rest, value)
    if not content[first]:
        del content[first]


def _set(text: str, path: Path, value: Scalar) -> _Splice:
    """How a setting gets a value: in the place of the old one, or below the last of its block."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        start = text if not text or text.endswith("\n") else f"{text}\n"
        return _Splice(0, len(text), start + _block(path, value, 0))
    block, node, deep = _deepest(root, path)
    if node is None:
        at = _line_end(text, _end_of(block))
        lead = "" if text[:at].endswith("\n") or not at else "\n"
        column = block.value[0][0].start_mark.column if block.value and not block.flow_style else 0
        return _Splice(at, at, lead + _block(path[deep:], value, column))
    colon = text.index(":", _key_of(block, path[deep - 1]).end_mark.index) + 1
    end = max(_end_of(node), colon)
    if deep == len(path):
        return _Splice(colon, end, f" {_scalar(value)}")
    if isinstance(node, yaml.MappingNode):  # in braces: it is written anew
        inner = yaml.safe_load(text[node.start_mark.index : node.end_mark.index]) or {}
        _put(inner, path[deep:], value)
        return _Splice(node.start_mark.index, node.end_mark.index, _flow(inner))
    column = _key_of(block, path[deep - 1]).start_mark.column + _STEP
    return _Splice(colon, end, "\n" + _block(path[deep:], value, column).removesuffix("\n"))


def _taken_away(text: str, path: Path) -> _Splice | None:
    """How a setting goes: its lines, and those of the block that has nothing else."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return None
    block, node, deep = _deepest(root, path)
    if node is None:
        return None
    if deep < len(path):
        if not isinstance(node, yaml.MappingNode):
            return None
        inner = yaml.safe_load(text[node.start_mark.index : node.end_mark.index]) or {}
        if list(inner) == [path[deep]]:
            return _taken_away(text, path[:deep])
        _put(inner, path[deep:], None)
        return _Splice(node.start_mark.index, node.end_mark.index, _flow(inner))
    if len(block.value) == 1 and deep > 1:
        return _taken_away(text, path[:-1])
    key = _key_of(block, path[-1])
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    return _Splice(start, _line_end(text, max(_end_of(node), key.end_mark.index)), "")


def _deepest(root: "Node", path: Path) -> "tuple[MappingNode, Node | None, int]":
    """The deepest block on the way to a setting, the value there (None: it has no such key), and how many keys that
    is."""
    import yaml

    assert isinstance(root, yaml.MappingNode)
    block, node, deep = root, None, 0
    for deep, key in enumerate(path, 1):
        node = next((value for name, value in block.value if name.value == key), None)
        if node is None:
            return block, None, deep - 1
        if deep == len(path) or not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
            break
        block = node
    return block, node, deep


def _key_of(block: "MappingNode", key: str) -> "Node":
    found: Node = next(name for name, _ in block.value if name.value == key)
    return found


def _end_of(node: "Node") -> int:
    """Where the last character of a value stands: blocks end where the next one begins, comments between included."""
    import yaml

    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        key, value = node.value[-1]
        return max(_end_of(value), int(key.end_mark.index) + 1)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end_of(node.value[-1])
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        buffer: str = node.start_mark.buffer or ""
        raw = buffer.rstrip("\0")[: node.end_mark.index]
        return len(raw.rstrip()) if raw else int(node.end_mark.index)
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    """Behind the end of the line in which a place is."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _block(path: Path, value: Scalar, column: int) -> str:
    """A setting as lines that begin at a column, each with its end."""
    lines = [
        f"{' ' * (column + _STEP * depth)}{_scalar(key)}:" + (f" {_scalar(value)}" if depth == len(path) - 1 else "")
        for depth, key in enumerate(path)
    ]
    return "\n".join(lines) + "\n"


def _scalar(value: Scalar) -> str:
    """One value in one line."""
    import yaml

    return str(yaml.safe_dump({"k": value}, allow_unicode=True, width=2**20)).removeprefix("k: ").rstrip("\n")


def _flow(content: Any) -> str:
    import yaml

    return str(
        yaml.safe_dump(content, default_flow_style=True, allow_unicode=True, sort_keys=False, width=2**20)
    ).strip()


def _dumped(content: Any) -> str:
    import yaml

    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=2**20))


def difference(before: str, after: str, name: str = "webduh.yaml") -> Sequence[str]:
    """What changes, as lines of a unified diff; none when nothing does."""
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=2)
    return list(lines)
