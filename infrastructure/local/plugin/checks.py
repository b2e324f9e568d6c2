"""What the plugin accepts: properties it knows, of the right kind, with values it supports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infrastructure.local.plugin.shapes import Kind, Property
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, mapping, sequence


@dataclass(frozen=True)
class Failure:
    """A property that cannot be accepted, and why."""

    path: str
    reason: str


def failures(declared: Mapping[str, Property], inputs: Properties, path: str = "") -> Iterator[Failure]:
    """Everything in ``inputs`` that ``declared`` does not allow; unknown values pass."""
    for name, value in inputs.items():
        if name in declared:
            yield from _mismatches(declared[name], f"{path}{name}", value)
        elif not name.startswith("__"):
            known = ", ".join(sorted(declared))
            yield Failure(f"{path}{name}", f"not supported by the stand-in plugin, which knows {known}")
    for name, each in declared.items():
        if each.required and inputs.get(name) is None:
            yield Failure(f"{path}{name}", "required and missing")


def _mismatches(declared: Property, path: str, value: Value) -> Iterator[Failure]:
    if value is UNKNOWN or value is None:
        return
    if not _is_of_kind(declared, value):
        yield Failure(path, f"has to be {_expected(declared.kind)}")
    elif declared.choices and value not in declared.choices:
        yield Failure(path, f"{value!r} is not supported by the stand-in plugin, only {_listed(declared)}")
    elif declared.kind == "block":
        yield from failures(declared.fields, mapping(value), f"{path}.")
    elif declared.kind == "map" and declared.item:
        for name, item in mapping(value).items():
            yield from _mismatches(declared.item, f"{path}.{name}", item)
    elif declared.kind in {"list", "set"} and declared.item:
        if declared.single and len(sequence(value)) > 1:
            yield Failure(path, "takes one item only")
        for index, item in enumerate(sequence(value)):
            yield from _mismatches(declared.item, f"{path}[{index}]", item)


def _is_of_kind(declared: Property, value: Value) -> bool:
    match declared.kind:
        case "text" | "document":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "list" | "set":
            return isinstance(value, list)
        case "map" | "block":
            return isinstance(value, dict)


def _expected(kind: Kind) -> str:
    match kind:
        case "text" | "document":
            return "a string"
        case "number":
            return "a number"
        case "flag":
            return "a boolean"
        case "list" | "set":
            return "a list"
        case "map" | "block":
            return "an object"


def _listed(declared: Property) -> str:
    return ", ".join(repr(choice) for choice in declared.choices)
