"""Moto's transactions at the cost of what they touch: before each write of one moto copies the whole table, to have
something to go back to."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import moto.dynamodb.models as moto_models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table


@contextmanager
def light_transactions() -> Iterator[None]:
    """Has a transaction copy the partitions that it touches while the block runs."""
    transact = DynamoDBBackend.transact_write_items

    def light(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        touched = {_partition(write) for item in transact_items for write in item.values()}

        def backup(value: Any) -> Any:
            return _backup(value, touched) if isinstance(value, Table) else deepcopy(value)

        with patch.object(moto_models, "copy", SimpleNamespace(deepcopy=backup, copy=copy)):
            transact(self, transact_items)

    with patch.object(DynamoDBBackend, "transact_write_items", light):
        yield


def _partition(write: dict[str, Any]) -> str:
    key: dict[str, str] = write.get("Key", write.get("Item", {}))["pk"]
    return key["S"]


def _backup(table: Table, touched: set[str]) -> Table:
    kept = copy(table)
    kept.items = copy(table.items)
    for key in (DynamoType({"S": pk}) for pk in touched):
        if key in table.items:
            kept.items[key] = deepcopy(table.items[key])
    return kept
