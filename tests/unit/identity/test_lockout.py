"""The lock-out after repeated failures."""

from datetime import timedelta

import pytest

from services.identity import lockout, users
from services.identity.lockout import client_failures_key, user_failures_key
from services.sandboxes.opening import opened
from tests.conftest import Clock
from tests.support import identity
from tests.unit.identity.conftest import Client
from tests.unit.identity.test_user_accounts import BODY, admin
from utils import table
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import DEFAULT
from utils.writes import Put

MAX_FAILURES = 10
PERIOD = timedelta(minutes=15)
SOURCE = "192.0.2.1"


def _fail(client: Client, times: int, username: str = identity.USERNAME) -> None:
    for _ in range(times):
        assert client.login(username=username, password="wrong").status == 400


def test_the_right_password_is_refused_after_too_many_failures(client: Client, stopped_clock: Clock) -> None:
    _fail(client, MAX_FAILURES)
    answer = client.login()
    assert answer.status == 400
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "Too many failed attempts; try again later.",
    }
    assert answer.headers["retry-after"] == str(int(PERIOD.total_seconds()))


def test_one_failure_fewer_does_not_lock_out(client: Client) -> None:
    _fail(client, MAX_FAILURES - 1)
    assert client.login().status == 200


def test_a_success_begins_the_count_again(client: Client) -> None:
    _fail(client, MAX_FAILURES - 1)
    client.tokens()
    assert table.get(user_failures_key(DEFAULT, "testuser", SOURCE)) is None
    _fail(client, MAX_FAILURES - 1)
    assert client.login().status == 200


def test_an_unknown_username_is_locked_out_in_the_same_words(client: Client, stopped_clock: Clock) -> None:
    _fail(client, MAX_FAILURES)
    _fail(client, MAX_FAILURES, "nobody")
    known, unknown = client.login(), client.login(username="nobody")
    assert (known.status, known.text) == (unknown.status, unknown.text)
    assert known.headers["retry-after"] == unknown.headers["retry-after"]


def test_guesses_at_the_stacks_credential_do_not_go_on_from_sandbox_to_sandbox(client: Client) -> None:
    for number in range(lockout.SANDBOXES):
        path = f"/s/guess-{number}/auth/token"
        for _ in range(MAX_FAILURES):
            client.post(path, {"username": identity.USERNAME, "password": "wrong"})
            client.form(path, {"grant_type": "client_credentials"}, basic=(identity.BACKEND, "wrong"))
    right = {"username": identity.USERNAME, "password": identity.PASSWORD}
    assert "retry-after" in client.post("/s/guess-next/auth/token", right).headers
    answer = client.form(
        "/s/guess-next/auth/token",
        {"grant_type": "client_credentials"},
        basic=(identity.BACKEND, identity.SECRET),
    )
    assert "retry-after" in answer.headers
    assert client.login().status == 200, "the default sandbox counts for itself"
    lockout.lift(opened("guess-next"), "testuser")
    assert client.post("/s/guess-next/auth/token", right).status == 400
    lockout.lift(DEFAULT, "testuser")
    assert client.post("/s/guess-next/auth/token", right).status == 200


def test_guesses_at_a_sandboxs_own_user_count_there_alone(client: Client) -> None:
    own = BODY | {"password": "of-the-sandbox"}
    assert admin(opened("ci-7")).put("/_emulator/users/testuser", own).status == 200
    for _ in range(MAX_FAILURES):
        client.post("/s/ci-7/auth/token", {"username": identity.USERNAME, "password": "wrong"})
    assert table.get(user_failures_key(lockout.STACK, "testuser", SOURCE)) is None


def test_other_spellings_of_the_username_count_together(client: Client) -> None:
    for number in range(MAX_FAILURES):
        _fail(client, 1, "TESTUSER" if number % 2 else "testuser")
    assert "retry-after" in client.login().headers


def test_another_username_is_not_locked_out(client: Client) -> None:
    _fail(client, MAX_FAILURES, "nobody")
    assert client.login().status == 200


def test_another_sandbox_is_not_locked_out(client: Client) -> None:
    _fail(client, MAX_FAILURES)
    assert (
        users.authenticate(opened("another"), identity.USERNAME, identity.PASSWORD, SOURCE).subject
        == identity.SUBJECT
    )
    with pytest.raises(InvalidGrantException):
        users.authenticate(DEFAULT, identity.USERNAME, identity.PASSWORD, SOURCE)


def test_it_ends_by_itself(client: Client, stopped_clock: Clock) -> None:
    _fail(client, MAX_FAILURES)
    stopped_clock.moment += PERIOD - timedelta(seconds=1)
    assert client.login().status == 400
    stopped_clock.moment += timedelta(seconds=1)
    assert client.login().status == 200


def test_attempts_during_it_do_not_make_it_longer(client: Client, stopped_clock: Clock) -> None:
    _fail(client, MAX_FAILURES)
    stopped_clock.moment += PERIOD - timedelta(seconds=1)
    _fail(client, 3)
    stopped_clock.moment += timedelta(seconds=1)
    assert client.login().status == 200


def test_failures_of_long_ago_do_not_count(client: Client, stopped_clock: Clock) -> None:
    _fail(client, MAX_FAILURES - 1)
    stopped_clock.moment += PERIOD
    _fail(client, 1)
    item = table.get(user_failures_key(DEFAULT, "testuser", SOURCE)) or {}
    assert item["failures"] == 1
    assert client.login().status == 200


def test_of_two_failures_that_begin_a_new_period_both_count(the_table: str) -> None:
    key = user_failures_key(DEFAULT, "testuser", SOURCE)
    old = {"pk": key[0], "sk": key[1], "failures": 4, "expires_at": 100}
    table.write(Put(old))
    lockout.count_failure(key, 200)
    lockout.count_failure(key, 200)
    assert (table.get(key) or {})["failures"] == 2


class TestAnotherSource:
    def test_is_not_locked_out(self, client: Client) -> None:
        _fail(client, MAX_FAILURES)
        client.move_to("198.51.100.7")
        assert client.login().status == 200

    def test_does_not_end_a_lock_out_elsewhere(self, client: Client) -> None:
        _fail(client, MAX_FAILURES)
        client.move_to("198.51.100.7")
        client.tokens()
        client.move_to(SOURCE)
        assert client.login().status == 400

    @pytest.mark.parametrize(
        ("first", "second", "is_one"),
        [
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:192.0.2.9", "192.0.2.9", True),
            ("192.0.2.9", "192.0.2.10", False),
            ("", "nonsense", True),
        ],
    )
    def test_is_another_network_of_ipv6_or_another_address_of_ipv4(
        self, client: Client, first: str, second: str, is_one: bool
    ) -> None:
        client.move_to(first)
        _fail(client, MAX_FAILURES)
        client.move_to(second)
        assert (client.login().status == 400) is is_one


class TestAClientsSecret:
    WRONG = (identity.BACKEND, "wrong")

    def _fail(self, client: Client, times: int, basic: tuple[str, str] = WRONG) -> None:
        for _ in range(times):
            assert client.grant("client_credentials", basic=basic).status == 401

    def test_is_refused_after_too_many_failures_and_says_when_to_come_back(
        self, client: Client, stopped_clock: Clock
    ) -> None:
        client.granted("client_credentials")
        self._fail(client, MAX_FAILURES)
        answer = client.grant("client_credentials")
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["retry-after"] == str(int(PERIOD.total_seconds()))
        stopped_clock.moment += PERIOD
        assert client.grant("client_credentials").status == 200

    @pytest.mark.parametrize("path", ["/auth/revoke", "/auth/introspect"])
    def test_is_counted_wherever_it_is_asked_for(self, client: Client, path: str) -> None:
        for _ in range(MAX_FAILURES):
            client.form(path, {"token": "x"}, basic=(identity.SERVICE, "wrong"))
        answer = client.form("/auth/introspect", {"token": "x"}, basic=(identity.SERVICE, identity.SECRET))
        assert (answer.status, "retry-after" in answer.headers) == (401, True)

    def test_of_an_unknown_client_is_counted_alike(self, client: Client) -> None:
        self._fail(client, MAX_FAILURES, ("nobody", "wrong"))
        assert "retry-after" in client.grant("client_credentials", basic=("nobody", "wrong")).headers

    def test_counts_from_the_start_after_a_success(self, client: Client) -> None:
        self._fail(client, MAX_FAILURES - 1)
        client.granted("client_credentials")
        assert table.get(client_failures_key(DEFAULT, identity.BACKEND, SOURCE)) is None

    def test_of_another_source_or_client_is_good_as_before(self, client: Client) -> None:
        self._fail(client, MAX_FAILURES)
        assert client.grant("client_credentials", basic=(identity.SERVICE, identity.SECRET)).status == 200
        client.move_to("198.51.100.7")
        assert client.grant("client_credentials").status == 200


def test_the_limits_are_the_deployments(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKOUT_FAILURES", "2")
    monkeypatch.setenv("LOCKOUT_SECONDS", "7")
    identity.forget()
    _fail(client, 2)
    assert int(client.login().headers["retry-after"]) <= 7
