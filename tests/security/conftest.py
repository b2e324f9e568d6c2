"""Every attack is made on an authorizer that knows one key, and whose issuer has no other."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import authorizer
from tests import identity, issuer
from tests.gateway import Context
from tests.issuer import Issuer

type Denied = Callable[..., str]


@pytest.fixture(scope="session")
def the_issuer() -> Iterator[Issuer]:
    """Where the authorizer asks for keys that it does not know."""
    with issuer.running() as running:
        running.body = identity.public_jwks(identity.KEY).encode()
        yield running


@pytest.fixture(autouse=True)
def _deployment(environment: None, the_issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorizer's environment."""
    monkeypatch.setenv("JWKS_URI", the_issuer.uri)
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
