"""The committed seeds hold the documented users, and hashes of the parameters that logins use."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services import scopes
from services.seed import seed
from tests import identity
from tests.unit.identity.conftest import Client

USER = ("testuser", "password123")
ADMIN = ("admin", "admin123")


def _seed(project: Path, name: str) -> list[dict[str, Any]]:
    seed = yaml.safe_load((project / "infrastructure" / "seeds" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert sorted(seed) == ["clients", "users"]
    entries: list[dict[str, Any]] = seed["users"]
    return entries


@pytest.mark.parametrize(("name", "expected"), [("local", [USER, ADMIN]), ("dev", [USER])])
def test_exactly_the_documented_users_can_log_in(
    client: Client, project: Path, name: str, expected: list[tuple[str, str]]
) -> None:
    identity.store_seed(*_seed(project, name))
    assert sorted(seed().users) == sorted(username for username, _ in expected)
    for username, password in expected:
        tokens = client.tokens(username=username, password=password)
        assert tokens["scope"] == "openid profile email players:read players:write"


def test_the_administrators_scope_is_on_local_only_and_admins_only(client: Client, project: Path) -> None:
    identity.store_seed(*_seed(project, "local"))
    assert client.tokens(username="admin", password="admin123", scope=scopes.ADMIN)["scope"] == scopes.ADMIN
    assert client.login(scope=scopes.ADMIN).json()["error"] == "invalid_scope"
    assert not any(scopes.ADMIN in entry["scopes"] for entry in _seed(project, "dev"))


@pytest.mark.parametrize("name", ["local", "dev"])
def test_no_hash_has_to_be_made_again_at_the_first_login(project: Path, name: str) -> None:
    entries = _seed(project, name)
    for entry in entries:
        assert entry["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_two_stacks_share_a_subject_or_a_hash(project: Path) -> None:
    entries = [*_seed(project, "local"), *_seed(project, "dev")]
    assert len({entry["subject"] for entry in entries}) == len(entries)
    assert len({entry["password_hash"] for entry in entries}) == len(entries)
