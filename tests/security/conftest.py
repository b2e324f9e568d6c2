"""Every attack is made on an authorizer that knows one key."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import authorizer
from tests import identity
from tests.gateway import Context

type Denied = Callable[..., str]


@pytest.fixture(autouse=True)
def _deployment(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorizer's environment."""
    identity.publish(monkeypatch, identity.KEY)


@pytest.fixture
def denied(capsys: pytest.CaptureFixture[str]) -> Denied:
    """Send a credential, see it denied, and return the one reason that the log gives."""

    def deny(authorization: Any, route_key: str = "GET /players", **changes: Any) -> str:
        event = {**identity.authorizer_event(authorization, route_key), **changes}
        assert authorizer.handler(event, Context()) == {"isAuthorized": False, "context": {}}
        (line,) = capsys.readouterr().out.splitlines()
        return str(json.loads(line)["reason"])

    return deny
