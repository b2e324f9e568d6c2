"""Users and clients that a sandbox of the deployed stack is given at run time, by its operator and by themselves."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from tests.e2e.login_page import REDIRECT_URI, log_in
from tests.e2e.sandboxes import admin_login, base, bearer
from tests.support import node

PACKAGE = Path(__file__).with_name("openid_client")
KRATOS = {
    "password": "kratos-password",
    "email": "kratos@example.com",
    "email_verified": True,
    "name": "Kratos",
    "scopes": ["openid", "profile", "players:read"],
}
COMPANION = {"name": "Companion", "secret": "companion-secret", "grant_types": ["password"], "scopes": "all"}


@pytest.fixture(scope="module")
def sandbox(url: str) -> Iterator[httpx.Client]:
    """A sandbox, by its base URL."""
    with base(url, "accounts") as client:
        yield client


@pytest.fixture(scope="module")
def registered(sandbox: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What openid-client is told of the client that it registers there."""
    folder = node.installed(PACKAGE, tmp_path_factory.mktemp("registration"))
    metadata = {
        "client_name": "Registered",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile players:read",
    }
    run = subprocess.run(
        [node.NODE, "register.mjs"],
        cwd=folder,
        env={"API": str(sandbox.base_url).rstrip("/"), "METADATA": json.dumps(metadata)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    client: dict[str, Any] = json.loads(run.stdout)
    assert client.items() >= metadata.items()
    return client


def test_a_user_and_a_client_can_be_made_changed_and_taken_away(sandbox: httpx.Client) -> None:
    headers = bearer(admin_login(sandbox))
    user, client = "/_emulator/users/kratos", "/_emulator/clients/companion"
    assert sandbox.put(user, json=KRATOS, headers=headers).status_code == 201
    assert sandbox.put(client, json=COMPANION, headers=headers).status_code == 201
    token_endpoint = sandbox.get("/.well-known/openid-configuration").json()["token_endpoint"]
    with OAuth2Session("companion", "companion-secret", token_endpoint=token_endpoint) as companion:
        kratos = {"username": "kratos", "password": "kratos-password"}
        token = companion.fetch_token(**kratos, scope="openid profile players:read")
        assert token["scope"] == "openid profile players:read"
        assert companion.get(f"{sandbox.base_url}auth/userinfo").json()["name"] == "Kratos"
        assert companion.get(f"{sandbox.base_url}players").status_code == 200

        replaced = sandbox.put(user, json={**KRATOS, "password": "of-another-day"}, headers=headers)
        assert replaced.status_code == 200, replaced.text
        assert companion.get(f"{sandbox.base_url}players").status_code == 401
        with pytest.raises(OAuthError):
            companion.fetch_token(**kratos)
        companion.fetch_token(username="kratos", password="of-another-day")  # nosec B106 - a test's
        assert sandbox.delete(client, headers=headers).status_code == 204
        assert companion.get(f"{sandbox.base_url}players").status_code == 401


def test_a_client_that_registered_itself_logs_a_user_in(
    sandbox: httpx.Client, registered: dict[str, Any]
) -> None:
    metadata = sandbox.get("/.well-known/openid-configuration").json()
    verifier = generate_token(48)
    with OAuth2Session(
        registered["client_id"],
        registered["client_secret"],
        token_endpoint=metadata["token_endpoint"],
        scope=registered["scope"],
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    ) as client:
        asked, client.state = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier
        )
        token = client.fetch_token(authorization_response=log_in(asked), code_verifier=verifier)
        assert token["scope"] == registered["scope"]
        assert client.get(metadata["userinfo_endpoint"]).json()["name"] == "Test User"
        assert client.refresh_token()["access_token"] != token["access_token"]
        assert client.get(f"{sandbox.base_url}players").status_code == 200


def test_a_client_manages_its_registration(sandbox: httpx.Client, registered: dict[str, Any]) -> None:
    own, headers = registered["registration_client_uri"], bearer(registered["registration_access_token"])
    assert own == f"{sandbox.base_url}auth/register/{registered['client_id']}"
    told = httpx.get(own, headers=headers, timeout=30)
    assert (told.status_code, told.json()["client_name"]) == (200, "Registered"), told.text
    assert httpx.get(own, headers=bearer("another"), timeout=30).status_code == 401
    elsewhere = own.replace("/s/accounts/", "/s/elsewhere/")
    assert httpx.get(elsewhere, headers=headers, timeout=30).status_code == 401
    assert httpx.delete(own, headers=headers, timeout=30).status_code == 204
    assert httpx.get(own, headers=headers, timeout=30).status_code == 401
