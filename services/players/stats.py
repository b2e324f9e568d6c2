"""Statistics: what a player's results add up to, none lost however many arrive at once.

Counters are added to atomically by the table itself. The best score and the latest match are maxima, which the table
cannot take by itself: they are set on the condition that they grow. They never shrink, so one that failed to grow
needs no second look, and a result is written after three attempts at the most.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.responses import FieldError
from models.stats import Stats, Trophies
from services import clock
from services.players import player_items, players
from utils import table
from utils.attributes import Item
from utils.errors import PlayerNotFoundException, ValidationException
from utils.etags import IfMatch, Versioned
from utils.table import ConditionFailed, Snapshot, Write
from utils.times import rfc3339
from utils.writes import ABSENT, EXISTS, Check, Condition, Key, Update, all_of, below, equals, lacks

if TYPE_CHECKING:
    from models.result_body import ResultBody

EXPERIENCE_PER_LEVEL = 1000
"""Level 0 is where a player starts; each level takes as much experience as the one before."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a client's clock may be ahead. A later match is refused: the latest one is a maximum, so a mistake would
stand for good."""

_WHATEVER = IfMatch()
_FUTURE = FieldError("played_at", "datetime_past", "Input should not be in the future.")
_OUTCOMES = {"win": "wins", "loss": "losses", "draw": "draws"}
_GRADES = ("bronze", "silver", "gold", "platinum")


def level(experience: int) -> int:
    """The level that ``experience`` makes: one for every whole :data:`EXPERIENCE_PER_LEVEL`."""
    return experience // EXPERIENCE_PER_LEVEL


def keys(sandbox: str, player_id: str) -> list[Key]:
    """What :func:`find` and :func:`record` need read; nothing when no player could have the id."""
    player = player_items.keys(sandbox, player_id)
    return [*player, player_items.stats_key(sandbox, player_id)] if player else []


def find(items: Snapshot, sandbox: str, player_id: str) -> Versioned[Stats]:
    """The player's statistics among ``items``, zeros and version 0 before the first result.

    Raises :class:`PlayerNotFoundException`.
    """
    players.find(items, sandbox, player_id)
    stored = items.get(player_items.stats_key(sandbox, player_id), {})
    return Versioned(_stats(player_id, stored), _version(stored))


def read(sandbox: str, player_id: str) -> Versioned[Stats]:
    """The player's statistics as they are now; raises :class:`PlayerNotFoundException`."""
    return find(table.get_many(keys(sandbox, player_id)), sandbox, player_id)


def record(
    items: Snapshot,
    sandbox: str,
    player_id: str,
    result: "ResultBody",
    *,
    if_match: IfMatch = _WHATEVER,
    also: Iterable[Write] = (),
) -> Versioned[Stats]:
    """Add ``result`` to the player's statistics and return them, with whatever others added meanwhile.

    Raises :class:`PlayerNotFoundException`, :class:`VersionConflictException` and, for a match of the future,
    :class:`ValidationException`; then nothing was added. ``also`` is written with the result, or raises
    :class:`ConditionFailed`.
    """
    moment = clock.now(sandbox)
    played_at = result.played_at or moment
    if played_at > moment + CLOCK_TOLERANCE:
        raise ValidationException([_FUTURE])
    find(items, sandbox, player_id)
    player, stats = keys(sandbox, player_id)
    maxima: dict[str, int | str] = {
        "score_best": result.score,
        "last_played_at": rfc3339(played_at),
    }
    while True:
        stored = items.get(stats, {})
        if_match.require(_version(stored))
        grown = {name: value for name, value in maxima.items() if name not in stored or stored[name] < value}
        conditions = _growing(grown)
        if if_match.names_versions:
            conditions.append(equals("version", stored["version"]) if stored else ABSENT)
        change = Update(stats, assign=grown, add=_additions(result), condition=all_of(conditions))
        try:
            table.transact(Check(player, EXISTS), change, *also)
        except ConditionFailed as conflict:
            if 0 in conflict.failed:
                raise PlayerNotFoundException("There is no player with this id.") from None
            if conflict.failed != {1}:
                raise
            items = table.get_many([player, stats])
        else:
            return read(sandbox, player_id)


def _additions(result: "ResultBody") -> dict[str, int]:
    return {
        "matches_played": 1,
        **{counter: int(outcome == result.outcome) for outcome, counter in _OUTCOMES.items()},
        "score_total": result.score,
        "playtime_seconds": result.playtime_seconds,
        "experience": result.experience,
        **{grade: getattr(result.trophies, grade) for grade in _GRADES},
        "version": 1,
    }


def _growing(maxima: Mapping[str, int | str]) -> list[Condition]:
    return [lacks(name) | below(name, value) for name, value in maxima.items()]


def _version(stored: Item) -> int:
    version: int = stored.get("version", 0)
    return version


def _stats(player_id: str, item: Item) -> Stats:
    matches, wins, experience = (item.get(name, 0) for name in ("matches_played", "wins", "experience"))
    last = item.get("last_played_at")
    return Stats(
        player_id=player_id,
        matches_played=matches,
        wins=wins,
        losses=item.get("losses", 0),
        draws=item.get("draws", 0),
        win_rate=round(wins / matches, 4) if matches else 0.0,
        score_total=item.get("score_total", 0),
        score_best=item.get("score_best", 0),
        playtime_seconds=item.get("playtime_seconds", 0),
        level=level(experience),
        experience=experience,
        trophies=Trophies(*(item.get(grade, 0) for grade in _GRADES)),
        last_played_at=datetime.fromisoformat(last) if last else None,
    )
