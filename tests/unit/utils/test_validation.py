"""What a caller is told of a body that does not fit its model."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from models.problems import FieldError
from utils.errors import ValidationException
from utils.validation import validated


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    inner: Inner


class Choice(BaseModel):
    texts: str | Annotated[list[str], Field(min_length=1)] = ""
    kind: Annotated[
        Annotated[Inner, Tag("by number")] | Annotated[str, Tag("by name")],
        Discriminator(lambda value: "by number" if isinstance(value, dict) else "by name"),
    ] = ""


class TestABodyThatDoesNotFitItsModel:
    def test_has_every_field_listed(self) -> None:
        with pytest.raises(ValidationException) as error:
            validated(Outer, {"inner": {"number": "x", "other": 1}, "more": True})
        assert {(fault.field, fault.code) for fault in error.value.errors} == {
            ("name", "missing"),
            ("inner.number", "int_parsing"),
            ("inner.other", "extra_forbidden"),
            ("more", "extra_forbidden"),
        }
        assert all(fault.message.endswith(".") for fault in error.value.errors)

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"texts": []}, {"texts"}),
            ({"texts": ["one", 2]}, {"texts", "texts.1"}),
            ({"kind": {}}, {"kind.number"}),
            ({"kind": {"number": 1, "other": 1}}, {"kind.other"}),
            ({"kind": 1}, {"kind"}),
        ],
    )
    def test_has_fields_of_a_union_named_as_they_are_sent(
        self, body: dict[str, Any], fields: set[str]
    ) -> None:
        with pytest.raises(ValidationException) as error:
            validated(Choice, body)
        assert {fault.field for fault in error.value.errors} == fields

    @pytest.mark.parametrize("value", [[], [1], None, "name", 1, True])
    def test_and_is_no_object_is_at_fault_as_a_whole(self, value: Any) -> None:
        with pytest.raises(ValidationException) as error:
            validated(Outer, value)
        assert error.value.errors == (FieldError("body", "model_type", "The body must be a JSON object."),)

    def test_is_never_echoed(self) -> None:
        with pytest.raises(ValidationException) as error:
            validated(Outer, {"name": 1, "inner": {"number": "hunter2"}})
        assert "hunter2" not in str(error.value.errors)
        assert error.value.__context__ is None


def test_a_body_that_fits_becomes_its_model() -> None:
    assert validated(Outer, {"name": "n", "inner": {"number": 1}}) == Outer(name="n", inner=Inner(number=1))
