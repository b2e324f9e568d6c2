"""``/_emulator``: what the emulator's admin may do."""

import pytest

from services.identity.lockout import client_failures_key, count_failure, user_failures_key
from services.sandboxes.opening import opened
from tests.support.gateway import Gateway, open_session
from utils import table
from utils.sandbox import DEFAULT

SOURCES = ("192.0.2.1", "198.51.100.7")


@pytest.mark.parametrize("name", ["testuser", "TestUser"])
def test_a_lock_out_is_lifted_for_every_address_and_nobody_else(api: Gateway, name: str) -> None:
    mine = [user_failures_key(DEFAULT, "testuser", source) for source in SOURCES]
    others = [
        user_failures_key(DEFAULT, "admin", SOURCES[0]),
        user_failures_key(opened("ci-7"), "testuser", SOURCES[0]),
    ]
    for key in (*mine, *others):
        count_failure(key, 100)
    assert api.delete(f"/_emulator/lockouts/{name}").status == 204
    assert set(table.get_many([*mine, *others])) == set(others)


def test_of_more_addresses_than_a_page_holds_too(api: Gateway) -> None:
    keys = [client_failures_key(DEFAULT, "demo-backend", f"192.0.2.{number}") for number in range(130)]
    for key in keys:
        count_failure(key, 100)
    assert api.delete("/_emulator/lockouts/demo-backend").status == 204
    assert not any(table.get(key) for key in keys)


@pytest.mark.parametrize("name", ["nobody", "a" * 9_000, "%00"])
def test_of_a_name_that_is_not_locked_out_nothing_is_done(api: Gateway, name: str) -> None:
    assert api.delete(f"/_emulator/lockouts/{name}").status == 204


def test_a_sandboxs_admin_lifts_those_of_the_sandbox(the_table: str) -> None:
    sandbox = opened("ci-7")
    key = user_failures_key(sandbox, "testuser", SOURCES[0])
    count_failure(key, 100)
    assert Gateway(open_session(sandbox)).delete("/_emulator/lockouts/testuser").status == 204
    assert table.get(key) is None
