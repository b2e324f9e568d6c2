"""The table in a file of SQLite: one row an item, its attributes as JSON text. Calls are logged by DynamoDB's names.

A write reads the item, holds it to its condition and writes what becomes of it in one transaction, so that all of
``utils.writes`` is carried out exactly, whoever else writes.
"""

import sqlite3
from collections.abc import Sequence
from itertools import batched

from utils.attributes import Item
from utils.settings import settings
from utils.stores.evaluation import changed, holds
from utils.stores.item_text import decode, encode
from utils.stores.sqlite_file import File, file
from utils.stores.store import ConditionFailedError
from utils.writes import Check, Delete, Key, Put, Update, Write

_READ = "SELECT item FROM items WHERE pk = ? AND sk = ?"
_GET_MANY = (
    "WITH asked(pk, sk) AS (VALUES (?, ?)) SELECT pk, sk, item FROM asked CROSS JOIN items USING (pk, sk)"
)
_PUT = "INSERT OR REPLACE INTO items (pk, sk, purge_at, item) VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM items WHERE pk = ? AND sk = ?"
_LONGEST_PK, _LONGEST_SK = 2048, 1024
_WRITTEN_AT_ONCE = 500
_MOST = 100
"""Writes of a transaction ("Quotas in Amazon DynamoDB")."""


def prepare(*, hurried: bool = False) -> None:  # noqa: ARG001 - see Store
    """Open the file, and make it where it is not there."""
    _file().prepare()


def get(key: Key, *, hurried: bool = False) -> Item | None:  # noqa: ARG001 - a read waits for nobody
    """One item."""
    with _file().reading("get_item") as connection:
        return _read(connection, key)


def get_many(keys: Sequence[Key]) -> dict[Key, Item]:
    """Items by key, all as at one moment."""
    if not keys:
        return {}
    places = ", ".join(["(?, ?)"] * len(keys))
    asked = _GET_MANY.replace("(?, ?)", places)
    with _file().reading("batch_get_item") as connection:
        rows = connection.execute(asked, [part for key in keys for part in key]).fetchall()
    return {(pk, sk): decode(text) for pk, sk, text in rows}


def query(
    pk: str,
    *,
    limit: int,
    after: str | None = None,
    index: str | None = None,
    prefix: str = "",
    descending: bool = False,
) -> list[Item]:
    """Items of a partition in the order of their sort keys, or of an index, which is made when it is first asked."""
    with _file().reading("query") as connection:
        order = "sk" if index is None else _index(connection, index)
        before = "" if index is None else prefix
        lowest, highest = (">=", before), ("<", _beyond(before))
        if after is not None and descending:
            highest = ("<", f"{before}{after}")
        elif after is not None:
            lowest = (">", f"{before}{after}")
        bounds = [(f"{order} {sign} ?", value) for sign, value in (lowest, highest) if value is not None]
        terms = " AND ".join(["pk = ?", f"{order} IS NOT NULL", *(term for term, _ in bounds)])
        asked = " ".join(
            [
                "SELECT item FROM items WHERE",
                terms,
                "ORDER BY",
                order,
                "DESC" if descending else "ASC",
                "LIMIT ?",
            ]
        )
        rows = connection.execute(asked, (pk, *(value for _, value in bounds), limit)).fetchall()
    return [decode(text) for (text,) in rows]


def write(change: Put | Update | Delete, *, hurried: bool = False) -> Item:
    """One change."""
    operation = f"{type(change).__name__.lower()}_item"
    with _file().writing(operation, hurried=hurried) as connection:
        before = _read(connection, change.key)
        if not holds(change.condition, before):
            raise ConditionFailedError
        after = _write(connection, change, before)
    return (after if isinstance(change, Update) else before) or {}


def transact(writes: Sequence[Write]) -> None:
    """All changes or none. Raises ``ValueError`` for more than 100, or two of one item."""
    if len(writes) > _MOST or len({write.key for write in writes}) < len(writes):
        raise ValueError(f"a transaction has at most {_MOST} writes, each of another item")
    with _file().writing("transact_write_items") as connection:
        before = [_read(connection, write.key) for write in writes]
        failed = [
            position
            for position, (write, item) in enumerate(zip(writes, before, strict=True))
            if not holds(write.condition, item)
        ]
        if failed:
            raise ConditionFailedError(failed)
        for change, item in zip(writes, before, strict=True):
            if not isinstance(change, Check):
                _write(connection, change, item)


def write_many(changes: Sequence[Put | Delete]) -> None:
    """Changes without conditions, some hundred in a transaction, so that others have their turn."""
    for batch in batched(changes, _WRITTEN_AT_ONCE, strict=False):
        puts = [_row(change.item) for change in batch if isinstance(change, Put)]
        deletes = [change.key for change in batch if isinstance(change, Delete)]
        with _file().writing("batch_write_item") as connection:
            connection.executemany(_PUT, puts)
            connection.executemany(_DELETE, deletes)


def _read(connection: sqlite3.Connection, key: Key) -> Item | None:
    row = connection.execute(_READ, key).fetchone()
    return None if row is None else decode(row[0])


def _write(connection: sqlite3.Connection, change: Put | Update | Delete, before: Item | None) -> Item | None:
    """Writes what ``change`` makes of ``before``; the item as it comes back from now on."""
    after = changed(change, before)
    if after is None:
        connection.execute(_DELETE, change.key)
        return None
    row = _row(after)
    connection.execute(_PUT, row)
    return decode(row[-1])


def _row(item: Item) -> tuple[str, str, int | None, str]:
    """The row of ``item``; ``ValueError`` for a key that is too long or empty."""
    pk, sk = item["pk"], item["sk"]
    if not (0 < len(pk.encode()) <= _LONGEST_PK and 0 < len(sk.encode()) <= _LONGEST_SK):
        raise ValueError("a key is too long, or empty")
    return pk, sk, item.get("purge_at"), encode(item)


def _index(connection: sqlite3.Connection, name: str) -> str:
    """The expression that the index ``name`` is over, an attribute; the index is made where it is not there."""
    expression = f"item ->> '$.{name}'"
    exists = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?"
    if connection.execute(exists, (name,)).fetchone() is None:
        connection.execute(
            f"CREATE INDEX IF NOT EXISTS {name} ON items (pk, {expression}) WHERE {expression} IS NOT NULL"
        )
    return expression


def _beyond(prefix: str) -> str | None:
    """The first text after all that begin with ``prefix``; ``None`` where there is none."""
    for position in range(len(prefix) - 1, -1, -1):
        following = ord(prefix[position]) + 1
        if following <= 0x10FFFF:
            return prefix[:position] + chr(0xE000 if following == 0xD800 else following)
    return None


def _file() -> File:
    return file(settings().table_name)
