"""Property values between the Pulumi schema's shape and the API's, by their declarations."""

import json
from collections.abc import Iterable, Mapping

from infrastructure.local.plugin.shapes import Naming, Property, api_name
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence


def encode(declared: Property, value: Value, naming: Naming) -> Value:
    """``value`` as the API takes it."""
    if value is None:
        return None
    if declared.kind == "block":
        return encode_all(declared.fields, mapping(value), naming)
    if declared.kind == "map" and declared.pairs:
        key, held = declared.pairs
        return [{key: name, held: item} for name, item in mapping(value).items()]
    if declared.kind in {"list", "set"} and declared.item:
        items = [encode(declared.item, item, naming) for item in sequence(value)]
        return items[0] if declared.single and items else items
    return value


def encode_all(
    declared: Mapping[str, Property], values: Properties, naming: Naming, only: Iterable[str] | None = None
) -> Properties:
    """The given ``values`` under the API's names; ``only`` those names of the schema, when given."""
    names = values if only is None else only
    return {
        api_name(name, declared[name], naming): encode(declared[name], values[name], naming)
        for name in names
        if values.get(name) is not None and not declared[name].virtual
    }


def decode(declared: Property, value: Value, naming: Naming) -> Value:
    """A value of the API as the Pulumi schema has it; what is not declared is left out."""
    if value is None:
        return None
    if declared.kind == "block":
        return decode_all(declared.fields, mapping(value), naming)
    if declared.kind == "document":
        return value if isinstance(value, str) else json.dumps(value)
    if declared.kind == "map" and declared.pairs:
        key, held = declared.pairs
        pairs = [mapping(pair) for pair in sequence(value)]
        return {str(pair[key]): pair[held] for pair in pairs}
    if declared.kind in {"list", "set"} and declared.item:
        items = [value] if declared.single else sequence(value)
        return [decode(declared.item, item, naming) for item in items]
    return value


def decode_all(declared: Mapping[str, Property], values: Properties, naming: Naming) -> Properties:
    """The declared properties that ``values`` of the API have."""
    found = {
        name: decode(each, values.get(api_name(name, each, naming)), naming)
        for name, each in declared.items()
        if not each.virtual
    }
    return {name: value for name, value in found.items() if value is not None}
