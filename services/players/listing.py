"""Listing players: pages in order of creation, all of them or those that filters let through.

A page is one query, of the table or of the index of its filters; a username or an e-mail address leads to its player
by the item that holds it. Nothing is ever scanned. A cursor is the place of a player and not a count, so that pages
stay steady while players are created and removed.
"""

from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

from models.player import Player
from services import keys
from services.emulation import earlier
from services.players import player_items, shards
from services.players.player_items import INDEXES, index_prefix, player_keys, unique_key
from utils import cursors, strict_json, table
from utils.attributes import Item
from utils.errors import InvalidCursorException, ThrottledException
from utils.sandbox import Sandbox
from utils.table import Snapshot
from utils.writes import Key, Update

if TYPE_CHECKING:
    from models.players_query import PlayersQuery

_UNIQUE = ("username", "email")
_FILTERS = ("country", "status")
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of players; ``next_cursor`` is ``None`` on the last page only."""

    players: list[Player]
    next_cursor: str | None


def secret_key(sandbox: Sandbox) -> Key:
    """The key of the secret that signs the sandbox's cursors, which is made for the first of them."""
    return keys.alone(sandbox, "cursors")


def secret_keys(sandbox: Sandbox) -> list[Key]:
    """The keys of the items that :func:`page` needs read."""
    return [secret_key(sandbox)]


def page(items: Snapshot, sandbox: Sandbox, query: "PlayersQuery", *, is_stale: bool = False) -> Page:
    """The page of players that ``query`` asks for; ``items`` holds what :func:`secret_key` names, if it exists.

    One that ``is_stale`` has each player as before the last write; which there are, and in which order, is as it is
    now, and who was not there yet is left out. Queries ``limit`` and one items, whatever the table holds. Raises
    :class:`InvalidCursorException` for a cursor that was not issued by this sandbox for these filters and this order.
    """
    filters = {name: getattr(query, name) for name in (*_UNIQUE, *_FILTERS)}
    listing = strict_json.dump([sandbox.universe, query.sort, filters])
    after = _position(items, sandbox, query.cursor, listing)
    if query.username or query.email:
        found = _named(sandbox, query)
        return Page([player_items.from_item(item) for item in _as_of(found, is_stale=is_stale)], None)
    index = next((name for name, attributes in INDEXES.items() if set(attributes) == _given(query)), None)
    items_after = shards.query(
        sandbox,
        limit=query.limit + 1,
        after=after,
        index=index,
        prefix=(index and index_prefix(index, filters)) or "",
        descending=query.sort.startswith("-"),
    )
    shown = items_after[: query.limit]
    players = [player_items.from_item(item) for item in _as_of(shown, is_stale=is_stale)]
    if len(items_after) <= query.limit:
        return Page(players, None)
    return Page(players, cursors.encode(secret(items, sandbox), listing, shown[-1]["sk"]))


def _as_of(items: list[Item], *, is_stale: bool) -> list[Item]:
    return earlier.listed(items) if is_stale else items


def _given(query: "PlayersQuery") -> set[str]:
    return {name for name in _FILTERS if getattr(query, name) is not None}


def _position(items: Snapshot, sandbox: Sandbox, cursor: str | None, listing: str) -> str | None:
    if cursor is None:
        return None
    if secret_key(sandbox) not in items:
        raise InvalidCursorException
    return cursors.decode(secret(items, sandbox), listing, cursor)


def secret(items: Snapshot, sandbox: Sandbox) -> bytes:
    """The secret that signs the sandbox's cursors; when two requests make one, the first that is stored."""
    key = secret_key(sandbox)
    item = items.get(key) or table.write(Update(key, assign_once={"secret": token_hex(_SECRET_BYTES)}))
    return bytes.fromhex(item["secret"])


def _named(sandbox: Sandbox, query: "PlayersQuery") -> list[Item]:
    """The item of the one player with the username and e-mail address of ``query``, if it meets the other filters too.

    The player is read after the items that hold its names, so another may have got a name meanwhile: then again.
    """
    wanted = {name: value for name in _UNIQUE if (value := getattr(query, name)) is not None}
    holders = {name: unique_key(sandbox, name, value) for name, value in wanted.items()}
    for _ in range(table.ATTEMPTS):
        held = table.get_many(holders.values())
        ids = {held[key]["player_id"] for key in holders.values() if key in held}
        if len(held) < len(holders) or len(ids) > 1:
            return []
        items = list(table.get_many(player_keys(sandbox, ids.pop())).values())
        if all(
            unique_key(sandbox, name, item[name]) == key for item in items for name, key in holders.items()
        ):
            return [
                item
                for item in items
                if all(item.get(name) == getattr(query, name) for name in _given(query))
            ]
    raise ThrottledException("Too many requests change this player at once.")
