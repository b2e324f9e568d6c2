"""The body that changes a sandbox's clock."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models import durations
from models.examples import Examples
from models.result_body import Moment

_CHANGES = ("now", "advance", "reset")


def _duration(value: Any) -> timedelta:
    """``value`` as a duration; pydantic's own parser would accept more than ISO 8601."""
    try:
        return durations.parse(value)
    except (TypeError, ValueError):
        raise PydanticCustomError(
            "time_delta", "Input should be an ISO 8601 duration of weeks, days, hours, minutes and seconds"
        ) from None


def _with(name: str) -> dict[str, Any]:
    """The schema of an object that has this member."""
    return {"properties": {name: {}}, "required": [name]}


type Duration = Annotated[timedelta, BeforeValidator(_duration)]


class ClockBody(BaseModel):
    """The body of ``PUT /_emulator/clock``: one of ``now``, ``advance`` and ``reset``; ``freeze`` alone, or beside one
    of the first two. ``allow_backwards`` permits a change to an earlier time, which a reset needs not."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={
            "oneOf": [
                _with("now"),
                _with("advance"),
                {**_with("reset"), "not": _with("freeze")},
                {**_with("freeze"), "not": {"anyOf": [_with(name) for name in _CHANGES]}},
            ]
        },
    )

    now: Moment | None = Field(None, description="What the time is to be.")
    advance: Duration | None = Field(
        None, description="How much later it is to be, by ISO 8601; with a minus before it, earlier."
    )
    reset: Literal[True] | None = Field(None, description="Back to real time.")
    freeze: bool | None = Field(None, description="Whether the clock is to stand still from now on.")
    allow_backwards: bool = Field(False, description="Whether the time may be earlier than it was.")

    @model_validator(mode="after")
    def _require_one_change(self) -> Self:
        changes = sum(getattr(self, name) is not None for name in _CHANGES)
        if changes > 1 or (changes == 0 and self.freeze is None):
            raise PydanticCustomError("clock_change", "One of now, advance, reset and freeze is needed")
        if self.reset and self.freeze is not None:
            raise PydanticCustomError("clock_change", "A clock that is reset goes on; freeze it afterwards")
        return self


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        ClockBody: {
            "An hour later": {"advance": "PT1H"},
            "The last second of the century": {"now": "2100-12-31T23:59:59Z", "freeze": True},
            "Go on": {"freeze": False},
            "Real time again": {"reset": True},
        }
    }
