"""Checks, by trying, that a function's role allows what its row of the route table says, for a release's smoke event.

Nothing is written: each write has a condition that no item meets, and IAM decides on a call before DynamoDB evaluates
its condition. The module is imported only for that event, since no request needs it.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from utils.aws import client
from utils.secrets import read_json
from utils.settings import settings

_KEY: Final = {"pk": {"S": "default#probe"}, "sk": {"S": "-"}}
_NEVER: Final = {"ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(pk)"}
_JUDGED: Final = {
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
}
"""Errors of DynamoDB that come after IAM has allowed the call."""

_PAUSE_SECONDS: Final = 0.5
_RESERVE_SECONDS: Final = 3.0
"""Seconds of a function's time that one more round and the answer may need."""


class PermissionsError(RuntimeError):
    """The role allows less or more than its row of the route table says; the message names each difference."""


@dataclass(frozen=True, slots=True)
class _Permission:
    name: str
    wanted: bool
    attempt: Callable[[], object]

    def differs(self) -> bool:
        """Whether the role refuses what is wanted, or allows what is not."""
        from botocore.exceptions import ClientError

        try:
            self.attempt()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "AccessDeniedException":
                return self.wanted
            if code not in _JUDGED:
                raise
        return not self.wanted


def require_permissions(actions: Collection[str], secrets: Collection[str], milliseconds: int) -> None:
    """Raise :class:`PermissionsError` unless the role allows exactly ``actions`` on the table and reading ``secrets``.

    ``actions`` are DynamoDB's, such as ``PutItem``, ``secrets`` the route table's names of them. AWS needs seconds
    until a changed policy holds everywhere (IAM user guide, "Changes that I make are not always immediately visible"),
    so a difference is tried again while the ``milliseconds`` that the function has left last.
    """
    deadline = time.monotonic() + milliseconds / 1000 - _RESERVE_SECONDS
    different = _differing(_permissions(actions, secrets))
    while different and time.monotonic() < deadline:
        _pause(_PAUSE_SECONDS)
        different = _differing(different)
    if different:
        differences = [
            f"{'refuses' if permission.wanted else 'allows'} {permission.name}" for permission in different
        ]
        raise PermissionsError(f"the role is not as its row says: it {', '.join(differences)}")


def _differing(permissions: Iterable[_Permission]) -> list[_Permission]:
    return [permission for permission in permissions if permission.differs()]


def _permissions(actions: Collection[str], secrets: Collection[str]) -> list[_Permission]:
    dynamodb, attempts = client("dynamodb"), _attempts(settings().table_name)
    table = [
        _Permission(
            f"dynamodb:{action}",
            action in actions,
            partial(getattr(dynamodb, attempts[action][0]), **attempts[action][1]),
        )
        for action in sorted({*attempts, *actions})
    ]
    return table + [
        _Permission(f"reading the secret {name}", name in secrets, partial(read_json, secret))
        for name, secret in settings().secrets.items()
    ]


def _attempts(table: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """By action on the table's data a harmless call of it: the client's method and its arguments.

    Includes actions that no row has. A transaction is no action of its own: each of its parts is.
    """
    of_table: dict[str, Any] = {"TableName": table}
    by_key = {**of_table, "Key": _KEY}
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": _KEY["pk"]}}
    return {
        "GetItem": ("get_item", by_key),
        "BatchGetItem": ("batch_get_item", {"RequestItems": {table: {"Keys": [_KEY]}}}),
        "Query": ("query", {**of_table, **query, "Limit": 1}),
        "Scan": ("scan", {**of_table, "Limit": 1}),
        "PutItem": ("put_item", {**of_table, "Item": _KEY, **_NEVER}),
        "UpdateItem": ("update_item", {**by_key, **_NEVER}),
        "DeleteItem": ("delete_item", {**by_key, **_NEVER}),
        "ConditionCheckItem": (
            "transact_write_items",
            {"TransactItems": [{"ConditionCheck": {**by_key, **_NEVER}}]},
        ),
        # It takes no condition: it deletes an item that is never there.
        "BatchWriteItem": ("batch_write_item", {"RequestItems": {table: [{"DeleteRequest": {"Key": _KEY}}]}}),
    }


def _pause(seconds: float) -> None:
    time.sleep(seconds)
