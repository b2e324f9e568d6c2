"""Refreshes that run at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from models.auth import Tokens
from services import clock
from services.identity import refresh_tokens, users
from services.identity.seed import FIRST_PARTY_CLIENT, seed
from services.identity.seed import Client as RegisteredClient
from services.identity.sessions import family_key
from services.identity.signing_keys import signing_keys
from services.identity.token_families import Family
from tests.conftest import Clock, all_items
from tests.support import identity
from tests.unit.identity.conftest import Client
from utils import table
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import DEFAULT, Sandbox
from utils.writes import Put

THREADS = 8

pytestmark = pytest.mark.usefixtures("the_table")


def _together[T](work: Callable[[], T]) -> list[T]:
    start = Barrier(THREADS)

    def run() -> T:
        start.wait()
        return work()

    signing_keys()
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(run) for _ in range(THREADS)]
        return [future.result() for future in futures]


def _attempt(refresh_token: str) -> Tokens | None:
    try:
        return refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, refresh_token)
    except InvalidGrantException:
        return None


def _refresh_items() -> int:
    return sum("#refresh#" in item["pk"] for item in all_items())


def test_all_get_the_same_tokens(client: Client) -> None:
    token = client.tokens()["refresh_token"]
    answers = _together(lambda: refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, token))
    assert len(set(answers)) == 1
    assert _refresh_items() == 2


def test_one_that_another_overtakes_gets_the_others_answer(
    client: Client, stopped_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, winners = client.tokens()["refresh_token"], []
    live = refresh_tokens._live

    def overtaken(sandbox: Sandbox, client: RegisteredClient, refresh_token: str, now: int) -> Any:
        result = live(sandbox, client, refresh_token, now)
        monkeypatch.setattr(refresh_tokens, "_live", live)
        stopped_clock.moment += timedelta(seconds=3)
        winners.append(refresh_tokens.rotate(sandbox, client, refresh_token))
        return result

    monkeypatch.setattr(refresh_tokens, "_live", overtaken)
    assert [refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, token)] == winners


def test_the_first_use_is_answered_though_a_retry_was_faster_and_is_a_step_ahead(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, ahead = client.tokens()["refresh_token"], []
    store = refresh_tokens._store

    def overtaken(family: Family, refresh_token: str, now: int, listing: Put) -> bool:
        monkeypatch.setattr(refresh_tokens, "_store", store)
        ahead.append(refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, token))
        refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, str(ahead[0].refresh_token))
        return store(family, refresh_token, now, listing)

    monkeypatch.setattr(refresh_tokens, "_store", overtaken)
    assert [refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, token)] == ahead


def test_all_get_the_same_tokens_though_their_clocks_differ(
    client: Client, stopped_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = client.tokens()["refresh_token"]
    moments = iter([stopped_clock.moment.replace(second=second) for second in range(THREADS)])
    monkeypatch.setattr(clock, "now", lambda _sandbox: next(moments))
    assert len(set(_together(lambda: refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, token)))) == 1


def test_of_a_chain_used_at_once_at_most_one_line_goes_on(client: Client) -> None:
    first = client.tokens()["refresh_token"]
    second = str(refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, first).refresh_token)
    answers = {answer for answer in _together(lambda: _attempt(second)) if answer is not None}
    assert len(answers) == 1
    assert _attempt(first) is None
    assert _attempt(str(answers.pop().refresh_token)) is None


def test_reuse_found_by_many_revokes_once(client: Client, stopped_clock: Clock) -> None:
    token = client.tokens()["refresh_token"]
    refresh_tokens.rotate(DEFAULT, FIRST_PARTY_CLIENT, token)
    stopped_clock.moment += refresh_tokens.GRACE * 2
    assert set(_together(lambda: _attempt(token))) == {None}
    family = table.get(family_key(DEFAULT, token.partition(".")[0])) or {}
    assert family["revoked_at"] == int(stopped_clock.moment.timestamp())


def test_first_logins_at_once_make_one_user_and_a_family_each(client: Client) -> None:
    seed()

    def login() -> str:
        user = users.authenticate(DEFAULT, identity.USERNAME, identity.PASSWORD, "192.0.2.1")
        opened = refresh_tokens.open_family(DEFAULT, FIRST_PARTY_CLIENT, user, "openid", refreshable=True)
        return str(opened.refresh_token)

    assert len({token.partition(".")[0] for token in _together(login)}) == THREADS
    assert [item["version"] for item in all_items() if "#user#" in item["pk"]] == [1]


def test_failures_at_once_are_all_counted(client: Client) -> None:
    seed()

    def fail() -> None:
        with pytest.raises(InvalidGrantException):
            users.authenticate(DEFAULT, identity.USERNAME, "wrong", "192.0.2.1")

    _together(fail)
    key = ("default#login#testuser", "192.0.2.1")
    assert (table.get(key) or {})["failures"] == THREADS
