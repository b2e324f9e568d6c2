"""Sandboxes of the deployed stack, named by their base URLs, and who operates them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

LOGIN = {"username": "testuser", "password": "password123"}


def bearer(token: str) -> dict[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def base(url: str, sandbox: str) -> Iterator[httpx.Client]:
    """A client of the base URL of a sandbox, with no token."""
    with httpx.Client(base_url=f"{url}/s/{sandbox}", timeout=30) as client:
        yield client


def login(client: httpx.Client, **members: str) -> str:
    """The access token that a login gets at the client's base URL, by default that of ``testuser``."""
    answer = client.post("/auth/token", json={**LOGIN, **members})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def admin_login(client: httpx.Client) -> str:
    """The access token with which ``admin`` operates the sandbox of the client's base URL."""
    return login(client, username="admin", password="admin123", scope="emulator:admin")  # nosec B106 - a demo user


def admin_client(client: httpx.Client) -> str:
    """The access token with which the client ``demo-admin`` operates the sandbox of the client's base URL."""
    form = {"grant_type": "client_credentials", "scope": "emulator:admin"}
    answer = client.post("/auth/token", data=form, auth=("demo-admin", "demo-admin-secret"))
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def is_active(client: httpx.Client, token: str) -> bool:
    """What introspection says of a token."""
    answer = client.post(
        "/auth/introspect", data={"token": token}, auth=("demo-service", "demo-service-secret")
    )
    assert answer.status_code == 200, answer.text
    active: bool = answer.json()["active"]
    return active


def usernames(client: httpx.Client, token: str) -> list[str]:
    """The usernames of the players that a token sees."""
    answer = client.get("/players", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    players: list[dict[str, Any]] = answer.json()["data"]
    return [player["username"] for player in players]
