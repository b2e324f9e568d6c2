"""Authlib as it comes, as a client of the deployed API."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.e2e.bases import api, url
from tests.e2e.login_page import REDIRECT_URI, log_in

__all__ = ["api", "url"]


USER = {"username": "testuser", "password": "password123"}


@pytest.fixture
def metadata(api: httpx.Client) -> dict[str, str]:
    """What the API says of itself."""
    document: dict[str, str] = api.get("/.well-known/openid-configuration").json()
    return document


@pytest.fixture
def backend(metadata: dict[str, str]) -> Iterator[OAuth2Session]:
    """The confidential client of every grant."""
    with OAuth2Session(
        "demo-backend",
        "demo-backend-secret",
        token_endpoint=metadata["token_endpoint"],
    ) as client:
        yield client


@pytest.fixture
def web(metadata: dict[str, str]) -> Iterator[OAuth2Session]:
    """The public client."""
    with OAuth2Session(
        "demo-web",
        token_endpoint=metadata["token_endpoint"],
        scope="openid profile players:read",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    ) as client:
        yield client


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_password_gives_a_token_for_the_players(url: str, backend: OAuth2Session, method: str) -> None:
    backend.token_endpoint_auth_method = method
    token = backend.fetch_token(**USER, scope="openid players:read")
    assert token["scope"] == "openid players:read"
    assert backend.get(f"{url}/players").status_code == 200


def test_a_wrong_password_is_an_oauth_error(backend: OAuth2Session) -> None:
    with pytest.raises(OAuthError) as refusal:
        backend.fetch_token(username="testuser", password="wrong")
    assert refusal.value.error == "invalid_grant"


def test_client_credentials_give_a_token_of_the_client_itself(url: str, backend: OAuth2Session) -> None:
    token = backend.fetch_token(grant_type="client_credentials", scope="players:read")
    assert "refresh_token" not in token
    assert backend.get(f"{url}/players").status_code == 200


def test_a_token_that_is_about_to_expire_is_refreshed_by_itself(url: str, backend: OAuth2Session) -> None:
    renewed: list[str] = []
    backend.update_token = lambda _token, refresh_token: renewed.append(refresh_token)
    old = backend.fetch_token(**USER)
    backend.token = {**old, "expires_at": 1}
    assert backend.get(f"{url}/players").status_code == 200
    assert renewed == [old["refresh_token"]]
    assert backend.token["refresh_token"] != old["refresh_token"]


def authorize(client: OAuth2Session, metadata: dict[str, str], **parameters: str) -> str:
    """The URL that a user who logged in and consented is sent back to."""
    url, client.state = client.create_authorization_url(metadata["authorization_endpoint"], **parameters)
    return log_in(url)


def test_a_code_with_pkce_gives_tokens_which_can_be_refreshed(
    url: str, web: OAuth2Session, metadata: dict[str, str]
) -> None:
    verifier = generate_token(48)
    callback = authorize(web, metadata, code_verifier=verifier)
    assert parse_qs(urlsplit(callback).query)["iss"] == [metadata["issuer"]]
    token = web.fetch_token(authorization_response=callback, code_verifier=verifier)
    assert web.get(metadata["userinfo_endpoint"]).json()["preferred_username"] == "testuser"
    refreshed = web.refresh_token()
    assert refreshed["refresh_token"] != token["refresh_token"]
    assert web.get(f"{url}/players").status_code == 200


@pytest.mark.parametrize(
    ("proof", "error"),
    [({"code_verifier": generate_token(48)}, "invalid_grant"), ({}, "invalid_grant")],
    ids=["another's", "none"],
)
def test_a_code_without_its_verifier_gives_nothing(
    web: OAuth2Session, metadata: dict[str, str], proof: dict[str, str], error: str
) -> None:
    callback = authorize(web, metadata, code_verifier=generate_token(48))
    with pytest.raises(OAuthError) as refusal:
        web.fetch_token(authorization_response=callback, **proof)
    assert refusal.value.error == error


def test_a_code_used_twice_takes_back_what_it_gave(
    url: str, web: OAuth2Session, metadata: dict[str, str]
) -> None:
    verifier = generate_token(48)
    callback = authorize(web, metadata, code_verifier=verifier)
    web.fetch_token(authorization_response=callback, code_verifier=verifier)
    with pytest.raises(OAuthError) as refusal:
        web.fetch_token(authorization_response=callback, code_verifier=verifier)
    assert refusal.value.error == "invalid_grant"
    answer = web.get(f"{url}/players")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_revoked_token_is_seen_to_be_dead(
    backend: OAuth2Session, api: httpx.Client, metadata: dict[str, str]
) -> None:
    token = backend.fetch_token(**USER)["access_token"]
    with OAuth2Session("demo-service", "demo-service-secret") as service:
        before = service.introspect_token(metadata["introspection_endpoint"], token=token)
        revoked = backend.revoke_token(metadata["revocation_endpoint"], token=token)  # type: ignore[no-untyped-call]  # the stubs lack it
        after = service.introspect_token(metadata["introspection_endpoint"], token=token)
    assert revoked.status_code == 200
    assert (before.json()["active"], after.json()) == (True, {"active": False})


def test_a_refresh_repeats_the_scope_of_the_request_whatever_of_it_was_granted(
    web: OAuth2Session, metadata: dict[str, str]
) -> None:
    verifier = generate_token(48)
    web.scope = "openid offline_access address phone players:read unheard_of"
    callback = authorize(web, metadata, code_verifier=verifier)
    token = web.fetch_token(authorization_response=callback, code_verifier=verifier)
    refreshed = web.refresh_token()
    assert refreshed["scope"] == token["scope"] == "openid offline_access address phone players:read"


def test_a_token_may_be_sent_in_the_body(backend: OAuth2Session, metadata: dict[str, str]) -> None:
    backend.fetch_token(**USER, scope="openid")
    backend.token_auth.token_placement = "body"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert backend.post(metadata["userinfo_endpoint"], headers=form).json().keys() == {"sub"}


def test_a_public_client_may_authenticate_by_basic(web: OAuth2Session, metadata: dict[str, str]) -> None:
    web.client_secret, web.token_endpoint_auth_method = "", "client_secret_basic"
    verifier = generate_token(48)
    callback = authorize(web, metadata, code_verifier=verifier)
    assert web.fetch_token(authorization_response=callback, code_verifier=verifier)["access_token"]


def test_a_client_that_asks_for_them_is_given_rs256_claims_and_an_audience(
    metadata: dict[str, str], api: httpx.Client
) -> None:
    resource = "https://game.example/api"
    claims = json.dumps({"id_token": {"email": None, "email_verified": {"essential": True}}})
    keys = KeySet.import_key_set(api.get(metadata["jwks_uri"]).json())
    with OAuth2Session(
        "rs256-backend",
        "demo-backend-secret",
        token_endpoint=metadata["token_endpoint"],
        scope="openid players:read",
        redirect_uri=REDIRECT_URI,
    ) as client:
        callback = authorize(client, metadata, claims=claims, resource=resource)
        token = client.fetch_token(authorization_response=callback, resource=resource)
    id_token = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    assert id_token.claims["email"] == USER["username"] + "@example.com"
    assert id_token.claims["email_verified"] is True
    assert jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims["aud"] == resource
