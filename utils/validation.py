"""Validating what a caller sent by a pydantic model."""

from typing import TYPE_CHECKING, Any

from models.responses import FieldError
from utils.errors import ValidationException

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_OBJECT = FieldError("body", "model_type", "The body must be a JSON object.")
"""The error of a body that is no JSON object."""


def validated[M: BaseModel](model: type[M], value: Any) -> M:
    """``value`` as ``model``; raises :class:`ValidationException` with every invalid field."""
    from pydantic import ValidationError

    if not isinstance(value, dict):
        raise ValidationException([NO_OBJECT])
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    raise ValidationException(
        [
            FieldError(".".join(map(str, fault["loc"])), fault["type"], _sentence(fault["msg"]))
            for fault in faults
        ]
    )


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."
