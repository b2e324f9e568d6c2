"""Items as JSON text, in which the values have the types of ``utils.attributes`` and come back as from DynamoDB."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from utils.attributes import Item

_ESCAPES = ("N", "M")
"""A number that is not whole is ``{"N": text}``, and a map of one such name is put into ``{"M": map}``."""
_MARKS = ('{"N":', '{"M":')
_LARGEST = 400 * 1024
"""Bytes of an item ("Quotas in Amazon DynamoDB")."""

_dump = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_load = json.JSONDecoder().decode


def encode(item: Mapping[str, Any]) -> str:
    """The text of ``item``; ``TypeError`` for a type that DynamoDB has not, ``ValueError`` for more than 400 KB."""
    text = _dump({name: _encodable(value) for name, value in item.items()})
    if len(text) > _LARGEST:
        size = len(
            json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
        )
        if size > _LARGEST:
            raise ValueError("an item has at most 400 KB")
    return text


def decode(text: str) -> Item:
    """The item whose text it is."""
    item: Item = _load(text)
    if any(mark in text for mark in _MARKS):
        return {name: _decoded(value) for name, value in item.items()}
    return item


def _encodable(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    match value:
        case str():
            return str(value)
        case int():
            return int(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else {"N": str(value)}
        case list() | tuple():
            return [_encodable(element) for element in value]
        case Mapping():
            encodable = {name: _encodable(element) for name, element in value.items()}
            return {"M": encodable} if _is_escape(encodable) else encodable
    raise TypeError(f"DynamoDB attributes hold no {kind.__name__}")


def _decoded(value: Any) -> Any:
    match value:
        case list():
            return [_decoded(element) for element in value]
        case {"N": number} if _is_escape(value):
            return Decimal(number)
        case {"M": escaped} if _is_escape(value):
            return {name: _decoded(element) for name, element in escaped.items()}
        case dict():
            return {name: _decoded(element) for name, element in value.items()}
    return value


def _is_escape(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in _ESCAPES
