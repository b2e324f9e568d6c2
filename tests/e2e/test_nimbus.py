"""Nimbus's SDK as it comes, on which Spring Security is built; what its program tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bases import url
from tests.e2e.conversation import converse
from tests.support import java

__all__ = ["url"]


PROJECT = Path(__file__).with_name("nimbus")


@pytest.fixture(scope="module")
def told(url: str) -> dict[str, Any]:
    """What came of discovery, a login by each of two clients, and of their tokens."""
    program: list[str | Path] = [java.launcher(), "-cp", f"{java.libraries(PROJECT)}/*", "Flow.java"]
    [line] = converse(program, PROJECT, logins=2, API=url)
    outcome: dict[str, Any] = json.loads(line)
    return outcome


@pytest.mark.parametrize("client_id", ["demo-backend", "rs256-backend"])
def test_its_tokens_are_verified_by_keys_of_the_published_set(told: dict[str, Any], client_id: str) -> None:
    assert told[client_id] == {
        "same_state": True,
        "same_issuer": True,
        "email": "testuser@example.com",
        "accepted": True,
        "id_token_for_access_token": True,
        "client": client_id,
        "rotated": True,
        "active_when_revoked": False,
    }


def test_a_document_that_names_another_issuer_is_not_taken(told: dict[str, Any]) -> None:
    assert "issuer doesn't match" in told["issuer_of_another_name"]
