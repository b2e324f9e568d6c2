"""A player's items in the table: their keys, and a player as an item and back.

A player is one item in a partition of its sandbox's players, sorted by creation because its id is a UUIDv7, and two
more, whose keys are its username and its e-mail address without regard to case, so that no other player can have them.
The first has an attribute for every index in which it is found.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.player import Player
from services import keys
from services.emulation.earlier import BEFORE
from services.players import shards
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.strict_json import rfc3339
from utils.writes import Key

INDEXES: Mapping[str, tuple[str, ...]] = {
    "by_country": ("country",),
    "by_status": ("status",),
    "by_country_status": ("country", "status"),
}
"""The table's indexes, and the attributes that each filters by; a player without one of these is not in the index."""

_PLAYER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ATTRIBUTES_OF_THE_ITEM = {"pk", "sk", "version", "purge_at", BEFORE, *INDEXES}


def player_key(sandbox: Sandbox, player_id: str) -> Key:
    """The key of a player."""
    return shards.partition(sandbox, player_id), player_id


def stats_key(sandbox: Sandbox, player_id: str) -> Key:
    """The key of a player's statistics, which are removed together with the player."""
    return keys.alone(sandbox, "stats", player_id)


def shared_stats_key(sandbox: Sandbox, player_id: str) -> Key:
    """The key of a player's statistics in form 1 of the table, where those of all players share a partition.

    It is read, and removed with the player, until no table has form 1 any more.
    """
    return keys.partition(sandbox, "stats"), player_id


def unique_key(sandbox: Sandbox, attribute: str, value: str) -> Key:
    """The key that holds a ``username`` or ``email`` against all others of the sandbox, whatever their case."""
    return keys.alone(sandbox, attribute, unicodedata.normalize("NFC", value.casefold()))


def player_keys(sandbox: Sandbox, player_id: str) -> list[Key]:
    """The key of a player in a list, which is empty when ``player_id`` is no UUIDv7 and so no player's."""
    return [player_key(sandbox, player_id)] if _PLAYER_ID.fullmatch(player_id) else []


def index_prefix(index: str, fields: Mapping[str, str | None]) -> str | None:
    """The prefix that the attribute ``index`` of every player with these ``fields`` has, before the player's id.

    ``None`` when one of the fields that the index filters by is ``None``.
    """
    values = [fields[name] for name in INDEXES[index]]
    return None if None in values else "".join(f"{value}#" for value in values)


def to_item(sandbox: Sandbox, player: Player, version: int) -> Item:
    """The item of ``player`` in this version of it."""
    pk, sk = player_key(sandbox, player.player_id)
    fields = {"country": player.country, "status": player.status}
    prefixes = {index: index_prefix(index, fields) for index in INDEXES}
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
        **{index: f"{prefix}{sk}" for index, prefix in prefixes.items() if prefix is not None},
    }


def from_item(item: Item) -> Player:
    """The player in ``item``."""
    fields: dict[str, Any] = {
        name: value for name, value in item.items() if name not in _ATTRIBUTES_OF_THE_ITEM
    }
    for name in ("created_at", "updated_at"):
        fields[name] = datetime.fromisoformat(fields[name])
    return Player(player_id=item["sk"], **fields)
