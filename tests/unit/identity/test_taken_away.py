"""What is taken away in the seed ends what was issued for it; nobody else notices."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest

from services.identity.seed import seed
from services.identity.sessions import family_key
from tests.conftest import ENVIRONMENT
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway
from tests.support.user_agent import UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import BASIC, SERVICE, Client
from utils import aws, table
from utils.sandbox import DEFAULT
from utils.writes import Key, Update

OTHER = "22222222-2222-4222-8222-222222222222"


def other_entry() -> dict[str, Any]:
    return identity.seed_entry(username="other", subject=OTHER)


def registered(**changes: Any) -> list[dict[str, Any]]:
    """The clients, one of everything and a public one, both with ``changes``."""
    own = [identity.client_entry(identity.BACKEND, **{"scopes": identity.SCOPES, **changes}), app(**changes)]
    return [*(entry for entry in identity.clients() if entry["client_id"] == identity.SERVICE), *own]


def users(**changes: Any) -> list[dict[str, Any]]:
    return [identity.seed_entry(**changes), other_entry()]


LESS = ["openid", "profile", "players:read"]
TAKEN_AWAY: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "the user": ([other_entry()], registered()),
    "a scope of the user": (users(scopes=LESS), registered()),
    "the password": (users(password_hash=HASHER.hash("another")), registered()),
    "the client": (users(), [registered()[0]]),
    "a scope of the client": (users(), registered(scopes=LESS)),
    "the client's secret": (users(), registered(secret_hash=HASHER.hash("another"))),
    "a grant type of the client": (users(), registered(grant_types=["password"])),
}
OF_THE_CLIENT = [name for name in TAKEN_AWAY if "client" in name]
OF_THE_USER = [name for name in TAKEN_AWAY if "client" not in name]


@pytest.fixture(autouse=True)
def _provider(provider: None) -> None:
    """Two users, and clients of every kind."""
    identity.store_seed(*users(), registered=registered())


@dataclass
class Access:
    """All that one user has been given: tokens by password, a code, a browser session."""

    client: Client
    username: str = identity.USERNAME
    agent: UserAgent = field(default_factory=UserAgent)

    def __post_init__(self) -> None:
        self.tokens = self.client.granted("password", username=self.username, password=identity.PASSWORD)
        page = self.agent.get(authorize())
        page = self.agent.follow(self.agent.login(page, username=self.username))
        self.code = sent_back(self.agent.follow(self.agent.submit(page, decision="allow")))["code"]

    def is_refreshed(self) -> bool:
        answer = self.client.grant("refresh_token", refresh_token=self.tokens["refresh_token"])
        if answer.status == 200:
            self.tokens = answer.json()
        return answer.status == 200

    def is_in_session(self) -> bool:
        answer = self.agent.get(authorize(prompt="none"))
        return answer.status == 303 and "code" in sent_back(answer)

    def is_code_good(self) -> bool:
        from tests.support.user_agent import CALLBACK, VERIFIER

        fields = {"grant_type": "authorization_code", "client_id": "app", "code": self.code}
        answer = self.client.form(
            "/auth/token", {**fields, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        )
        return answer.status == 200

    def is_active(self, kind: str = "access_token") -> bool:
        answer = self.client.form("/auth/introspect", {"token": self.tokens[kind]}, basic=SERVICE)
        active: bool = answer.json()["active"]
        return active

    def has_userinfo(self) -> bool:
        return self.client.userinfo(self.tokens["access_token"]).status == 200


USES: list[Callable[[Access], bool]] = [
    Access.is_refreshed,
    Access.is_in_session,
    Access.is_code_good,
    Access.is_active,
    Access.has_userinfo,
]


@pytest.mark.parametrize("use", USES, ids=lambda use: str(use.__name__))
@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_what_is_taken_away_is_refused_to_its_holder_and_to_nobody_else(
    client: Client, what: str, use: Callable[[Access], bool]
) -> None:
    mine, theirs = Access(client), Access(client, "other")
    identity.store_seed(*TAKEN_AWAY[what][0], registered=TAKEN_AWAY[what][1])
    if what in OF_THE_USER or use is not Access.is_in_session:
        assert not use(mine)
    if what in OF_THE_USER:
        assert use(theirs)


@pytest.mark.parametrize("use", USES, ids=lambda use: str(use.__name__))
def test_what_is_added_or_changed_otherwise_ends_nothing(
    client: Client, use: Callable[[Access], bool]
) -> None:
    identity.store_seed(*users(scopes=LESS), registered=registered(scopes=LESS))
    mine = Access(client)
    identity.store_seed(
        *users(name="Renamed", email="new@example.test"), registered=registered(name="Renamed")
    )
    assert use(mine)


@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_a_function_that_runs_notices_within_a_minute(
    client: Client, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, now = Access(client), monotonic()
    entries, clients = TAKEN_AWAY[what]
    seed()
    content = json.dumps({"users": entries, "clients": clients})
    aws.client("secretsmanager").put_secret_value(SecretId=ENVIRONMENT["SEED_SECRET"], SecretString=content)
    monkeypatch.setattr("utils.ttl_cache.monotonic", lambda: now + 60)
    assert not mine.is_refreshed()
    assert not mine.is_code_good()
    assert not mine.is_active()


def test_a_function_with_an_old_seed_reads_it_anew_before_it_refuses(client: Client) -> None:
    old = seed()
    identity.store_seed(*users(password_hash=HASHER.hash("another")), registered=registered())
    tokens = client.granted("password", username=identity.USERNAME, password="another")
    seed._cached = float("inf"), old
    assert client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status == 200


def test_a_function_with_an_old_seed_takes_no_old_password_of_a_user_whom_another_knows_better(
    client: Client,
) -> None:
    old = seed()
    client.tokens()
    identity.store_seed(*users(password_hash=HASHER.hash("another")), registered=registered())
    client.tokens(password="another")
    seed._cached = float("inf"), old
    assert client.login().status == 400


@pytest.mark.parametrize("notice", [Access.is_refreshed, Access.is_active, Access.has_userinfo])
def test_who_notices_ends_the_tokens_for_the_routes_that_know_no_seed(
    client: Client, notice: Callable[[Access], bool]
) -> None:
    mine = Access(client)
    identity.store_seed(other_entry(), registered=registered())
    assert players(mine) == 200
    notice(mine)
    assert players(mine) == 401


def test_a_login_with_the_new_password_ends_the_tokens_of_the_old_one(client: Client) -> None:
    mine = Access(client)
    identity.store_seed(*users(password_hash=HASHER.hash("another")), registered=registered())
    assert players(mine) == 200
    client.tokens(password="another")
    assert players(mine) == 401


def players(access: Access) -> int:
    claims = identity.payload(access.tokens["access_token"])
    return Gateway(claims).get("/players").status


class TestWhatAnOlderReleaseIssued:
    @pytest.fixture
    def mine(self, client: Client) -> Access:
        """Access whose token family has no basis."""
        mine = Access(client)
        table.write(Update(self._key(mine), remove=("basis",)))
        return mine

    def _key(self, access: Access) -> Key:
        family = identity.payload(access.tokens["access_token"])["jti"].partition(".")[0]
        return family_key(DEFAULT, family)

    def test_is_refreshed_and_has_a_basis_from_then_on(self, mine: Access) -> None:
        assert mine.is_refreshed()
        assert "basis" in (table.get(self._key(mine)) or {})
        identity.store_seed(*users(password_hash=HASHER.hash("another")), registered=registered())
        assert not mine.is_refreshed()

    @pytest.mark.parametrize(
        "what", ["the user", "a scope of the user", "the client", "a scope of the client"]
    )
    def test_ends_with_what_it_was_granted(self, mine: Access, what: str) -> None:
        identity.store_seed(*TAKEN_AWAY[what][0], registered=TAKEN_AWAY[what][1])
        assert not mine.is_refreshed()

    def test_lives_on_in_a_browser_while_its_user_exists(self, client: Client) -> None:
        from services.identity.browser_sessions import _key

        mine = Access(client)
        key = _key(DEFAULT, mine.agent.cookies["__Host-psn-session"])
        table.write(Update(key, remove=("basis",)))
        assert mine.is_in_session()
        identity.store_seed(other_entry(), registered=registered())
        assert not mine.is_in_session()


def test_a_grant_of_a_client_to_itself_ends_with_its_secret(client: Client) -> None:
    tokens = client.granted("client_credentials", basic=BASIC)
    form = {"token": tokens["access_token"]}
    assert client.form("/auth/introspect", form, basic=SERVICE).json()["active"]
    identity.store_seed(*users(), registered=TAKEN_AWAY["the client's secret"][1])
    assert not client.form("/auth/introspect", form, basic=SERVICE).json()["active"]
