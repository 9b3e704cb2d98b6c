"""From the walked file to typed values, piece by piece, so that every mistake is found at once and keeps its place."""

import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from webduh_console.config.problems import Problem
from webduh_console.config.yamlfile import Entry, Item, join, shown
from webduh_console.model.names import nearest

S = TypeVar("S", bound=msgspec.Struct)
_NOTHING: Any = msgspec.UNSET


class Conversion:
    """Converts one file: `problems` grows, `places` says where each setting stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.places: dict[str, Item | Entry] = {}

    @property
    def lines(self) -> dict[str, int]:
        """The line of every setting that is written down."""
        return {path: place.line for path, place in self.places.items()}

    @property
    def texts(self) -> dict[str, str]:
        """The text of every setting that is one value, or a list of such."""
        found: dict[str, str] = {}
        for path, place in self.places.items():
            item = place.item if isinstance(place, Entry) else place
            if item.items is not None:
                found[path] = f"[{', '.join(one.text for one in item.items)}]"
            elif item.value is not None and not path.endswith("]"):
                found[path] = item.text
        return found

    def struct(self, kind: type[S], item: Item, path: str = "") -> S:
        """The block as a `kind`; a wrong value is a problem, and its field keeps the default."""
        value = self._struct(kind, item, path)
        return kind() if value is _NOTHING else value

    def says(self, place: Item | Entry, path: str, says: str, hint: str = "") -> None:
        """Note a mistake at a place of the file."""
        self.problems.append(Problem(self.file, place.line, place.column, path, says, hint))

    def _value(self, kind: Any, item: Item, path: str) -> Any:
        """The item as a `kind`, or _NOTHING after noting what is wrong with it."""
        if item.entries is not None:
            return self._block(kind, item, path)
        if item.items is not None:
            return self._list(kind, item, path)
        if _is_scalar(kind) and item.value is not None:
            return item.text.lower() if isinstance(item.value, bool) else item.text
        leaves = [part for part in _parts(kind) if _leaf(part)]
        if item.value is None and _is_struct(kind):
            return self._struct(_bare(kind), item, path)
        try:
            if not leaves:
                raise msgspec.ValidationError
            return msgspec.convert(item.value, Union[tuple(leaves)])  # noqa: UP007 - made at run time
        except msgspec.ValidationError:
            self.says(item, path, f"expected {words(kind)}, found {_found(item)}", _hint(kind, item))
            return _NOTHING

    def _block(self, kind: Any, item: Item, path: str) -> Any:
        for part in map(_bare, _parts(kind)):
            if _is_struct(part):
                return self._struct(part, item, path)
            if get_origin(part) is dict:
                return self._mapping(part, item, path)
        self.says(item, path, f"expected {words(kind)}, found a block of keys")
        return _NOTHING

    def _list(self, kind: Any, item: Item, path: str) -> Any:
        part = next((part for part in _parts(kind) if get_origin(_bare(part)) is tuple), None)
        if part is None:
            self.says(item, path, f"expected {words(kind)}, found a list")
            return _NOTHING
        inner = get_args(_bare(part))[0]
        values = []
        for index, child in enumerate(item.items or []):
            place = f"{path}[{index}]"
            self.places[place] = child
            values.append(self._value(inner, child, place))
        if any(value is _NOTHING for value in values):
            return _NOTHING
        if not values and any(meta.min_length for meta in _metas(part)):
            self.says(item, path, f"expected {words(part)}, found an empty list")
            return _NOTHING
        return tuple(values)

    def _mapping(self, kind: Any, item: Item, path: str) -> dict[str, Any]:
        key_kind, value_kind = get_args(kind)
        values: dict[str, Any] = {}
        for key, entry in (item.entries or {}).items():
            place = join(path, shown(key))
            self.places[place] = entry
            try:
                msgspec.convert(key, key_kind)
            except msgspec.ValidationError:
                self.says(entry, place, f"expected {words(key_kind)} as the key", _mended(key_kind, key))
                continue
            value = self._value(value_kind, entry.item, place)
            if value is not _NOTHING:
                values[key] = value
        return values

    def _struct(self, kind: type[S], item: Item, path: str) -> S | Any:
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        values: dict[str, Any] = {}
        complete = True
        for key, entry in (item.entries or {}).items():
            place = join(path, shown(key))
            self.places[place] = entry
            field = fields.get(key)
            if field is None:
                self._unknown(key, entry, place, fields)
            elif entry.item.value is not None or entry.item.entries is not None or entry.item.items is not None:
                value = self._value(field.type, entry.item, place)
                if value is not _NOTHING:
                    values[field.name] = value
                complete = complete and (value is not _NOTHING or not field.required)
        missing = [name for name, field in fields.items() if field.required and name not in (item.entries or {})]
        for name in missing:
            self.says(item, join(path, name), "is missing")
        if missing or not complete:
            return _NOTHING
        try:
            return kind(**values)
        except (ValueError, TypeError) as error:
            self.says(item, path, str(error))
            return _NOTHING

    def _unknown(self, key: str, entry: Entry, place: str, fields: Mapping[str, object]) -> None:
        meant = nearest(key, fields)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(sorted(fields))}"
        self.says(entry, place, "is not a setting", hint)


def words(kind: Any) -> str:
    """A type in words that finish «expected …»."""
    for meta in _metas(kind):
        if meta.extra and "words" in meta.extra:
            return str(meta.extra["words"])
    bare = _bare(kind)
    if _is_union(bare):
        parts = [part for part in get_args(bare) if part is not type(None)]
        return " or ".join(dict.fromkeys(map(words, parts)))
    if get_origin(bare) is Literal:
        return "one of " + ", ".join(map(str, get_args(bare)))
    if get_origin(bare) is tuple:
        return "a list"
    if get_origin(bare) is dict:
        return "a block of keys"
    if _is_struct(bare):
        return f"a block of {', '.join(bare.__struct_encode_fields__)}"
    return _number_words(bare, kind)


def _number_words(bare: Any, kind: Any) -> str:
    name = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[bare]
    low = next((meta.ge for meta in _metas(kind) if meta.ge is not None), None)
    high = next((meta.le for meta in _metas(kind) if meta.le is not None), None)
    if low is not None and high is not None:
        return f"{name} from {low} to {high}"
    return name if low is None else f"{name} of at least {low}"


def _bare(kind: Any) -> Any:
    """The type without its constraints."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _metas(kind: Any) -> list[msgspec.Meta]:
    return [meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]


def _is_struct(kind: Any) -> bool:
    bare = _bare(kind)
    return isinstance(bare, type) and issubclass(bare, msgspec.Struct)


def _is_union(bare: Any) -> bool:
    return get_origin(bare) in (Union, types.UnionType)


def _parts(kind: Any) -> list[Any]:
    """The alternatives of a type, each with its constraints; None is none, since an empty key means «not said»."""
    bare = _bare(kind)
    if not _is_union(bare):
        return [kind]
    return [inner for part in get_args(bare) if part is not type(None) for inner in _parts(part)]


def _is_scalar(kind: Any) -> bool:
    return any(meta.extra and meta.extra.get("scalar") for meta in _metas(kind))


def _leaf(part: Any) -> bool:
    bare = _bare(part)
    return get_origin(bare) is Literal or bare in (str, int, float, bool)


def _found(item: Item) -> str:
    if item.value is None:
        return "nothing"
    if isinstance(item.value, str):
        return f'"{shown(item.text)}"'
    return shown(item.text)


def _hint(kind: Any, item: Item) -> str:
    """What to write instead, where a look at the value tells."""
    bares = [_bare(part) for part in _parts(kind)]
    if item.value is None and _is_scalar(kind):
        return 'write "" for an empty text'
    if isinstance(item.value, (int, float)) and bares == [str]:
        return "put it in quotes"
    if isinstance(item.value, str) and item.text.strip().lstrip("-+").isdigit() and int in bares:
        return "write the number without quotes"
    if isinstance(item.value, str) and bares == [bool] and item.text.lower() in ("yes", "on", "no", "off"):
        return f"write {'true' if item.text.lower() in ('yes', 'on') else 'false'}"
    if isinstance(item.value, str) and bares and get_origin(bares[0]) is tuple:
        return "write it as a list, with - before each"
    return next(filter(None, (_mended(part, item.text) for part in _parts(kind))), "")


def _mended(kind: Any, text: str) -> str:
    """A right text near the wrong one, for types that know how to make one."""
    mend = next((meta.extra["mend"] for meta in _metas(kind) if meta.extra and meta.extra.get("mend")), None)
    if mend is None:
        return ""
    try:
        return f"{msgspec.convert(mend(text), kind)} would do"
    except msgspec.ValidationError:
        return ""
