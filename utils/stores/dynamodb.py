"""The table in DynamoDB. Each function names the action that its caller's role has to allow.

Each raises :class:`ThrottledException` for want of capacity, when writers collide again and again, or when a
transaction is repeated, because its answer was lost, while it is still carried out, and
:class:`UnavailableException` when DynamoDB does not answer. A write also raises
:class:`ConditionFailedError`, and :class:`SandboxFullException` when its partition has the 10 GB that one may have in
a table with local secondary indexes. Whatever else DynamoDB refuses is a bug, and raised as botocore's
``ClientError``. Never met are ``IdempotentParameterMismatch``, because botocore makes a new token for each
transaction, and ``ReplicatedWriteConflict``, because the table has no replica.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import Any

from utils import metrics
from utils.attributes import Item, marshal_item, unmarshal_item
from utils.aws import call, client, error_code, is_throttled
from utils.errors import SandboxFullException, ThrottledException
from utils.settings import settings
from utils.stores.expressions import Expression, arguments, marshal_key
from utils.stores.store import ConditionFailedError, attempts
from utils.writes import Check, Delete, Key, Put, Update, Write

_WRITTEN_AT_ONCE = 25
_WRITERS = 8
_CONFLICT = "TransactionConflict"
_CONDITION = "ConditionalCheckFailed"
_FULL = "ItemCollectionSizeLimitExceeded"
_IN_PROGRESS = "TransactionInProgress"


def prepare(*, hurried: bool = False) -> None:
    """Make the client, and that of hurried calls."""
    client("dynamodb")
    if hurried:
        client("dynamodb", hurried=True)


def get(key: Key, *, hurried: bool = False) -> Item | None:
    """GetItem, strongly consistent."""
    answer = _call("get_item", hurried=hurried, TableName=_name(), Key=marshal_key(key), ConsistentRead=True)
    return unmarshal_item(answer["Item"]) if "Item" in answer else None


def get_many(keys: Sequence[Key]) -> dict[Key, Item]:
    """BatchGetItem, of what it leaves unread once more."""
    table = _name()
    request = {"Keys": [marshal_key(key) for key in keys], "ConsistentRead": True}
    unread = {table: request} if keys else {}
    items: dict[Key, Item] = {}
    for _ in attempts():
        if unread:
            answer = _call("batch_get_item", RequestItems=unread)
            unread = answer.get("UnprocessedKeys") or {}
            for item in map(unmarshal_item, answer["Responses"].get(table, ())):
                items[item["pk"], item["sk"]] = item
        if not unread:
            return items
    raise ThrottledException


def query(
    pk: str,
    *,
    limit: int,
    after: str | None = None,
    index: str | None = None,
    prefix: str = "",
    descending: bool = False,
) -> list[Item]:
    """Query, page by page."""
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
    """PutItem, UpdateItem or DeleteItem."""
    returned = "ALL_NEW" if isinstance(change, Update) else "ALL_OLD"
    operation = f"{type(change).__name__.lower()}_item"
    answer = _call(
        operation,
        hurried=hurried,
        TableName=_name(),
        ReturnValues=returned,
        ReturnItemCollectionMetrics="SIZE",
        **arguments(change),
    )
    _measure([answer.get("ItemCollectionMetrics")])
    return unmarshal_item(answer.get("Attributes", {}))


def transact(writes: Sequence[Write]) -> None:
    """TransactWriteItems; of IAM each write's own action, ConditionCheckItem of a check.

    botocore gives each call a token, so that its retry after a lost answer does not write twice.
    """
    table = _name()
    items = [{_action(write): {"TableName": table, **arguments(write)}} for write in writes]
    keys = [write.key for write in writes]
    answer = _call("transact_write_items", keys, TransactItems=items, ReturnItemCollectionMetrics="SIZE")
    _measure(answer.get("ItemCollectionMetrics", {}).get(table, []))


def write_many(changes: Sequence[Put | Delete]) -> None:
    """BatchWriteItem, several under way at once."""
    batches = list(batched(changes, _WRITTEN_AT_ONCE, strict=False))
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
    unwritten = {
        table: [{f"{type(change).__name__}Request": arguments(change)} for change in batch],
    }
    for _ in attempts():
        unwritten = _call("batch_write_item", RequestItems=unwritten).get("UnprocessedItems") or {}
        if not unwritten:
            return
    raise ThrottledException


def _measure(collections: Iterable[Mapping[str, Any] | None]) -> None:
    """Notes how large at most the items with one partition key have become, of which DynamoDB takes 10 GB. It tells so
    of partitions that are in a local index, about every few hours anew, and CloudWatch has no metric of it."""
    for collection in collections:
        if collection and "SizeEstimateRangeGB" in collection:
            metrics.measure("ItemCollectionSize", collection["SizeEstimateRangeGB"][1], "Gigabytes")


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
