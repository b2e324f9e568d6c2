"""Validating what a caller sent by a pydantic model."""

from functools import cache
from typing import TYPE_CHECKING, Any

from models.body import Body
from models.problems import FieldError
from utils import strict_json
from utils.errors import ValidationException

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_OBJECT = FieldError("body", "model_type", "The body must be a JSON object.")
"""The error of a body that is no JSON object."""

_UNKNOWN = ("extra_forbidden", "Extra inputs are not permitted")
"""What pydantic says of an unknown field of a model; of a dataclass it says it in other words."""

_LACKS = ("missing", "missing_argument")
"""The faults of a field that is not there."""


def validated[M: BaseModel | Body](model: type[M], value: Any) -> M:
    """``value`` as ``model``; raises :class:`ValidationException` with every invalid field."""
    from pydantic import BaseModel, ValidationError

    if not isinstance(value, dict):
        raise ValidationException([NO_OBJECT])
    try:
        if issubclass(model, BaseModel):
            return model.model_validate(value)
        # In JSON an object is a dataclass even where values are not converted; in Python only an instance is one.
        named: Any = model
        body: M = _adapter(named).validate_json(strict_json.dump(value))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    else:
        return body
    raise ValidationException([_error(fault, value) for fault in faults])


@cache
def _adapter(model: type[Any]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(model)


def _error(fault: Any, value: Any) -> FieldError:
    code, message = (
        _UNKNOWN if fault["type"] == "unexpected_keyword_argument" else (fault["type"], fault["msg"])
    )
    return FieldError(
        _field(fault, value) or NO_OBJECT.field, code, message if message.endswith(".") else f"{message}."
    )


def _field(fault: Any, value: Any) -> str:
    """The path of the field in ``value`` that a fault is of; pydantic's has the names of a union's members too."""
    path = []
    for step in fault["loc"]:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        elif fault["type"] not in _LACKS or step != fault["loc"][-1]:
            continue
        path.append(str(step))
    return ".".join(path)
