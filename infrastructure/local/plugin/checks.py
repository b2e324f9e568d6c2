"""Checks inputs against their declarations: known properties, of the declared kind, with supported values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infrastructure.local.plugin.shapes import Kind, Property
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, mapping, sequence


@dataclass(frozen=True)
class CheckFailure:
    """The path of a property that is refused, such as ``rules[0].name``, and the reason."""

    path: str
    reason: str


def check_inputs(
    declared: Mapping[str, Property], inputs: Properties, path: str = ""
) -> Iterator[CheckFailure]:
    """The failures of ``inputs``, whose paths begin with ``path``. Unknown values pass."""
    for name, value in inputs.items():
        if name in declared:
            yield from _check_value(declared[name], f"{path}{name}", value)
        elif not name.startswith("__"):
            known = ", ".join(sorted(declared))
            yield CheckFailure(f"{path}{name}", f"not supported by the stand-in plugin, which knows {known}")
    for name, declaration in declared.items():
        if declaration.required and inputs.get(name) is None:
            yield CheckFailure(f"{path}{name}", "required and missing")


def _check_value(declared: Property, path: str, value: Value) -> Iterator[CheckFailure]:
    if value is UNKNOWN or value is None:
        return
    if not _is_of_kind(declared, value):
        yield CheckFailure(path, f"has to be {_described(declared.kind)}")
    elif declared.choices and value not in declared.choices:
        choices = ", ".join(repr(choice) for choice in declared.choices)
        yield CheckFailure(path, f"{value!r} is not supported by the stand-in plugin, only {choices}")
    elif declared.kind == "block":
        yield from check_inputs(declared.fields, mapping(value), f"{path}.")
    elif declared.kind == "map" and declared.item:
        for name, item in mapping(value).items():
            yield from _check_value(declared.item, f"{path}.{name}", item)
    elif declared.kind in {"list", "set"} and declared.item:
        if declared.single and len(sequence(value)) > 1:
            yield CheckFailure(path, "takes one item only")
        for index, item in enumerate(sequence(value)):
            yield from _check_value(declared.item, f"{path}[{index}]", item)


def _is_of_kind(declared: Property, value: Value) -> bool:
    match declared.kind:
        case "string" | "json":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "list" | "set":
            return isinstance(value, list)
        case "map" | "block":
            return isinstance(value, dict)


def _described(kind: Kind) -> str:
    match kind:
        case "string" | "json":
            return "a string"
        case "number":
            return "a number"
        case "boolean":
            return "a boolean"
        case "list" | "set":
            return "a list"
        case "map" | "block":
            return "an object"
