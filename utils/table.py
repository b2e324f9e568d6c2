"""The one table: reads, conditional writes, transactions. Every read is strongly consistent.

An item is a ``dict`` with ``pk``, ``sk`` and its attributes; ``utils.writes`` has what may be written. What
the table refuses for want of capacity, or because writers collide again and again, leaves as
:class:`ThrottledException`; a condition that does not hold as :class:`ConditionFailed`; anything else as
botocore's own error.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from random import SystemRandom
from typing import Any

from utils.attributes import Item, marshal_item, unmarshal_item
from utils.aws import client
from utils.errors import ConflictException, ThrottledException
from utils.settings import settings
from utils.writes import Check, Delete, Expression, Key, Put, Update, marshal_key

type Snapshot = Mapping[Key, Item]
"""Items that were read together, by key; a key without an item is not in it."""

type Write = Put | Update | Delete | Check

ATTEMPTS = 12
"""How often a write that collides with another is tried before the caller is told to come back."""

_PAUSE_SECONDS = 0.4
_BATCH = 100
_PROBE: Key = ("default#probe", "-")
_CONFLICT = "TransactionConflict"
_CONDITION = "ConditionalCheckFailed"
_THROTTLES = {
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
}


class ConditionFailed(ConflictException):
    """What was stored is not what the write depends on; nothing was written.

    ``failed`` holds the positions of the writes whose condition did not hold, in the order they were given.
    """

    def __init__(self, failed: Iterable[int] = (0,)) -> None:
        super().__init__("The record was changed meanwhile.")
        self.failed = frozenset(failed)


class Collision(ThrottledException):
    """Other writers change the same records again and again; nothing was written.

    ``positions`` and ``keys`` are those of the writes of a transaction that met another's at last.
    """

    def __init__(self, positions: Iterable[int] = (), keys: Iterable[Key] = ()) -> None:
        super().__init__("Too many requests change the same record at once.")
        self.positions = frozenset(positions)
        self.keys = frozenset(keys)


def get(key: Key) -> Item | None:
    """The item ``key`` (GetItem)."""
    found = _call("get_item", TableName=_name(), Key=marshal_key(key), ConsistentRead=True)
    return unmarshal_item(found["Item"]) if "Item" in found else None


def get_many(keys: Iterable[Key]) -> Snapshot:
    """Those of ``keys`` that there are, at most 100, in one batched read (BatchGetItem)."""
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > _BATCH:
        raise ValueError(f"a batch has at most {_BATCH} keys")
    table = _name()
    asked = {table: {"Keys": [marshal_key(key) for key in wanted], "ConsistentRead": True}} if wanted else {}
    found: dict[Key, Item] = {}
    for _ in _attempts():
        if asked:
            answer = _call("batch_get_item", RequestItems=asked)
            asked = answer.get("UnprocessedKeys") or {}
            items = map(unmarshal_item, answer["Responses"].get(table, ()))
            found |= {(item["pk"], item["sk"]): item for item in items}
        if not asked:
            return found
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
    """Up to ``limit`` items of the partition ``pk`` in order of ``sk``, those past the one that has ``after`` (Query).

    With ``index`` those whose attribute of that name is ``prefix`` followed by their ``sk``, in the index's order.
    """
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


def write(change: Put | Update | Delete) -> Item:
    """Make one change; return the item as an update left it, or as it was before a put or delete ({} if none)."""
    returned = "ALL_NEW" if isinstance(change, Update) else "ALL_OLD"
    operation = f"{type(change).__name__.lower()}_item"
    answer = _call(operation, TableName=_name(), ReturnValues=returned, **change.arguments())
    return unmarshal_item(answer.get("Attributes", {}))


def transact(*writes: Write) -> None:
    """Make all ``writes`` or none (TransactWriteItems).

    botocore gives each call a token, so a retry after a lost answer does not write twice. Needs the permission
    of each write's own action: PutItem, UpdateItem, DeleteItem, ConditionCheckItem.
    """
    table = _name()
    items = [{_action(one): {"TableName": table, **one.arguments()}} for one in writes]
    try:
        _call("transact_write_items", TransactItems=items)
    except Collision as collision:
        raise Collision(keys=(writes[position].key for position in collision.positions)) from None


def probe() -> None:
    """Read a key that is not there (GetItem); raises when the table does not answer."""
    get(_PROBE)


def _name() -> str:
    return settings().table_name


def _action(write: Write) -> str:
    return "ConditionCheck" if isinstance(write, Check) else type(write).__name__


def _call(operation: str, **arguments: Any) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    call = getattr(client("dynamodb"), operation)
    collided: list[int] = []
    for _ in _attempts():
        try:
            answer: dict[str, Any] = call(**arguments)
        except ClientError as error:
            collided = _collided(error)
        else:
            return answer
    raise Collision(collided)


def _collided(error: Any) -> list[int]:
    """Where ``error`` says that two writers met, which is nowhere of a single write; raises what else it means."""
    reasons = [str(one.get("Code")) for one in error.response.get("CancellationReasons", ())]
    code = str(error.response.get("Error", {}).get("Code")).removesuffix("Exception")
    failed = [position for position, reason in enumerate(reasons) if reason == _CONDITION]
    if failed or code == _CONDITION:
        raise ConditionFailed(failed or (0,)) from None
    if not _THROTTLES.isdisjoint({code, f"{code}Exception", *reasons}):
        raise ThrottledException from error
    if _CONFLICT not in {code, *reasons}:
        raise error
    return [position for position, reason in enumerate(reasons) if reason == _CONFLICT]


def _attempts() -> Iterator[int]:
    """Count attempts, pausing between them for a random while up to a growing bound ("full jitter")."""
    for attempt in range(ATTEMPTS):
        if attempt:
            _pause(SystemRandom().uniform(0, min(_PAUSE_SECONDS, 0.01 * 2**attempt)))
        yield attempt


def _pause(seconds: float) -> None:
    time.sleep(seconds)
