"""PyJWT and joserfc as they come, as resource servers that take the deployed API's tokens."""

from typing import Any

import httpx
import jwt
import pytest

from tests.e2e.bases import api, tokens, url
from tests.e2e.resource_servers import AUDIENCE, REFUSED, ResourceServer, resource_server
from tests.support.identity import compact, new_key

__all__ = ["api", "resource_server", "tokens", "url"]


@pytest.fixture
def id_token(api: httpx.Client) -> str:
    """An ID token for the client ``demo-backend``."""
    login = {"grant_type": "password", "username": "testuser", "password": "password123", "scope": "openid"}
    answer = api.post("/auth/token", data=login, auth=("demo-backend", "demo-backend-secret"))
    token: str = answer.json()["id_token"]
    return token


def test_an_access_token_is_taken(resource_server: ResourceServer, tokens: dict[str, Any]) -> None:
    claims = resource_server(tokens["access_token"], AUDIENCE)
    assert claims["client_id"] == "psn-emulator"
    assert "players:read" in claims["scope"].split()


def test_a_token_for_another_audience_is_refused(
    resource_server: ResourceServer, tokens: dict[str, Any]
) -> None:
    with pytest.raises(REFUSED):
        resource_server(tokens["access_token"], "another-api")


def test_an_id_token_is_taken_by_its_client_and_nobody_else(
    resource_server: ResourceServer, tokens: dict[str, Any], id_token: str
) -> None:
    assert resource_server(id_token, "demo-backend", typ="JWT")["sub"]
    for one in (id_token, tokens["id_token"]):
        with pytest.raises(REFUSED):
            resource_server(one, AUDIENCE, typ="JWT")


def test_an_id_token_is_no_access_token_even_for_its_audience(
    resource_server: ResourceServer, id_token: str
) -> None:
    with pytest.raises(REFUSED):
        resource_server(id_token, "demo-backend")


def test_the_api_takes_no_id_token_for_an_access_token(api: httpx.Client, id_token: str) -> None:
    bearer = {"Authorization": f"Bearer {id_token}"}
    assert api.get("/players", headers=bearer).status_code == 403
    assert api.get("/auth/userinfo", headers=bearer).status_code == 401


@pytest.mark.parametrize("published", [True, False], ids=["under a published kid", "under a kid of its own"])
def test_a_token_signed_by_somebody_else_is_refused(
    resource_server: ResourceServer, tokens: dict[str, Any], published: bool
) -> None:
    real = tokens["access_token"]
    header, claims = jwt.get_unverified_header(real), jwt.decode(real, options={"verify_signature": False})
    kid = header["kid"] if published else "nobody's"
    forged = compact({**header, "kid": kid}, claims, new_key(kid))
    with pytest.raises(REFUSED):
        resource_server(forged, AUDIENCE)
