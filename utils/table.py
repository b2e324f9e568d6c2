"""The one table: reads, conditional writes, transactions. Every read is strongly consistent.

An item is a ``dict`` with ``pk``, ``sk`` and its attributes; ``utils.writes`` has what may be written. Each function
names the DynamoDB action that its caller's role has to allow. A key that is longer than DynamoDB takes, as names that
were sent may make it, is read as one that is not there.

Each raises :class:`ThrottledException` for want of capacity, when writers collide again and again, or when a
transaction is repeated, because its answer was lost, while it is still carried out, and
:class:`UnavailableException` when DynamoDB does not answer. A write also raises
:class:`ConditionFailedError`, and :class:`SandboxFullException` when its partition has the 10 GB that one may have in
a table with local secondary indexes. Whatever else DynamoDB refuses is a bug, and raised as botocore's
``ClientError``. Never met are ``IdempotentParameterMismatch``, because botocore makes a new token for each
transaction, and ``ReplicatedWriteConflict``, because the table has no replica.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from itertools import batched
from random import SystemRandom
from types import MappingProxyType
from typing import Any

from utils import metrics
from utils.attributes import Item, marshal_item, unmarshal_item
from utils.aws import call, error_code, is_throttled
from utils.errors import SandboxFullException, ThrottledException
from utils.settings import settings
from utils.writes import Check, Delete, Expression, Key, Put, Update, marshal_key

type Snapshot = Mapping[Key, Item]
"""Items that were read together, by key; a key without an item is not in it."""
NOTHING: Snapshot = MappingProxyType({})


class Read(dict[Key, Item]):
    """Items that were read, by key; ``asked`` has the keys of those too that there are not."""

    asked: frozenset[Key] = frozenset()


type Write = Put | Update | Delete | Check

ATTEMPTS = 12
"""How often a write that collides with another is tried before the caller is told to come back."""

_LONGEST_PK, _LONGEST_SK = 2048, 1024
"""Bytes of keys in UTF-8 ("Quotas in Amazon DynamoDB": partition keys and sort keys)."""
_PAUSE_SECONDS = 0.4
_BATCH = 100
_WRITTEN_AT_ONCE = 25
_WRITERS = 8
_PROBE: Key = ("default#probe", "-")
_CONFLICT = "TransactionConflict"
_CONDITION = "ConditionalCheckFailed"
_FULL = "ItemCollectionSizeLimitExceeded"
_IN_PROGRESS = "TransactionInProgress"


class ConditionFailedError(Exception):
    """What is stored is not what a write depends on; nothing was written.

    ``failed`` holds the positions of the writes whose condition did not hold, in the order they were given, from 0.
    """

    def __init__(self, failed: Iterable[int] = (0,)) -> None:
        super().__init__("the condition of a write did not hold")
        self.failed = frozenset(failed)


def get(key: Key, *, hurried: bool = False) -> Item | None:
    """The item ``key``; ``None`` when there is none (GetItem). For ``hurried`` see :func:`write`."""
    if not _is_possible(key):
        return None
    answer = _call("get_item", hurried=hurried, TableName=_name(), Key=marshal_key(key), ConsistentRead=True)
    return unmarshal_item(answer["Item"]) if "Item" in answer else None


def get_many(keys: Iterable[Key]) -> Snapshot:
    """The items that exist of ``keys``, by key, in one batched read (BatchGetItem).

    Raises ``ValueError`` for more than 100 different keys.
    """
    distinct = list(filter(_is_possible, dict.fromkeys(keys)))
    if len(distinct) > _BATCH:
        raise ValueError(f"a batch has at most {_BATCH} keys")
    table = _name()
    request = {"Keys": [marshal_key(key) for key in distinct], "ConsistentRead": True}
    unread = {table: request} if distinct else {}
    items = Read()
    items.asked = frozenset(distinct)
    for _ in attempts():
        if unread:
            answer = _call("batch_get_item", RequestItems=unread)
            unread = answer.get("UnprocessedKeys") or {}
            for item in map(unmarshal_item, answer["Responses"].get(table, ())):
                items[item["pk"], item["sk"]] = item
        if not unread:
            return items
    raise ThrottledException


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
    """Up to ``limit`` items of the partition ``pk`` whose ``sk`` comes after ``after``, in order of ``sk`` (Query).

    With ``index`` only those whose attribute of that name is ``prefix`` followed by their ``sk``, in the index's order.
    """
    if not _is_possible((pk, prefix)):
        return []
    after = None if after is None else _cut(after, _LONGEST_SK - len(prefix.encode()))
    expression = Expression()
    condition = f"{expression.name('pk')} = {expression.value(pk)}"
    start = {"pk": pk, "sk": after}
    request: dict[str, Any] = {
        "TableName": _name(),
        "ConsistentRead": True,
        "ScanIndexForward": not descending,
    }
    if index is not None:
        condition += f" AND begins_with({expression.name(index)}, {expression.value(prefix)})"
        start[index] = f"{prefix}{after}"
        request["IndexName"] = index
    if after is not None:
        request["ExclusiveStartKey"] = marshal_item(start)
    request |= {"KeyConditionExpression": condition, **expression.arguments()}
    items: list[Item] = []
    while True:
        page = _call("query", **request, Limit=limit - len(items))
        items += map(unmarshal_item, page["Items"])
        if len(items) >= limit or "LastEvaluatedKey" not in page:
            return items
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def write(change: Put | Update | Delete, *, hurried: bool = False) -> Item:
    """Make one change (PutItem, UpdateItem or DeleteItem).

    Returns the item as an update left it, or as it was before a put or delete, ``{}`` if there was none. A ``hurried``
    one raises :class:`UnavailableException` where the table does not answer within a second.
    """
    if _unwritten.get():
        return {}
    change = _purged(change)
    returned = "ALL_NEW" if isinstance(change, Update) else "ALL_OLD"
    operation = f"{type(change).__name__.lower()}_item"
    answer = _call(
        operation,
        hurried=hurried,
        TableName=_name(),
        ReturnValues=returned,
        ReturnItemCollectionMetrics="SIZE",
        **change.arguments(),
    )
    _measure([answer.get("ItemCollectionMetrics")])
    return unmarshal_item(answer.get("Attributes", {}))


def transact(*writes: Write) -> None:
    """Make all ``writes`` or none (TransactWriteItems; of IAM each write's own action, ConditionCheckItem of a check).

    botocore gives each call a token, so that its retry after a lost answer does not write twice.
    """
    if _unwritten.get():
        return
    table = _name()
    items = [{_action(write): {"TableName": table, **write.arguments()}} for write in map(_purged, writes)]
    keys = [write.key for write in writes]
    answer = _call("transact_write_items", keys, TransactItems=items, ReturnItemCollectionMetrics="SIZE")
    _measure(answer.get("ItemCollectionMetrics", {}).get(table, []))


def write_many(changes: Iterable[Put | Delete]) -> None:
    """Make all ``changes``, each of another key, without conditions, in no order, and not all or none (BatchWriteItem).

    Several batches are under way at once. When it raises, some changes may have been made.
    """
    batches = list(batched(map(_purged, changes), _WRITTEN_AT_ONCE, strict=False))
    if len(batches) <= 1:
        for batch in batches:
            _write_batch(batch)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_WRITERS, len(batches))) as pool:
        for written in [pool.submit(_write_batch, batch) for batch in batches]:
            written.result()


def _write_batch(batch: Iterable[Put | Delete]) -> None:
    table = _name()
    unwritten = {table: [_request(change) for change in batch]}
    for _ in attempts():
        unwritten = _call("batch_write_item", RequestItems=unwritten).get("UnprocessedItems") or {}
        if not unwritten:
            return
    raise ThrottledException


def _request(change: Put | Delete) -> dict[str, Any]:
    """What BatchWriteItem calls a change; raises ``ValueError`` for one with a condition, which it does not know."""
    if change.condition is not None:
        raise ValueError("a batch has no conditions")
    return {f"{type(change).__name__}Request": change.arguments()}


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
    """Read a key that is not there (GetItem); raises when the table does not answer."""
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
        return replace(change, item={**change.item, "purge_at": _purge[1]})
    if isinstance(change, Update):
        return replace(change, assign={**change.assign, "purge_at": _purge[1]})
    return change


def _measure(collections: Iterable[Mapping[str, Any] | None]) -> None:
    """Notes how large at most the items with one partition key have become, of which DynamoDB takes 10 GB. It tells so
    of partitions that are in a local index, about every few hours anew, and CloudWatch has no metric of it."""
    for collection in collections:
        if collection and "SizeEstimateRangeGB" in collection:
            metrics.measure("ItemCollectionSize", collection["SizeEstimateRangeGB"][1], "Gigabytes")


def _is_possible(key: Key) -> bool:
    pk, sk = key
    return len(pk.encode()) <= _LONGEST_PK and len(sk.encode()) <= _LONGEST_SK


def _cut(text: str, most: int) -> str:
    """``text``, or what of its beginning has at most so many bytes."""
    return text.encode()[:most].decode(errors="ignore")


def _name() -> str:
    return settings().table_name


def _action(write: Write) -> str:
    return "ConditionCheck" if isinstance(write, Check) else type(write).__name__


def _call(
    operation: str, keys: Sequence[Key] = (), *, hurried: bool = False, **arguments: Any
) -> dict[str, Any]:
    """DynamoDB's answer; ``keys`` are those of a transaction's writes in their order."""
    from botocore.exceptions import ClientError

    collided: list[int] = []
    for _ in attempts():
        try:
            answer = call("dynamodb", operation, hurried=hurried, **arguments)
        except ClientError as error:
            collided = _collided(error)
        else:
            return answer
    raise ThrottledException(
        "Too many requests change the same record at once.",
        contended=(keys[position] for position in collided),
    )


def _collided(error: Any) -> list[int]:
    """The positions of a transaction's writes that met another writer's, none of a single write.

    Raises what ``error`` means if it is not that writers met.
    """
    reasons = [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", ())]
    code = error_code(error)
    failed = [position for position, reason in enumerate(reasons) if reason == _CONDITION]
    if failed or code == _CONDITION:
        raise ConditionFailedError(failed or (0,)) from None
    codes = {code, *reasons}
    if _FULL in codes:
        raise SandboxFullException from error
    if _IN_PROGRESS in codes or any(map(is_throttled, codes)):
        raise ThrottledException from error
    if _CONFLICT not in codes:
        raise error
    return [position for position, reason in enumerate(reasons) if reason == _CONFLICT]


def attempts() -> Iterator[int]:
    """Count attempts, pausing between them for a random while up to a growing bound ("full jitter")."""
    for attempt in range(ATTEMPTS):
        if attempt:
            _pause(SystemRandom().uniform(0, min(_PAUSE_SECONDS, 0.01 * 2**attempt)))
        yield attempt


def _pause(seconds: float) -> None:
    time.sleep(seconds)
