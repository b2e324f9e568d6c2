"""The committed seeds hold the documented users and clients, and hashes of the parameters that logins use."""

from pathlib import Path

import pytest

import routes
from infrastructure.stack.seeds import read_seed
from seeding.seeds import Seed
from services.identity.clients import authenticate
from services.identity.seed import seed
from tests.support import identity
from tests.unit.identity.conftest import Client
from utils.sandbox import DEFAULT

USER = ("testuser", "password123")
ADMIN = ("admin", "admin123")


def _seed(project: Path, name: str) -> Seed:
    return read_seed(
        project / "infrastructure" / "seeds" / f"{name}.yaml",
        audience="psn-emulator-api",
        defaults_allowed=True,
    )


def _store(committed: Seed) -> None:
    stored = committed.model_dump(mode="json")
    identity.store_seed(*stored["users"], registered=stored["clients"])


def _hashes(committed: Seed) -> list[str]:
    of_clients = [client.secret_hash for client in committed.clients if client.secret_hash is not None]
    return [*(user.password_hash for user in committed.users), *of_clients]


@pytest.mark.parametrize(("name", "expected"), [("local", [USER, ADMIN]), ("dev", [USER])])
def test_exactly_the_documented_users_can_log_in(
    client: Client, project: Path, name: str, expected: list[tuple[str, str]]
) -> None:
    _store(_seed(project, name))
    assert sorted(seed().users) == sorted(username for username, _ in expected)
    for username, password in expected:
        tokens = client.tokens(username=username, password=password)
        assert tokens["scope"] == "openid profile email address phone players:read players:write"


def test_the_administrators_scope_is_on_local_only_and_admins_only(client: Client, project: Path) -> None:
    _store(_seed(project, "local"))
    assert client.tokens(username="admin", password="admin123", scope=routes.ADMIN)["scope"] == routes.ADMIN
    assert client.login(scope=routes.ADMIN).json()["error"] == "invalid_scope"
    assert not any(routes.ADMIN in user.scopes for user in _seed(project, "dev").users)


@pytest.mark.parametrize("name", ["local", "dev"])
def test_the_documented_clients_get_in_with_their_secrets(client: Client, project: Path, name: str) -> None:
    _store(_seed(project, name))
    for client_id, secret in (("demo-web", None), ("demo-backend", "demo-backend-secret")):
        assert "authorization_code" in authenticate(DEFAULT, client_id, secret, "192.0.2.1").grant_types
    tokens = client.granted("client_credentials", basic=("demo-service", "demo-service-secret"))
    answer = client.form(
        "/auth/introspect", {"token": tokens["access_token"]}, basic=("demo-service", "demo-service-secret")
    )
    assert answer.json()["active"]


@pytest.mark.parametrize("name", ["local", "dev"])
def test_no_hash_has_to_be_made_again_at_the_first_login(project: Path, name: str) -> None:
    for password_hash in _hashes(_seed(project, name)):
        assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_release_that_was_rolled_back_to_reads_a_later_seed(client: Client) -> None:
    later = identity.client_entry("later", sector="games")
    identity.store_seed(identity.seed_entry(locale="en"), registered=[later])
    assert client.tokens()["scope"]
    assert authenticate(DEFAULT, "later", identity.SECRET, "192.0.2.1").client_id == "later"


def test_no_two_stacks_share_a_subject_or_a_hash(project: Path) -> None:
    both = [_seed(project, "local"), _seed(project, "dev")]
    subjects = [user.subject for seed in both for user in seed.users]
    hashes = [password_hash for seed in both for password_hash in _hashes(seed)]
    assert len(set(subjects)) == len(subjects)
    assert len(set(hashes)) == len(hashes)
