"""``POST /auth/revoke`` (RFC 7009)."""

from typing import Any

import pytest

from tests.support import identity
from tests.support.gateway import Answer
from tests.unit.identity.conftest import BASIC, SERVICE, Client

LOGIN: dict[str, Any] = {"username": identity.USERNAME, "password": identity.PASSWORD}


def _revoke(client: Client, token: str, **parameters: str) -> Answer:
    return client.form("/auth/revoke", {"token": token, **parameters}, basic=BASIC)


def _is_dead(client: Client, tokens: dict[str, Any]) -> bool:
    statuses = {
        client.userinfo(tokens["access_token"]).status,
        client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status,
    }
    assert statuses in ({401, 400}, {200})
    return statuses == {401, 400}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "banana"}])
def test_either_token_ends_both_whatever_the_hint(client: Client, kind: str, hint: dict[str, str]) -> None:
    tokens, others = client.granted("password", **LOGIN), client.granted("password", **LOGIN)
    answer = _revoke(client, tokens[kind], **hint)
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["cache-control"] == "no-store"
    assert _is_dead(client, tokens)
    assert not _is_dead(client, others)


def test_one_that_was_used_before_ends_those_that_came_of_it(client: Client) -> None:
    first = client.granted("password", **LOGIN)
    second = client.granted("refresh_token", refresh_token=first["refresh_token"])
    assert _revoke(client, first["refresh_token"]).status == 200
    assert _is_dead(client, second)


def test_what_a_code_gave_is_ended_too(client: Client) -> None:
    tokens = client.redeem(client.code()).json()
    _revoke(client, tokens["refresh_token"])
    assert _is_dead(client, tokens)


def test_a_clients_own_token(client: Client) -> None:
    token = client.granted("client_credentials")["access_token"]
    introspection = client.form("/auth/introspect", {"token": token}, basic=SERVICE)
    assert introspection.json()["active"]
    assert _revoke(client, token).status == 200
    introspection = client.form("/auth/introspect", {"token": token}, basic=SERVICE)
    assert introspection.json() == {"active": False}


def test_a_public_client_ends_its_own(client: Client) -> None:
    tokens = client.tokens()
    form = {"token": tokens["refresh_token"], "client_id": "psn-emulator"}
    assert client.form("/auth/revoke", form).status == 200
    assert client.userinfo(tokens["access_token"]).status == 401


def test_a_second_time_is_answered_like_the_first(client: Client) -> None:
    tokens = client.granted("password", **LOGIN)
    assert {_revoke(client, tokens["access_token"]).status for _ in range(2)} == {200}


@pytest.mark.parametrize("token", ["x", "a.b.c", f"{'A' * 22}.{'A' * 43}", "x" * 9000])
def test_what_is_no_token_is_answered_like_one_that_was(client: Client, token: str) -> None:
    answer = _revoke(client, token)
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_the_token_of_another_client_is_refused_and_lives_on(client: Client, kind: str) -> None:
    tokens = client.granted("password", **LOGIN)
    for answer in (
        client.form("/auth/revoke", {"token": tokens[kind]}, basic=SERVICE),
        client.form("/auth/revoke", {"token": tokens[kind], "client_id": identity.WEB}),
    ):
        assert (answer.status, answer.json()) == (
            400,
            {"error": "invalid_grant", "error_description": "The token was issued to another client."},
        )
    assert not _is_dead(client, tokens)


def test_a_code_is_no_token(client: Client) -> None:
    code = client.code()
    assert _revoke(client, code).status == 200
    assert client.redeem(code).status == 200


def test_without_a_token_it_is_an_invalid_request(client: Client) -> None:
    answer = client.form("/auth/revoke", {"token": ""}, basic=BASIC)
    assert (answer.status, answer.json()) == (
        400,
        {"error": "invalid_request", "error_description": "The parameter token is missing."},
    )
