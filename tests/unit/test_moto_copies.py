"""Moto's copies are whole, and have nothing in common with what they are of that a change would show in."""

from copy import deepcopy

import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from utils.aws import client

KEY = {"pk": {"S": "a"}, "sk": {"S": "-"}}
ITEM = {
    **KEY,
    "n": {"N": "1.5"},
    "set": {"SS": ["x", "y"]},
    "deep": {"M": {"list": {"L": [{"BOOL": True}, {"M": {"n": {"N": "1"}}}]}}},
}
CHANGES = (
    "SET deep.#list[1].n = :new",
    "SET deep.another = :new",
    "ADD #set :more",
    "DELETE #set :one",
    "REMOVE deep.#list[0]",
    "SET n = n + :new",
)


def change(table: str, expression: str) -> None:
    names = {name: name[1:] for name in ("#list", "#set") if name in expression}
    given = {":new": {"N": "7"}, ":more": {"SS": ["z"]}, ":one": {"SS": ["x"]}}
    values = {name: value for name, value in given.items() if name in expression}
    client("dynamodb").update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression=expression,
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    )


def test_a_change_of_a_table_shows_in_no_copy_of_it(dynamodb_table: str) -> None:
    dynamodb = client("dynamodb")
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    for expression in CHANGES:
        dynamodb.put_item(TableName=dynamodb_table, Item=ITEM)
        copy = deepcopy(tables[dynamodb_table])
        change(dynamodb_table, expression)
        assert dynamodb.get_item(TableName=dynamodb_table, Key=KEY)["Item"] != ITEM, expression
        tables[dynamodb_table] = copy
        assert dynamodb.get_item(TableName=dynamodb_table, Key=KEY)["Item"] == ITEM, expression


def test_a_transaction_that_is_refused_leaves_dynamodb_table_as_it_was(dynamodb_table: str) -> None:
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName=dynamodb_table, Item=ITEM)
    changed = {
        "Update": {
            "TableName": dynamodb_table,
            "Key": KEY,
            "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": {":n": {"N": "2"}},
        }
    }
    added = {"Put": {"TableName": dynamodb_table, "Item": {**ITEM, "sk": {"S": "new"}}}}
    refused = {
        "Delete": {
            "TableName": dynamodb_table,
            "Key": {**KEY, "sk": {"S": "none"}},
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(TransactItems=[changed, added, refused])
    assert dynamodb.scan(TableName=dynamodb_table)["Items"] == [ITEM]
