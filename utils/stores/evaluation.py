"""Conditions and changes carried out on an item, by the rules of DynamoDB's expressions.

"Condition expressions" and "Comparison operator and function reference" in the Amazon DynamoDB Developer Guide: values
of two types are never equal, and neither is less than the other; texts are ordered by their bytes in UTF-8, as Python
orders them by code points.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from utils.attributes import Item
from utils.writes import Both, Comparison, Condition, Delete, Either, Put, Update

_ABSENT: Mapping[str, Any] = {}


def holds(condition: Condition | None, item: Item | None) -> bool:
    """Whether ``condition`` holds of ``item``, ``None`` for one that is not there."""
    return condition is None or _holds(condition, _ABSENT if item is None else item)


def changed(change: Put | Update | Delete, item: Item | None) -> Item | None:
    """What ``change`` makes of ``item``; ``None`` is no item. Raises ``ValueError`` where DynamoDB refuses the change:
    one attribute changed twice, or added to what is no number."""
    match change:
        case Put():
            return change.item
        case Delete():
            return None
    attributes = [*change.assign, *change.assign_once, *change.add, *change.remove]
    if len(set(attributes)) < len(attributes) or not {"pk", "sk"}.isdisjoint(attributes):
        raise ValueError("an update changes an attribute twice, or the key")
    pk, sk = change.key
    updated = {**(item or {"pk": pk, "sk": sk}), **change.assign}
    for attribute, value in change.assign_once.items():
        updated.setdefault(attribute, value)
    for attribute, more in change.add.items():
        number = updated.get(attribute, 0)
        if _kind(number) != "number":
            raise ValueError(f"{attribute} is no number to add to")
        updated[attribute] = number + more
    for attribute in change.remove:
        updated.pop(attribute, None)
    return updated


def _holds(condition: Condition, item: Mapping[str, Any]) -> bool:
    match condition:
        case Both():
            return _holds(condition.one, item) and _holds(condition.other, item)
        case Either():
            return _holds(condition.one, item) or _holds(condition.other, item)
        case Comparison("has"):
            return condition.attribute in item
        case Comparison("lacks"):
            return condition.attribute not in item
    return condition.attribute in item and _compare(condition, item[condition.attribute])


def _compare(condition: Comparison, stored: Any) -> bool:
    if condition.kind == "equals":
        return _equal(stored, condition.value)
    if _kind(stored) not in {"number", "text"} or _kind(stored) != _kind(condition.value):
        return False
    return bool(stored < condition.value if condition.kind == "below" else stored > condition.value)


def _equal(one: Any, other: Any) -> bool:
    kind = _kind(one)
    if kind != _kind(other):
        return False
    if kind == "list":
        return len(one) == len(other) and all(map(_equal, one, other))
    if kind == "map":
        return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
    return bool(one == other)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "truth"
        case str():
            return "text"
        case int() | Decimal():
            return "number"
        case list() | tuple():
            return "list"
        case Mapping():
            return "map"
    raise TypeError(f"DynamoDB attributes hold no {type(value).__name__}")
