"""The state of a sandbox as documents, a page of players in each.

What is written meanwhile may be in it or not. A reset meanwhile makes the cursor invalid.
"""

from collections.abc import Iterable, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from account_rules import OF_STACK
from services.identity.account_keys import accounts
from services.identity.accounts import entry_in
from services.players import shards, stats
from services.players.listing import secret
from services.sandboxes.content import Content, clock_entry
from services.sandboxes.declared import find
from utils import cursors, secrets, strict_json, table
from utils.sandbox import Sandbox
from utils.settings import settings

if TYPE_CHECKING:
    from pydantic import BaseModel

_IN_CLEAR: Final = ("password", "secret")
_HASHES: Final = ("password_hash", "secret_hash")
_LATEST: Final = 10**15
"""The highest version that a document has."""
_ALL: Final = 1 << 20
_READ_AT_ONCE: Final = 100
_PLAYER: Final = (
    "username",
    "email",
    "display_name",
    "country",
    "language",
    "status",
    "created_at",
    "updated_at",
)
_STATS: Final = (
    *("matches_played", "wins", "losses", "draws", "score_total", "score_best", "playtime_seconds"),
    *("experience", "bronze", "silver", "gold", "platinum"),
)


def page(name: str, limit: int, cursor: str | None) -> tuple[Content, str | None]:
    """A page of the document of the sandbox ``name``, with ``limit`` players at most, and the cursor of the next.

    Raises :class:`SandboxNotFoundException` and :class:`InvalidCursorException`.
    """
    sandbox, _ = find(name)
    listing = strict_json.dump([sandbox.universe, "export"])
    after = None if cursor is None else cursors.decode(secret({}, sandbox), listing, cursor)
    found = shards.query(sandbox, limit=limit + 1, after=after)
    players = [_player(item) for item in found[:limit]]
    is_last = len(found) <= limit
    content: Content = {} if cursor else _head(sandbox)
    content |= {
        "players": players,
        "statistics": list(_statistics(sandbox, [player["player_id"] for player in players])),
        "is_last": is_last,
    }
    if is_last:
        return content, None
    return content, cursors.encode(secret({}, sandbox), listing, players[-1]["player_id"])


def _head(sandbox: Sandbox) -> Content:
    """What stands in the first page: the clock, and users and clients unless they are the stack's."""
    from models.sandbox_accounts import ClientEntry, UserEntry

    head: Content = {"clock": clock_entry(sandbox.clock)}
    if sandbox.is_seeded and not sandbox.has_accounts:
        return head
    registered = {item["sk"]: entry_in(item) for item in table.query(accounts(sandbox), limit=_ALL)}
    stack = secrets.read_json(settings().seed_secret)
    seeded = {f"user#{entry['username'].casefold()}": entry for entry in stack["users"]}
    seeded |= {f"client#{entry['client_id']}": entry for entry in stack["clients"]}
    entries = {**(seeded if sandbox.is_seeded else {}), **registered}
    entries = {key: entry and _without_hashes_of(seeded.get(key), entry) for key, entry in entries.items()}
    return head | {
        "users": [_complete(UserEntry, entry) for entry in _of_kind(entries, "user#")],
        "clients": [_complete(ClientEntry, entry) for entry in _of_kind(entries, "client#")],
    }


def _without_hashes_of(stacks: Mapping[str, Any] | None, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without the hash of the ``stacks`` entry of the same name, which is its password's."""
    own = dict(entry)
    for name in _HASHES:
        if stacks and own.get(name) is not None and own[name] == stacks.get(name):
            own[name] = OF_STACK
    return own


def _of_kind(entries: Mapping[str, Any], prefix: str) -> list[Any]:
    """The entries whose key has the ``prefix``, in order of the keys, but for those that hide another."""
    return [entry for key, entry in sorted(entries.items()) if key.startswith(prefix) and entry is not None]


def _complete(model: "type[BaseModel]", entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with what ``model`` gives where it says nothing, whatever release wrote it."""
    values = {
        name: entry.get(name, field.default)
        for name, field in model.model_fields.items()
        if name not in _IN_CLEAR
    }
    given = {name: value for name, value in values.items() if value is not None}
    if address := given.get("address"):
        given["address"] = {name: member for name, member in address.items() if member is not None}
    return given


def _player(item: Mapping[str, Any]) -> dict[str, Any]:
    version = min(item["version"], _LATEST)
    return {"player_id": item["sk"], "version": version, **{name: item.get(name) for name in _PLAYER}}


def _statistics(sandbox: Sandbox, player_ids: list[str]) -> Iterable[dict[str, Any]]:
    for some in batched(player_ids, _READ_AT_ONCE // 2, strict=False):
        keys = {player_id: stats.keys(sandbox, player_id)[1:] for player_id in some}
        items = table.get_many(key for pair in keys.values() for key in pair)
        for player_id, pair in keys.items():
            if merged := stats.merged(items, pair):
                yield _stats(player_id, merged)


def _stats(player_id: str, merged: Mapping[str, Any]) -> dict[str, Any]:
    last = merged.get("last_played_at")
    return {
        "player_id": player_id,
        "version": min(merged["version"], _LATEST),
        **{name: merged.get(name, 0) for name in _STATS},
        **({} if last is None else {"last_played_at": last}),
    }
