"""The query of the list of players."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from models.player import Status
from models.player_body import Country, Email, Username

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def _whole(value: Any) -> int:
    """``value`` as a number; pydantic's own parser would accept signs, spaces and digits of every script too."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_LIMIT))):
        raise PydanticCustomError("limit", f"Input should be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


type Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(_whole)]
type Sort = Literal["created_at", "-created_at"]


class PlayersQuery(BaseModel):
    """The parameters of ``GET /players``.

    ``username`` and ``email`` match one player at most, without regard to case. ``sort`` with a minus lists the latest
    first. A ``cursor`` is valid for the filters and the order of the page it comes from; ``limit`` may change.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    limit: Limit = Field(
        DEFAULT_LIMIT, description=f"How many players a page has at the most; {DEFAULT_LIMIT} when left out."
    )
    cursor: str | None = Field(None, description="Where the page before ended: its `next_cursor`.")
    username: Username | None = Field(
        None, description="Only the one who has this username, whatever the case."
    )
    email: Email | None = Field(
        None, description="Only the one who has this e-mail address, whatever the case."
    )
    country: Country | None = Field(None, description="Only those of this country.")
    status: Status | None = Field(None, description="Only those of this status.")
    sort: Sort = Field("created_at", description="In order of creation; with a minus the latest first.")
