"""What plugins are promised by `api = 1`: it is only ever added to.

`WEBDUH_CONTRACT=1 pytest` on this file writes down what was added; what was changed or taken away stays an error.
"""

import inspect
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from webduh_console import frameworks
from webduh_console.model.build import Optioned, Refining, Verifying

PROMISED = Path(__file__).with_name("contract-1.json")
OPTIONAL = (Optioned, Refining, Verifying)
FOUND = {**{name: getattr(frameworks, name) for name in frameworks.__all__}, **{p.__name__: p for p in OPTIONAL}}
NO_DEFAULT = "(must be given)"


def described(thing: Any) -> dict[str, str]:
    """A struct's fields with their types and defaults, in their order; a protocol's or function's signatures."""
    if inspect.isclass(thing) and issubclass(thing, msgspec.Struct):
        return {field.name: f"{type_(field.type)} = {default(field)}" for field in msgspec.structs.fields(thing)}
    if inspect.isclass(thing):
        own = {name: member.fget if isinstance(member, property) else member for name, member in vars(thing).items()}
        methods = {name: str(inspect.signature(member)) for name, member in own.items() if inspect.isfunction(member)}
        fields = {name: type_(kind) for name, kind in inspect.get_annotations(thing).items()}
        return {name: text for name, text in (*fields.items(), *methods.items()) if not name.startswith("_")}
    return {"": str(inspect.signature(thing)) if inspect.isfunction(thing) else str(thing)}


def type_(kind: Any) -> str:
    return kind.__name__ if inspect.isclass(kind) and not hasattr(kind, "__origin__") else str(kind)


def default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        return repr(field.default)
    made = field.default_factory
    return NO_DEFAULT if made is msgspec.NODEFAULT else repr(made())


def promised() -> dict[str, dict[str, str]]:
    return msgspec.json.decode(PROMISED.read_bytes(), type=dict[str, dict[str, str]])


def test_what_was_added_is_written_down() -> None:
    now = {name: described(thing) for name, thing in sorted(FOUND.items())}
    if os.environ.get("WEBDUH_CONTRACT"):
        PROMISED.write_bytes(msgspec.json.format(msgspec.json.encode(now), indent=2) + b"\n")
    assert set(now) == set(promised())


@pytest.mark.parametrize("name", promised() if PROMISED.exists() else [])
def test_it_is_only_ever_added_to(name: str) -> None:
    before, now = promised()[name], described(FOUND[name])
    assert list(now)[: len(before)] == list(before), "fields are given by their place, too: new ones come last"
    assert {key: now[key] for key in before} == before
    added = {key: text for key, text in now.items() if key not in before}
    assert not [key for key, text in added.items() if text.endswith(NO_DEFAULT)], "what is new has a default"
    assert not added, "run this with WEBDUH_CONTRACT=1"
