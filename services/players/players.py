"""Players: made, found, replaced and removed, their usernames and addresses unique under any concurrency.

One transaction writes a player and what holds its names, so no two players ever share either.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from models.player import Player
from routes import ROUTES
from services import clock
from services.players import player_items
from services.players.player_items import keys, player_key, unique_key
from utils import table
from utils.attributes import Item
from utils.errors import (
    ConflictException,
    EmailTakenException,
    PlayerNotFoundException,
    ThrottledException,
    UsernameTakenException,
)
from utils.etags import IfMatch, Versioned
from utils.named import named
from utils.table import ConditionFailed, Snapshot, Write
from utils.writes import ABSENT, Delete, Key, Put, equals

if TYPE_CHECKING:
    from models.player_body import PlayerBody

type Also = Callable[[Versioned[Player]], Iterable[Write]]

_WHATEVER = IfMatch()
_TAKEN: Mapping[str, type[ConflictException]] = {
    "username": UsernameTakenException,
    "email": EmailTakenException,
}


def find(items: Snapshot, sandbox: str, player_id: str) -> Versioned[Player]:
    """The player among ``items``; :class:`PlayerNotFoundException` when it is not there."""
    stored = _stored(items, sandbox, player_id)
    return Versioned(player_items.player(stored), stored["version"])


def create(sandbox: str, body: "PlayerBody", also: Also = lambda _: ()) -> Versioned[Player]:
    """Make a player; :class:`UsernameTakenException` or :class:`EmailTakenException` when another has its own.

    What ``also`` gives for the player is written together with it, or raises :class:`ConditionFailed`.
    """
    from uuid_utils import uuid7

    moment = clock.now(sandbox)
    player_id = str(uuid7(nanoseconds=int(moment.timestamp() * 1_000_000) * 1000))
    player = _of_body(body, player_id, created_at=moment, updated_at=moment)
    made = Versioned(player, 1)
    claims = {attribute: _claim(sandbox, player, attribute) for attribute in _TAKEN}
    try:
        item = player_items.item(sandbox, player, made.version)
        table.transact(Put(item, ABSENT), *claims.values(), *also(made))
    except ConditionFailed as conflict:
        _raise_taken(conflict, list(claims))
        raise
    return made


def replace(
    items: Snapshot, sandbox: str, player_id: str, body: "PlayerBody", if_match: IfMatch = _WHATEVER
) -> Versioned[Player]:
    """Give the player what ``body`` says; what it leaves out goes back to its default.

    Of two replacements at once both happen, one after the other, unless ``if_match`` names the version that they
    start from: then the second is refused. Raises :class:`PlayerNotFoundException`,
    :class:`VersionConflictException`, :class:`UsernameTakenException` and :class:`EmailTakenException`.
    """
    for _ in range(table.ATTEMPTS):
        stored = _stored(items, sandbox, player_id)
        if_match.require(stored["version"])
        before = player_items.player(stored)
        after = _of_body(body, player_id, created_at=before.created_at, updated_at=clock.now(sandbox))
        moved = [one for one in _TAKEN if _unique(sandbox, before, one) != _unique(sandbox, after, one)]
        version = stored["version"] + 1
        writes: list[Write] = [
            Put(player_items.item(sandbox, after, version), equals("version", stored["version"])),
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
            return Versioned(after, version)
    raise ThrottledException("Too many requests change this player at once.")


def remove(items: Snapshot, sandbox: str, player_id: str, if_match: IfMatch = _WHATEVER) -> None:
    """Remove the player, all that rows of the route table store of it, and its hold on its names.

    Raises :class:`PlayerNotFoundException` and :class:`VersionConflictException`.
    """
    for _ in range(table.ATTEMPTS):
        stored = _stored(items, sandbox, player_id)
        if_match.require(stored["version"])
        player = player_items.player(stored)
        try:
            table.transact(
                Delete(player_key(sandbox, player_id), equals("version", stored["version"])),
                *(Delete(key) for key in _belongings(sandbox, player_id)),
                *(Delete(_unique(sandbox, player, attribute)) for attribute in _TAKEN),
            )
        except ConditionFailed:
            items = table.get_many(keys(sandbox, player_id))
        else:
            return
    raise ThrottledException("Too many requests change this player at once.")


def _belongings(sandbox: str, player_id: str) -> list[Key]:
    """The keys of what is stored of a player beside the player itself."""
    names = dict.fromkeys(name for route in ROUTES for name in route.stores)
    keys = [named(name)(sandbox, player_id) for name in names]
    return [key for key in keys if key != player_key(sandbox, player_id)]


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
