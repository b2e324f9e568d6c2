"""go-oidc and golang.org/x/oauth2 as they come, as clients of the deployed API; what their program tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bases import url
from tests.e2e.conversation import converse
from tests.support import golang

__all__ = ["url"]


MODULE = Path(__file__).with_name("go_oidc")
CLIENTS = {"demo-web": ("", "ES256"), "rs256-backend": ("demo-backend-secret", "RS256")}
"""A public client and a confidential one: their secrets, and what their ID tokens are signed by."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built."""
    return golang.built(MODULE, tmp_path_factory.mktemp("go_oidc"))


@pytest.mark.parametrize("client_id", CLIENTS)
def test_all_that_a_relying_party_does_holds(program: Path, url: str, client_id: str) -> None:
    secret, algorithm = CLIENTS[client_id]
    [line] = converse([program], program.parent, API=url, CLIENT_ID=client_id, CLIENT_SECRET=secret)
    told: dict[str, Any] = json.loads(line)
    assert told["algorithms"] == ["ES256", "RS256"]
    assert told["header"]["alg"] == algorithm
    assert told["claims"]["aud"] == client_id
    assert told["same_nonce"]
    assert told["same_user"]
    assert (told["email"], told["email_verified"]) == ("testuser@example.com", True)
    assert told["rotated"]
    assert told["players"] == 200
    assert "issuer URL provided to client" in told["other_issuer"]
    assert "expected audience" in told["other_client"]
    assert (told["code_again"], told["code_again_status"]) == ("invalid_grant", 400)
    assert told["refreshed_again"] == "invalid_grant"
