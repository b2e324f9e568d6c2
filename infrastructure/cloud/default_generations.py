"""Begins the default sandbox anew, and deletes what it has left behind at its resets.

Every other sandbox ends, so what is written to it has a time at which DynamoDB deletes it (``purge_at``). The default
one never does, and the application, which scans nothing, cannot find what it has left.
"""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

DEFAULT = "default"
_OF_NO_GENERATION = ("sandbox", "seed", "probe")
"""What follows the sandbox's name in the keys of items that outlive its resets (``utils.sandbox``,
``services.sandboxes.seed_documents``, ``utils.table``)."""
_KEY: "dict[str, AttributeValueTypeDef]" = {"pk": {"S": f"{DEFAULT}#sandbox"}, "sk": {"S": "-"}}
_AT_ONCE = 16
_IMPORTED_WITHIN = timedelta(days=1)
"""How long a generation is left alone that is not the present one: an import by pages may be under way."""
_TIME_DIGITS = 11
"""Hexadecimal digits of a generation's name that are the real time at which it began, in milliseconds."""


def begin(settings: Settings, table: str) -> None:
    """Begins a generation of the default sandbox in the ``table`` that has the stack's users and clients, nothing else,
    and the real clock, as ``services.sandboxes.opening`` does. Raises ``DeployError``."""
    dynamodb: DynamoDBClient = session.client(settings, "dynamodb")
    now = time.time_ns() // 1_000_000
    try:
        item = dynamodb.get_item(TableName=table, Key=_KEY, ConsistentRead=True).get("Item", {})
        serial = item.get("serial", {}).get("N")
        dynamodb.put_item(
            TableName=table,
            Item={
                **_KEY,
                "generation": {"S": f"{now:0{_TIME_DIGITS}x}{secrets.token_hex(3)[1:]}"},
                "created_at": {"N": str(now // 1000)},
                "serial": {"N": str(int(serial or 0) + 1)},
            },
            **(
                {
                    "ConditionExpression": "serial = :serial",
                    "ExpressionAttributeValues": {":serial": {"N": serial}},
                }
                if serial
                else {"ConditionExpression": "attribute_not_exists(serial)"}
            ),
        )
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"The default sandbox cannot be begun anew: {error}", "Run this again.") from error


def sweep(settings: Settings, table: str) -> int:
    """Deletes from the ``table`` what former generations of the default sandbox hold; how many items that were.

    Reads the whole table. What is left when it breaks off is for the next one. Raises ``DeployError``.
    """
    dynamodb: DynamoDBClient = session.client(settings, "dynamodb")
    try:
        item = dynamodb.get_item(TableName=table, Key=_KEY, ConsistentRead=True).get("Item", {})
        present = item.get("generation", {}).get("S")
        return _delete(dynamodb, table, present) if present else 0
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"What the default sandbox had before its reset cannot be deleted: {error}",
            "The reset is done. What it had is out of reach, and takes room until the next: make reset SANDBOX=default",
        ) from error


def _delete(dynamodb: "DynamoDBClient", table: str, present: str) -> int:
    """Deletes all that is of the default sandbox and over; ``present`` is its generation."""
    oldest = datetime.now(UTC) - _IMPORTED_WITHIN
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(pk, :default) AND NOT begins_with(pk, :present)",
        ExpressionAttributeValues={
            ":default": {"S": DEFAULT},
            ":present": {"S": f"{DEFAULT}@{present}#"},
        },
        ProjectionExpression="pk, sk",
    )
    delete = partial(dynamodb.delete_item, TableName=table)
    looked, deleted = 0, 0
    title = "Deleting what the default sandbox had before"
    with display.progress(title) as step, ThreadPoolExecutor(_AT_ONCE) as pool:
        for page in pages:
            looked += page["ScannedCount"]
            keys = [item for item in page["Items"] if _is_over(item["pk"]["S"], present, oldest)]
            for _ in pool.map(lambda key: delete(Key=key), keys):
                deleted += 1
            step.detail = f"{looked} items, {deleted} deleted"
    return deleted


def _is_over(pk: str, present: str, oldest: datetime) -> bool:
    """Whether a partition is of the default sandbox, and of a generation other than the ``present`` one that began
    before ``oldest``, or of the first, which has no name."""
    universe, kind = pk.split("#")[:2]
    sandbox, _, generation = universe.partition("@")
    if sandbox != DEFAULT or generation == present:
        return False
    if not generation:
        return kind not in _OF_NO_GENERATION
    return datetime.fromtimestamp(int(generation[:_TIME_DIGITS], 16) / 1000, UTC) < oldest
