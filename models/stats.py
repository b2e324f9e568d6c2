"""A player's statistics in the API's answers; no pydantic, see ``models.responses``."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trophies:
    """The number of trophies of each grade."""

    bronze: int
    silver: int
    gold: int
    platinum: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The sums and maxima of a player's results.

    ``win_rate`` is wins per match, 0 to 1 with four decimals; ``last_played_at`` is ``None`` before the first match.
    """

    player_id: str
    matches_played: int
    wins: int
    losses: int
    draws: int
    win_rate: float
    score_total: int
    score_best: int
    playtime_seconds: int
    level: int
    experience: int
    trophies: Trophies
    last_played_at: datetime | None
