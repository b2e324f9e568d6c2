"""Python values as DynamoDB's typed attribute values, and back.

``str``, ``int``, ``Decimal``, ``bool``, ``None``, ``list`` and ``dict`` with ``str`` keys; a ``float`` is
refused, because DynamoDB's numbers are decimal. Written here because the one that exists comes with boto3.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

type Attribute = dict[str, Any]
type Item = dict[str, Any]


def marshal(value: Any) -> Attribute:
    """``value`` as an attribute value; ``TypeError`` for a type that is not in the list above."""
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
            return {"L": [marshal(one) for one in value]}
        case Mapping():
            return {"M": marshal_item(value)}
    raise TypeError(f"DynamoDB attributes hold no {type(value).__name__}")


def unmarshal(attribute: Mapping[str, Any]) -> Any:
    """The value of ``attribute``; a whole number is an ``int``, any other a ``Decimal``."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return _number(value)
        case "NULL":
            return None
        case "L":
            return [unmarshal(one) for one in value]
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
