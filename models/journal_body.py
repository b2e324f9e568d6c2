"""What the routes of the journal take."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from models.clock_body import Duration
from models.examples import Examples
from models.journal import NOW
from models.match_body import HTTPMethod, MatchBody, PathPattern
from models.players_query import DEFAULT_LIMIT, Limit

LONGEST_WAIT = timedelta(seconds=20)
"""How long a request to the journal may wait, below the patience of the gateway."""


def _seconds(value: Any) -> int:
    """``value`` as a number, without signs and spaces."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 2 and int(text) <= LONGEST_WAIT.seconds):
        raise PydanticCustomError("wait", f"Input should be a whole number from 0 to {LONGEST_WAIT.seconds}")
    return int(text)


def _bearable(duration: timedelta) -> timedelta:
    if not timedelta() <= duration <= LONGEST_WAIT:
        raise PydanticCustomError("within", f"Input should be from PT0S to PT{LONGEST_WAIT.seconds}S")
    return duration


type Wait = Annotated[int, Field(ge=0, le=LONGEST_WAIT.seconds), BeforeValidator(_seconds)]
type StatusPattern = Annotated[str, StringConstraints(pattern=r"^([1-5]\d\d|[1-5]xx)$")]
type Count = Annotated[int, Field(ge=0, le=1_000_000)]
type _Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class RequestsQuery(BaseModel):
    """The parameters of ``GET /_emulator/requests``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    method: HTTPMethod | None = Field(None, description="Only those of this method.")
    path: PathPattern | None = Field(
        None, description="Only those to this path: `*` stands for a segment, `**` at its end for the rest."
    )
    status: StatusPattern | None = Field(
        None,
        description="Only those answered with this status, such as `503`, or of its class, such as `5xx`.",
    )
    client_id: _Name | None = Field(None, description="Only those of this client.")
    fault: _Name | None = Field(
        None, description="Only those that this made fail, such as `fault-1`; `*` for anything."
    )
    after: str | None = Field(
        None,
        description="Where to go on: a `next_cursor`, of the same order; `now` for what is to come.",
    )
    wait: Wait | None = Field(
        None, description="How many seconds to wait for a request, if there is none; each is then told once."
    )
    limit: Limit = Field(
        DEFAULT_LIMIT, description=f"How many requests to tell at the most; {DEFAULT_LIMIT} when left out."
    )
    order: Literal["asc", "desc"] = Field("asc", description="The first one first, or the last one.")

    @model_validator(mode="after")
    def _wait_forwards(self) -> Self:
        if self.order == "desc" and (self.wait is not None or self.after == NOW):
            raise PydanticCustomError(
                "wait", "wait and now are for the order asc: what is to come comes last"
            )
        return self


class VerifyMatch(MatchBody):
    """Which requests are meant, by what was sent and by the ``status`` of the answer. ``body`` is what the request's
    has at least: of an object some members, anything else as it is."""

    status: Annotated[int, Field(ge=100, le=599)] | None = None
    body: Any = None


class CountBody(BaseModel):
    """How many there are to be."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"minProperties": 1, "maxProperties": 1},
    )

    exactly: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        if len(self.model_fields_set) != 1 or all(value is None for _, value in self):
            raise PydanticCustomError("count", "One of exactly, at_least and at_most is needed")
        return self


class VerifyBody(BaseModel):
    """The body of ``POST /_emulator/requests/verify``: a ``match`` with a ``count``, by default ``at_least`` one, or
    matches of requests that were received ``in_order``, whatever came between them; or both. ``within`` is how long to
    wait until it is so, an ISO 8601 duration of up to PT20S."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"anyOf": [{"required": ["match"]}, {"required": ["in_order"]}]},
    )

    match: VerifyMatch | None = None
    count: CountBody | None = None
    in_order: Annotated[list[VerifyMatch], Field(min_length=1, max_length=20)] | None = None
    within: Annotated[Duration, AfterValidator(_bearable)] = timedelta()

    @model_validator(mode="after")
    def _require_a_question(self) -> Self:
        if self.match is None and self.in_order is None:
            raise PydanticCustomError("verify", "One of match and in_order is needed")
        if self.count is not None and self.match is None:
            raise PydanticCustomError("verify", "A count is of a match")
        return self


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        VerifyBody: {
            "No deletion of a player failed": {
                "match": {"method": "DELETE", "path": "/players/*", "status": 500},
                "count": {"exactly": 0},
            },
        },
    }
