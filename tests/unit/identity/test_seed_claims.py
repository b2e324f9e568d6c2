"""What the seed has tokens hold besides: extra claims, a client's audience and lifetimes, claims of the profile."""

from typing import Any

import pytest

import authorizer
from services.identity.seed import SeedUser
from tests.conftest import Clock
from tests.support import identity
from tests.support.gateway import Context, Gateway
from tests.unit.identity.conftest import BASIC, SERVICE, Client

LOGIN: dict[str, Any] = {"username": identity.USERNAME, "password": identity.PASSWORD}
OF_USER = {"tier": "gold", "titles": [{"id": "CUSA00001", "hours": 1.5}], "region": None}
OF_CLIENT = {"tier": "none", "partner": "acme"}
GAME = "https://game.test"


def _seed(user: dict[str, Any] | None = None, **of_client: Any) -> None:
    entries = [identity.client_entry(identity.BACKEND, **of_client), *identity.clients()[2:]]
    identity.store_seed(identity.seed_entry(**(user or {})), registered=entries)


def test_extra_claims_are_in_both_tokens_and_userinfo(client: Client) -> None:
    _seed({"extra_claims": OF_USER}, extra_claims=OF_CLIENT)
    tokens = client.granted("password", **LOGIN, scope="openid players:read")
    refreshed = client.granted("refresh_token", refresh_token=tokens["refresh_token"])
    told = [
        identity.payload(one[name]) for one in (tokens, refreshed) for name in ("access_token", "id_token")
    ]
    told.append(client.userinfo(tokens["access_token"]).json())
    assert all(claims.items() >= {**OF_CLIENT, **OF_USER}.items() for claims in told)
    own = identity.payload(client.granted("client_credentials")["access_token"])
    assert own.items() >= OF_CLIENT.items()


def test_they_change_nothing_of_what_the_token_says_and_open_nothing(client: Client) -> None:
    _seed({"extra_claims": {"sub": "admin", "scope": "all", "exp": 1, **OF_USER}})
    token = client.granted("password", **LOGIN, scope="openid players:read")["access_token"]
    claims = identity.payload(token)
    assert (claims["sub"], claims["scope"]) == (identity.SUBJECT, "openid players:read")
    assert client.userinfo(token).json()["sub"] == identity.SUBJECT
    context = authorizer.handler(identity.authorizer_event(f"Bearer {token}"), Context())["context"]
    assert OF_USER.keys().isdisjoint(context)
    assert Gateway(context).get("/players").status == 200


def test_an_entry_of_an_older_release_has_none() -> None:
    assert SeedUser.from_seed(identity.seed_entry()).extra_claims == {}


@pytest.fixture
def for_the_game(provider: None) -> None:
    """A client whose tokens are for the game, unless it asks for the API's."""
    _seed(audience=[GAME])


@pytest.mark.usefixtures("for_the_game")
class TestAClientsAudience:
    def test_is_that_of_its_tokens_and_of_those_after(self, client: Client) -> None:
        tokens = client.granted("password", **LOGIN, scope="openid players:read")
        refreshed = client.granted("refresh_token", refresh_token=tokens["refresh_token"])
        of_code = client.redeem(client.code()).json()
        own = client.granted("client_credentials")
        for one in (tokens, refreshed, of_code, own):
            assert identity.payload(one["access_token"])["aud"] == GAME
            asked = client.form("/auth/introspect", {"token": one["access_token"]}, basic=SERVICE).json()
            assert asked["active"]
        denied = identity.authorizer_event(f"Bearer {own['access_token']}")
        assert not authorizer.handler(denied, Context())["isAuthorized"]

    def test_gives_way_to_a_resource(self, client: Client) -> None:
        of_api = client.granted("password", **LOGIN, resource=identity.ISSUER)
        assert identity.payload(of_api["access_token"])["aud"] == identity.AUDIENCE
        of_game = client.granted("password", **LOGIN, resource=GAME)
        assert identity.payload(of_game["access_token"])["aud"] == GAME


def test_a_clients_lifetimes_are_those_of_its_tokens(client: Client, stopped_clock: Clock) -> None:
    _seed(access_token_seconds=60, refresh_token_seconds=90)
    now = int(stopped_clock.moment.timestamp())
    for tokens in (
        client.granted("password", **LOGIN, scope="openid"),
        client.redeem(client.code()).json(),
        client.granted("client_credentials"),
    ):
        assert (tokens["expires_in"], identity.payload(tokens["access_token"])["exp"]) == (60, now + 60)
    may_introspect = identity.client_entry(
        identity.BACKEND, access_token_seconds=60, refresh_token_seconds=90
    )
    identity.store_seed(identity.seed_entry(), registered=[may_introspect])
    token = client.granted("password", **LOGIN)["refresh_token"]
    assert client.form("/auth/introspect", {"token": token}, basic=BASIC).json()["exp"] == now + 90
    assert client.tokens()["expires_in"] == 300


@pytest.mark.parametrize("is_on", [True, False])
def test_claims_of_the_profile_are_in_id_tokens_by_a_setting(
    client: Client, monkeypatch: pytest.MonkeyPatch, *, is_on: bool
) -> None:
    monkeypatch.setenv("PROFILE_CLAIMS_IN_ID_TOKEN", str(is_on).lower())
    identity.forget()
    claims = identity.payload(client.granted("password", **LOGIN, scope="openid profile")["id_token"])
    assert ("name" in claims) is is_on
    assert "email" not in claims
