"""Players: made, found, replaced and removed, their usernames and addresses unique under any concurrency.

A player is one item in its sandbox's partition of players, in order of creation, and two more that hold its username
and its e-mail address against everyone else, compared without regard to case. One transaction writes all three, so
no two players ever share either.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from models.player import Player
from services import clock
from utils import cursors, table
from utils.attributes import Item
from utils.errors import (
    ConflictException,
    EmailTakenException,
    InvalidCursorException,
    PlayerNotFoundException,
    ThrottledException,
    UsernameTakenException,
)
from utils.table import ConditionFailed, Snapshot, Write
from utils.times import rfc3339
from utils.writes import ABSENT, Delete, Key, Put, equals

if TYPE_CHECKING:
    from models.player_body import PlayerBody

_PLAYER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TAKEN: Mapping[str, type[ConflictException]] = {
    "username": UsernameTakenException,
    "email": EmailTakenException,
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some players in a row; ``next_cursor`` is ``None`` only when none come after them."""

    players: list[Player]
    next_cursor: str | None


def player_key(sandbox: str, player_id: str) -> Key:
    """The key of a player."""
    return f"{sandbox}#players", player_id


def stats_key(sandbox: str, player_id: str) -> Key:
    """The key of a player's statistics, which go when the player goes."""
    return f"{sandbox}#stats", player_id


def unique_key(sandbox: str, attribute: str, value: str) -> Key:
    """The key that holds a ``username`` or ``email`` against all others of the sandbox, whatever their case."""
    return f"{sandbox}#{attribute}#{unicodedata.normalize('NFC', value.casefold())}", "-"


def keys(sandbox: str, player_id: str) -> list[Key]:
    """What :func:`find` needs read; nothing when ``player_id`` is no id that a player could have (UUIDv7)."""
    return [player_key(sandbox, player_id)] if _PLAYER_ID.fullmatch(player_id) else []


def find(items: Snapshot, sandbox: str, player_id: str) -> Player:
    """The player among ``items``; :class:`PlayerNotFoundException` when it is not there."""
    return _player(_stored(items, sandbox, player_id))


def create(sandbox: str, body: "PlayerBody") -> Player:
    """Make a player; :class:`UsernameTakenException` or :class:`EmailTakenException` when another has its own."""
    from uuid_utils import uuid7

    moment = clock.now(sandbox)
    player_id = str(uuid7(nanoseconds=int(moment.timestamp() * 1_000_000) * 1000))
    player = _of_body(body, player_id, created_at=moment, updated_at=moment)
    claims = {attribute: _claim(sandbox, player, attribute) for attribute in _TAKEN}
    try:
        table.transact(Put(_item(sandbox, player, version=1), ABSENT), *claims.values())
    except ConditionFailed as conflict:
        _raise_taken(conflict, list(claims))
        raise
    return player


def replace(items: Snapshot, sandbox: str, player_id: str, body: "PlayerBody") -> Player:
    """Give the player what ``body`` says; what it leaves out goes back to its default.

    Of two replacements at once both happen, one after the other. Raises :class:`PlayerNotFoundException`,
    :class:`UsernameTakenException` and :class:`EmailTakenException`.
    """
    for _ in range(table.ATTEMPTS):
        stored = _stored(items, sandbox, player_id)
        before = _player(stored)
        after = _of_body(body, player_id, created_at=before.created_at, updated_at=clock.now(sandbox))
        moved = [one for one in _TAKEN if _unique(sandbox, before, one) != _unique(sandbox, after, one)]
        writes: list[Write] = [
            Put(_item(sandbox, after, stored["version"] + 1), equals("version", stored["version"])),
            *(_claim(sandbox, after, attribute) for attribute in moved),
            *(Delete(_unique(sandbox, before, attribute)) for attribute in moved),
        ]
        try:
            table.transact(*writes)
        except ConditionFailed as conflict:
            if 0 not in conflict.failed:
                _raise_taken(conflict, moved)
            items = table.get_many(keys(sandbox, player_id))
        else:
            return after
    raise ThrottledException("Too many requests change this player at once.")


def remove(items: Snapshot, sandbox: str, player_id: str) -> None:
    """Remove the player, its statistics and its hold on its names; :class:`PlayerNotFoundException` if gone."""
    for _ in range(table.ATTEMPTS):
        stored = _stored(items, sandbox, player_id)
        player = _player(stored)
        try:
            table.transact(
                Delete(player_key(sandbox, player_id), equals("version", stored["version"])),
                Delete(stats_key(sandbox, player_id)),
                *(Delete(_unique(sandbox, player, attribute)) for attribute in _TAKEN),
            )
        except ConditionFailed:
            items = table.get_many(keys(sandbox, player_id))
        else:
            return
    raise ThrottledException("Too many requests change this player at once.")


def page(sandbox: str, *, limit: int, cursor: str | None = None) -> Page:
    """Up to ``limit`` players in order of creation, those past ``cursor``.

    One query of ``limit`` and one items, whatever the table holds; steady under inserts and deletes, because the
    cursor is a player's place and not a count. Raises :class:`InvalidCursorException`.
    """
    listing = f"{sandbox}#players"
    after = cursors.decode(cursor, listing) if cursor is not None else None
    if after is not None and not _PLAYER_ID.fullmatch(after):
        raise InvalidCursorException("The cursor is not one that this listing gave.")
    found = [_player(item) for item in table.query(listing, limit=limit + 1, after=after)]
    shown = found[:limit]
    more = len(found) > limit
    return Page(shown, cursors.encode(listing, shown[-1].player_id) if more else None)


def _stored(items: Snapshot, sandbox: str, player_id: str) -> Item:
    try:
        return items[player_key(sandbox, player_id)]
    except KeyError:
        raise PlayerNotFoundException("There is no player with this id.") from None


def _of_body(body: "PlayerBody", player_id: str, *, created_at: datetime, updated_at: datetime) -> Player:
    return Player(
        player_id=player_id,
        username=body.username,
        email=body.email,
        display_name=body.username if body.display_name is None else body.display_name,
        country=body.country,
        language=body.language,
        status=body.status,
        created_at=created_at,
        updated_at=updated_at,
    )


def _item(sandbox: str, player: Player, version: int) -> Item:
    pk, sk = player_key(sandbox, player.player_id)
    return {
        "pk": pk,
        "sk": sk,
        "version": version,
        "username": player.username,
        "email": player.email,
        "display_name": player.display_name,
        "country": player.country,
        "language": player.language,
        "status": player.status,
        "created_at": rfc3339(player.created_at),
        "updated_at": rfc3339(player.updated_at),
    }


def _player(item: Item) -> Player:
    shown: dict[str, Any] = {
        name: value for name, value in item.items() if name not in {"pk", "sk", "version"}
    }
    for name in ("created_at", "updated_at"):
        shown[name] = datetime.fromisoformat(shown[name])
    return Player(player_id=item["sk"], **shown)


def _unique(sandbox: str, player: Player, attribute: str) -> Key:
    return unique_key(sandbox, attribute, getattr(player, attribute))


def _claim(sandbox: str, player: Player, attribute: str) -> Put:
    pk, sk = _unique(sandbox, player, attribute)
    return Put({"pk": pk, "sk": sk, "player_id": player.player_id}, ABSENT)


def _raise_taken(conflict: ConditionFailed, claimed: list[str]) -> None:
    """Raise for the first of ``claimed``, which follow the player in the transaction, that another holds."""
    for position, attribute in enumerate(claimed, start=1):
        if position in conflict.failed:
            raise _TAKEN[attribute](f"Another player has this {attribute}.") from None
