"""The user's key map: `<config>/keys.yaml`, action name → key or list of keys.

Wrong lines are named, the defaults kept.
"""

from pathlib import Path

from webduh_console.console.actions import ACTIONS, BY_NAME, Action

Keys = dict[str, tuple[str, ...]]

_NAMES = {
    "?": "question_mark",
    "/": "slash",
    ":": "colon",
    "=": "equals_sign",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "esc": "escape",
    ".": "full_stop",
    ",": "comma",
    "-": "minus",
    "+": "plus",
    ";": "semicolon",
    "!": "exclamation_mark",
    "&": "ampersand",
    "@": "at",
    "'": "apostrophe",
    '"': "quotation_mark",
}


def read_keys(path: Path) -> tuple[Keys, list[str]]:
    """Action name → keys from a file, and what in it is wrong. No file: nothing is changed."""
    if not path.exists():
        return {}, []
    import yaml

    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return {}, [f"{path.name} cannot be read, and the usual keys count: {_why(error)}."]
    if content is None:
        return {}, []
    if not isinstance(content, dict):
        return {}, [f"{path.name} must be lines of `action: key`."]
    return checked({str(name): keys for name, keys in content.items()}, path.name)


def _why(error: Exception) -> str:
    """What is wrong with the file, with the line where that is known."""
    says = getattr(error, "problem", None) or str(error).splitlines()[0]
    mark = getattr(error, "problem_mark", None)
    return f"{says} in line {mark.line + 1}" if mark is not None else says


def checked(wished: dict[str, object], file: str) -> tuple[Keys, list[str]]:
    """The wishes that can be fulfilled, and one sentence for each that cannot.

    Unknown action, no key, a key taken in the same place.
    """
    keys: Keys = {}
    problems: list[str] = []
    for name, value in wished.items():
        chosen = _keys_of(value)
        if name not in BY_NAME:
            problems.append(f"{file}: there is no action {name}.")
        elif not chosen:
            problems.append(f"{file}: {name} needs a key, such as `{name}: ctrl+k`.")
        else:
            keys[name] = chosen
    for name in list(keys):
        taken = next((other for other in ACTIONS if _clash(BY_NAME[name], other, keys)), None)
        if taken is not None:
            problems.append(
                f"{file}: {name} cannot have {'/'.join(keys[name])}: {taken.name} has it in the same place."
            )
            del keys[name]
    return keys, problems


def _keys_of(value: object) -> tuple[str, ...]:
    words = value if isinstance(value, list) else [value]
    texts = [word.strip() for word in words if isinstance(word, str) and word.strip()]
    texts += [str(word) for word in words if isinstance(word, int) and not isinstance(word, bool)]
    return tuple(_NAMES.get(text, text) for text in texts)


def _clash(action: Action, other: Action, keys: Keys) -> bool:
    if action.name == other.name:
        return False
    shared = set(action.scopes) & set(other.scopes) or "anywhere" in (*action.scopes, *other.scopes)
    return bool(shared) and bool(set(keys[action.name]) & set(keys.get(other.name, other.keys)))
