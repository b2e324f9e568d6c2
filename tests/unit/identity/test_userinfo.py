"""``GET /auth/userinfo``: verifies its bearer's token itself."""

from datetime import timedelta
from typing import Any

import pytest

from services.identity import token_families
from services.identity.access_token_verifier import verifier
from services.identity.sessions import user_key
from tests.conftest import Clock
from tests.support import identity
from tests.unit.identity.conftest import Client
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Delete, Update

PROFILE = {"name": "Test User", "preferred_username": "testuser"}
EMAIL = {"email": "testuser@example.test", "email_verified": True}


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", {}),
        ("openid profile", PROFILE),
        ("openid email", EMAIL),
        ("email openid profile players:read", {**PROFILE, **EMAIL}),
    ],
)
def test_it_tells_what_the_scope_allows(client: Client, scope: str, told: dict[str, Any]) -> None:
    answer = client.userinfo(client.tokens(scope=scope)["access_token"])
    assert answer.status == 200
    assert answer.json() == {"sub": identity.SUBJECT, **told}
    assert answer.headers["cache-control"] == "no-store"


def test_a_token_that_was_not_issued_for_openid_is_not_enough(client: Client) -> None:
    answer = client.userinfo(client.tokens(scope="profile email")["access_token"])
    assert (answer.status, answer.json()["error"]) == (403, "insufficient_scope")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="openid"'


def test_who_shows_no_token_is_challenged_without_an_error(client: Client) -> None:
    answer = client.get("/auth/userinfo")
    assert (answer.status, answer.text) == (401, "")
    assert answer.headers["www-authenticate"] == 'Bearer realm="psn-emulator"'


class TestInvalidToken:
    @staticmethod
    def _refused(answer: Any) -> None:
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'

    @pytest.mark.parametrize(
        "authorization",
        ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic dGVzdDp0ZXN0", "Bearer a, Bearer b"],
    )
    def test_a_credential_that_is_no_token_of_ours(self, client: Client, authorization: str) -> None:
        self._refused(client.get("/auth/userinfo", {"authorization": authorization}))

    def test_a_forged_one(self, client: Client) -> None:
        forged = identity.compact(identity.header(), identity.claims(), identity.new_key("key-1"))
        self._refused(client.userinfo(forged))

    def test_an_expired_one(self, client: Client, stopped_clock: Clock) -> None:
        token = client.tokens()["access_token"]
        stopped_clock.moment += timedelta(seconds=299)
        assert client.userinfo(token).status == 200
        stopped_clock.moment += timedelta(seconds=1)
        self._refused(client.userinfo(token))

    def test_one_that_is_not_valid_yet(self, client: Client, stopped_clock: Clock) -> None:
        token = client.tokens()["access_token"]
        stopped_clock.moment -= timedelta(seconds=2)
        self._refused(client.userinfo(token))

    def test_a_revoked_one(self, client: Client) -> None:
        token = client.tokens()["access_token"]
        token_families.revoke(DEFAULT, verifier().verify(token).token_id.partition(".")[0])
        self._refused(client.userinfo(token))

    def test_one_of_no_known_family(self, client: Client) -> None:
        token = client.tokens()["access_token"]
        claims = identity.decode(token.split(".")[1])
        self._refused(
            client.userinfo(identity.compact(identity.header(), claims.replace(b'"jti":"', b'"jti":"x')))
        )

    def test_one_of_a_locked_user(self, client: Client) -> None:
        token = client.tokens()["access_token"]
        table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
        self._refused(client.userinfo(token))

    def test_one_of_a_user_who_is_gone(self, client: Client) -> None:
        token = client.tokens()["access_token"]
        table.write(Delete(user_key(DEFAULT, identity.SUBJECT)))
        self._refused(client.userinfo(token))
