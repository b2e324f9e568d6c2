"""What falls due in a sandbox as its clock goes on: access tokens that expire.

Who writes what will fall due lists it with the same write, in order of time; who changes the clock reads what has
fallen due until then and takes it off the list, so that each is told once. A list that nobody reads costs what its
writes cost, and DynamoDB deletes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import Any, Final
from zlib import crc32

from models.clock import Due
from services import clock, keys
from services.expiry import expiry
from services.identity.sessions import family_key
from utils import table
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.table import ConditionFailedError
from utils.writes import EXISTS, Delete, Put

ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - what kind of entry it is

_SHARDS: Final = 4
_DIGITS: Final = 12
"""Of the seconds since 1970 in a sort key: the last of the year 9999 has as many."""
_MOST: Final = 250
"""The most entries of a shard that one change of the clock tells."""
_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What fell due, in order of time, and whether there is more of it."""

    due: list[Due]
    more: bool


def access_token(
    sandbox: Sandbox, token_id: str, *, subject: str, client_id: str, at: int, expires_at: int
) -> Put:
    """The write that lists an access token by its ``jti``, issued ``at`` and good until ``expires_at`` (seconds since
    1970 by the sandbox's clock)."""
    shard = crc32(token_id.encode()) % _SHARDS
    return Put(
        {
            "pk": _partition(sandbox, shard),
            "sk": f"{expires_at:0{_DIGITS}}#{ACCESS_TOKEN}#{token_id}",
            "subject": subject,
            "client_id": client_id,
            **expiry(at, expires_at),
        }
    )


def tell(sandbox: Sandbox) -> Told:
    """What has fallen due by now and was not told before, less the tokens that were revoked meanwhile."""
    now = clock.seconds(sandbox)
    items: list[Item] = []
    more = False
    for shard in range(_SHARDS):
        read = table.query(_partition(sandbox, shard), limit=_MOST)
        fallen = [item for item in read if item["expires_at"] <= now]
        more = more or len(fallen) == _MOST
        items += fallen
    taken = [item for batch in batched(items, _BATCH, strict=False) for item in _taken(batch)]
    told = [_entry(item) for item in sorted(taken, key=lambda item: str(item["sk"]))]
    revoked = _revoked(sandbox, told)
    return Told([due for due in told if _family(due) not in revoked], more)


def _taken(items: Iterable[Item]) -> list[Item]:
    """Those of ``items`` that this request takes off the list; another one may have been faster."""
    left = list(items)
    while left:
        try:
            table.transact(*(Delete((item["pk"], item["sk"]), EXISTS) for item in left))
        except ConditionFailedError as error:
            left = [item for place, item in enumerate(left) if place not in error.failed]
        else:
            break
    return left


def _partition(sandbox: Sandbox, shard: int) -> str:
    return keys.partition(sandbox, "due", str(shard))


def _entry(item: Item) -> Due:
    kind: Any
    _, kind, token_id = item["sk"].split("#", 2)
    due_at = datetime.fromtimestamp(item["expires_at"], UTC)
    return Due(kind, token_id, due_at, item["subject"], item["client_id"])


def _family(due: Due) -> str:
    return due.id.partition(".")[0]


def _revoked(sandbox: Sandbox, told: Iterable[Due]) -> set[str]:
    """The token families of what is told that were revoked, or are gone."""
    families = {family_key(sandbox, name): name for name in {_family(due) for due in told}}
    items: dict[Any, Item] = {}
    for batch in batched(families, _BATCH, strict=False):
        items |= table.get_many(batch)
    return {
        name for key, name in families.items() if key not in items or items[key].get("revoked_at") is not None
    }
