"""Clients that register themselves (RFC 7591) and manage what they registered (RFC 7592)."""

from typing import Any

import pytest

from services.identity import accounts
from services.sandboxes.opening import begin, opened
from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.unit.identity.conftest import Client
from tests.unit.identity.test_user_accounts import admin, players
from utils import table
from utils.sandbox import sandbox_key

SERVICE = {"grant_types": ["client_credentials"], "response_types": [], "scope": "players:read"}
APP = {
    "redirect_uris": ["http://localhost:3000/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "none",
    "client_name": "Companion",
}

pytestmark = pytest.mark.usefixtures("provider")


def register(metadata: Any, token: str | None = None, prefix: str = "") -> Answer:
    return Gateway().post(f"{prefix}/auth/register", metadata, headers=bearer(token))


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"authorization": f"Bearer {token}"}


def manage(method: str, registered: Any, body: Any = None, token: str | None = "") -> Answer:
    """A request to the registration's own URI, with its own token unless another is given."""
    path = registered["registration_client_uri"].removeprefix(identity.ISSUER)
    own = registered["registration_access_token"] if token == "" else token
    return Gateway().send(method, path, body=body, headers=bearer(own))


def own_tokens(client: Client, registered: Any, prefix: str = "") -> Answer:
    basic = (registered["client_id"], registered["client_secret"])
    return client.form(f"{prefix}/auth/token", {"grant_type": "client_credentials"}, basic=basic)


def test_a_client_registers_and_is_one_at_once(client: Client) -> None:
    answer = register(SERVICE | {"logo_uri": "https://x.test/", "jwks": {"keys": []}})
    assert answer.status == 201
    told = answer.json()
    assert answer.headers["location"] == told["registration_client_uri"]
    assert answer.headers["cache-control"] == "no-store"
    assert (told["client_secret_expires_at"], told["token_endpoint_auth_method"]) == (
        0,
        "client_secret_basic",
    )
    assert (told["response_types"], told["scope"]) == ([], "players:read")
    assert "logo_uri" not in told
    assert players(own_tokens(client, told).json()) == 200
    assert admin().get(f"/_emulator/clients/{told['client_id']}").data["origin"] == "registered"


def test_a_public_one_has_no_secret_and_every_scope_that_is_not_reserved() -> None:
    told = register(APP).json()
    assert "client_secret" not in told
    assert "client_secret_expires_at" not in told
    assert told["response_types"] == ["code"]
    assert "players:write" in told["scope"].split(" ")
    assert "emulator:admin" not in told["scope"]


def test_it_is_read_by_its_own_token_alone() -> None:
    mine, other = register(APP).json(), register(SERVICE).json()
    assert manage("GET", mine).json() == mine
    for token in (None, "x", other["registration_access_token"]):
        answer = manage("GET", mine, token=token)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        assert manage("DELETE", mine, token=token).status == 401
        assert manage("PUT", mine, {"client_id": mine["client_id"], **APP}, token=token).status == 401
    secret = other.pop("client_secret")
    assert manage("GET", other).json() == other
    assert secret not in manage("GET", other).text


def test_an_update_replaces_all_and_ends_what_it_takes_away(client: Client) -> None:
    mine = register(SERVICE).json()
    tokens = own_tokens(client, mine).json()
    body = {"client_id": mine["client_id"], "client_secret": mine["client_secret"], **SERVICE}
    answer = manage("PUT", mine, body | {"client_name": "Renamed"})
    assert (answer.status, answer.json()["client_name"]) == (200, "Renamed")
    assert "client_secret" not in answer.json()
    assert players(tokens) == 200
    assert manage("PUT", mine, body | {"scope": "openid"}).status == 200
    assert players(tokens) == 401
    public = manage("PUT", mine, {"client_id": mine["client_id"], **APP}).json()
    assert "client_secret_expires_at" not in public
    again = manage("PUT", mine, {"client_id": mine["client_id"], **SERVICE}).json()
    assert again["client_secret"] != mine["client_secret"]
    assert own_tokens(client, again).status == 200


def test_an_update_of_another_id_or_with_another_secret_is_refused() -> None:
    mine = register(SERVICE).json()
    for change in ({"client_id": "other"}, {"client_secret": "other"}):
        answer = manage("PUT", mine, {"client_id": mine["client_id"], **SERVICE, **change})
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_a_deleted_one_is_gone_with_its_tokens(client: Client) -> None:
    mine = register(SERVICE).json()
    tokens = own_tokens(client, mine).json()
    assert manage("DELETE", mine).status == 204
    assert players(tokens) == 401
    assert own_tokens(client, mine).status == 401
    assert manage("GET", mine).status == 401


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.test/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.test/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://[:::]/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://[1.2]/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.test:99999/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://localhost:0/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app..test/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://134744072/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://0x08080808/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://8.8.010.8/cb"]}, "invalid_redirect_uri"),
        ({"post_logout_redirect_uris": ["x"]}, "invalid_redirect_uri"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["refresh_token"], "redirect_uris": []}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"], "redirect_uris": []}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"response_types": []}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"scope": "emulator:admin"}, "invalid_client_metadata"),
        ({"scope": "nothing"}, "invalid_client_metadata"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "RS256"}, "invalid_client_metadata"),
    ],
)
def test_what_is_wrong_is_told_in_the_rfcs_words(change: Any, error: str) -> None:
    answer = register(APP | change)
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_what_is_no_json_object_is_refused() -> None:
    answers = [Gateway().post("/auth/register", raw="x"), register([])]
    assert [answer.json()["error"] for answer in answers] == ["invalid_request", "invalid_client_metadata"]


class TestWithAnInitialAccessToken:
    @pytest.fixture
    def closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stack without open registration."""
        monkeypatch.setenv("OPEN_REGISTRATION", "false")
        identity.forget()

    def _token(self, client: Client, scope: str = "emulator:admin") -> str:
        token: str = client.tokens(scope=scope)["access_token"]
        return token

    @pytest.mark.usefixtures("closed")
    def test_one_is_needed_where_registration_is_not_open(self, client: Client) -> None:
        assert register(SERVICE).status == 401
        assert register(SERVICE, self._token(client)).status == 201

    def test_it_has_to_be_alive_of_this_sandbox_and_an_administrators(self, client: Client) -> None:
        token = self._token(client)
        assert register(SERVICE, "x").status == 401
        assert register(SERVICE, self._token(client, "openid")).status == 403
        assert register(SERVICE, token, "/s/ci-7").status == 401
        admin().delete("/_emulator/users/testuser")
        assert register(SERVICE, token).status == 401

    def test_it_gives_reserved_scopes_which_an_update_keeps_and_does_not_add(self, client: Client) -> None:
        reserved = SERVICE | {"scope": "players:read tokens:introspect"}
        mine = register(reserved, self._token(client)).json()
        assert mine["scope"] == reserved["scope"]
        assert manage("PUT", mine, {"client_id": mine["client_id"], **reserved}).status == 200
        more = {"client_id": mine["client_id"], **SERVICE, "scope": "emulator:admin"}
        assert manage("PUT", mine, more).json()["error"] == "invalid_client_metadata"

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"grant_types": ["client_credentials"], "redirect_uris": []}, "invalid_client_metadata"),
            ({"grant_types": ["authorization_code", "refresh_token"]}, "invalid_client_metadata"),
            ({"redirect_uris": ["https://elsewhere.test/cb"]}, "invalid_redirect_uri"),
        ],
    )
    def test_a_client_uses_reserved_scopes_as_an_administrator_let_it(
        self, client: Client, change: Any, error: str
    ) -> None:
        given = {"redirect_uris": ["https://ops.test/cb"], "scope": "openid emulator:admin"}
        mine = register(given, self._token(client)).json()
        body = {"client_id": mine["client_id"], **given}
        assert manage("PUT", mine, body | change).json()["error"] == error
        assert manage("PUT", mine, body | {"client_name": "Another"}).status == 200
        assert manage("PUT", mine, body | change | {"scope": "openid players:read"}).status == 200
        assert manage("PUT", mine, body | change).json()["error"] == "invalid_client_metadata"

    def test_what_an_administrator_says_of_a_client_stays(self) -> None:
        mine = register(SERVICE).json()
        said = {"audience": ["https://stats.test"], "access_token_seconds": 60}
        body = {"name": "A", "secret": "s", "grant_types": ["client_credentials"], "scopes": ["players:read"]}
        assert admin().put(f"/_emulator/clients/{mine['client_id']}", body | said).status == 200
        assert manage("PUT", mine, {"client_id": mine["client_id"], **SERVICE}).status == 200
        kept = accounts.find_client(opened("default"), mine["client_id"])
        assert kept is not None
        assert (kept.audience, kept.access_token_seconds) == (("https://stats.test",), 60)


def test_a_registration_is_of_one_sandbox_and_of_one_generation(client: Client) -> None:
    mine = Gateway().post("/auth/register", SERVICE, headers={"x-sandbox": "ci-7"}).json()
    assert mine["registration_client_uri"].startswith(f"{identity.ISSUER}/s/ci-7/auth/register/")
    assert manage("GET", mine).status == 200
    assert own_tokens(client, mine, "/s/ci-7").status == 200
    assert own_tokens(client, mine).status == 401
    elsewhere = {**mine, "registration_client_uri": mine["registration_client_uri"].replace("ci-7", "ci-8")}
    assert manage("GET", elsewhere).status == 401
    begin("ci-7", table.get(sandbox_key("ci-7")), {"ends_at": opened("ci-7").ends_at})
    assert manage("GET", mine).status == 401
    assert own_tokens(client, mine, "/s/ci-7").status == 401


def test_both_metadata_documents_name_the_endpoint() -> None:
    for document in ("openid-configuration", "oauth-authorization-server"):
        told = Gateway().get(f"/s/ci-7/.well-known/{document}").json()
        assert told["registration_endpoint"] == f"{identity.ISSUER}/s/ci-7/auth/register"
