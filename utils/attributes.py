"""Python values as DynamoDB's typed attribute values, and back.

By "Supported data types and naming rules in Amazon DynamoDB": ``str``, ``int``, ``Decimal``, ``bool``, ``None``,
``list`` and ``dict`` with ``str`` keys. A ``float`` is refused, because DynamoDB's numbers are decimal. boto3 has the
same, but costs a function more start-up time than all the rest of the table's access.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

type Attribute = dict[str, Any]
"""A typed value, such as ``{"S": "text"}``."""
type Item = dict[str, Any]
"""An item's plain values by attribute."""


def marshal(value: Any) -> Attribute:
    """``value`` as an attribute value; ``TypeError`` for a type that is not in the module's list."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [marshal(element) for element in value]}
        case Mapping():
            return {"M": marshal_item(value)}
    raise TypeError(f"DynamoDB attributes hold no {type(value).__name__}")


def unmarshal(attribute: Mapping[str, Any]) -> Any:
    """The value of ``attribute``; a whole number is an ``int``, any other a ``Decimal``.

    ``TypeError`` for a set or bytes, which are never stored.
    """
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return _number(value)
        case "NULL":
            return None
        case "L":
            return [unmarshal(element) for element in value]
        case "M":
            return unmarshal_item(value)
    raise TypeError(f"attributes of type {kind} are not used here")


def marshal_item(item: Mapping[str, Any]) -> dict[str, Attribute]:
    """Every attribute of ``item`` marshalled."""
    return {name: marshal(value) for name, value in item.items()}


def unmarshal_item(attributes: Mapping[str, Mapping[str, Any]]) -> Item:
    """Every attribute of ``attributes`` unmarshalled."""
    return {name: unmarshal(attribute) for name, attribute in attributes.items()}


def _number(text: str) -> int | Decimal:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number
