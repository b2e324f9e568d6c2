"""Property values as the plugin handles them: JSON-like data, and ``UNKNOWN`` for values that are not known yet."""

import enum
from collections.abc import Mapping
from typing import Final


class Unknown(enum.Enum):
    """The type of :data:`UNKNOWN`; an enumeration, so that type checkers can tell it from other values."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that only the update will give: an output of a resource that a preview does not create."""

type Value = bool | int | float | str | Unknown | list[Value] | dict[str, Value] | None
type Properties = dict[str, Value]
"""Properties by name: the Pulumi schema's names on the engine's side, the API's on AWS's side."""


def has_unknown(value: Value) -> bool:
    """Whether ``value`` is ``UNKNOWN`` or contains it at any depth."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def is_empty(value: Value) -> bool:
    """Whether ``value`` means the same as no value: AWS answers with these where nothing was set."""
    return value is None or value is False or value in ("", 0, [], {})


def string(value: Value) -> str:
    """``value`` as a string. Raises ``TypeError`` for any other type."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def mapping(value: Value) -> Properties:
    """``value`` as an object, empty for ``None``. Raises ``TypeError`` for any other type."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value


def sequence(value: Value) -> list[Value]:
    """``value`` as a list, empty for ``None``. Raises ``TypeError`` for any other type."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def at_path(value: Value, path: str) -> Value:
    """The value at ``path``, names joined by dots (``"Policy.Arn"``); ``None`` where there is none."""
    for name in path.split(".") if path else ():
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def without_none(properties: Mapping[str, Value]) -> Properties:
    """``properties`` without those that are ``None``."""
    return {name: value for name, value in properties.items() if value is not None}


def without_provider_defaults(properties: Properties) -> Properties:
    """Inputs without the properties that the official plugin filled in, at any depth.

    It lists those in ``__defaults`` of every object. They would show as removed where this plugin goes on with a
    stack that the official one made.
    """
    added = _default_names(properties)
    return {name: _stripped(value) for name, value in properties.items() if name not in added}


def _default_names(properties: Properties) -> set[Value]:
    internal: set[Value] = {name for name in properties if name.startswith("__")}
    defaults = properties.get("__defaults")
    return internal | {name for name in sequence(defaults) if isinstance(name, str)}


def _stripped(value: Value) -> Value:
    if isinstance(value, dict):
        return without_provider_defaults(value)
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value
