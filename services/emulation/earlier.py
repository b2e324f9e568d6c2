"""What players and statistics were before the last write, for answers that are stale on purpose.

On stacks with faults an item notes in ``before`` what it was until it was written, ``None`` if it was not there; of a
player that is deleted, an item of its own keeps for a day what went with it. An item without ``before`` was written by
a seed, an import or while faults were off: what it was before is not known, and it is told as it is.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services import clock, keys
from services.expiry import KEPT
from utils import table
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.table import Snapshot
from utils.writes import Put

BEFORE: Final = "before"

_NOT_NOTED: Final = ("pk", "sk", "purge_at", BEFORE)


def noted(before: Item | None) -> Mapping[str, Any]:
    """The attributes that note what an item was ``before`` a write of it; none where the stack has no faults."""
    if not settings().faults:
        return {}
    return {BEFORE: None if before is None else _attributes(before)}


def kept(sandbox: Sandbox, player_id: str, deleted: Iterable[Item]) -> list[Put]:
    """The write that keeps what a player's deletion takes away; none where the stack has no faults."""
    if not settings().faults:
        return []
    pk, sk = keys.alone(sandbox, "deleted", player_id)
    items = [{"pk": item["pk"], "sk": item["sk"], **_attributes(item)} for item in deleted]
    purge_at = clock.real_seconds() + int(KEPT.total_seconds())
    return [Put({"pk": pk, "sk": sk, "items": items, "purge_at": purge_at})]


def listed(items: Iterable[Item]) -> list[Item]:
    """``items`` as they were before the last write of each, without those that were not there."""
    return [before for item in items if (before := _before(item)) is not None]


def snapshot(sandbox: Sandbox, items: Snapshot, player_id: str | None) -> Snapshot:
    """``items`` of a player as they were before the last write of each, or of the player's deletion (GetItem)."""
    if player_id is not None and not any(sk == player_id for _, sk in items):
        deletion = table.get(keys.alone(sandbox, "deleted", player_id)) or {"items": []}
        return {**items, **{(item["pk"], item["sk"]): item for item in deletion["items"]}}
    return {(item["pk"], item["sk"]): item for item in listed(items.values())}


def _before(item: Item) -> Item | None:
    if BEFORE not in item:
        return item
    before = item[BEFORE]
    return None if before is None else {"pk": item["pk"], "sk": item["sk"], **before}


def _attributes(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _NOT_NOTED}
