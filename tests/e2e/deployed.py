"""What tests ask of a deployed stack, whichever ``deployed`` is to them: a conftest imports these fixtures, which makes
them its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.support.checkout import Checkout
from tests.support.leftovers import leftovers
from utils.version import VERSION

SERVED = "SERVED_URL"
"""The variable that names another base URL than a deployed stack's, which is served on this machine."""


@pytest.fixture(scope="session")
def outputs(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The outputs of the deployed stack; of what is served on this machine its base URL."""
    if served := os.environ.get(SERVED):
        return {"api_url": served, "image_tag": VERSION}
    deployed: Checkout = request.getfixturevalue("deployed")
    values: dict[str, Any] = deployed.json("outputs")
    return values


@pytest.fixture(scope="session")
def url(outputs: dict[str, Any]) -> str:
    """Where the deployed API is."""
    api_url: str = outputs["api_url"]
    return api_url


@pytest.fixture(scope="session")
def api(url: str) -> Iterator[httpx.Client]:
    """A client of the deployed API, with no token."""
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def tokens(api: httpx.Client) -> dict[str, Any]:
    """What ``testuser`` gets on logging in."""
    return logged_in(api)


@pytest.fixture(scope="session")
def user(url: str, tokens: dict[str, Any]) -> Iterator[httpx.Client]:
    """A client of the deployed API that carries the access token of ``testuser``."""
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        yield client


def logged_in(api: httpx.Client) -> dict[str, Any]:
    """What ``testuser`` gets on logging in at the base URL of ``api``."""
    answer = api.post("/auth/token", json={"username": "testuser", "password": "password123"})
    assert answer.status_code == 200, answer.text
    values: dict[str, Any] = answer.json()
    return values


@contextmanager
def deployment(checkout: Checkout) -> Iterator[Checkout]:
    """The checkout, deployed while the block runs; destroyed, which leaves nothing, and stopped at
    the end."""
    checkout.be_patient()
    try:
        checkout.done("deploy")
        yield checkout
        checkout.done("destroy")
        assert leftovers(checkout) == {}
    finally:
        checkout.make("down")
