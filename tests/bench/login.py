"""A login in process, against the one argon2id verification that it cannot do without.

From the second login on, the table answers at once what it answered then: its own work, which moto does in this
process, is none of the function's.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse

import main
from tests.bench import log
from tests.bench.measure import Contestants, processor_timed
from tests.conftest import ENVIRONMENT, create_table
from tests.support import identity
from tests.support.gateway import Context, Gateway
from utils.aws import client


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``POST /auth/token`` from the function's event to its answer."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    password_hash = hasher.hash(identity.PASSWORD)
    body = {"username": identity.USERNAME, "password": identity.PASSWORD}

    def login() -> None:
        assert function(event, Context())["statusCode"] == 200

    def verify() -> None:
        assert hasher.verify(password_hash, identity.PASSWORD)

    with patch.dict(os.environ, ENVIRONMENT), log.discarded():
        identity.forget()
        with mock_aws():
            create_table()
            identity.store_keys(identity.KEY)
            identity.store_seed(identity.seed_entry(password_hash=password_hash))
            function = main.auth_token
            event, _ = Gateway().event("POST", "/auth/token", body=body)
            login()
            answers = _answers_to(login)
        with _repeated(answers):
            yield processor_timed(login), processor_timed(verify)
    identity.forget()


def _answers_to(call: Callable[[], None]) -> dict[str, bytes]:
    """What DynamoDB answers while ``call`` runs, by operation."""
    events = client("dynamodb").meta.events
    answers: dict[str, bytes] = {}

    def keep(model: OperationModel, parsed: dict[str, Any], **_: Any) -> None:
        content = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        answers[model.name] = json.dumps(content).encode()

    events.register("after-call.dynamodb", keep)
    call()
    events.unregister("after-call.dynamodb", keep)
    return answers


@contextmanager
def _repeated(answers: dict[str, bytes]) -> Iterator[None]:
    """DynamoDB answers this while the block runs, from this process's memory."""
    events = client("dynamodb").meta.events

    def answer(event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        content = answers[event_name.rpartition(".")[2]]
        return AWSResponse(request.url, 200, HTTPHeaders(), MockRawResponse(content))

    events.register("before-send.dynamodb", answer)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", answer)
