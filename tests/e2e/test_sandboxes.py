"""Sandboxes of the deployed stack, named by their base URLs: a real gateway, its authorizer and its cache between."""

from typing import Any

import httpx
import jwt
import pytest

from tests.e2e.sandboxes import LOGIN, base, bearer
from tests.support import players


@pytest.fixture(scope="module")
def token(url: str) -> str:
    """An access token of the sandbox job-1."""
    with base(url, "job-1") as client:
        answer = client.post("/auth/token", json=LOGIN)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-sandbox"] == "job-1"
        value: str = answer.json()["access_token"]
        return value


def test_its_issuer_is_its_base_url(url: str, token: str) -> None:
    issuer = f"{url}/s/job-1"
    metadata = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=30).json()
    assert metadata["issuer"] == issuer
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience="psn-emulator-api")
    assert claims["sandbox"] == "job-1"


@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server"])
def test_its_metadata_is_under_the_inserted_well_known_path_too(url: str, name: str) -> None:
    host, path = httpx.URL(url).copy_with(path="/"), httpx.URL(f"{url}/s/job-1").path
    answer = httpx.get(str(host.join(f"/.well-known/{name}{path}")), timeout=30)
    assert answer.json()["issuer"] == f"{url}/s/job-1"


def test_its_players_are_its_own(url: str, user: httpx.Client, token: str) -> None:
    with base(url, "job-1") as client:
        made = client.post("/players", json=players.body("Sandboxed"), headers=bearer(token))
        assert made.status_code == 201, made.text
        assert made.headers["location"].startswith(f"{url}/s/job-1/players/")
        path = made.headers["location"].removeprefix(url)
        assert (
            httpx.get(url + path, headers=bearer(token), timeout=30).json()["data"]["username"] == "Sandboxed"
        )
    assert user.get(path.removeprefix("/s/job-1")).status_code == 404
    listed: Any = user.get("/players?username=Sandboxed").json()["data"]
    assert listed == []


def test_an_allow_that_is_cached_opens_no_other_sandboxs_path(url: str, token: str) -> None:
    for sandbox, status in (("job-1", 200), ("job-2", 400), ("job-1", 200), ("default", 400)):
        with base(url, sandbox) as client:
            answer = client.get("/players", headers=bearer(token))
            assert answer.status_code == status, answer.text
            if status == 400:
                assert answer.json()["code"] == "sandbox_mismatch"


def test_without_its_url_the_token_tells(url: str, token: str) -> None:
    answer = httpx.get(f"{url}/players", headers=bearer(token), timeout=30)
    assert (answer.status_code, answer.headers["x-sandbox"]) == (200, "job-1")
    other = httpx.get(f"{url}/players", headers={**bearer(token), "X-Sandbox": "job-2"}, timeout=30)
    assert other.json()["code"] == "sandbox_mismatch"
