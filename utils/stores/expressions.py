"""Writes as the arguments of DynamoDB's requests, without the table's name."""

from typing import Any

from utils.attributes import Attribute, marshal, marshal_item
from utils.writes import Both, Check, Comparison, Condition, Delete, Either, Key, Put, Update, Write

_COMPARISONS = {"equals": "=", "below": "<", "above": ">"}


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


def marshal_key(key: Key) -> dict[str, Attribute]:
    """``key`` as DynamoDB takes it."""
    pk, sk = key
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def arguments(write: Write) -> dict[str, Any]:
    """The arguments of the request that makes ``write``."""
    expression = Expression()
    match write:
        case Put():
            request: dict[str, Any] = {"Item": marshal_item(write.item)}
        case Update():
            request = {"Key": marshal_key(write.key), "UpdateExpression": _update(write, expression)}
        case Delete() | Check():
            request = {"Key": marshal_key(write.key)}
    if write.condition is not None:
        request["ConditionExpression"] = _condition(write.condition, expression)
    return request | expression.arguments()


def _update(update: Update, expression: Expression) -> str:
    name, value = expression.name, expression.value
    sets = [f"{name(attribute)} = {value(new)}" for attribute, new in update.assign.items()]
    sets += [
        f"{name(attribute)} = if_not_exists({name(attribute)}, {value(new)})"
        for attribute, new in update.assign_once.items()
    ]
    clauses = {
        "SET": sets,
        "ADD": [f"{name(attribute)} {value(more)}" for attribute, more in update.add.items()],
        "REMOVE": [name(attribute) for attribute in update.remove],
    }
    return " ".join(f"{verb} {', '.join(terms)}" for verb, terms in clauses.items() if terms)


def _condition(condition: Condition, expression: Expression) -> str:
    match condition:
        case Both():
            return f"({_condition(condition.one, expression)} AND {_condition(condition.other, expression)})"
        case Either():
            return f"({_condition(condition.one, expression)} OR {_condition(condition.other, expression)})"
        case Comparison("has"):
            return f"attribute_exists({expression.name(condition.attribute)})"
        case Comparison("lacks"):
            return f"attribute_not_exists({expression.name(condition.attribute)})"
        case Comparison():
            operator = _COMPARISONS[condition.kind]
            return f"{expression.name(condition.attribute)} {operator} {expression.value(condition.value)}"
