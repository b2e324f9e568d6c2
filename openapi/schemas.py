"""JSON Schemas of the very types that serve, by pydantic."""

from collections.abc import Iterable
from typing import Any, Final, Literal, override

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

REFERENCE: Final = "#/components/schemas/{model}"

type Kind = Literal["request", "form", "response"]
"""Whether a type is of what a route takes, as JSON or as parameters and fields of a form, or of what it answers."""

_MODES: Final[dict[Kind, JsonSchemaMode]] = {
    "request": "validation",
    "form": "validation",
    "response": "serialization",
}


class _Untitled(GenerateJsonSchema):
    """Titles that only repeat names are left out."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _untitled(super().model_schema(schema))

    @override
    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _untitled(super().dataclass_schema(schema))

    @override
    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return _untitled(super().typed_dict_schema(schema))


class _Form(_Untitled):
    """A parameter is there or it is not; none is null."""

    @override
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    @override
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def schemas(types: Iterable[tuple[Kind, Any]]) -> tuple[dict[tuple[Kind, Any], Any], dict[str, Any]]:
    """The schema of each of ``types``, and the named ones that these refer to by :data:`REFERENCE`."""
    wanted = set(types)
    found: dict[tuple[Kind, Any], Any] = {}
    named: dict[str, Any] = {}
    for generator, kinds in ((_Untitled, {"request", "response"}), (_Form, {"form"})):
        inputs = [(one, _MODES[one[0]], TypeAdapter(one[1])) for one in wanted if one[0] in kinds]
        made, definitions = TypeAdapter.json_schemas(
            inputs, ref_template=REFERENCE, schema_generator=generator
        )
        found |= {key: schema for (key, _), schema in made.items()}
        named |= definitions.get("$defs", {})
    return found, dict(sorted(named.items()))


def _untitled(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {name: value for name, value in schema.items() if name != "title"}
