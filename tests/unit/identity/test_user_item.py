"""The user's item in the table: made by the first login, kept up to the seed by the next."""

from typing import Any

import pytest
from argon2 import PasswordHasher

from services.identity import passwords
from services.identity.grant_basis import basis_of_session
from services.identity.seed import seed
from services.identity.sessions import user_key
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.unit.identity.conftest import Client
from utils import secrets, table
from utils.sandbox import DEFAULT
from utils.writes import Put, Update


def _user() -> dict[str, Any]:
    return table.get(user_key(DEFAULT, identity.SUBJECT)) or {}


@pytest.mark.usefixtures("real_hashes")
def test_the_first_login_makes_it(client: Client) -> None:
    client.tokens()
    user = _user()
    assert user.pop("password_hash").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(user.pop("seed")) == 64
    assert user == {
        "pk": f"default#user#{identity.SUBJECT}",
        "sk": "-",
        "subject": identity.SUBJECT,
        "username": "testuser",
        "email": "testuser@example.test",
        "email_verified": True,
        "name": "Test User",
        "claims": {},
        "scopes": identity.SCOPES,
        "basis": basis_of_session(seed().subjects[identity.SUBJECT]),
        "status": "active",
        "version": 1,
    }


def test_a_refused_login_does_not_make_it(client: Client) -> None:
    client.login(password="wrong")
    assert _user() == {}


def test_another_login_leaves_it_as_it_is(client: Client) -> None:
    client.tokens()
    before = _user()
    client.tokens()
    assert _user() == before


def test_it_follows_the_seed(client: Client) -> None:
    client.tokens()
    identity.store_seed(identity.seed_entry(name="Renamed", scopes=["openid"]))
    assert client.tokens()["scope"] == "openid"
    assert (_user()["name"], _user()["scopes"], _user()["version"]) == ("Renamed", ["openid"], 2)


def test_a_password_changed_in_the_seed_replaces_the_old_one(client: Client) -> None:
    client.tokens()
    identity.store_seed(identity.seed_entry(password_hash=HASHER.hash("another")))
    assert client.login().status == 400
    assert client.login(password="another").status == 200


def test_a_user_gone_from_the_seed_cannot_log_in(client: Client) -> None:
    client.tokens()
    identity.store_seed()
    assert client.login().json()["error"] == "invalid_grant"


def test_a_change_of_the_seed_does_not_unlock_a_user(client: Client) -> None:
    client.tokens()
    table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
    identity.store_seed(identity.seed_entry(name="Renamed"))
    assert client.login().json()["error"] == "invalid_grant"
    assert _user()["status"] == "locked"


@pytest.mark.usefixtures("real_hashes")
@pytest.mark.parametrize(("passes", "kibibytes"), [(1, 8192), (1, 65_536), (3, 8192)])
def test_a_hash_with_a_lower_parameter_is_made_again_and_kept(
    client: Client, passes: int, kibibytes: int
) -> None:
    weaker = PasswordHasher(time_cost=passes, memory_cost=kibibytes, parallelism=1).hash(identity.PASSWORD)
    identity.store_seed(identity.seed_entry(password_hash=weaker))
    client.tokens()
    first = _user()
    strengths = f"$argon2id$v=19$m={max(kibibytes, 19_456)},t={max(passes, 2)},p=1$"
    assert first["password_hash"].startswith(strengths)
    assert client.login().status == 200
    assert _user() == first
    assert client.login(password="wrong").status == 400


@pytest.mark.usefixtures("real_hashes")
@pytest.mark.parametrize(
    "hasher",
    [
        PasswordHasher(),
        PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1),
        PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=4),
        PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=64, salt_len=32),
    ],
)
def test_a_hash_that_is_no_weaker_stays_as_the_seed_has_it(client: Client, hasher: PasswordHasher) -> None:
    stronger = hasher.hash(identity.PASSWORD)
    identity.store_seed(identity.seed_entry(password_hash=stronger))
    for _ in range(2):
        assert client.login().status == 200
        assert (_user()["password_hash"], _user()["version"]) == (stronger, 1)


def test_whoever_writes_it_first_wins(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    check = passwords.is_outdated
    pk, sk = user_key(DEFAULT, identity.SUBJECT)

    def overtaken(password_hash: str) -> bool:
        table.write(Put({"pk": pk, "sk": sk, "status": "locked", "version": 7}))
        return check(password_hash)

    monkeypatch.setattr(passwords, "is_outdated", overtaken)
    assert client.login().status == 200
    assert (_user()["status"], _user()["version"]) == ("locked", 7)


def test_the_username_is_taken_without_regard_to_case(client: Client) -> None:
    assert client.login(username="TestUser").status == 200


def test_the_seed_is_not_read_on_every_login(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.tokens()
    monkeypatch.setattr(secrets, "read_json", lambda _name: pytest.fail("read again"))
    client.tokens()
