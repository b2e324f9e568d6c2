"""The short way to moto answers as the long one does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto.core.models import MockAWS

from tests.conftest import ENVIRONMENT, empty_table
from tests.support.direct_moto import shortened
from utils.aws import client

TABLE = ENVIRONMENT["TABLE_NAME"]
KEY = {"pk": {"S": "a"}, "sk": {"S": "-"}}
ITEM = {
    **KEY,
    "n": {"N": "1.5"},
    "set": {"SS": ["x", "y"]},
    "deep": {"M": {"list": {"L": [{"BOOL": True}, {"NULL": True}]}}},
}
NEVER = {"ConditionExpression": "attribute_exists(nothing)"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY}),
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM}),
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM, "ReturnValues": "ALL_OLD"}),
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM, **NEVER}),
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    ("dynamodb", "batch_get_item", {"RequestItems": {TABLE: {"Keys": [KEY]}}}),
    (
        "dynamodb",
        "query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "a"}},
            "Limit": 1,
        },
    ),
    ("dynamodb", "scan", {"TableName": TABLE}),
    (
        "dynamodb",
        "update_item",
        {
            "TableName": TABLE,
            "Key": KEY,
            "UpdateExpression": "SET n = n + :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    (
        "dynamodb",
        "transact_write_items",
        {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": KEY, **NEVER}}]},
    ),
    ("dynamodb", "transact_write_items", {"TransactItems": [{"Put": {"TableName": TABLE, "Item": ITEM}}]}),
    ("dynamodb", "delete_item", {"TableName": TABLE, "Key": KEY, "ReturnValues": "ALL_OLD"}),
    ("dynamodb", "get_item", {"TableName": "another", "Key": KEY}),
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": "no key"}),
    ("secretsmanager", "create_secret", {"Name": "s", "SecretString": "one"}),
    ("secretsmanager", "create_secret", {"Name": "s", "SecretString": "one"}),
    ("secretsmanager", "put_secret_value", {"SecretId": "s", "SecretString": "two"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "another"}),
]
NOT_COMPARED = {"ResponseMetadata", "ARN", "VersionId", "CreatedDate"}
"""What is about HTTP, what is another each time, and a moment, which stays a number."""


def answers() -> list[Any]:
    """What AWS answers to the calls, one after the other."""
    found: list[Any] = []
    for service, operation, arguments in CALLS:
        try:
            answer = getattr(client(service), operation)(**arguments)
        except (ClientError, ParamValidationError) as refusal:
            answer = {"refused": str(refusal), **getattr(refusal, "response", {})}
        found.append({name: value for name, value in answer.items() if name not in NOT_COMPARED})
    return found


def test_it_answers_as_the_long_way_does(environment: None, one_aws: MockAWS) -> None:
    empty_table()
    long = answers()
    one_aws.reset()
    empty_table()
    with shortened(client("dynamodb"), client("secretsmanager")):
        short = answers()
    one_aws.reset()
    assert short == long
    assert sum("refused" in answer for answer in long) == 6


def test_it_is_taken(dynamodb_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def long_way(*_: object, **__: object) -> None:
        pytest.fail("a request was made")

    client("dynamodb").meta.events.register("request-created.dynamodb", long_way)
    try:
        client("dynamodb").put_item(TableName=dynamodb_table, Item=ITEM)
        assert client("dynamodb").get_item(TableName=dynamodb_table, Key=KEY)["Item"] == ITEM
    finally:
        client("dynamodb").meta.events.unregister("request-created.dynamodb", long_way)
