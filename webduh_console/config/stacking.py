"""Lays the user's own settings of an app over those that its repository says. Pure."""

from webduh_console.config.yamlfile import Entry, Item

_SHORT: dict[tuple[str, ...], str] = {("health",): "path", ("static",): "dir"}
"""The settings that can be written as one value → what that value stands for in their block."""
_WEB = ("processes", "web")
_RIVALS = (("start",), ("static",), _WEB)
"""What answers requests is said by one of these alone."""


def stacked(below: Item | None, above: Item) -> Item:
    """A block in which what is above counts, and what is below where nothing is said above."""
    if below is None or below.entries is None:
        return _own(above)
    if any(_says(above, path) for path in _RIVALS):
        for path in _RIVALS:
            if not _says(above, path):
                below = _without(below, path)
    return _over(below, above, ())


def _over(below: Item, above: Item, path: tuple[str, ...]) -> Item:
    inner = _SHORT.get(path) or ("command" if len(path) == 2 and path[0] == "processes" else "")
    if inner and (below.entries is None) != (above.entries is None):
        below, above = _block(below, inner), _block(above, inner)
    if below.entries is None or above.entries is None:
        return _own(above)
    entries = dict(below.entries)
    for key, entry in above.entries.items():
        if entry.item.says_nothing:
            continue
        before = entries.get(key)
        item = _own(entry.item) if before is None else _over(before.item, entry.item, (*path, key))
        entries[key] = Entry(entry.line, entry.column, item, own=True)
    return Item(above.line, above.column, entries=entries, own=True)


def _own(item: Item) -> Item:
    """The same, marked as the user's own."""
    entries = item.entries and {
        key: Entry(entry.line, entry.column, _own(entry.item), own=True) for key, entry in item.entries.items()
    }
    items = item.items and [_own(one) for one in item.items]
    return Item(item.line, item.column, item.value, item.text, entries, items, own=True)


def _block(item: Item, inner: str) -> Item:
    """A value that stands alone as the block that it means."""
    if item.entries is not None or item.says_nothing:
        return item
    return Item(item.line, item.column, entries={inner: Entry(item.line, item.column, item, item.own)}, own=item.own)


def _says(item: Item, path: tuple[str, ...]) -> bool:
    """Whether a block says a setting; of a process, what it runs."""
    for key in path:
        entry = (item.entries or {}).get(key)
        if entry is None:
            return False
        item = entry.item
    if path == _WEB and item.entries is not None:
        return "command" in item.entries
    return not item.says_nothing


def _without(item: Item, path: tuple[str, ...]) -> Item:
    """A block without a setting; of a process only what it runs goes."""
    entries = dict(item.entries or {})
    if path[0] in entries:
        entry = entries.pop(path[0])
        rest = path[1:] or (("command",) if entry.item.entries is not None and path == ("web",) else ())
        if rest:
            entries[path[0]] = Entry(entry.line, entry.column, _without(entry.item, rest), entry.own)
    return Item(item.line, item.column, item.value, item.text, entries, item.items, item.own)
