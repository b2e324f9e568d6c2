"""An identity provider with one key and the default user, and a client of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests import identity
from tests.gateway import Answer, Gateway


class Client:
    """Logs in, refreshes and asks who it is, as the default user unless told otherwise."""

    def __init__(self) -> None:
        self._gateway = Gateway()

    def login(self, **changes: Any) -> Answer:
        """``POST /auth/token`` with ``changes`` to the right body; ``...`` takes a member away."""
        body = {"username": identity.USERNAME, "password": identity.PASSWORD, **changes}
        return self.post("/auth/token", {name: value for name, value in body.items() if value is not ...})

    def refresh(self, refresh_token: Any) -> Answer:
        """``POST /auth/refresh``."""
        return self.post("/auth/refresh", {"refresh_token": refresh_token})

    def userinfo(self, access_token: str) -> Answer:
        """``GET /auth/userinfo`` with the token as bearer."""
        return self.get("/auth/userinfo", {"authorization": f"Bearer {access_token}"})

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """The answer to a login that succeeds."""
        answer = self.login(**changes)
        assert answer.status == 200
        tokens: dict[str, Any] = answer.json()
        return tokens

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """``GET path``."""
        return self._gateway.get(path, headers=headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """``POST path``."""
        return self._gateway.post(path, body, **options)


@pytest.fixture
def client(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the identity provider."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry())
    return Client()
