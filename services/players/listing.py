"""Listing players: pages in order of creation, all of them or those that filters let through.

A page is one query, of the table or of the index that has the filter's players together; who has a name is found by
the item that holds it. Nothing is ever scanned. Pages are steady under inserts and deletes, because a cursor is a
player's place and not a count.
"""

from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

from models.player import Player
from services.players.player_items import INDEXES, keys, partition, player, prefix, unique_key
from utils import cursors, strict_json, table
from utils.errors import InvalidCursorException, ThrottledException
from utils.table import Snapshot
from utils.writes import Key, Update

if TYPE_CHECKING:
    from models.players_query import PlayersQuery

_NAMES = ("username", "email")
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Page:
    """Some players in a row; ``next_cursor`` is ``None`` only when none come after them."""

    players: list[Player]
    next_cursor: str | None


def secret_key(sandbox: str) -> Key:
    """The key of what signs the sandbox's cursors; it is made when the first one is given."""
    return f"{sandbox}#cursors", "-"


def secret_keys(sandbox: str) -> list[Key]:
    """The keys of the items that :func:`page` needs read."""
    return [secret_key(sandbox)]


def page(items: Snapshot, sandbox: str, query: "PlayersQuery") -> Page:
    """The players that ``query`` asks for; ``items`` may hold what :func:`secret_key` names.

    One query of ``limit`` and one items, whatever the table holds. Raises :class:`InvalidCursorException` for a cursor
    that was not given by this sandbox for these filters and this order.
    """
    filters = {name: getattr(query, name) for name in (*_NAMES, "country", "status")}
    listing = strict_json.dump([sandbox, query.sort, filters])
    after = _position(items, sandbox, query.cursor, listing)
    if query.username or query.email:
        return Page(_named(sandbox, query), None)
    index = next((one for one, by in INDEXES.items() if set(by) == _given(query)), None)
    found = table.query(
        partition(sandbox),
        limit=query.limit + 1,
        after=after,
        index=index,
        prefix=(index and prefix(index, filters)) or "",
        descending=query.sort.startswith("-"),
    )
    shown = [player(item) for item in found[: query.limit]]
    if len(found) <= query.limit:
        return Page(shown, None)
    return Page(shown, cursors.encode(_secret(items, sandbox), listing, shown[-1].player_id))


def _given(query: "PlayersQuery") -> set[str]:
    return {name for name in ("country", "status") if getattr(query, name) is not None}


def _position(items: Snapshot, sandbox: str, cursor: str | None, listing: str) -> str | None:
    if cursor is None:
        return None
    if secret_key(sandbox) not in items:
        raise InvalidCursorException
    return cursors.decode(_secret(items, sandbox), listing, cursor)


def _secret(items: Snapshot, sandbox: str) -> bytes:
    """What signs the sandbox's cursors: the first that was ever made, whoever else makes one meanwhile."""
    key = secret_key(sandbox)
    stored = items.get(key) or table.write(Update(key, assign_once={"secret": token_hex(_SECRET_BYTES)}))
    return bytes.fromhex(stored["secret"])


def _named(sandbox: str, query: "PlayersQuery") -> list[Player]:
    """The one player with the names that are asked for, if it meets the other filters too.

    The player is read after what holds its name, so another may have got the name meanwhile: then again.
    """
    wanted = {name: value for name in _NAMES if (value := getattr(query, name)) is not None}
    holds = {name: unique_key(sandbox, name, value) for name, value in wanted.items()}
    for _ in range(table.ATTEMPTS):
        held = table.get_many(holds.values())
        ids = {held[key]["player_id"] for key in holds.values() if key in held}
        if len(held) < len(holds) or len(ids) > 1:
            return []
        found = [player(item) for item in table.get_many(keys(sandbox, ids.pop())).values()]
        if all(
            unique_key(sandbox, name, getattr(one, name)) == holds[name] for one in found for name in holds
        ):
            return [one for one in found if all(getattr(one, f) == getattr(query, f) for f in _given(query))]
    raise ThrottledException("Too many requests change this player at once.")
