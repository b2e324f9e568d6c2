"""What a caller is told of a body that does not fit its model."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from models.responses import FieldError
from utils.errors import ValidationException
from utils.validation import validated


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    inner: Inner


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
