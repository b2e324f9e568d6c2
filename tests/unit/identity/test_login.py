"""``POST /auth/token``: the simple form of a login."""

from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher, extract_parameters

from services.identity.access_token_verifier import verifier
from services.identity.sessions import user_key
from tests.conftest import Clock
from tests.support import identity
from tests.support.interception import Call, Intercept
from tests.unit.identity.conftest import Client
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Update

WRONG = {"error": "invalid_grant", "error_description": "The username or the password is wrong."}


def _form(**parameters: str) -> dict[str, Any]:
    return {"raw": urlencode(parameters), "headers": {"content-type": "application/x-www-form-urlencoded"}}


def test_a_login_is_answered_as_rfc_6749_says(client: Client) -> None:
    answer = client.login()
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["content-type"] == "application/json"
    tokens = answer.json()
    assert sorted(tokens) == [
        "access_token",
        "expires_in",
        "id_token",
        "refresh_token",
        "scope",
        "token_type",
    ]
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)


def test_the_access_token_says_who_logged_in(client: Client, stopped_clock: Clock) -> None:
    token = verifier().verify(client.tokens()["access_token"])
    now = int(stopped_clock.moment.timestamp())
    assert (token.subject, token.client_id, token.sandbox) == (identity.SUBJECT, "psn-emulator", "default")
    assert (token.issued_at, token.not_before, token.expires_at) == (now, now, now + 300)


class TestScope:
    def test_none_named_gives_all_but_the_administrators(self, client: Client) -> None:
        assert client.tokens()["scope"] == "openid profile email address phone players:read players:write"

    def test_the_administrators_is_given_when_named(self, client: Client) -> None:
        assert client.tokens(scope="emulator:admin")["scope"] == "emulator:admin"

    def test_those_named_are_given_once_each_in_that_order(self, client: Client) -> None:
        tokens = client.tokens(scope="players:read openid players:read")
        assert tokens["scope"] == "players:read openid"
        assert verifier().verify(tokens["access_token"]).scope == "players:read openid"

    @pytest.mark.parametrize(
        "scope",
        ["", " ", "openid ", "openid  email", "openid\temail", "OPENID", "payments"],
    )
    def test_anything_else_is_an_invalid_scope(self, client: Client, scope: str) -> None:
        answer = client.login(scope=scope)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_scope")

    def test_what_the_user_does_not_hold_is_an_invalid_scope(self, client: Client) -> None:
        identity.store_seed(identity.seed_entry(scopes=["openid"]))
        assert client.login(scope="emulator:admin").json()["error"] == "invalid_scope"

    def test_who_holds_none_gets_none(self, client: Client) -> None:
        identity.store_seed(identity.seed_entry(scopes=["emulator:admin"]))
        assert client.login().json()["error"] == "invalid_scope"


class TestRefusal:
    def test_a_wrong_password(self, client: Client) -> None:
        answer = client.login(password="password124")
        assert (answer.status, answer.json()) == (400, WRONG)
        assert answer.headers["cache-control"] == "no-store"

    def test_an_unknown_username_reads_the_same(self, client: Client) -> None:
        answer = client.login(username="nobody")
        assert (answer.status, answer.json()) == (400, WRONG)

    def test_a_locked_user_reads_the_same(self, client: Client) -> None:
        client.tokens()
        table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
        answer = client.login()
        assert (answer.status, answer.json()) == (400, WRONG)

    @pytest.mark.usefixtures("real_hashes")
    @pytest.mark.parametrize("username", ["testuser", "nobody"])
    def test_the_same_work_is_done_for_known_and_unknown(
        self, client: Client, username: str, intercept: Intercept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work: list[Any] = []
        verify = PasswordHasher.verify

        def called(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
            work.append(operation)
            return call(operation, arguments)

        def verified(self: PasswordHasher, password_hash: str, password: str) -> Any:
            parameters = extract_parameters(password_hash)
            work.append((parameters.memory_cost, parameters.time_cost, parameters.parallelism))
            return verify(self, password_hash, password)

        intercept(called)
        monkeypatch.setattr(PasswordHasher, "verify", verified)
        assert client.login(username=username, password="wrong").status == 400
        assert work == ["BatchGetItem", (19456, 2, 1), "UpdateItem"]

    def test_nothing_of_the_attempt_is_answered_or_logged(
        self, client: Client, capfd: pytest.CaptureFixture[str]
    ) -> None:
        answer = client.login(username="someone-private", password="s3cr3t-typed")
        printed = "".join(capfd.readouterr())
        assert "s3cr3t-typed" not in answer.text + printed
        assert "someone-private" not in answer.text + printed


class TestBody:
    @pytest.mark.parametrize(
        ("changes", "detail"),
        [
            ({"username": ...}, "Missing or malformed: username."),
            ({"password": ..., "username": 7}, "Missing or malformed: username, password."),
            ({"username": ""}, "Missing or malformed: username."),
            ({"username": "x" * 129}, "Missing or malformed: username."),
            ({"password": "x" * 1025}, "Missing or malformed: password."),
            ({"scope": ["openid"]}, "Missing or malformed: scope."),
            ({"surprise": 1}, "The body has a member other than sandbox, username, password, scope."),
            ({"body": 1}, "The body has a member other than sandbox, username, password, scope."),
        ],
    )
    def test_wrong_members_are_an_invalid_request(
        self, client: Client, changes: dict[str, Any], detail: str
    ) -> None:
        answer = client.login(**changes)
        assert (answer.status, answer.json()) == (
            400,
            {"error": "invalid_request", "error_description": detail},
        )

    @pytest.mark.parametrize(
        "options",
        [
            {"raw": "{", "headers": {"content-type": "application/json"}},
            {"raw": "[]", "headers": {"content-type": "application/json"}},
            {"raw": '{"username":"a","username":"b"}', "headers": {"content-type": "application/json"}},
            {"raw": "{}", "headers": {"content-type": "text/plain"}},
            {"raw": "{}"},
            {"raw": '"' + "x" * 65536 + '"', "headers": {"content-type": "application/json"}},
            _form(),
            _form(username="testuser", password="password123"),
        ],
    )
    def test_what_is_no_such_body_is_an_invalid_request(
        self, client: Client, options: dict[str, Any]
    ) -> None:
        answer = client.post("/auth/token", **options)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("raw", ["[]", "null", '"testuser"', "7"])
    @pytest.mark.parametrize("path", ["/auth/token", "/auth/refresh"])
    def test_a_body_that_is_no_object_is_told_to_be_one(self, client: Client, path: str, raw: str) -> None:
        answer = client.post(path, raw=raw, headers={"content-type": "application/json"})
        assert (answer.status, answer.json()) == (
            400,
            {"error": "invalid_request", "error_description": "The body must be a JSON object."},
        )
