"""Every attack is made on an authorizer that knows one key, and whose issuer has no other."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import authorizer
from tests.support import identity, issuer
from tests.support.gateway import Answer, Context
from tests.support.issuer import Issuer
from tests.support.user_agent import UserAgent, app

SESSION = "__Host-psn-session"
BROWSER = "__Host-psn-browser"

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


@pytest.fixture
def provider(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity provider with the default user and the client ``app``."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry(), registered=[app()])


@pytest.fixture
def agent() -> UserAgent:
    """A browser."""
    return UserAgent()


def refused_by_a_page(answer: Answer, status: int = 400) -> None:
    """See that ``answer`` is a page of an error, which leads nowhere."""
    assert answer.status == status
    assert "location" not in answer.headers
    assert "http-equiv" not in answer.text
    assert "This did not work" in answer.text
