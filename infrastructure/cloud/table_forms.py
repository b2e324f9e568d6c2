"""The forms that a table has had, in order, each with the ways there from the one before and back.

A way changes one item at a time, each by one write or one transaction that depends on what was read. So it may break
off anywhere and be gone again from the start, and does no harm while functions read and write the table.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from infrastructure.errors import DeployError

type Item = dict[str, Any]
type Key = tuple[str, str]

_ATTEMPTS = 20
_SECONDS_KEPT = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the application, and the client of DynamoDB that asks it."""

    client: Any
    name: str

    def get(self, key: Key) -> Item | None:
        """An item, if there is one."""
        answer = self.client.get_item(TableName=self.name, Key=marshal(_key(key)), ConsistentRead=True)
        return unmarshal(answer["Item"]) if "Item" in answer else None


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one form to another: ``change`` makes of one item what the other form has instead. ``scan`` are the
    parameters of the Scan that finds the items; it may find more, which ``change`` leaves alone."""

    scan: Mapping[str, Any]
    change: Callable[[Table, Item], None]


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the way ``up`` to it from the form before, and ``down`` from it to that one."""

    number: int
    up: Way
    down: Way


def marshal(item: Item) -> dict[str, Any]:
    """An item as DynamoDB's API writes it."""
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def unmarshal(item: Mapping[str, Any]) -> Item:
    """An item of DynamoDB's API in Python's values."""
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def _key(key: Key) -> Item:
    return {"pk": key[0], "sk": key[1]}


_MAXIMA = frozenset({"score_best", "last_played_at"})
_SHARED_STATS = re.compile(r"[^#]+#stats")
_OWN_STATS = re.compile(r"([^#]+#stats)#([^#]+)")


def _spread(table: Table, item: Item) -> None:
    """Gives statistics a partition of their own, and what expires a ``purge_at``."""
    if _SHARED_STATS.fullmatch(item["pk"]):
        _merge(table, item, (f"{item['pk']}#{item['sk']}", "-"))
    elif "expires_at" in item and "purge_at" not in item:
        _change_purge_at(
            table,
            item,
            "SET purge_at = :at",
            "expires_at = :expires AND attribute_not_exists(purge_at)",
            {":at": item["expires_at"] + _SECONDS_KEPT, ":expires": item["expires_at"]},
        )


def _gather(table: Table, item: Item) -> None:
    """Puts statistics into one partition, and takes ``purge_at`` away, which the release before would not keep up."""
    if own := _OWN_STATS.fullmatch(item["pk"]):
        _merge(table, item, (own[1], own[2]))
    elif "purge_at" in item:
        _change_purge_at(table, item, "REMOVE purge_at", "attribute_exists(pk)", {})


def _change_purge_at(table: Table, item: Item, update: str, condition: str, values: Item) -> None:
    """Changes ``purge_at``; nothing where the item is not what it was, for who changed it saw to that."""
    given = {"ExpressionAttributeValues": marshal(values)} if values else {}
    try:
        table.client.update_item(
            TableName=table.name,
            Key=marshal(_key((item["pk"], item["sk"]))),
            UpdateExpression=update,
            ConditionExpression=condition,
            **given,
        )
    except table.client.exceptions.ConditionalCheckFailedException:
        return


def _merge(table: Table, source: Item | None, key: Key) -> None:
    """Adds the statistics ``source`` to those of ``key``, and removes them, in one transaction. Nothing where they are
    gone already: with their player, or merged by another."""
    for attempt in range(_ATTEMPTS):
        if source is None:
            return
        target = table.get(key)
        source_key = (source["pk"], source["sk"])
        try:
            table.client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": table.name,
                            "Item": marshal(_sum(source, target or {}) | _key(key)),
                            **_unchanged(target),
                        }
                    },
                    {
                        "Delete": {
                            "TableName": table.name,
                            "Key": marshal(_key(source_key)),
                            **_unchanged(source),
                        }
                    },
                ]
            )
        except table.client.exceptions.TransactionCanceledException:
            time.sleep(SystemRandom().uniform(0, 0.01 * 2 ** min(attempt, 6)))
            source = table.get(source_key)
        else:
            return
    raise DeployError(
        f"The statistics {key[0]} change faster than they can be moved.",
        "Nothing is lost: run this again when there is less traffic.",
    )


def _sum(one: Item, other: Item) -> Item:
    """The statistics of two items: the sums of their counters, the larger of their maxima."""
    total = dict(one)
    for name, value in other.items():
        if name in _MAXIMA:
            total[name] = max(total.get(name, value), value)
        elif name not in {"pk", "sk"}:
            total[name] = total.get(name, 0) + value
    return total


def _unchanged(item: Item | None) -> dict[str, Any]:
    """The condition that an item is of the version that it was, or still not there."""
    if item is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": marshal({":version": item["version"]}),
    }


FORMS: tuple[Form, ...] = (
    Form(
        2,
        up=Way(
            {
                "FilterExpression": "(contains(pk, :stats) AND sk <> :alone)"
                " OR (attribute_exists(expires_at) AND attribute_not_exists(purge_at))",
                "ExpressionAttributeValues": marshal({":stats": "#stats", ":alone": "-"}),
            },
            _spread,
        ),
        down=Way(
            {
                "FilterExpression": "(contains(pk, :stats) AND sk = :alone) OR attribute_exists(purge_at)",
                "ExpressionAttributeValues": marshal({":stats": "#stats", ":alone": "-"}),
            },
            _gather,
        ),
    ),
)
"""The forms after the first, in order."""
