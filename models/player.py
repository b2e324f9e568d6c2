"""A player in the API's answers; no pydantic, see ``models.responses``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Status = Literal["active", "suspended", "banned"]


@dataclass(frozen=True, slots=True)
class Player:
    """A player. ``country`` (ISO 3166-1 alpha-2) and ``language`` (BCP 47) are ``None`` if they were never set."""

    player_id: str
    username: str
    email: str
    display_name: str
    country: str | None
    language: str | None
    status: Status
    created_at: datetime
    updated_at: datetime
