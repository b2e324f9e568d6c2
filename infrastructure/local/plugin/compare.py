"""Compares property values: inputs of two runs, and inputs with a resource that was changed by hand."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from infrastructure.local.plugin.shapes import Property
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, is_empty, mapping, sequence

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_$][\w$-]*")


@dataclass(frozen=True)
class PropertyDiff:
    """A property path (``environment.variables.LEVEL``) at which two sets of inputs differ.

    ``replaces`` tells whether the difference takes a new resource.
    """

    path: str
    kind: Literal["add", "delete", "update"]
    replaces: bool


def property_diffs(declared: Mapping[str, Property], old: Properties, new: Properties) -> list[PropertyDiff]:
    """Where ``new`` inputs differ from ``old`` ones, sorted by property; an unknown value differs from any other."""
    return [
        PropertyDiff(diff.path, diff.kind, diff.replaces or declared[name].replaces)
        for name in sorted(old.keys() | new.keys())
        if name in declared
        for diff in _value_diffs(declared[name], name, old.get(name), new.get(name))
    ]


def top_level_names(diffs: Iterable[PropertyDiff]) -> frozenset[str]:
    """The properties in which the diffs are: ``environment`` for ``environment.variables.LEVEL``."""
    return frozenset(diff.path.split(".")[0].split("[")[0] for diff in diffs)


def is_same(declared: Property, value: Value, other: Value) -> bool:
    """Whether two values mean the same: JSON texts are compared by content, sets in any order."""
    return _canonical(declared, value) == _canonical(declared, other)


def refreshed_inputs(declared: Mapping[str, Property], inputs: Properties, live: Properties) -> Properties:
    """The inputs that describe the resource whose properties are ``live``: those of ``inputs`` that still hold, else
    the live ones.

    A property that is not in ``inputs`` is added where it is neither AWS's own choice nor at its default.
    """
    refreshed = {
        name: _refreshed(declaration, inputs.get(name), live.get(name))
        for name, declaration in declared.items()
    }
    return {name: value for name, value in refreshed.items() if value is not None}


def _value_diffs(declared: Property, path: str, old: Value, new: Value) -> Iterator[PropertyDiff]:
    if declared.computed and new is None:
        return  # AWS chooses, or keeps what it was once given
    if new is not UNKNOWN and old is not UNKNOWN and is_same(declared, old, new):
        return
    if old is None or new is None:
        yield PropertyDiff(path, "add" if old is None else "delete", replaces=False)
    elif isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            inner = declared.fields.get(name) or declared.item
            if inner:
                yield from _value_diffs(inner, _joined(path, name), old.get(name), new.get(name))
    elif declared.kind == "list" and declared.item and isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _value_diffs(declared.item, f"{path}[{index}]", before, after)
    else:
        yield PropertyDiff(path, "update", replaces=False)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if _PLAIN_NAME.fullmatch(name) else f"{path}[{json.dumps(name)}]"


def _canonical(declared: Property, value: Value) -> Value:
    if declared.kind == "json" and isinstance(value, str):
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
        return {
            name: _canonical(declaration, value[name]) for name, declaration in inner.items() if declaration
        }
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
        return refreshed_inputs(declared.fields, mapping(given), mapping(live))
    if declared.kind in {"list", "set"} and declared.item:
        return _refreshed_items(declared, sequence(given), sequence(live))
    return given if is_same(declared, given, live) else live


def _refreshed_items(declared: Property, given: list[Value], live: list[Value]) -> Value:
    """The items matched by position, those of sets in sorted order."""
    if declared.kind == "set":
        given, live = sorted(given, key=_sort_key), sorted(live, key=_sort_key)
    if declared.item is None or len(given) != len(live):
        return list(live)
    return [_refreshed(declared.item, *pair) for pair in zip(given, live, strict=True)]


def _drift(declared: Property, live: Value) -> Value:
    """The live value of a property that the program does not set, where that is a change by hand; else ``None``."""
    if declared.computed or is_empty(live) or is_same(declared, live, declared.default):
        return None
    if declared.kind == "block":
        return refreshed_inputs(declared.fields, {}, mapping(live)) or None
    return live
