"""Statistics: the sums and maxima of a player's results, none lost however many arrive at once.

DynamoDB adds to counters atomically (``ADD``). It has no such operation for maxima (the best score, the latest match):
these are set on the condition that they grow. They never shrink, so one that failed to grow need not be tried again,
and a result is written after three attempts at the most.

Because all of it is sums and maxima, statistics may lie in two items, which readers add up: that of form 1 of the table
and the one that results are added to. A deploy merges the first into the second.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.problems import FieldError
from models.stats import Stats, Trophies
from services import clock
from services.emulation import earlier
from services.emulation.earlier import BEFORE
from services.players import player_items, players
from services.players.players import PlayerNotFoundException
from utils import table
from utils.attributes import Item
from utils.errors import ValidationException
from utils.etags import IfMatch, Versioned
from utils.sandbox import Sandbox
from utils.strict_json import rfc3339
from utils.table import ConditionFailedError, Snapshot, Write
from utils.writes import ABSENT, EXISTS, Check, Condition, Key, Update, all_of, below, equals, lacks

if TYPE_CHECKING:
    from models.result_body import ResultBody

EXPERIENCE_PER_LEVEL = 1000
"""Players start at level 0; each level takes as much experience as the one before."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a client's clock may be ahead. A later match is refused: ``last_played_at`` is a maximum, so a wrong one
could never be corrected."""

_ANY_VERSION = IfMatch()
_FUTURE = FieldError("played_at", "datetime_past", "Input should not be in the future.")
_OUTCOMES = {"win": "wins", "loss": "losses", "draw": "draws"}
_MAXIMA = ("score_best", "last_played_at")
_NO_SUMS = ("last_played_at", "version")
_OF_THE_ITEM = ("pk", "sk", "purge_at", BEFORE)
MOST = 10**18
"""What a sum goes to, as in a sandbox's document."""
_GRADES = ("bronze", "silver", "gold", "platinum")


def level(experience: int) -> int:
    """The level of a player with this much experience."""
    return experience // EXPERIENCE_PER_LEVEL


def keys(sandbox: Sandbox, player_id: str) -> list[Key]:
    """The keys that :func:`find` and :func:`record` want in their ``items``; none when no player could have the id."""
    player = player_items.player_keys(sandbox, player_id)
    if not player:
        return []
    return [
        *player,
        player_items.stats_key(sandbox, player_id),
        player_items.shared_stats_key(sandbox, player_id),
    ]


def find(items: Snapshot, sandbox: Sandbox, player_id: str) -> Versioned[Stats]:
    """The player's statistics among ``items``, which :func:`keys` names; zeros and version 0 before the first result.

    Raises :class:`PlayerNotFoundException`.
    """
    players.find(items, sandbox, player_id)
    item = merged(items, keys(sandbox, player_id)[1:])
    return Versioned(_stats(player_id, item), _version(item))


def read(sandbox: Sandbox, player_id: str) -> Versioned[Stats]:
    """The player's statistics, read from the table; raises :class:`PlayerNotFoundException`."""
    return find(table.get_many(keys(sandbox, player_id)), sandbox, player_id)


def record(
    items: Snapshot,
    sandbox: Sandbox,
    player_id: str,
    result: "ResultBody",
    *,
    if_match: IfMatch = _ANY_VERSION,
    further_writes: Iterable[Write] = (),
) -> Versioned[Stats]:
    """Add ``result`` to the player's statistics; returns them as read afterwards, other requests' results included.

    ``items`` are those of :func:`keys`; ``further_writes`` are made in the same transaction. Nothing was added when
    it raises: :class:`PlayerNotFoundException`, :class:`VersionConflictException`, :class:`ValidationException` for a
    match of the future, or :class:`ConditionFailedError` when a condition of ``further_writes`` does not hold.
    """
    now = clock.now(sandbox)
    played_at = result.played_at or now
    if played_at - now > CLOCK_TOLERANCE:
        raise ValidationException([_FUTURE])
    find(items, sandbox, player_id)
    player, stats, shared = keys(sandbox, player_id)
    maxima: dict[str, int | str] = {
        "score_best": result.score,
        "last_played_at": rfc3339(played_at),
    }
    while True:
        item = items.get(stats, {})
        if_match.require(_version(merged(items, (stats, shared))))
        grown = {name: value for name, value in maxima.items() if name not in item or item[name] < value}
        conditions = _growing(grown)
        checks: list[Write] = [Check(player, EXISTS)]
        if if_match.names_versions:
            conditions.append(_unchanged(items, stats))
            checks.append(Check(shared, _unchanged(items, shared)))
        change = Update(
            stats,
            assign={**grown, **earlier.noted(items.get(stats))},
            add=_additions(result),
            condition=all_of(conditions),
        )
        try:
            table.transact(*checks, change, *further_writes)
        except ConditionFailedError as error:
            if 0 in error.failed:
                raise PlayerNotFoundException from None
            if max(error.failed) > len(checks):
                raise
            items = table.get_many([player, stats, shared])
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


def merged(items: Snapshot, keys_: Iterable[Key]) -> Item:
    """The statistics of which each item of ``keys_`` has a part: the sums of them, none over :data:`MOST`, and the
    larger of their maxima."""
    sums: Item = {}
    for item in (items[key] for key in keys_ if key in items):
        for name, value in item.items():
            if name in _MAXIMA:
                sums[name] = max(sums.get(name, value), value)
            elif name not in _OF_THE_ITEM:
                sums[name] = sums.get(name, 0) + value
    return {name: value if name in _NO_SUMS else min(value, MOST) for name, value in sums.items()}


def _unchanged(items: Snapshot, key: Key) -> Condition:
    return equals("version", items[key]["version"]) if key in items else ABSENT


def _version(item: Item) -> int:
    version: int = item.get("version", 0)
    return version


def _stats(player_id: str, item: Item) -> Stats:
    matches, wins, experience = (item.get(name, 0) for name in ("matches_played", "wins", "experience"))
    last_played_at = item.get("last_played_at")
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
        last_played_at=datetime.fromisoformat(last_played_at) if last_played_at else None,
    )
