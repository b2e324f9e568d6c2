"""A player's statistics as the API shows them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trophies:
    """How many trophies of each grade."""

    bronze: int
    silver: int
    gold: int
    platinum: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What a player's results add up to.

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
