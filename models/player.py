"""A player in the API's answers; no pydantic, see ``models.responses``."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from models.examples import Examples

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


def examples() -> Examples:
    """See ``models.examples``."""
    player = Player(
        player_id="0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11",
        username="Kratos",
        email="kratos@example.com",
        display_name="Kratos of Sparta",
        country="GR",
        language="el",
        status="active",
        created_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        updated_at=datetime(2026, 1, 2, 8, 30, tzinfo=UTC),
    )
    return {Player: {"A player": player}}
