"""What may be written to the table, and on which conditions, without DynamoDB's expression syntax."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

from utils.attributes import Attribute, Item, marshal, marshal_item

type Key = tuple[str, str]
"""Partition key and sort key."""


class Expression:
    """The names and values that the expressions of one request refer to by placeholders."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Attribute] = {}

    def name(self, attribute: str) -> str:
        """The placeholder of an attribute's name; names such as ``status`` are reserved words."""
        return self._names.setdefault(attribute, f"#n{len(self._names)}")

    def value(self, value: Any) -> str:
        """The placeholder of a value."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = marshal(value)
        return placeholder

    def arguments(self) -> dict[str, Any]:
        """The request's arguments that define the placeholders; DynamoDB refuses empty ones."""
        arguments: dict[str, Any] = {}
        if self._names:
            arguments["ExpressionAttributeNames"] = {place: name for name, place in self._names.items()}
        if self._values:
            arguments["ExpressionAttributeValues"] = self._values
        return arguments


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the stored item for a write to happen; combined with ``&`` and ``|``."""

    render: Callable[[Expression], str]

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(lambda expression: f"({self.render(expression)} AND {other.render(expression)})")

    def __or__(self, other: "Condition") -> "Condition":
        return Condition(lambda expression: f"({self.render(expression)} OR {other.render(expression)})")


def has(attribute: str) -> Condition:
    """The item has the attribute."""
    return Condition(lambda expression: f"attribute_exists({expression.name(attribute)})")


def lacks(attribute: str) -> Condition:
    """The item has no such attribute, or there is no item."""
    return Condition(lambda expression: f"attribute_not_exists({expression.name(attribute)})")


def equals(attribute: str, value: Any) -> Condition:
    """The item's attribute is ``value``."""
    return Condition(lambda expression: f"{expression.name(attribute)} = {expression.value(value)}")


def below(attribute: str, value: int | str) -> Condition:
    """The item's attribute is less than ``value``; false when it has none."""
    return Condition(lambda expression: f"{expression.name(attribute)} < {expression.value(value)}")


def above(attribute: str, value: int | str) -> Condition:
    """The item's attribute is greater than ``value``; false when it has none."""
    return Condition(lambda expression: f"{expression.name(attribute)} > {expression.value(value)}")


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

    def arguments(self) -> dict[str, Any]:
        """The request's arguments without the table's name."""
        return {"Item": marshal_item(self.item), **_condition(self.condition, Expression())}


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

    def arguments(self) -> dict[str, Any]:
        """The request's arguments without the table's name."""
        expression = Expression()
        name, value = expression.name, expression.value
        sets = [f"{name(attribute)} = {value(new)}" for attribute, new in self.assign.items()]
        sets += [
            f"{name(attribute)} = if_not_exists({name(attribute)}, {value(new)})"
            for attribute, new in self.assign_once.items()
        ]
        clauses = {
            "SET": sets,
            "ADD": [f"{name(attribute)} {value(more)}" for attribute, more in self.add.items()],
            "REMOVE": [name(attribute) for attribute in self.remove],
        }
        return {
            "Key": marshal_key(self.key),
            "UpdateExpression": " ".join(
                f"{verb} {', '.join(terms)}" for verb, terms in clauses.items() if terms
            ),
            **_condition(self.condition, expression),
        }


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item ``key``; nothing happens when it is not there, unless the condition says otherwise."""

    key: Key
    condition: Condition | None = None

    def arguments(self) -> dict[str, Any]:
        """The request's arguments without the table's name."""
        return {"Key": marshal_key(self.key), **_condition(self.condition, Expression())}


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but let the transaction fail unless ``condition`` holds of the item ``key``."""

    key: Key
    condition: Condition

    def arguments(self) -> dict[str, Any]:
        """The request's arguments without the table's name."""
        return {"Key": marshal_key(self.key), **_condition(self.condition, Expression())}


def marshal_key(key: Key) -> dict[str, Attribute]:
    """``key`` as DynamoDB takes it."""
    pk, sk = key
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _condition(condition: Condition | None, expression: Expression) -> dict[str, Any]:
    rendered = {"ConditionExpression": condition.render(expression)} if condition else {}
    return {**rendered, **expression.arguments()}
