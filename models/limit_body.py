"""The body that limits the rate of a sandbox's requests."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from models.clock_body import Duration
from models.examples import Examples
from models.limit import LimitHeaders

LONGEST_WINDOW = timedelta(days=1)
MOST_REQUESTS = 1_000_000

_SECOND = timedelta(seconds=1)


def _window(window: timedelta) -> timedelta:
    if not _SECOND <= window <= LONGEST_WINDOW or window % _SECOND:
        raise PydanticCustomError("window", "Input should be whole seconds from PT1S to P1D")
    return window


class LimitBody(BaseModel):
    """The body of ``PUT /_emulator/limits``: each client may send ``requests`` in each ``window``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    requests: int = Field(
        ge=1, le=MOST_REQUESTS, description="How many requests a client may send in a window."
    )
    window: Annotated[Duration, AfterValidator(_window)] = Field(
        timedelta(minutes=1),
        description="How long a window is in real time, by ISO 8601: whole seconds from PT1S to P1D.",
    )
    headers: LimitHeaders = Field(
        "draft",
        description="How answers tell of it: `draft`, by `RateLimit` and `RateLimit-Policy`; `legacy`, by "
        "`RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`.",
    )


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        LimitBody: {
            "Five a minute": {"requests": 5},
            "A hundred in ten seconds, in the older headers": {
                "requests": 100,
                "window": "PT10S",
                "headers": "legacy",
            },
        }
    }
