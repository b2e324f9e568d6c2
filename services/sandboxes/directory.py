"""Listing sandboxes, in order of their names: those of all partitions in which they are listed, merged."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import groupby, islice

from models.sandbox import Sandbox as Described
from services.players.listing import secret
from services.sandboxes.declared import describe
from services.sandboxes.opening import alive, let_purge, listings
from utils import cursors, strict_json, table
from utils.sandbox import Sandbox, sandbox_key
from utils.settings import DEFAULT_SANDBOX
from utils.table import Snapshot


@dataclass(frozen=True, slots=True)
class Page:
    """One page of sandboxes; ``next_cursor`` is ``None`` on the last page only."""

    sandboxes: list[Described]
    next_cursor: str | None


def page(items: Snapshot, reader: Sandbox, limit: int, cursor: str | None) -> Page:
    """A page of all sandboxes that there are, the default one among them.

    It may have fewer than ``limit``, where some have ended that are still listed. ``reader`` is the sandbox whose
    secret, which may be among ``items``, signs cursors. Raises :class:`InvalidCursorException`.
    """
    listing = strict_json.dump([reader.universe, "sandboxes"])
    after = None if cursor is None else cursors.decode(secret(items, reader), listing, cursor)
    names = _names(limit + 1, after)
    found = _described(names[:limit])
    let_purge(reader)
    if len(names) <= limit:
        return Page(found, None)
    return Page(found, cursors.encode(secret(items, reader), listing, names[limit - 1]))


def only(name: str) -> Page:
    """The page of one sandbox."""
    return Page(_described([name]), None)


def _names(limit: int, after: str | None) -> list[str]:
    partitions = listings()
    ask = partial(table.query, limit=limit, after=after)
    with ThreadPoolExecutor(len(partitions)) as pool:
        answers = [[item["name"] for item in items] for items in pool.map(ask, partitions)]
    default = [DEFAULT_SANDBOX] if after is None or after < DEFAULT_SANDBOX else []
    distinct = (name for name, _ in groupby(merge(default, *answers)))
    return list(islice(distinct, limit))


def _described(names: list[str]) -> list[Described]:
    items = table.get_many(map(sandbox_key, names))
    sandboxes = ((alive(Sandbox(name), item := items.get(sandbox_key(name))), item) for name in names)
    return [describe(sandbox, item or {}) for sandbox, item in sandboxes if sandbox is not None]
