"""One deployed stack for all that look at the API."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.deployed import api, deployment, outputs, tokens, url, user
from tests.e2e.registered import name_another_host, register_rs256_client
from tests.support.checkout import Checkout, checkout_in
from tests.support.rules.api import DeployedApi

__all__ = ["api", "deployed", "outputs", "tokens", "url", "user"]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose stack is deployed."""
    checkout = checkout_in(tmp_path_factory.mktemp("deployed"), "local-e2e")
    register_rs256_client(checkout)
    name_another_host(checkout)
    with deployment(checkout):
        yield checkout


@pytest.fixture(scope="session")
def caller(deployed: Checkout, outputs: dict[str, Any]) -> DeployedApi:
    """The deployed API."""
    return DeployedApi(
        dynamodb=deployed.client("dynamodb"), table=outputs["table_name"], url=outputs["api_url"]
    )
