"""What may be written to the table, and on which conditions, as plain data that each store of ``utils.stores`` carries
out in its own way."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from utils.attributes import Item

type Key = tuple[str, str]
"""Partition key and sort key."""

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Comparison(NamedTuple):
    """One attribute of the stored item, held to ``value``."""

    kind: Literal["has", "lacks", "equals", "below", "above"]
    attribute: str
    value: Any = None

    def __and__(self, other: "Condition") -> "Condition":
        """Both hold."""
        return Both(self, other)

    def __or__(self, other: "Condition") -> "Condition":
        """One of them holds."""
        return Either(self, other)


class Both(NamedTuple):
    """Two conditions hold."""

    one: "Condition"
    other: "Condition"

    def __and__(self, other: "Condition") -> "Condition":
        """Both hold."""
        return Both(self, other)

    def __or__(self, other: "Condition") -> "Condition":
        """One of them holds."""
        return Either(self, other)


class Either(NamedTuple):
    """At least one of two conditions holds."""

    one: "Condition"
    other: "Condition"

    def __and__(self, other: "Condition") -> "Condition":
        """Both hold."""
        return Both(self, other)

    def __or__(self, other: "Condition") -> "Condition":
        """One of them holds."""
        return Either(self, other)


type Condition = Comparison | Both | Either
"""What must hold of the stored item for a write to happen."""


def has(attribute: str) -> Condition:
    """The item has the attribute."""
    return Comparison("has", attribute)


def lacks(attribute: str) -> Condition:
    """The item has no such attribute, or there is no item."""
    return Comparison("lacks", attribute)


def equals(attribute: str, value: Any) -> Condition:
    """The item's attribute is ``value``."""
    return Comparison("equals", attribute, value)


def below(attribute: str, value: int | str) -> Condition:
    """The item's attribute is less than ``value``; false when it has none."""
    return Comparison("below", attribute, value)


def above(attribute: str, value: int | str) -> Condition:
    """The item's attribute is greater than ``value``; false when it has none."""
    return Comparison("above", attribute, value)


def all_of(conditions: Sequence[Condition]) -> Condition | None:
    """All of ``conditions`` hold; ``None`` when there are none."""
    return reduce(and_, conditions) if conditions else None


EXISTS = has("pk")
ABSENT = lacks("pk")


class Put(NamedTuple):
    """Store ``item``, which has ``pk`` and ``sk``, in place of whatever has its key."""

    item: Item
    condition: Condition | None = None

    @property
    def key(self) -> Key:
        """The item's key."""
        return self.item["pk"], self.item["sk"]


class Update(NamedTuple):
    """Change some attributes of the item ``key``, which comes into being when it is not there.

    ``assign`` sets, ``assign_once`` sets what is not there yet, ``add`` adds to numbers atomically (from 0),
    ``remove`` removes.
    """

    key: Key
    assign: Mapping[str, Any] = _NONE
    assign_once: Mapping[str, Any] = _NONE
    add: Mapping[str, int] = _NONE
    remove: tuple[str, ...] = ()
    condition: Condition | None = None


class Delete(NamedTuple):
    """Remove the item ``key``; nothing happens when it is not there, unless the condition says otherwise."""

    key: Key
    condition: Condition | None = None


class Check(NamedTuple):
    """Write nothing, but let the transaction fail unless ``condition`` holds of the item ``key``."""

    key: Key
    condition: Condition


type Write = Put | Update | Delete | Check
