"""A function's memory, time and concurrency; a route's throttling."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _refuse_bool(value: object) -> object:
    """Refuses ``true`` where a number belongs, which pydantic would take for 1."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


Number = Annotated[int, BeforeValidator(_refuse_bool)]


class Capacity(BaseModel):
    """What can be set for all routes' functions at once, and for one function alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    memory_mib: Number | None = Field(None, ge=128, le=10240)
    """MiB of memory, and with it processor; none: what the route table says."""
    timeout_seconds: Number | None = Field(None, ge=1, le=30)
    """Seconds an answer may take; none: what the route table says."""
    reserved_concurrency: Number | None = Field(None, ge=1)
    """Calls answered at once, kept free for the function and never exceeded; none: it shares the account's."""
    provisioned_concurrency: Number | None = Field(None, ge=0)
    """Environments of the live version that are kept started, at a price; none: as many as calls come, from 0."""


class Throttle(BaseModel):
    """What can be set for one route's requests."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    throttle_rate: Number = Field(ge=1, le=10000)
    """Requests a second in the long run; beyond it the gateway answers 429."""
    throttle_burst: Number = Field(ge=1, le=5000)
    """Requests at once."""
