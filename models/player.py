"""A player as the API shows one; a plain dataclass for the reason given in ``models.responses``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Status = Literal["active", "suspended", "banned"]


@dataclass(frozen=True, slots=True)
class Player:
    """A player. ``country`` and ``language`` are ``None`` when the client never said."""

    player_id: str
    username: str
    email: str
    display_name: str
    country: str | None
    language: str | None
    status: Status
    created_at: datetime
    updated_at: datetime
