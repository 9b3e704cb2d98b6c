"""Variables that Python reads through pydantic-settings, django-environ, environs, Starlette, decouple. Pure."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

Full = Callable[[ast.expr], str]
Constant = Callable[[ast.expr], object]

_READERS = frozenset(
    {
        *("environ.Env", "environ.FileAwareEnv", "environs.Env", "environs.EnvReader"),
        *("starlette.config.Config", "decouple.Config", "decouple.AutoConfig"),
    }
)
# Readers whose first argument may be left out, and the variable that they read then.
_SHORT = {
    "db": "DATABASE_URL",
    "db_url": "DATABASE_URL",
    "dj_db_url": "DATABASE_URL",
    "cache": "CACHE_URL",
    "cache_url": "CACHE_URL",
    "dj_cache_url": "CACHE_URL",
    "email": "EMAIL_URL",
    "email_url": "EMAIL_URL",
    "dj_email_url": "EMAIL_URL",
    "search_url": "SEARCH_URL",
    "channels": "CHANNELS_URL",
}
_OTHERS = frozenset({"read_env", "read_envfile", "prefixed", "seal", "add_parser", "parser_for", "setdefault"})
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class Read(NamedTuple):
    """A variable that is read from the environment. `default` is None when there is none, or it is worked out."""

    name: str
    required: bool
    default: str | None


def fields_read(classes: Iterable[ast.ClassDef], full: Full, constant: Constant) -> Iterator[Read]:
    """What the classes of settings among these read: a variable for each field, required unless it has a value."""
    known, prefixes = {one.name for one in classes}, dict[str, str]()
    for one in classes:
        bases = [full(base) for base in one.bases]
        if not any(base.rpartition(".")[2] == "BaseSettings" or base in prefixes for base in bases):
            continue
        inherited = next((prefixes[base] for base in bases if base in prefixes), "")
        prefixes[one.name] = prefix = _prefix(one, constant, inherited)
        old = "pydantic.BaseSettings" in bases
        for field in one.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                yield from _field(field, field.target.id, prefix, known, constant, old=old)


def wrapped_reads(made: Mapping[str, str], calls: Sequence[ast.Call], full: Full, constant: Constant) -> Iterator[Read]:
    """What is read through an object made for that, `env("NAME")` or `env.int("NAME", default=1)`; `made` says of
    which kind each variable of the file is."""
    readers = {name: kind for name, kind in made.items() if kind in _READERS}
    schemed = _schemes(calls, full, constant) if readers else {}
    for call in calls:
        name, method = _reader(call, full)
        kind = readers.get(name) or ("environ.Env" if name.rpartition(".")[2] == "env" and "." in name else "")
        if not kind or method in _OTHERS:
            continue
        said = constant(call.args[0]) if call.args else _SHORT.get(method)
        if not isinstance(said, str) or not _NAME.fullmatch(said):
            continue
        default = _default(call, method, kind)
        if default is not None:
            yield Read(said, False, _text(constant(default)))
        else:
            yield Read(said, said not in schemed, schemed.get(said))


def _prefix(one: ast.ClassDef, constant: Constant, inherited: str) -> str:
    """`model_config = SettingsConfigDict(env_prefix="APP_")`, a dictionary, or `class Config: env_prefix = "APP_"`."""
    for node in ast.walk(one):
        said: ast.expr | None = None
        if isinstance(node, ast.keyword) and node.arg == "env_prefix":
            said = node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            said = node.value if node.targets[0].id == "env_prefix" else None
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            said = next((value for key, value in pairs if key and constant(key) == "env_prefix"), None)
        if said is not None and isinstance(text := constant(said), str):
            return text
    return inherited


def _field(
    field: ast.AnnAssign, name: str, prefix: str, known: set[str], constant: Constant, *, old: bool
) -> Iterator[Read]:
    kind = ast.unparse(field.annotation)
    nested = kind in known  # a group of settings: its own variables count, not one of its name
    if name.startswith(("_", "model_")) or kind.startswith(("ClassVar", "typing.ClassVar")) or nested:
        return
    variable, value = (prefix + name).upper(), field.value
    required = value is None and not (old and re.search(r"Optional\[|\bNone\b", kind))
    if isinstance(value, ast.Call) and _last(value.func) == "Field":
        said = {keyword.arg: keyword.value for keyword in value.keywords}
        alias = next(
            (text for key in ("validation_alias", "alias", "env") if (text := _alias(said.get(key), constant))), ""
        )
        variable = alias.upper() or variable
        value = value.args[0] if value.args else said.get("default", said.get("default_factory"))
        required = value is None or (isinstance(value, ast.Constant) and value.value is ...)
    yield Read(variable, required, None if value is None else _text(constant(value)))


def _alias(said: ast.expr | None, constant: Constant) -> str:
    """The name of a field: a text, or the first of `AliasChoices("A", "B")` or of a list."""
    if isinstance(said, ast.Call) and said.args:
        said = said.args[0]
    elif isinstance(said, ast.List | ast.Tuple) and said.elts:
        said = said.elts[0]
    text = constant(said) if said is not None else None
    return text if isinstance(text, str) else ""


def _schemes(calls: Iterable[ast.Call], full: Full, constant: Constant) -> dict[str, str | None]:
    """The variables for which `environ.Env(DEBUG=(bool, False))` has a default."""
    found: dict[str, str | None] = {}
    for call in calls:
        if full(call.func) in _READERS:
            for keyword in call.keywords:
                if keyword.arg and isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2:
                    found[keyword.arg] = _text(constant(keyword.value.elts[1]))
    return found


def _reader(call: ast.Call, full: Full) -> tuple[str, str]:
    """The object and the method of a call: `env("X")` → env and none, `env.str("X")` → env, str."""
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return full(call.func.value), call.func.attr
    return full(call.func), ""


def _default(call: ast.Call, method: str, kind: str) -> ast.expr | None:
    """The default of a read. What comes second without a name is one, but for a cast."""
    named = next((one.value for one in call.keywords if one.arg in ("default", "eng_default")), None)
    casts = not method and (kind.startswith(("environ.", "starlette.")))
    place = 2 if casts else 1
    return named or (call.args[place] if len(call.args) > place else None)


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) else None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
