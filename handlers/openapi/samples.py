"""Example values that several routes share."""

from datetime import UTC, datetime
from typing import Final

from models.player import Player
from models.responses import Meta, PageMeta
from models.stats import Stats, Trophies

REQUEST_ID: Final = "Yk3rDj9hIAMEPVA="
META: Final = Meta(REQUEST_ID)
PLAYER: Final = Player(
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
PAGE_META: Final = PageMeta(REQUEST_ID, "eyJwbGF5ZXJzIl0", 20)
STATS: Final = Stats(
    player_id=PLAYER.player_id,
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
