"""The ID token (OpenID Connect Core sections 2, 3.1.3.6 and 12.2)."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

import authorizer
from tests.conftest import Clock
from tests.support import identity
from tests.support.gateway import Context
from tests.unit.identity.conftest import Client

LOGIN: dict[str, Any] = {"username": identity.USERNAME, "password": identity.PASSWORD}


def _claims(tokens: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(identity.decode(tokens["id_token"].split(".")[1]))
    return claims


def test_it_says_who_logged_in_when_and_for_whom(client: Client, stopped_clock: Clock) -> None:
    now = int(stopped_clock.moment.timestamp())
    tokens = client.redeem(client.code()).json()
    claims = _claims(tokens)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims == {
        "iss": identity.ISSUER,
        "sub": identity.SUBJECT,
        "aud": identity.BACKEND,
        "exp": now + 300,
        "iat": now,
        "auth_time": now - 30,
        "nonce": "n-0S6_WzA2Mj",
        "at_hash": identity.encode(half),
    }


def test_a_stranger_can_verify_it_with_the_published_keys(client: Client) -> None:
    keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").json())
    token = jwt.decode(client.tokens()["id_token"], keys, algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "typ": "JWT", "kid": "key-1"}
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": identity.ISSUER},
        aud={"essential": True, "value": "psn-emulator"},
        sub={"essential": True, "value": identity.SUBJECT},
        exp={"essential": True},
        iat={"essential": True},
    )
    registry.validate(token.claims)


def test_an_authorization_without_a_nonce_gives_none(client: Client) -> None:
    assert "nonce" not in _claims(client.redeem(client.code(nonce=None)).json())


@pytest.mark.parametrize("scope", ["players:read", "profile email", "players:read players:write"])
def test_without_openid_there_is_none(client: Client, scope: str) -> None:
    assert "id_token" not in client.tokens(scope=scope)
    assert "id_token" not in client.granted("password", **LOGIN, scope=scope)
    assert "id_token" not in client.redeem(client.code(scope=scope)).json()


def test_every_login_with_openid_gives_one(client: Client, stopped_clock: Clock) -> None:
    now = int(stopped_clock.moment.timestamp())
    simple, form = client.tokens(scope="openid"), client.granted("password", **LOGIN, scope="openid")
    assert [_claims(token)["aud"] for token in (simple, form)] == ["psn-emulator", identity.BACKEND]
    assert {_claims(token)["auth_time"] for token in (simple, form)} == {now}


def test_on_refresh_it_keeps_the_time_of_the_login_and_loses_the_nonce(
    client: Client, stopped_clock: Clock
) -> None:
    first = client.redeem(client.code()).json()
    stopped_clock.moment += timedelta(minutes=10)
    second = client.granted("refresh_token", refresh_token=first["refresh_token"])
    before, after = _claims(first), _claims(second)
    same = ("iss", "sub", "aud", "auth_time")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["iat"] == before["iat"] + 600
    assert "nonce" not in after
    assert after["at_hash"] != before["at_hash"]


def test_a_retry_of_a_refresh_gets_the_same_one(client: Client, stopped_clock: Clock) -> None:
    token = client.tokens()["refresh_token"]
    answer = client.refresh(token)
    stopped_clock.moment += timedelta(seconds=5)
    assert "id_token" in answer.json()
    assert client.refresh(token).text == answer.text


def test_it_opens_nothing(client: Client) -> None:
    id_token = client.tokens()["id_token"]
    assert client.userinfo(id_token).status == 401
    event = identity.authorizer_event(f"Bearer {id_token}")
    assert authorizer.handler(event, Context())["isAuthorized"] is False
