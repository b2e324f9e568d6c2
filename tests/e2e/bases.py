"""The base URLs that a client may be given: the API's, and that of a sandbox. A module that imports these fixtures runs
its tests with each."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.deployed import logged_in


@pytest.fixture(scope="module", params=["", "/s/clients"], ids=["api", "sandbox"])
def url(outputs: dict[str, Any], request: pytest.FixtureRequest) -> str:
    """The base URL."""
    return f"{outputs['api_url']}{request.param}"


@pytest.fixture(scope="module")
def api(url: str) -> Iterator[httpx.Client]:
    """A client of the base URL, with no token."""
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(api: httpx.Client) -> dict[str, Any]:
    """What ``testuser`` gets there on logging in."""
    return logged_in(api)
