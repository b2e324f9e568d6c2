"""Moto without the HTTP that it puts before its services, which is most of what a call costs.

botocore still checks and serializes what it is given. What moto refuses is asked again the long way, which tells
it as AWS does. One call is carried out at a time, for AWS's are atomic and moto's are not; calls of several threads
still interleave.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from threading import RLock
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import ServiceException
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb import models
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.secretsmanager.responses import SecretsManagerResponse
from werkzeug.exceptions import HTTPException

_LONGEST_PK, _LONGEST_SK = 2048, 1024
"""Bytes of keys ("Quotas in Amazon DynamoDB")."""
_ONE_AT_A_TIME = RLock()
_PROCESS_REQUEST = BotocoreStubber.process_request


@dataclass(frozen=True)
class _Response:
    """What botocore looks at of an answer that it need not read."""

    status_code: int = 200


class _Items(DynamoHandler):
    """DynamoDB's operations on items: what moto answers to these is what AWS does."""

    operations = (
        *("GetItem", "BatchGetItem", "Query", "Scan"),
        *("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"),
    )
    current_account = DEFAULT_ACCOUNT_ID

    def __init__(self, region: str, body: bytes) -> None:
        super().__init__()
        self.region, self.body = region, json.loads(body)

    def act(self, operation: str) -> dict[str, Any]:
        """The answer to ``operation``; a key that is too long is an error, as of AWS and not always of moto."""
        if any(len(key.encode()) > most for key, most in _keys(self.body)):
            message = "A key is too long."
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)
        answer: dict[str, Any] = getattr(self, xform_name(operation))().result
        return answer


def _keys(asked: Any) -> Iterator[tuple[str, int]]:
    """The keys in what DynamoDB is asked, a query's partition key among them, each with the bytes it may have."""
    if isinstance(asked, list):
        for part in asked:
            yield from _keys(part)
    elif isinstance(asked, dict) and {"pk", "sk"} <= asked.keys():
        yield asked["pk"]["S"], _LONGEST_PK
        yield asked["sk"]["S"], _LONGEST_SK
    elif isinstance(asked, dict):
        if "KeyConditionExpression" in asked:
            yield next(iter(asked["ExpressionAttributeValues"].values()))["S"], _LONGEST_PK
        for name, part in asked.items():
            if not name.startswith("Expression"):
                yield from _keys(part)


class _Secrets(SecretsManagerResponse):
    """Secrets Manager's operations on values; moments stay numbers, which nothing here looks at."""

    operations = ("GetSecretValue", "CreateSecret", "PutSecretValue")
    current_account = DEFAULT_ACCOUNT_ID

    def __init__(self, region: str, body: bytes) -> None:
        super().__init__()
        self.region, self._given = region, json.loads(body)

    def _get_param(self, param_name: str, if_none: Any = None) -> Any:
        return self._given.get(param_name, if_none)

    def act(self, operation: str) -> dict[str, Any]:
        """The answer to ``operation``."""
        answer: dict[str, Any] = json.loads(getattr(self, xform_name(operation))())
        return answer


_EVENTS: dict[str, type[_Items | _Secrets]] = {
    "before-call.dynamodb": _Items,
    "before-call.secrets-manager": _Secrets,
}


@contextmanager
def shortened(*clients: Any) -> Iterator[None]:
    """Has ``clients`` of DynamoDB and Secrets Manager ask moto directly while the block runs."""
    answers = {event: _answer(service) for event, service in _EVENTS.items()}
    for client in clients:
        for event, answer in answers.items():
            client.meta.events.register(event, answer)
    try:
        with patch.object(BotocoreStubber, "process_request", _the_long_way):
            yield
    finally:
        for client in clients:
            for event, answer in answers.items():
                client.meta.events.unregister(event, answer)


def _the_long_way(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
    with _ONE_AT_A_TIME:
        return _PROCESS_REQUEST(stubber, request)


def _answer(service: type[_Items | _Secrets]) -> Callable[..., tuple[_Response, dict[str, Any]] | None]:
    def answer(
        model: OperationModel, params: Any, context: Any, **_: Any
    ) -> tuple[_Response, dict[str, Any]] | None:
        if model.name not in service.operations:
            return None
        try:
            with _ONE_AT_A_TIME:
                answer = service(context["client_region"], params["body"]).act(model.name)
        except (HTTPException, ServiceException):
            return None
        assert model.output_shape is not None
        told = model.output_shape.members
        return _Response(), {name: answer[name] for name in told if answer.get(name) is not None}

    return answer


@contextmanager
def without_rollback() -> Iterator[None]:
    """Has no transaction copy its table first, which takes the longer the more is in it, and is needed only where one
    fails."""
    with patch.object(models, "copy", SimpleNamespace(deepcopy=_copied)):
        yield


def _copied(value: Any) -> Any:
    return value if isinstance(value, Table) else deepcopy(value)
