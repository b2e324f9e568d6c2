"""The lock-out after repeated failures."""

from datetime import timedelta

import pytest

from services.identity import lockout, users
from services.identity.lockout import MAX_FAILURES, PERIOD, failures_key
from tests.conftest import Clock
from tests.support import identity
from tests.unit.identity.conftest import Client
from utils import table
from utils.oauth_errors import InvalidGrantException
from utils.writes import Put


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
    assert table.get(failures_key("default", "testuser")) is None
    _fail(client, MAX_FAILURES - 1)
    assert client.login().status == 200


def test_an_unknown_username_is_locked_out_in_the_same_words(client: Client, stopped_clock: Clock) -> None:
    _fail(client, MAX_FAILURES)
    _fail(client, MAX_FAILURES, "nobody")
    known, unknown = client.login(), client.login(username="nobody")
    assert (known.status, known.text) == (unknown.status, unknown.text)
    assert known.headers["retry-after"] == unknown.headers["retry-after"]


def test_other_spellings_of_the_username_count_together(client: Client) -> None:
    for number in range(MAX_FAILURES):
        _fail(client, 1, "TESTUSER" if number % 2 else "testuser")
    assert "retry-after" in client.login().headers


def test_another_username_is_not_locked_out(client: Client) -> None:
    _fail(client, MAX_FAILURES, "nobody")
    assert client.login().status == 200


def test_another_sandbox_is_not_locked_out(client: Client) -> None:
    _fail(client, MAX_FAILURES)
    assert users.authenticate("another", identity.USERNAME, identity.PASSWORD).subject == identity.SUBJECT
    with pytest.raises(InvalidGrantException):
        users.authenticate("default", identity.USERNAME, identity.PASSWORD)


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
    item = table.get(failures_key("default", "testuser")) or {}
    assert item["failures"] == 1
    assert client.login().status == 200


def test_of_two_failures_that_begin_a_new_period_both_count(the_table: str) -> None:
    key = failures_key("default", "testuser")
    old = {"pk": key[0], "sk": key[1], "failures": 4, "expires_at": 100}
    table.write(Put(old))
    lockout.count_failure(key, old, 200)
    lockout.count_failure(key, old, 200)
    assert (table.get(key) or {})["failures"] == 2
