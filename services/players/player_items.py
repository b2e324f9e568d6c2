"""How a player is kept: the keys of its items, and the form in which it stands in the table.

A player is one item in its sandbox's partition of players, in order of creation, and two more that hold its username
and its e-mail address against everyone else, compared without regard to case. The first one has an attribute for
every index that it is to be found by.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.player import Player
from utils.attributes import Item
from utils.times import rfc3339
from utils.writes import Key

INDEXES: Mapping[str, tuple[str, ...]] = {
    "by_country": ("country",),
    "by_status": ("status",),
    "by_country_status": ("country", "status"),
}
"""The table's indexes and what each finds players by; who has no country is not in those that find by it."""

_PLAYER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_OWN = {"pk", "sk", "version", *INDEXES}


def partition(sandbox: str) -> str:
    """The partition of the sandbox's players."""
    return f"{sandbox}#players"


def player_key(sandbox: str, player_id: str) -> Key:
    """The key of a player."""
    return partition(sandbox), player_id


def stats_key(sandbox: str, player_id: str) -> Key:
    """The key of a player's statistics, which go when the player goes."""
    return f"{sandbox}#stats", player_id


def unique_key(sandbox: str, attribute: str, value: str) -> Key:
    """The key that holds a ``username`` or ``email`` against all others of the sandbox, whatever their case."""
    return f"{sandbox}#{attribute}#{unicodedata.normalize('NFC', value.casefold())}", "-"


def keys(sandbox: str, player_id: str) -> list[Key]:
    """The key of a player; none when ``player_id`` is no id that a player could have (UUIDv7)."""
    return [player_key(sandbox, player_id)] if _PLAYER_ID.fullmatch(player_id) else []


def prefix(index: str, fields: Mapping[str, str | None]) -> str | None:
    """How the attribute ``index`` begins of all players with these ``fields``; ``None`` when one is missing."""
    values = [fields[name] for name in INDEXES[index]]
    return None if None in values else "".join(f"{value}#" for value in values)


def item(sandbox: str, player: Player, version: int) -> Item:
    """The item of a player."""
    pk, sk = player_key(sandbox, player.player_id)
    fields = {"country": player.country, "status": player.status}
    begins = {index: prefix(index, fields) for index in INDEXES}
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
        **{index: f"{begin}{sk}" for index, begin in begins.items() if begin is not None},
    }


def player(item: Item) -> Player:
    """The player that ``item`` keeps."""
    shown: dict[str, Any] = {name: value for name, value in item.items() if name not in _OWN}
    for name in ("created_at", "updated_at"):
        shown[name] = datetime.fromisoformat(shown[name])
    return Player(player_id=item["sk"], **shown)
