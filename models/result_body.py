"""The body that adds the result of a match to a player's statistics."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from models.examples import Examples

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: Any) -> datetime:
    """``value`` as a time in UTC; pydantic's own parser would accept more than RFC 3339."""
    try:
        if not _RFC3339.fullmatch(value):
            raise ValueError
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise PydanticCustomError("datetime", "Input should be a time by RFC 3339, with its offset") from None


def _whole(value: Any) -> Any:
    """``30.0`` as the integer 30, because JSON does not distinguish the two (RFC 8259 section 6)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


type Outcome = Literal["win", "loss", "draw"]
type Amount = Annotated[int, Field(ge=0, le=1_000_000_000), BeforeValidator(_whole)]
type Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class TrophiesBody(_Body):
    """The trophies won in the match."""

    bronze: Amount = 0
    silver: Amount = 0
    gold: Amount = 0
    platinum: Amount = 0


class ResultBody(_Body):
    """The body of ``POST /players/{player_id}/stats``; without ``played_at`` the match was played at this moment."""

    outcome: Outcome
    score: Amount = 0
    playtime_seconds: Amount = 0
    experience: Amount = 0
    trophies: TrophiesBody = TrophiesBody()
    played_at: Moment | None = None


def examples() -> Examples:
    """See ``models.examples``."""
    win = {
        "outcome": "win",
        "score": 1900,
        "playtime_seconds": 1800,
        "experience": 500,
        "trophies": {"bronze": 1},
        "played_at": "2026-01-02T08:30:00Z",
    }
    return {ResultBody: {"A win": win, "A draw just now": {"outcome": "draw"}}}
