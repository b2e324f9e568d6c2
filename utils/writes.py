"""What may be written to the table, and on which conditions, as plain data that each store of ``utils.stores`` carries
out in its own way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any, Literal

from utils.attributes import Item

type Key = tuple[str, str]
"""Partition key and sort key."""


class _Combined:
    """Conditions are combined with ``&`` and ``|``."""

    __slots__ = ()

    def __and__(self, other: "Condition") -> "Condition":
        return Both(self, other)  # type: ignore[arg-type]

    def __or__(self, other: "Condition") -> "Condition":
        return Either(self, other)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Comparison(_Combined):
    """One attribute of the stored item, held to ``value``."""

    kind: Literal["has", "lacks", "equals", "below", "above"]
    attribute: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Both(_Combined):
    """Two conditions hold."""

    one: "Condition"
    other: "Condition"


@dataclass(frozen=True, slots=True)
class Either(_Combined):
    """At least one of two conditions holds."""

    one: "Condition"
    other: "Condition"


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


@dataclass(frozen=True, slots=True)
class Put:
    """Store ``item``, which has ``pk`` and ``sk``, in place of whatever has its key."""

    item: Item
    condition: Condition | None = None

    @property
    def key(self) -> Key:
        """The item's key."""
        return self.item["pk"], self.item["sk"]


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes of the item ``key``, which comes into being when it is not there.

    ``assign`` sets, ``assign_once`` sets what is not there yet, ``add`` adds to numbers atomically (from 0),
    ``remove`` removes.
    """

    key: Key
    assign: Mapping[str, Any] = field(default_factory=dict)
    assign_once: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item ``key``; nothing happens when it is not there, unless the condition says otherwise."""

    key: Key
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but let the transaction fail unless ``condition`` holds of the item ``key``."""

    key: Key
    condition: Condition


type Write = Put | Update | Delete | Check
