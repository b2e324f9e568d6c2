"""What a caller sent, as the model that it has to fit."""

from typing import TYPE_CHECKING, Any

from models.responses import FieldError
from utils.errors import ValidationException

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_OBJECT = FieldError("body", "model_type", "The body must be a JSON object.")
"""What is wrong with a body that no model fits, because it has no members at all."""


def validated[M: BaseModel](model: type[M], value: Any) -> M:
    """``value`` as ``model``; :class:`ValidationException` with all that is wrong with it."""
    from pydantic import ValidationError

    if not isinstance(value, dict):
        raise ValidationException([NO_OBJECT])
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    raise ValidationException(
        [FieldError(".".join(map(str, one["loc"])), one["type"], _sentence(one["msg"])) for one in faults]
    )


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."
