"""Players: created, read, replaced and removed, their usernames and e-mail addresses unique in their sandbox.

One transaction writes a player and the two items that hold its username and its e-mail address, so no two players
ever share either, however many requests run at once.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from models.player import Player
from routes import ROUTES
from services import clock
from services.emulation import earlier
from services.players import player_items
from services.players.player_items import player_key, player_keys, unique_key
from utils import table
from utils.attributes import Item
from utils.errors import NotFoundException, PSNEmulatorException, ThrottledException
from utils.etags import IfMatch, Versioned
from utils.named import named
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.table import ConditionFailedError, Snapshot, Write
from utils.writes import ABSENT, Delete, Key, Put, equals

if TYPE_CHECKING:
    from models.player_body import PlayerBody

type WritesFor = Callable[[Versioned[Player]], Iterable[Write]]
"""Gives the further writes that belong into the transaction that creates a player."""

_ANY_VERSION = IfMatch()


class PlayerNotFoundException(NotFoundException):
    """The sandbox has no such player."""

    code = "player_not_found"
    title = "Player not found"

    def __init__(self) -> None:
        super().__init__("There is no player with this id.")


class UsernameTakenException(PSNEmulatorException):
    """Another player of the sandbox has the username, compared without regard to case."""

    status = 409
    code = "username_taken"
    title = "Username taken"

    def __init__(self) -> None:
        super().__init__("Another player has this username.")


class EmailTakenException(PSNEmulatorException):
    """Another player of the sandbox has the e-mail address, compared without regard to case."""

    status = 409
    code = "email_taken"
    title = "E-mail address taken"

    def __init__(self) -> None:
        super().__init__("Another player has this email.")


_TAKEN: Mapping[str, type[PSNEmulatorException]] = {
    "username": UsernameTakenException,
    "email": EmailTakenException,
}
"""The attributes that are unique in a sandbox, and what is raised when another player has the value."""


def find(items: Snapshot, sandbox: Sandbox, player_id: str) -> Versioned[Player]:
    """The player among ``items``, which :func:`player_items.player_keys` names.

    Raises :class:`PlayerNotFoundException`.
    """
    item = _item(items, sandbox, player_id)
    return Versioned(player_items.from_item(item), item["version"])


def create(
    sandbox: Sandbox, body: "PlayerBody", further_writes: WritesFor = lambda _: ()
) -> Versioned[Player]:
    """Create a player, with a UUIDv7 of the present moment for its id; its version is 1.

    ``further_writes`` are made in the same transaction; when a condition of theirs does not hold, nothing is written
    and :class:`ConditionFailedError` is raised. Raises :class:`UsernameTakenException` and
    :class:`EmailTakenException` too.
    """
    from uuid_utils import uuid7

    now = clock.now(sandbox)
    player_id = str(uuid7(nanoseconds=int(now.timestamp() * 1_000_000) * 1000))
    player = _from_body(body, player_id, created_at=now, updated_at=now)
    created = Versioned(player, 1)
    claims = {attribute: _claim(sandbox, player, attribute) for attribute in _TAKEN}
    try:
        item = {**player_items.to_item(sandbox, player, created.version), **earlier.noted(None)}
        table.transact(Put(item, ABSENT), *claims.values(), *further_writes(created))
    except ConditionFailedError as error:
        _raise_taken(error, list(claims))
        raise
    return created


def replace(
    items: Snapshot, sandbox: Sandbox, player_id: str, body: "PlayerBody", if_match: IfMatch = _ANY_VERSION
) -> Versioned[Player]:
    """Replace the player by ``body``; what it leaves out goes back to its default. Returns the new version.

    Of two replacements at once both happen, one after the other, unless ``if_match`` names the version that they
    start from: then the second is refused. Raises :class:`PlayerNotFoundException`,
    :class:`VersionConflictException`, :class:`UsernameTakenException` and :class:`EmailTakenException`.
    """
    for _ in range(table.ATTEMPTS):
        item = _item(items, sandbox, player_id)
        if_match.require(item["version"])
        before = player_items.from_item(item)
        after = _from_body(body, player_id, created_at=before.created_at, updated_at=clock.now(sandbox))
        changed = [name for name in _TAKEN if _unique(sandbox, before, name) != _unique(sandbox, after, name)]
        version = item["version"] + 1
        writes: list[Write] = [
            Put(
                {**player_items.to_item(sandbox, after, version), **earlier.noted(item)},
                equals("version", item["version"]),
            ),
            *(_claim(sandbox, after, attribute) for attribute in changed),
            *(Delete(_unique(sandbox, before, attribute)) for attribute in changed),
        ]
        try:
            table.transact(*writes)
        except ConditionFailedError as error:
            if 0 not in error.failed:
                _raise_taken(error, changed)
            items = table.get_many(player_keys(sandbox, player_id))
        else:
            return Versioned(after, version)
    raise ThrottledException("Too many requests change this player at once.")


def remove(items: Snapshot, sandbox: Sandbox, player_id: str, if_match: IfMatch = _ANY_VERSION) -> None:
    """Remove the player, its statistics and its hold on its username and e-mail address.

    Raises :class:`PlayerNotFoundException` and :class:`VersionConflictException`.
    """
    for _ in range(table.ATTEMPTS):
        item = _item(items, sandbox, player_id)
        if_match.require(item["version"])
        player, belongings = player_items.from_item(item), _belongings(sandbox, player_id)
        kept = table.get_many(belongings).values() if settings().faults else ()
        try:
            table.transact(
                Delete(player_key(sandbox, player_id), equals("version", item["version"])),
                *(Delete(key) for key in belongings),
                *(Delete(_unique(sandbox, player, attribute)) for attribute in _TAKEN),
                *earlier.kept(sandbox, player_id, [item, *kept]),
            )
        except ConditionFailedError:
            items = table.get_many(player_keys(sandbox, player_id))
        else:
            return
    raise ThrottledException("Too many requests change this player at once.")


def _belongings(sandbox: Sandbox, player_id: str) -> list[Key]:
    """The keys of what rows of the route table store of a player, the player itself left out."""
    names = dict.fromkeys(name for route in ROUTES for name in route.stores)
    keys = [named(name)(sandbox, player_id) for name in names]
    return [key for key in keys if key != player_key(sandbox, player_id)]


def _item(items: Snapshot, sandbox: Sandbox, player_id: str) -> Item:
    try:
        return items[player_key(sandbox, player_id)]
    except KeyError:
        raise PlayerNotFoundException from None


def _from_body(body: "PlayerBody", player_id: str, *, created_at: datetime, updated_at: datetime) -> Player:
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


def _unique(sandbox: Sandbox, player: Player, attribute: str) -> Key:
    return unique_key(sandbox, attribute, getattr(player, attribute))


def _claim(sandbox: Sandbox, player: Player, attribute: str) -> Put:
    """The write of the item that holds the player's ``attribute`` against all other players."""
    pk, sk = _unique(sandbox, player, attribute)
    return Put({"pk": pk, "sk": sk, "player_id": player.player_id}, ABSENT)


def _raise_taken(error: ConditionFailedError, claimed: list[str]) -> None:
    """Raise for the first of the ``claimed`` attributes, written after the player's item, that another player has."""
    for position, attribute in enumerate(claimed, start=1):
        if position in error.failed:
            raise _TAKEN[attribute] from None
