"""The player API in plain Python: what it should answer, worked out without a table, a gateway or a network."""

from dataclasses import dataclass, field
from typing import Any

type Fields = dict[str, Any]

DEFAULTS: Fields = {"display_name": None, "country": None, "language": None, "status": "active"}
GRADES = ("bronze", "silver", "gold", "platinum")


@dataclass
class Kept:
    """A player as it was shown last, with its version, and its results in the order of their arrival."""

    shown: Fields
    version: int = 1
    results: list[Fields] = field(default_factory=list)

    @property
    def etag(self) -> str:
        return f'"v{self.version}"'

    @property
    def stats_etag(self) -> str:
        return f'"v{len(self.results)}"'

    def stats(self) -> Fields:
        """The statistics that the results add up to."""
        outcomes = [one["outcome"] for one in self.results]
        total = {
            name: sum(one.get(name, 0) for one in self.results)
            for name in ("score", "playtime_seconds", "experience")
        }
        return {
            "player_id": self.shown["player_id"],
            "matches_played": len(outcomes),
            "wins": outcomes.count("win"),
            "losses": outcomes.count("loss"),
            "draws": outcomes.count("draw"),
            "win_rate": round(outcomes.count("win") / len(outcomes), 4) if outcomes else 0,
            "score_total": total["score"],
            "score_best": max((one.get("score", 0) for one in self.results), default=0),
            "playtime_seconds": total["playtime_seconds"],
            "level": total["experience"] // 1000,
            "experience": total["experience"],
            "trophies": {
                grade: sum(one.get("trophies", {}).get(grade, 0) for one in self.results) for grade in GRADES
            },
            "last_played_at": max((one["played_at"] for one in self.results), default=None),
        }


@dataclass
class Model:
    """All players there are by id, and those who are gone."""

    players: dict[str, Kept] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def conflict(self, sent: Fields, player_id: str | None = None) -> str | None:
        """The code that refuses ``sent`` of the player, or of a new one, because another has one of its names."""
        others = [one.shown for id_, one in self.players.items() if id_ != player_id]
        for name in ("username", "email"):
            if sent[name].lower() in {one[name].lower() for one in others}:
                return f"{name}_taken"
        return None

    def listed(
        self, filters: Fields, *, latest_first: bool = False, after: str | None = None
    ) -> list[Fields]:
        """The players that meet ``filters``, past the one whose id is ``after``."""
        found = [one.shown for _, one in sorted(self.players.items(), reverse=latest_first)]
        found = [
            one for one in found if all(_same(name, one[name], value) for name, value in filters.items())
        ]
        if after is None:
            return found
        return [
            one for one in found if (one["player_id"] < after if latest_first else one["player_id"] > after)
        ]


def filled(sent: Fields) -> Fields:
    """What a client may say of a player, as the API shows it."""
    whole = DEFAULTS | sent
    return whole | {"display_name": whole["display_name"] or sent["username"]}


def _same(name: str, one: Any, other: Any) -> bool:
    return bool(one.lower() == other.lower() if name in {"username", "email"} else one == other)
