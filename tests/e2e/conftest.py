"""One deployed stack for all that look at the API."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.deployed import api, deployment, outputs, tokens, url, user
from tests.support.checkout import Checkout, checkout_in
from tests.support.rules.api import DeployedApi

RS256_CLIENT = """\
  - client_id: rs256-backend
    name: RS256 Backend
    secret_hash: {secret_hash}
    redirect_uris: [http://localhost:8080/callback]
    post_logout_redirect_uris: [http://localhost:8080/]
    grant_types: [authorization_code, refresh_token, password]
    scopes: all
    id_token_signed_response_alg: RS256
    resources: [https://game.example/api]
"""
"""A client with the secret of ``demo-backend``, for what no demo client is registered for."""

__all__ = ["api", "deployed", "outputs", "tokens", "url", "user"]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose stack is deployed."""
    checkout = checkout_in(tmp_path_factory.mktemp("deployed"), "local-e2e")
    seed = checkout.folder / "infrastructure" / "seeds" / "local.yaml"
    written = seed.read_text()
    backend = next(
        client for client in yaml.safe_load(written)["clients"] if client["client_id"] == "demo-backend"
    )
    seed.write_text(written + RS256_CLIENT.format_map(backend))
    with deployment(checkout):
        yield checkout


@pytest.fixture(scope="session")
def caller(deployed: Checkout, outputs: dict[str, Any]) -> DeployedApi:
    """The deployed API."""
    return DeployedApi(
        dynamodb=deployed.client("dynamodb"), table=outputs["table_name"], url=outputs["api_url"]
    )
