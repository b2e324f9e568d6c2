"""The token endpoint's form: password, refresh token and client credentials (RFC 6749)."""

from datetime import timedelta
from typing import Any

import pytest

from services.identity.access_token_verifier import verifier
from services.identity.sessions import family_key, user_key
from services.identity.token_families import family_id_of
from tests.conftest import Clock
from tests.support import identity
from tests.unit.identity.conftest import BASIC, SERVICE, Client
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Update

LOGIN: dict[str, Any] = {"username": identity.USERNAME, "password": identity.PASSWORD}
GRANTS: dict[str, dict[str, Any]] = {
    "password": LOGIN,
    "refresh_token": {"refresh_token": "x"},
    "authorization_code": {
        "code": "x",
        "redirect_uri": identity.REDIRECT_URI,
        "code_verifier": identity.VERIFIER,
    },
    "client_credentials": {},
}


class TestEveryGrant:
    def test_a_missing_one_is_an_invalid_request(self, client: Client) -> None:
        answer = client.form("/auth/token", LOGIN, basic=BASIC)
        assert (answer.status, answer.json()) == (
            400,
            {"error": "invalid_request", "error_description": "The parameter grant_type is missing."},
        )

    @pytest.mark.parametrize(
        "grant",
        ["implicit", "Password", "password ", "urn:ietf:params:oauth:grant-type:jwt-bearer", "__class__"],
    )
    def test_an_unknown_one_is_told_which_there_are(self, client: Client, grant: str) -> None:
        answer = client.grant(grant, **LOGIN)
        assert (answer.status, answer.json()["error"]) == (400, "unsupported_grant_type")
        assert all(known in answer.json()["error_description"] for known in GRANTS)
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("grant", GRANTS)
    def test_one_that_the_client_may_not_use_is_an_unauthorized_client(
        self, client: Client, grant: str
    ) -> None:
        others = [other for other in GRANTS if other != grant]
        entry = identity.client_entry("limited", grant_types=others)
        identity.store_seed(identity.seed_entry(), registered=[entry])
        answer = client.grant(grant, basic=("limited", identity.SECRET), **GRANTS[grant])
        assert (answer.status, answer.json()["error"]) == (400, "unauthorized_client")

    @pytest.mark.parametrize("grant", ["password", "client_credentials"])
    def test_a_parameter_that_is_unknown_is_ignored(self, client: Client, grant: str) -> None:
        assert client.grant(grant, **GRANTS[grant], requested_token_type="x", audience="x").status == 200

    @pytest.mark.parametrize(
        ("grant", "changes", "detail"),
        [
            ("password", {"username": ""}, "Missing or malformed: username."),
            ("password", {"username": "x" * 129}, "Missing or malformed: username."),
            ("password", {"password": "x" * 1025}, "Missing or malformed: password."),
            ("password", {"scope": "x" * 1025}, "Missing or malformed: scope."),
            ("refresh_token", {"refresh_token": ""}, "Missing or malformed: refresh_token."),
            ("refresh_token", {"refresh_token": "x" * 1025}, "Missing or malformed: refresh_token."),
            ("authorization_code", {"code": ""}, "Missing or malformed: code."),
            ("authorization_code", {"redirect_uri": ""}, "Missing or malformed: redirect_uri."),
            ("client_credentials", {"scope": "x" * 1025}, "Missing or malformed: scope."),
        ],
    )
    def test_a_parameter_that_is_missing_or_malformed_is_an_invalid_request(
        self, client: Client, grant: str, changes: dict[str, str], detail: str
    ) -> None:
        answer = client.grant(grant, **GRANTS[grant] | changes)
        assert (answer.status, answer.json()) == (
            400,
            {"error": "invalid_request", "error_description": detail},
        )

    def test_the_answer_is_not_to_be_kept(self, client: Client) -> None:
        answer = client.grant("client_credentials")
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


class TestPassword:
    def test_it_gives_what_the_simple_form_gives_but_in_the_clients_name(self, client: Client) -> None:
        tokens = client.granted("password", **LOGIN)
        assert sorted(tokens) == sorted(client.tokens())
        token = verifier().verify(tokens["access_token"])
        assert (token.subject, token.client_id) == (identity.SUBJECT, identity.BACKEND)

    def test_a_wrong_password_is_an_invalid_grant(self, client: Client) -> None:
        answer = client.grant("password", username=identity.USERNAME, password="wrong")
        assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")

    def test_failures_count_as_those_of_the_simple_form_do(self, client: Client) -> None:
        for _ in range(5):
            client.grant("password", username=identity.USERNAME, password="wrong")
            client.login(password="wrong")
        answer = client.grant("password", **LOGIN)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")
        assert int(answer.headers["retry-after"]) > 0

    def test_more_than_the_client_may_have_is_an_invalid_scope(self, client: Client) -> None:
        entry = identity.client_entry(identity.BACKEND, scopes=["openid", "players:read"])
        identity.store_seed(identity.seed_entry(), registered=[entry])
        assert client.granted("password", **LOGIN)["scope"] == "openid players:read"
        answer = client.grant("password", **LOGIN, scope="openid players:write")
        assert (answer.status, answer.json()["error"]) == (400, "invalid_scope")

    def test_a_client_that_may_not_refresh_gets_no_refresh_token(
        self, client: Client, stopped_clock: Clock
    ) -> None:
        entry = identity.client_entry(identity.BACKEND, grant_types=["password"], redirect_uris=[])
        identity.store_seed(identity.seed_entry(), registered=[entry])
        tokens = client.granted("password", **LOGIN)
        assert "refresh_token" not in tokens
        stopped_clock.moment += timedelta(seconds=299)
        assert client.userinfo(tokens["access_token"]).status == 200

    def test_the_simple_forms_client_may_be_named(self, client: Client) -> None:
        tokens = client.granted("password", basic=None, client_id="psn-emulator", **LOGIN)
        assert client.refresh(tokens["refresh_token"]).status == 200


class TestRefreshToken:
    def _tokens(self, client: Client, **parameters: Any) -> dict[str, Any]:
        return client.granted("password", **LOGIN, **parameters)

    def test_it_gives_the_next_tokens(self, client: Client) -> None:
        first = self._tokens(client)
        second = client.granted("refresh_token", refresh_token=first["refresh_token"])
        assert sorted(second) == sorted(first)
        assert second["scope"] == first["scope"]
        assert client.granted("refresh_token", refresh_token=second["refresh_token"])["scope"]

    def test_another_client_cannot_use_it_nor_spoil_it(self, client: Client) -> None:
        other = identity.client_entry("other")
        identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), other])
        token = self._tokens(client)["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token}
        for answer in (
            client.form("/auth/token", form, basic=("other", identity.SECRET)),
            client.form("/auth/token", {**form, "client_id": identity.WEB}),
        ):
            assert (answer.status, answer.json()) == (
                400,
                {"error": "invalid_grant", "error_description": "The refresh token is not valid."},
            )
        named = {**form, "client_id": "psn-emulator"}
        assert client.form("/auth/token", named).status == client.refresh(token).status == 400
        assert client.grant("refresh_token", refresh_token=token).status == 200

    def test_the_simple_forms_token_is_of_no_other_client(self, client: Client) -> None:
        token = client.tokens()["refresh_token"]
        assert client.grant("refresh_token", refresh_token=token).status == 400
        assert client.refresh(token).status == 200

    def test_a_scope_asks_for_less_this_once(self, client: Client) -> None:
        first = self._tokens(client)
        second = client.granted(
            "refresh_token", refresh_token=first["refresh_token"], scope="players:read openid"
        )
        assert second["scope"] == "players:read openid"
        assert verifier().verify(second["access_token"]).scopes == {"players:read", "openid"}
        third = client.granted("refresh_token", refresh_token=second["refresh_token"])
        assert third["scope"] == first["scope"]

    def test_without_openid_there_is_no_id_token(self, client: Client) -> None:
        token = self._tokens(client)["refresh_token"]
        tokens = client.granted("refresh_token", refresh_token=token, scope="players:read")
        assert "id_token" not in tokens

    @pytest.mark.parametrize("scope", ["players:write", "openid players:write", "emulator:admin", " "])
    def test_more_is_an_invalid_scope_and_leaves_the_token_unused(self, client: Client, scope: str) -> None:
        token = self._tokens(client, scope="openid players:read")["refresh_token"]
        answer = client.grant("refresh_token", refresh_token=token, scope=scope)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_scope")
        assert client.granted("refresh_token", refresh_token=token)["scope"] == "openid players:read"

    def test_the_administrators_scope_once_named_is_kept(self, client: Client) -> None:
        token = self._tokens(client, scope="emulator:admin players:read")["refresh_token"]
        tokens = client.granted("refresh_token", refresh_token=token)
        assert tokens["scope"] == "emulator:admin players:read"

    def test_a_client_that_is_gone_has_no_use_of_it(self, client: Client) -> None:
        token = self._tokens(client)["refresh_token"]
        identity.store_seed(identity.seed_entry(), registered=[])
        assert client.grant("refresh_token", refresh_token=token).status == 401

    def test_a_retry_that_asks_for_another_scope_has_an_id_of_its_own(self, client: Client) -> None:
        token = self._tokens(client)["refresh_token"]
        both = [
            client.granted("refresh_token", refresh_token=token, scope=scope)
            for scope in ("players:read", "players:write")
        ]
        assert both[0]["refresh_token"] == both[1]["refresh_token"]
        ids = {verifier().verify(tokens["access_token"]).token_id for tokens in both}
        assert len(ids) == 2

    def test_the_simple_form_may_ask_for_less_too(self, client: Client) -> None:
        body = {"refresh_token": client.tokens()["refresh_token"], "scope": "players:read"}
        assert client.post("/auth/refresh", body).json()["scope"] == "players:read"


class TestClientCredentials:
    def test_they_give_an_access_token_of_the_client_itself_and_nothing_else(self, client: Client) -> None:
        tokens = client.granted("client_credentials")
        assert sorted(tokens) == ["access_token", "expires_in", "scope", "token_type"]
        assert (tokens["expires_in"], tokens["scope"]) == (300, "players:read players:write")
        token = verifier().verify(tokens["access_token"])
        assert (token.subject, token.client_id) == (identity.BACKEND, identity.BACKEND)

    @pytest.mark.parametrize("scope", ["openid", "profile", "email", "players:read openid", "payments"])
    def test_what_only_a_user_has_is_an_invalid_scope(self, client: Client, scope: str) -> None:
        answer = client.grant("client_credentials", scope=scope)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_scope")

    def test_what_the_client_does_not_hold_is_an_invalid_scope(self, client: Client) -> None:
        assert client.grant("client_credentials", basic=SERVICE, scope="players:write").status == 400
        assert client.granted("client_credentials", basic=SERVICE, scope="players:read")

    def test_every_token_is_another(self, client: Client) -> None:
        tokens = {client.granted("client_credentials")["access_token"] for _ in range(3)}
        assert len(tokens) == 3

    def test_userinfo_knows_no_user_of_it(self, client: Client) -> None:
        answer = client.userinfo(client.granted("client_credentials")["access_token"])
        assert (answer.status, answer.json()["error"]) == (403, "insufficient_scope")

    def test_a_public_client_has_none(self, client: Client) -> None:
        answer = client.grant("client_credentials", basic=None, client_id=identity.WEB)
        assert (answer.status, answer.json()["error"]) == (400, "unauthorized_client")

    def test_its_family_lives_no_longer_than_the_token(self, client: Client) -> None:
        token = verifier().verify(client.granted("client_credentials")["access_token"])
        family = table.get(family_key(DEFAULT, token.token_id.partition(".")[0])) or {}
        assert family["expires_at"] == token.expires_at


def test_a_locked_user_gets_nothing_by_any_grant(client: Client) -> None:
    token = client.granted("password", **LOGIN)["refresh_token"]
    code = client.code()
    table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
    answers = [
        client.grant("password", **LOGIN),
        client.grant("refresh_token", refresh_token=token),
        client.redeem(code),
    ]
    assert [answer.json()["error"] for answer in answers] == ["invalid_grant"] * 3


@pytest.mark.parametrize("secret", ["", "x", "a.b", f"{'a' * 22}.{'b' * 42}", f"{'a' * 22}.{'b' * 43}\n"])
def test_text_of_another_form_is_of_no_family(secret: str) -> None:
    assert family_id_of(secret) is None
