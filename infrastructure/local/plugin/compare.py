"""What differs between two values of a property, and what a change by hand makes of the inputs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from infrastructure.local.plugin.shapes import Property
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, is_empty, mapping, sequence

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_$][\w$-]*")


@dataclass(frozen=True)
class Change:
    """One property path (``environment.variables.LEVEL``) at which two sets of inputs differ."""

    path: str
    kind: Literal["add", "delete", "update"]
    replaces: bool


def changes(declared: Mapping[str, Property], old: Properties, new: Properties) -> list[Change]:
    """Where ``new`` inputs differ from ``old`` ones; an unknown value differs from every other."""
    found: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        each = declared.get(name)
        if each:
            found += [
                Change(change.path, change.kind, change.replaces or each.replaces)
                for change in _differences(each, name, old.get(name), new.get(name))
            ]
    return found


def same(declared: Property, one: Value, other: Value) -> bool:
    """Whether two values mean the same: documents by content, sets in any order."""
    return _canonical(declared, one) == _canonical(declared, other)


def refreshed(declared: Mapping[str, Property], given: Properties, live: Properties) -> Properties:
    """The inputs that would describe what is there: ``given`` where it still holds, else what is ``live``.

    A property that the program leaves alone appears when it is neither AWS's own choice nor at its default.
    """
    found = {name: _refreshed(each, given.get(name), live.get(name)) for name, each in declared.items()}
    return {name: value for name, value in found.items() if value is not None}


def _differences(declared: Property, path: str, old: Value, new: Value) -> Iterator[Change]:
    if declared.computed and new is None:
        return  # AWS chose, or goes on with what it was once told
    if new is not UNKNOWN and old is not UNKNOWN and same(declared, old, new):
        return
    if old is None or new is None:
        yield Change(path, "add" if old is None else "delete", replaces=False)
    elif isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            inner = declared.fields.get(name) or declared.item
            if inner:
                yield from _differences(inner, _joined(path, name), old.get(name), new.get(name))
    elif declared.kind == "list" and declared.item and isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _differences(declared.item, f"{path}[{index}]", before, after)
    else:
        yield Change(path, "update", replaces=False)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if _PLAIN_NAME.fullmatch(name) else f"{path}[{json.dumps(name)}]"


def _canonical(declared: Property, value: Value) -> Value:
    if declared.kind == "document" and isinstance(value, str):
        try:
            parsed: Value = json.loads(value)
        except ValueError:
            return value
        return parsed
    if declared.kind in {"list", "set"} and declared.item and isinstance(value, list):
        items = [_canonical(declared.item, item) for item in value]
        return sorted(items, key=_sort_key) if declared.kind == "set" else items
    if isinstance(value, dict):
        inner = {name: declared.fields.get(name) or declared.item for name in value}
        return {name: _canonical(each, value[name]) for name, each in inner.items() if each}
    return value


def _sort_key(value: Value) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _refreshed(declared: Property, given: Value, live: Value) -> Value:
    if declared.virtual:
        return given
    if given is None:
        return _drift(declared, live)
    if live is None:
        return given if is_empty(given) else None
    if declared.kind == "block":
        return refreshed(declared.fields, mapping(given), mapping(live))
    if declared.kind in {"list", "set"} and declared.item:
        return _refreshed_items(declared, sequence(given), sequence(live))
    return given if same(declared, given, live) else live


def _refreshed_items(declared: Property, given: list[Value], live: list[Value]) -> Value:
    """Items matched by position, or in their sorted order where order says nothing."""
    if declared.kind == "set":
        given, live = sorted(given, key=_sort_key), sorted(live, key=_sort_key)
    if declared.item is None or len(given) != len(live):
        return list(live)
    return [_refreshed(declared.item, *pair) for pair in zip(given, live, strict=True)]


def _drift(declared: Property, live: Value) -> Value:
    if declared.computed or is_empty(live) or same(declared, live, declared.default):
        return None
    if declared.kind == "block":
        return refreshed(declared.fields, {}, mapping(live)) or None
    return live
