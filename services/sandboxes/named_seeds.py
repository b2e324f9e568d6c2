"""The seeds that have names, and the data that is generated from a number."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from services.sandboxes.content import Content, player_id_of
from utils.strict_json import rfc3339

type Name = Literal["empty", "default", "large-1000"]

PLAYERS = 1000
_FIRST: Final = datetime(2025, 1, 1, tzinfo=UTC)
_FIRST_NAMES: Final = ("Swift", "Iron", "Quiet", "Lucky", "Bold", "Misty", "Rapid", "Solar", "Frost", "Amber")
_LAST_NAMES: Final = ("Fox", "Hawk", "Wolf", "Otter", "Raven", "Lynx", "Bear", "Crane", "Viper", "Moth")
_PLACES: Final = (
    ("US", "en"),
    ("JP", "ja"),
    ("GB", "en-GB"),
    ("DE", "de"),
    ("FR", "fr"),
    ("BR", "pt-BR"),
    ("ES", "es"),
    ("GR", "el"),
)
_STATUSES: Final = ("active",) * 18 + ("suspended", "banned")


def content(name: Name, number: int) -> Content:
    """What the seed ``name`` holds; ``number`` is what generated data follows from, and nothing else."""
    if name == "empty":
        return {"users": [], "clients": []}
    if name == "default":
        return {}
    draw = Random(number)  # noqa: S311  # nosec B311 - it has to be the same again
    players = [_player(place, draw) for place in range(PLAYERS)]
    return {"players": players, "statistics": [_stats(player, draw) for player in players]}


def _player(place: int, draw: Random) -> dict[str, Any]:
    created_at = _FIRST + timedelta(hours=6 * place, seconds=draw.randrange(6 * 3600))
    first, last = draw.choice(_FIRST_NAMES), draw.choice(_LAST_NAMES)
    username = f"{first}{last}-{place:04}"
    country, language = draw.choice(_PLACES)
    updated_at = created_at + timedelta(hours=draw.randrange(24 * 30))
    return {
        "player_id": player_id_of(created_at, place, f"{username} {draw.getrandbits(52)}"),
        "username": username,
        "email": f"{username.lower()}@players.example",
        "display_name": f"{first} {last}",
        "country": country,
        "language": language,
        "status": draw.choice(_STATUSES),
        "created_at": rfc3339(created_at),
        "updated_at": rfc3339(updated_at),
        "version": 1 + draw.randrange(5),
    }


def _stats(player: dict[str, Any], draw: Random) -> dict[str, Any]:
    matches = 1 + draw.randrange(500)
    wins = draw.randrange(matches + 1)
    losses = draw.randrange(matches - wins + 1)
    best = 100 + draw.randrange(10_000)
    return {
        "player_id": player["player_id"],
        "matches_played": matches,
        "wins": wins,
        "losses": losses,
        "draws": matches - wins - losses,
        "score_total": best + (matches - 1) * (best // 2),
        "score_best": best,
        "playtime_seconds": matches * (300 + draw.randrange(1500)),
        "experience": matches * (10 + draw.randrange(90)),
        "bronze": draw.randrange(40),
        "silver": draw.randrange(20),
        "gold": draw.randrange(10),
        "platinum": draw.randrange(3),
        "last_played_at": player["updated_at"],
        "version": matches,
    }
