"""Moto's copies of items and tables, made by what these are and not by whatever might be in them.

Moto copies an item that is read or changed, and before a transaction the whole table, once for each of its parts.
"""

from collections import defaultdict
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table


def install() -> None:
    """Has ``copy.deepcopy`` copy so."""
    replaced: tuple[tuple[type, Any], ...] = ((DynamoType, _value), (Item, _item), (Table, _table))
    for copied, copy in replaced:
        assert "__deepcopy__" in vars(copied) or copied is Table
        copied.__deepcopy__ = copy  # type: ignore[attr-defined]


def _value(value: DynamoType, _memo: object = None) -> DynamoType:
    made = object.__new__(DynamoType)
    made.type = value.type
    held = value.value
    if isinstance(held, dict):
        held = {name: _part(part) for name, part in held.items()}
    elif isinstance(held, list):
        held = [_part(part) for part in held]
    made.value = held
    return made


def _part(part: Any) -> Any:
    """Of a list or a map a value; of a set a text."""
    return _value(part) if isinstance(part, DynamoType) else part


def _item(item: Item, _memo: object = None) -> Item:
    """The item with values of its own. Its size was measured when it was written."""
    made = object.__new__(Item)
    made.hash_key, made.range_key = item.hash_key, item.range_key
    made.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    for name, value in item.attrs.items():
        dict.__setitem__(made.attrs, name, _value(value))
    return made


def _table(table: Table, _memo: object = None) -> Table:
    """The table with items of its own; what it is made of is shared, for nothing changes that."""
    made: Table = object.__new__(type(table))
    vars(made).update(vars(table))
    made.items = defaultdict(dict)
    for hash_key, items in table.items.items():
        made.items[hash_key] = {range_key: _item(item) for range_key, item in items.items()}
    return made
