"""Translates property values between the Pulumi schema's form and the API's, by their declarations."""

import json
from collections.abc import Iterable, Mapping

from infrastructure.local.plugin.shapes import Naming, Property, api_name
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence, without_none


def encode(declared: Property, value: Value, naming: Naming) -> Value:
    """``value`` in the API's form."""
    if value is None:
        return None
    if declared.kind == "block":
        return encode_all(declared.fields, mapping(value), naming)
    if declared.kind == "map" and declared.pairs:
        key, item_key = declared.pairs
        return [{key: name, item_key: item} for name, item in mapping(value).items()]
    if declared.kind in {"list", "set"} and declared.item:
        items = [encode(declared.item, item, naming) for item in sequence(value)]
        return items[0] if declared.single and items else items
    return value


def encode_all(
    declared: Mapping[str, Property], values: Properties, naming: Naming, only: Iterable[str] | None = None
) -> Properties:
    """``values`` under the API's names and in its form: all, or ``only`` those of the schema's names."""
    names = values if only is None else only
    return {
        api_name(name, declared[name], naming): encode(declared[name], values[name], naming)
        for name in names
        if values.get(name) is not None and not declared[name].virtual
    }


def decode(declared: Property, value: Value, naming: Naming) -> Value:
    """A value of the API in the schema's form; fields that are not declared are left out."""
    if value is None:
        return None
    if declared.kind == "block":
        return decode_all(declared.fields, mapping(value), naming)
    if declared.kind == "json":
        return value if isinstance(value, str) else json.dumps(value)
    if declared.kind == "map" and declared.pairs:
        key, item_key = declared.pairs
        pairs = [mapping(pair) for pair in sequence(value)]
        return {str(pair[key]): pair[item_key] for pair in pairs}
    if declared.kind in {"list", "set"} and declared.item:
        items = [value] if declared.single else sequence(value)
        return [decode(declared.item, item, naming) for item in items]
    return value


def decode_all(declared: Mapping[str, Property], values: Properties, naming: Naming) -> Properties:
    """The declared properties among ``values`` of the API, in the schema's form."""
    return without_none(
        {
            name: decode(declaration, values.get(api_name(name, declaration, naming)), naming)
            for name, declaration in declared.items()
            if not declaration.virtual
        }
    )
