"""Property values as the plugin handles them: plain JSON-like data, and one mark for what is not known yet."""

import enum
from collections.abc import Mapping
from typing import Final


class Unknown(enum.Enum):
    """The type of :data:`UNKNOWN`; an enumeration, so that type checkers can tell it from other values."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that only the update will bring: an output of a resource that a preview does not create."""

type Value = bool | int | float | str | Unknown | list[Value] | dict[str, Value] | None
type Properties = dict[str, Value]
"""Properties of a resource by name: the schema's names on the engine's side, the API's on AWS's side."""


def has_unknown(value: Value) -> bool:
    """Whether ``value`` is, or holds anywhere, something not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def is_empty(value: Value) -> bool:
    """Whether ``value`` says as little as not being there: AWS answers with these where nothing was set."""
    return value is None or value is False or value in ("", 0, [], {})


def text(value: Value) -> str:
    """``value``, which has to be a string."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def mapping(value: Value) -> Properties:
    """``value``, which has to be an object; an empty one for ``None``."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value


def sequence(value: Value) -> list[Value]:
    """``value``, which has to be a list; an empty one for ``None``."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def at_path(value: Value, path: str) -> Value:
    """What ``value`` holds at ``path``, names joined by dots (``"Policy.Arn"``); ``None`` where it ends early."""
    for name in path.split(".") if path else ():
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def present(properties: Mapping[str, Value]) -> Properties:
    """``properties`` without those that are ``None``."""
    return {name: value for name, value in properties.items() if value is not None}


def as_written(properties: Properties) -> Properties:
    """Inputs as the program wrote them: without what the official plugin adds to them.

    It notes in ``__defaults`` of every object which properties it filled in itself; those are no wish of the
    program's and would show as removed when this plugin takes over a stack from it.
    """
    return {name: _written(value) for name, value in properties.items() if name not in _added(properties)}


def _added(properties: Properties) -> set[Value]:
    internal: set[Value] = {name for name in properties if name.startswith("__")}
    defaults = properties.get("__defaults")
    return internal | {name for name in sequence(defaults) if isinstance(name, str)}


def _written(value: Value) -> Value:
    if isinstance(value, dict):
        return as_written(value)
    if isinstance(value, list):
        return [_written(item) for item in value]
    return value
