"""oauthlib and requests-oauthlib as they come, as clients of the deployed API."""

from typing import Any

import pytest
from oauthlib.oauth2 import (
    BackendApplicationClient,
    InvalidClientError,
    InvalidGrantError,
    LegacyApplicationClient,
    MismatchingStateError,
)
from requests_oauthlib import OAuth2Session

from tests.e2e.bases import url
from tests.e2e.login_page import REDIRECT_URI, log_in

__all__ = ["url"]


SECRET = "demo-backend-secret"
SCOPE: list[object] = ["openid", "players:read"]


@pytest.fixture(autouse=True)
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib refuses http, on this machine too, unless it is told otherwise."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def with_password(url: str) -> OAuth2Session:
    """A session of the user with the password."""
    session = OAuth2Session(client=LegacyApplicationClient("demo-backend", scope=SCOPE))
    session.fetch_token(
        f"{url}/auth/token", username="testuser", password="password123", client_secret=SECRET
    )
    return session


def test_a_password_gives_a_token_for_the_players(url: str) -> None:
    session = with_password(url)
    assert session.token["scope"] == SCOPE
    assert session.get(f"{url}/players").status_code == 200


def test_a_wrong_password_and_a_wrong_secret_have_their_names(url: str) -> None:
    session = OAuth2Session(client=LegacyApplicationClient("demo-backend"))
    with pytest.raises(InvalidGrantError):
        session.fetch_token(f"{url}/auth/token", username="testuser", password="wrong", client_secret=SECRET)
    with pytest.raises(InvalidClientError):
        session.fetch_token(
            f"{url}/auth/token", username="testuser", password="password123", client_secret="no"
        )


@pytest.mark.parametrize("in_the_body", [False, True], ids=["basic", "body"])
def test_client_credentials_give_a_token_of_the_client_itself(url: str, in_the_body: bool) -> None:
    session = OAuth2Session(client=BackendApplicationClient("demo-backend", scope=["players:read"]))
    session.fetch_token(f"{url}/auth/token", client_secret=SECRET, include_client_id=in_the_body)
    assert session.get(f"{url}/players").status_code == 200


@pytest.fixture
def web(url: str) -> OAuth2Session:
    """A session of the public client."""
    return OAuth2Session("demo-web", redirect_uri=REDIRECT_URI, scope=SCOPE, pkce="S256")


def test_a_code_with_pkce_gives_tokens(url: str, web: OAuth2Session) -> None:
    authorization_url, _ = web.authorization_url(f"{url}/auth/authorize")
    callback = log_in(authorization_url)
    web.fetch_token(f"{url}/auth/token", authorization_response=callback, include_client_id=True)
    assert web.token["scope"] == SCOPE
    assert web.get(f"{url}/auth/userinfo").json().keys() == {"sub"}
    with pytest.raises(InvalidGrantError):
        web.fetch_token(f"{url}/auth/token", authorization_response=callback, include_client_id=True)


def test_a_public_client_may_authenticate_by_an_empty_secret_which_is_the_default(
    url: str, web: OAuth2Session
) -> None:
    authorization_url, _ = web.authorization_url(f"{url}/auth/authorize")
    web.fetch_token(f"{url}/auth/token", authorization_response=log_in(authorization_url))
    assert web.post(f"{url}/auth/userinfo").json().keys() == {"sub"}
    assert web.head(f"{url}/players").status_code == 200


def test_an_answer_to_another_session_is_not_taken(url: str, web: OAuth2Session) -> None:
    authorization_url, _ = web.authorization_url(f"{url}/auth/authorize")
    callback = log_in(authorization_url)
    web.authorization_url(f"{url}/auth/authorize")
    with pytest.raises(MismatchingStateError):
        web.fetch_token(f"{url}/auth/token", authorization_response=callback)


def test_an_expired_token_is_refreshed_by_itself(url: str) -> None:
    old = with_password(url).token
    renewed: list[dict[str, Any]] = []
    session = OAuth2Session(
        "demo-backend",
        token={**old, "expires_at": 1},
        auto_refresh_url=f"{url}/auth/token",
        auto_refresh_kwargs={"client_id": "demo-backend", "client_secret": SECRET},
        token_updater=renewed.append,
    )
    assert session.get(f"{url}/players").status_code == 200
    assert renewed[0]["refresh_token"] != old["refresh_token"]
