"""``POST /auth/introspect`` (RFC 7662)."""

from datetime import timedelta
from typing import Any

import pytest

from services.identity.access_token_verifier import verifier
from services.identity.sessions import user_key
from tests.conftest import Clock
from tests.support import identity
from tests.support.gateway import Answer
from tests.unit.identity.conftest import BASIC, SERVICE, Client
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Update

LOGIN: dict[str, Any] = {"username": identity.USERNAME, "password": identity.PASSWORD}
INACTIVE = '{"active":false}'


def _ask(client: Client, token: str, **parameters: str) -> Answer:
    answer = client.form("/auth/introspect", {"token": token, **parameters}, basic=SERVICE)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer


def test_an_access_token_is_told_of_in_full(client: Client, stopped_clock: Clock) -> None:
    now = int(stopped_clock.moment.timestamp())
    token = client.granted("password", **LOGIN, scope="players:read")["access_token"]
    assert _ask(client, token).json() == {
        "active": True,
        "scope": "players:read",
        "client_id": identity.BACKEND,
        "username": identity.USERNAME,
        "token_type": "Bearer",
        "exp": now + 300,
        "iat": now,
        "nbf": now,
        "sub": identity.SUBJECT,
        "aud": identity.AUDIENCE,
        "iss": identity.ISSUER,
        "jti": verifier().verify(token).token_id,
        "sandbox": "default",
    }


def test_a_clients_own_token_has_no_username(client: Client) -> None:
    introspection = _ask(client, client.granted("client_credentials")["access_token"]).json()
    assert (introspection["active"], introspection["sub"]) == (True, identity.BACKEND)
    assert "username" not in introspection


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "banana"])
def test_a_hint_that_is_wrong_does_no_harm(client: Client, hint: str) -> None:
    assert _ask(client, client.tokens()["access_token"], token_type_hint=hint).json()["active"]


class TestRefreshToken:
    @pytest.fixture
    def tokens(self, client: Client) -> dict[str, Any]:
        """What a client that may introspect got for a user."""
        entries = [identity.client_entry(identity.BACKEND), identity.client_entry(identity.SERVICE)]
        identity.store_seed(identity.seed_entry(), registered=entries)
        return client.granted("password", **LOGIN, scope="openid players:read")

    def _own(self, client: Client, token: str) -> Answer:
        return client.form("/auth/introspect", {"token": token}, basic=BASIC)

    def test_its_own_client_is_told_of_it(
        self, client: Client, tokens: dict[str, Any], stopped_clock: Clock
    ) -> None:
        token = client.granted("refresh_token", refresh_token=tokens["refresh_token"])["refresh_token"]
        introspection = self._own(client, token).json()
        assert 0 < introspection.pop("exp") - int(stopped_clock.moment.timestamp()) <= 86400
        assert introspection == {
            "active": True,
            "scope": "openid players:read",
            "client_id": identity.BACKEND,
            "sub": identity.SUBJECT,
            "iss": identity.ISSUER,
            "sandbox": "default",
        }

    def test_no_other_is(self, client: Client, tokens: dict[str, Any]) -> None:
        assert _ask(client, tokens["refresh_token"]).text == INACTIVE

    def test_one_that_was_used_is_not_active(self, client: Client, tokens: dict[str, Any]) -> None:
        client.granted("refresh_token", refresh_token=tokens["refresh_token"])
        assert self._own(client, tokens["refresh_token"]).text == INACTIVE

    def test_one_that_was_revoked_or_expired_is_not_active(
        self, client: Client, tokens: dict[str, Any], stopped_clock: Clock
    ) -> None:
        other = client.granted("password", **LOGIN)
        client.form("/auth/revoke", {"token": other["refresh_token"]}, basic=BASIC)
        assert self._own(client, other["refresh_token"]).text == INACTIVE
        stopped_clock.moment += timedelta(days=2)
        assert self._own(client, tokens["refresh_token"]).text == INACTIVE

    def test_asking_does_not_use_it(self, client: Client, tokens: dict[str, Any]) -> None:
        assert self._own(client, tokens["refresh_token"]).json()["active"]
        assert client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status == 200


class TestInactive:
    def test_an_expired_token(self, client: Client, stopped_clock: Clock) -> None:
        token = client.tokens()["access_token"]
        stopped_clock.moment += timedelta(seconds=300)
        assert _ask(client, token).text == INACTIVE

    def test_a_token_of_the_future(self, client: Client, stopped_clock: Clock) -> None:
        token = client.tokens()["access_token"]
        stopped_clock.moment -= timedelta(seconds=2)
        assert _ask(client, token).text == INACTIVE

    def test_a_revoked_token(self, client: Client) -> None:
        token = client.granted("password", **LOGIN)["access_token"]
        client.form("/auth/revoke", {"token": token}, basic=BASIC)
        assert _ask(client, token).text == INACTIVE

    def test_a_token_of_a_locked_user(self, client: Client) -> None:
        token = client.tokens()["access_token"]
        table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
        assert _ask(client, token).text == INACTIVE

    def test_an_id_token(self, client: Client) -> None:
        assert _ask(client, client.tokens()["id_token"]).text == INACTIVE

    def test_a_code(self, client: Client) -> None:
        assert _ask(client, client.code()).text == INACTIVE

    @pytest.mark.parametrize("token", ["x", "a.b.c", f"{'A' * 22}.{'A' * 43}", "é", "x" * 9000])
    def test_text_that_is_no_token(self, client: Client, token: str) -> None:
        assert _ask(client, token).text == INACTIVE


def test_a_client_without_the_scope_is_refused_whatever_the_token(client: Client) -> None:
    for token in (client.tokens()["access_token"], "x"):
        answer = client.form("/auth/introspect", {"token": token}, basic=BASIC)
        assert (answer.status, answer.json()["error"]) == (400, "unauthorized_client")


def test_the_scope_in_an_access_token_does_not_authenticate(client: Client) -> None:
    token = client.granted("client_credentials", basic=SERVICE, scope="tokens:introspect")["access_token"]
    answer = client.post(
        "/auth/introspect",
        raw=f"token={token}",
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "authorization": f"Bearer {token}",
        },
    )
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")


def test_without_a_token_it_is_an_invalid_request(client: Client) -> None:
    answer = client.form("/auth/introspect", {}, basic=SERVICE)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
