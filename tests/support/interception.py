"""Calls of AWS that a test looks at, refuses or answers itself."""

from collections.abc import Callable
from typing import Any

import pytest

from utils.aws import client
from utils.settings import settings

type Call = Callable[[str, dict[str, Any]], Any]
"""A call of an operation such as ``GetItem`` with its arguments."""

type Answer = Callable[[Call, str, dict[str, Any]], Any]
"""What answers instead: it is given the call that would be made, to make it or not, the operation and its arguments."""

type Intercept = Callable[..., None]
"""``intercept(answer, "dynamodb", …)``: every call of these services, of DynamoDB unless others are named, is for
``answer`` from now on. The last to intercept a service is asked first."""


def interception(monkeypatch: pytest.MonkeyPatch) -> Intercept:
    """What intercepts calls until the test ends."""

    def intercept(answer: Answer, *services: str) -> None:
        for service in services or ("dynamodb",):
            for aws in _clients(service):
                monkeypatch.setattr(aws, "_make_api_call", _answered(aws._make_api_call, answer))

    return intercept


def _clients(service: str) -> list[Any]:
    """The clients of ``service`` that the functions use."""
    is_hurried = service == "dynamodb" and settings().journal
    return [client(service), *([client(service, hurried=True)] if is_hurried else [])]


def _answered(call: Call, answer: Answer) -> Call:
    return lambda operation, arguments: answer(call, operation, arguments)
