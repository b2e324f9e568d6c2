"""The signing keys and what is made with them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.keys import SigningKey, signing_keys
from services.tokens import Family, issue
from tests import identity
from tests.unit.identity.conftest import Client
from utils import secrets
from utils.access_token import Verifier

KEY = SigningKey.from_jwk(identity.KEY.as_dict(private=True))
OTHER = SigningKey.from_jwk(identity.new_key("key-2").as_dict(private=True))
FAMILY = Family("default", "family", identity.SUBJECT, "psn-emulator", "openid", 2_000_000_000)


@given(st.binary(max_size=200))
def test_signing_again_gives_the_same_bytes(payload: bytes) -> None:
    assert KEY.sign(payload, typ="at+jwt") == KEY.sign(payload, typ="at+jwt")


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_is_derived_depends_on_key_purpose_and_text(one: str, other: str) -> None:
    assert KEY.derive("jti", one) == KEY.derive("jti", one)
    assert KEY.derive("jti", one) != KEY.derive("refresh", one)
    assert KEY.derive("jti", one) != OTHER.derive("jti", one)
    assert (KEY.derive("jti", one) == KEY.derive("jti", other)) is (one == other)


@given(
    sandbox=st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=64),
    scope=st.lists(st.sampled_from(identity.SCOPES), unique=True),
    at=st.integers(0, 1_999_999_000),
)
def test_what_is_issued_is_accepted_as_it_was_meant(sandbox: str, scope: list[str], at: int) -> None:
    family = Family(sandbox, "family", identity.SUBJECT, "client", " ".join(scope), 2_000_000_000)
    tokens = issue(family, "refresh", at=at, key=KEY)
    verifier = Verifier(
        identity.public_jwks(identity.KEY), issuer=identity.ISSUER, audience=identity.AUDIENCE
    )
    token = verifier.verify(tokens.access_token)
    assert (token.sandbox, token.subject, token.client_id) == (sandbox, identity.SUBJECT, "client")
    assert (token.scope, token.scopes) == (" ".join(scope), frozenset(scope))
    assert (token.issued_at, token.not_before, token.expires_at) == (at, at, at + 300)
    assert token.token_id.startswith("family.")


def test_a_token_has_the_claims_of_rfc_9068() -> None:
    payload = issue(FAMILY, "refresh", at=1_900_000_000, key=KEY).access_token.split(".")[1]
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
    assert repr(KEY) == "SigningKey(kid='key-1')"


def test_the_first_key_signs(client: Client) -> None:
    identity.store_keys(identity.new_key("key-2"), identity.KEY)
    header = json.loads(identity.decode(client.tokens()["access_token"].split(".")[0]))
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": "key-2"}


def test_the_keys_are_not_read_on_every_request(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = client.tokens()
    monkeypatch.setattr(secrets, "read_json", lambda _name: pytest.fail("read again"))
    assert client.refresh(tokens["refresh_token"]).status == 200
    assert [key.kid for key in signing_keys()] == ["key-1"]
