"""The signing keys and what is made with them."""

import json
from time import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from services.identity import signing_keys
from services.identity.access_token_verifier import Verifier
from services.identity.seed import FIRST_PARTY_CLIENT
from services.identity.signing_keys import SigningKey
from services.identity.token_families import Family
from services.identity.tokens import issue
from tests.support import identity
from tests.unit.identity.conftest import Client
from utils import secrets
from utils.sandbox import DEFAULT, NAME, Sandbox

KEY = SigningKey.from_jwk(identity.KEY.as_dict(private=True))
RSA = identity.new_rsa_key("rsa-1")
RSA_KEY = SigningKey.from_jwk(RSA.as_dict(private=True))
OTHER = SigningKey.from_jwk(identity.new_key("key-2").as_dict(private=True))
FAMILY = Family(
    DEFAULT, "family", identity.SUBJECT, "psn-emulator", "openid", 1_900_000_000, 2_000_000_000, {}
)


@settings(max_examples=20)
@given(st.binary(max_size=200), st.sampled_from([KEY, RSA_KEY]))
def test_signing_again_gives_the_same_bytes(payload: bytes, key: SigningKey) -> None:
    assert key.sign(payload, typ="at+jwt") == key.sign(payload, typ="at+jwt")


@settings(max_examples=50)
@given(st.text(max_size=40), st.text(max_size=40), st.permutations([KEY, OTHER, RSA_KEY]))
def test_what_is_derived_depends_on_key_purpose_and_text(
    one: str, other: str, keys: list[SigningKey]
) -> None:
    key, another, _ = keys
    assert key.derive("jti", one) == key.derive("jti", one)
    assert key.derive("jti", one) != key.derive("refresh", one)
    assert key.derive("jti", one) != another.derive("jti", one)
    assert (key.derive("jti", one) == key.derive("jti", other)) is (one == other)


@settings(deadline=None, max_examples=30)
@given(
    jwk=st.sampled_from([identity.KEY, RSA]),
    name=st.from_regex(NAME, fullmatch=True),
    generation=st.from_regex("[0-9a-f]{0,11}", fullmatch=True),
    scope=st.lists(st.sampled_from(identity.SCOPES), unique=True),
    at=st.integers(0, 1_999_999_000),
)
def test_what_is_issued_is_accepted_as_it_was_meant(
    jwk: ECKey | RSAKey, name: str, generation: str, scope: list[str], at: int
) -> None:
    sandbox = Sandbox(name, generation)
    family = Family(sandbox, "family", identity.SUBJECT, "client", " ".join(scope), at, 2_000_000_000, {})
    tokens = issue(
        family,
        "refresh",
        at=at,
        key=SigningKey.from_jwk(jwk.as_dict(private=True)),
        client=FIRST_PARTY_CLIENT,
        user=None,
    )
    verifier = Verifier(identity.public_jwks(jwk), issuer=identity.ISSUER, audience=identity.AUDIENCE)
    token = verifier.verify(tokens.access_token)
    assert (token.sandbox, token.generation) == (name, generation)
    assert (token.subject, token.client_id) == (identity.SUBJECT, "client")
    assert (token.scope, token.scopes) == (" ".join(scope), frozenset(scope))
    assert (token.issued_at, token.not_before, token.expires_at) == (at, at, at + 300)
    assert token.token_id.startswith("family.")


def test_a_token_has_the_claims_of_rfc_9068() -> None:
    payload = issue(
        FAMILY, "refresh", at=1_900_000_000, key=KEY, client=FIRST_PARTY_CLIENT, user=None
    ).access_token.split(".")[1]
    claims = json.loads(identity.decode(payload))
    assert claims.pop("jti").startswith("family.")
    assert claims == {
        "iss": identity.ISSUER,
        "sub": identity.SUBJECT,
        "aud": identity.AUDIENCE,
        "exp": 1_900_000_300,
        "iat": 1_900_000_000,
        "nbf": 1_900_000_000,
        "client_id": "psn-emulator",
        "scope": "openid",
        "sandbox": "default",
    }


def test_no_key_is_shown_when_printed() -> None:
    assert str(identity.KEY.as_dict(private=True)["d"]) not in repr(KEY)
    assert repr(KEY) == "SigningKey(kid='key-1', algorithm='ES256', signs_from=-inf)"


def _header(client: Client) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(identity.decode(client.tokens()["access_token"].split(".")[0]))
    return header


class TestWhichKeySigns:
    def test_of_keys_without_times_the_first(self, client: Client) -> None:
        identity.store_keys(identity.new_key("key-2"), identity.KEY)
        assert _header(client) == {"alg": "ES256", "typ": "at+jwt", "kid": "key-2"}

    def test_the_one_whose_time_came_last(self, client: Client) -> None:
        times = {"key-2": {"signs_from": time() - 9}, "key-3": {"signs_from": time() - 5}}
        identity.store_keys(identity.KEY, identity.new_key("key-3"), identity.new_key("key-2"), times=times)
        assert _header(client)["kid"] == "key-3"

    def test_a_new_one_from_its_time_on_and_not_before(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        identity.store_keys(
            identity.KEY, identity.new_rsa_key("key-2"), times={"key-2": {"signs_from": 2_000_000_000}}
        )
        monkeypatch.setattr(signing_keys, "time", lambda: 1_999_999_999.9)
        assert _header(client) == {"alg": "ES256", "typ": "at+jwt", "kid": "key-1"}
        monkeypatch.setattr(signing_keys, "time", lambda: 2_000_000_000.0)
        assert _header(client) == {"alg": "RS256", "typ": "at+jwt", "kid": "key-2"}

    def test_a_retried_refresh_is_answered_by_the_key_of_the_first_try(self, client: Client) -> None:
        tokens = client.tokens()
        first = client.refresh(tokens["refresh_token"]).json()
        identity.store_keys(
            identity.KEY, identity.new_key("key-2"), times={"key-2": {"signs_from": time() - 1}}
        )
        assert client.refresh(tokens["refresh_token"]).json() == first


def test_the_keys_are_not_read_on_every_request(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = client.tokens()
    monkeypatch.setattr(secrets, "read_json", lambda _name: pytest.fail("read again"))
    assert client.refresh(tokens["refresh_token"]).status == 200
    assert [key.kid for key in signing_keys.signing_keys()] == ["key-1"]
