"""The rows of the route table allow what the identity routes do, and no more."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from main import ROUTES
from services.refresh import GRACE
from tests import identity
from tests.conftest import Clock, permissions_of
from tests.unit.identity.conftest import BASIC, Client
from utils.aws import client as aws_client

type Uses = dict[str, set[str]]

_ROUTES = {route.path: route for route in ROUTES if route.path.startswith(("/auth/", "/.well-known/"))}


@pytest.fixture
def uses(client: Client, monkeypatch: pytest.MonkeyPatch) -> Uses:
    """What every path does while requests are sent by :class:`Client`: actions on the table, secrets read."""
    found: Uses = defaultdict(set)
    path = ""

    def recorded(call: Callable[..., Any]) -> Callable[..., Any]:
        def record(operation: str, arguments: dict[str, Any]) -> Any:
            found[path].update(permissions_of(operation, arguments))
            return call(operation, arguments)

        return record

    def at(send: Callable[..., Any]) -> Callable[..., Any]:
        def follow(target: str, *arguments: Any, **options: Any) -> Any:
            nonlocal path
            path = target
            identity.forget()
            return send(target, *arguments, **options)

        return follow

    for service in ("dynamodb", "secretsmanager"):
        aws = aws_client(service)
        monkeypatch.setattr(aws, "_make_api_call", recorded(aws._make_api_call))
    monkeypatch.setattr(client, "get", at(client.get))
    monkeypatch.setattr(client, "post", at(client.post))
    return found


def test_each_does_exactly_what_its_row_allows(client: Client, uses: Uses, stopped_clock: Clock) -> None:
    may_everything = identity.client_entry(identity.BACKEND)
    identity.store_seed(identity.seed_entry(), registered=[may_everything])
    client.login(password="wrong")
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    client.refresh(first["refresh_token"])
    client.userinfo(second["access_token"])
    stopped_clock.moment += GRACE + timedelta(seconds=1)
    client.refresh(first["refresh_token"])
    code = client.code()
    granted = client.redeem(code).json()
    client.grant("refresh_token", refresh_token=granted["refresh_token"])
    client.grant("client_credentials")
    client.redeem(code)
    for path in ("/auth/introspect", "/auth/revoke"):
        tokens = client.granted("password", username=identity.USERNAME, password=identity.PASSWORD)
        client.form(path, {"token": tokens["refresh_token"]}, basic=BASIC)
        client.form(path, {"token": tokens["access_token"]}, basic=BASIC)
    for path in _ROUTES:
        if path.startswith("/.well-known/"):
            client.get(path)
    allowed = {path: {*route.table, *route.secrets} for path, route in _ROUTES.items()}
    assert {path: uses[path] for path in _ROUTES} == allowed
