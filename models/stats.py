"""A player's statistics in the API's answers; no pydantic, see ``models.responses``."""

from dataclasses import dataclass
from datetime import UTC, datetime

from models.examples import Examples


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


def examples() -> Examples:
    """See ``models.examples``."""
    stats = Stats(
        player_id="0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11",
        matches_played=3,
        wins=2,
        losses=1,
        draws=0,
        win_rate=0.6667,
        score_total=4200,
        score_best=1900,
        playtime_seconds=5400,
        level=1,
        experience=1250,
        trophies=Trophies(bronze=3, silver=1, gold=0, platinum=0),
        last_played_at=datetime(2026, 1, 2, 8, 30, tzinfo=UTC),
    )
    return {Stats: {"Three matches": stats}}
