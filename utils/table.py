"""The one table: reads, conditional writes, transactions. Every read is strongly consistent.

An item is a ``dict`` with ``pk``, ``sk`` and its attributes; ``utils.writes`` has what may be written. A key that is
longer than DynamoDB takes, as names that were sent may make it, is read as one that is not there. ``TABLE_NAME`` says
where the table is: in DynamoDB (``utils.stores.dynamodb``), or as ``sqlite:PATH`` in a file (``utils.stores.sqlite``).

Each function raises :class:`ThrottledException` when the table takes no more for now and
:class:`UnavailableException` when it does not answer. A write also raises :class:`ConditionFailedError`, and
:class:`SandboxFullException` when what it belongs to takes no more. Whatever else a store refuses is a bug.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from utils.attributes import Item
from utils.settings import settings
from utils.stores.store import ATTEMPTS, ConditionFailedError, Snapshot, Store, attempts
from utils.writes import Delete, Key, Put, Update, Write

__all__ = [
    "ATTEMPTS",
    "NOTHING",
    "ConditionFailedError",
    "Read",
    "Snapshot",
    "Write",
    "attempts",
    "get",
    "get_many",
    "get_many_but",
    "prepare",
    "probe",
    "purge",
    "query",
    "transact",
    "unwritten",
    "write",
    "write_many",
]

SQLITE = "sqlite:"
"""What the name of a table begins with that is a file of SQLite."""

NOTHING: Snapshot = MappingProxyType({})


class Read(dict[Key, Item]):
    """Items that were read, by key; ``asked`` has the keys of those too that there are not."""

    asked: frozenset[Key] = frozenset()


_LONGEST_PK, _LONGEST_SK = 2048, 1024
"""Bytes of keys in UTF-8 ("Quotas in Amazon DynamoDB": partition keys and sort keys)."""
_BATCH = 100
_PROBE: Key = ("default#probe", "-")


def prepare(*, hurried: bool = False) -> None:
    """Get ready what the first call needs, and the first ``hurried`` one."""
    _store().prepare(hurried=hurried)


def get(key: Key, *, hurried: bool = False) -> Item | None:
    """The item ``key``; ``None`` when there is none. For ``hurried`` see :func:`write`."""
    return _store().get(key, hurried=hurried) if _is_possible(key) else None


def get_many(keys: Iterable[Key]) -> Snapshot:
    """The items that exist of ``keys``, by key, in one batched read.

    Raises ``ValueError`` for more than 100 different keys.
    """
    distinct = list(filter(_is_possible, dict.fromkeys(keys)))
    if len(distinct) > _BATCH:
        raise ValueError(f"a batch has at most {_BATCH} keys")
    items = Read(_store().get_many(distinct) if distinct else ())
    items.asked = frozenset(distinct)
    return items


def get_many_but(read: Snapshot, keys: Iterable[Key]) -> Snapshot:
    """What :func:`get_many` returns, without a call if all ``keys`` were among those that ``read`` was read of."""
    wanted = list(keys)
    return read if isinstance(read, Read) and read.asked.issuperset(wanted) else get_many(wanted)


def query(
    pk: str,
    *,
    limit: int,
    after: str | None = None,
    index: str | None = None,
    prefix: str = "",
    descending: bool = False,
) -> list[Item]:
    """Up to ``limit`` items of the partition ``pk`` whose ``sk`` comes after ``after``, in order of ``sk``.

    With ``index`` only those whose attribute of that name is ``prefix`` followed by their ``sk``, in the index's order.
    """
    if not _is_possible((pk, prefix)):
        return []
    after = None if after is None else _cut(after, _LONGEST_SK - len(prefix.encode()))
    return _store().query(pk, limit=limit, after=after, index=index, prefix=prefix, descending=descending)


def write(change: Put | Update | Delete, *, hurried: bool = False) -> Item:
    """Make one change.

    Returns the item as an update left it, or as it was before a put or delete, ``{}`` if there was none. A ``hurried``
    one raises :class:`UnavailableException` where the table does not answer within a second.
    """
    return {} if _unwritten.get() else _store().write(_purged(change), hurried=hurried)


def transact(*writes: Write) -> None:
    """Make all ``writes`` or none."""
    if not _unwritten.get():
        _store().transact([_purged(write) for write in writes])


def write_many(changes: Iterable[Put | Delete]) -> None:
    """Make all ``changes``, each of another key, without conditions, in no order, and not all or none.

    When it raises, some changes may have been made. Raises ``ValueError`` for a change with a condition.
    """
    purged = list(map(_purged, changes))
    if any(change.condition is not None for change in purged):
        raise ValueError("a batch has no conditions")
    if purged:
        _store().write_many(purged)


@contextmanager
def unwritten() -> Iterator[None]:
    """Meanwhile write nothing in this thread, and check no condition: :func:`write` returns ``{}``, :func:`transact`
    does as if all had been written."""
    token = _unwritten.set(True)
    try:
        yield
    finally:
        _unwritten.reset(token)


_unwritten: ContextVar[bool] = ContextVar("unwritten", default=False)


def probe() -> None:
    """Read a key that is not there; raises when the table does not answer."""
    get(_PROBE)


def purge(prefix: str, at: int) -> None:
    """From now on let what is written to partitions whose key begins with ``prefix`` be deleted at ``at`` (real time,
    seconds since 1970) and not before, whatever it is: a clock that stands still or goes back may have it count until
    then. ``""`` for none. It is one prefix at a time, the last one."""
    global _purge  # noqa: PLW0603 - a process serves one request at a time
    _purge = (prefix, at) if prefix else None


_purge: tuple[str, int] | None = None


def _purged[W: Write](change: W) -> W:
    """``change`` with the ``purge_at`` that :func:`purge` asks for."""
    if _purge is None or not change.key[0].startswith(_purge[0]):
        return change
    if isinstance(change, Put):
        return change._replace(item={**change.item, "purge_at": _purge[1]})
    if isinstance(change, Update):
        return change._replace(assign={**change.assign, "purge_at": _purge[1]})
    return change


def _is_possible(key: Key) -> bool:
    pk, sk = key
    return len(pk.encode()) <= _LONGEST_PK and len(sk.encode()) <= _LONGEST_SK


def _cut(text: str, most: int) -> str:
    """``text``, or what of its beginning has at most so many bytes."""
    return text.encode()[:most].decode(errors="ignore")


def _store() -> Store:
    """The store that ``TABLE_NAME`` names; the other is never loaded."""
    if settings().table_name.startswith(SQLITE):
        from utils.stores import sqlite

        return sqlite
    from utils.stores import dynamodb

    return dynamodb
