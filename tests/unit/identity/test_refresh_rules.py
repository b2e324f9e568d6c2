"""Refresh tokens in any order of uses, and across a rotation of the signing keys."""

from datetime import datetime, timedelta
from math import inf
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.identity.refresh_tokens import GRACE, open_family, rotate
from services.identity.seed import FIRST_PARTY_CLIENT, seed
from services.identity.sessions import family_key, user_key
from services.identity.signing_keys import signing_keys
from tests.conftest import Clock
from tests.support import identity
from tests.unit.identity.conftest import Client
from utils import table
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import DEFAULT
from utils.writes import Put

REFUSAL = {"error": "invalid_grant", "error_description": "The refresh token is not valid."}


class TestKeyRotation:
    def test_a_retry_across_it_gets_the_same_answer(self, client: Client) -> None:
        tokens = client.tokens()
        answer = client.refresh(tokens["refresh_token"])
        identity.store_keys(identity.new_key("key-2"), identity.KEY)
        assert client.refresh(tokens["refresh_token"]).text == answer.text

    def test_the_new_key_signs_from_then_on(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        tokens, key = client.tokens(), identity.new_key("key-2")
        identity.publish(monkeypatch, key, identity.KEY)
        identity.store_keys(key, identity.KEY)
        refreshed = client.refresh(tokens["refresh_token"]).json()
        assert client.userinfo(refreshed["access_token"]).status == 200
        assert client.userinfo(tokens["access_token"]).status == 200
        identity.publish(monkeypatch, identity.KEY)
        assert client.userinfo(refreshed["access_token"]).status == 401

    def test_a_retry_at_a_process_that_has_not_heard_of_it_gets_the_same_answer(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokens, old = client.tokens(), signing_keys()
        identity.store_keys(identity.new_key("key-2"), identity.KEY)
        answer = client.refresh(tokens["refresh_token"])
        monkeypatch.setattr(signing_keys, "_cached", (inf, old))
        assert client.refresh(tokens["refresh_token"]).text == answer.text

    def test_a_retry_after_the_old_key_is_gone_counts_as_reuse(self, client: Client) -> None:
        tokens = client.tokens()
        client.refresh(tokens["refresh_token"])
        identity.store_keys(identity.new_key("key-2"))
        assert client.refresh(tokens["refresh_token"]).json() == REFUSAL
        family = table.get(family_key(DEFAULT, tokens["refresh_token"].partition(".")[0])) or {}
        assert "revoked_at" in family


@pytest.mark.usefixtures("each_store")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8)), min_size=1, max_size=10))
def test_any_order_of_uses_keeps_to_the_rules(
    client: Client, stopped_clock: Clock, uses: list[tuple[int, int]]
) -> None:
    """A use is of the token so many places before the newest, so many seconds after the use before it."""
    pk, sk = user_key(DEFAULT, identity.SUBJECT)
    table.write(Put({"pk": pk, "sk": sk, "status": "active", "scopes": ["openid"]}))
    first = open_family(
        DEFAULT, FIRST_PARTY_CLIENT, seed().subjects[identity.SUBJECT], "openid", refreshable=True
    )
    chain, revoked = [str(first.refresh_token)], False
    used_at: dict[int, datetime] = {}
    answers: dict[int, Any] = {}
    for back, pause in uses:
        stopped_clock.moment += timedelta(seconds=pause)
        now, place = stopped_clock.moment, max(0, len(chain) - 1 - back)
        fresh = place not in used_at
        retry = not fresh and now - used_at[place] <= GRACE and place + 1 not in used_at
        if revoked or not (fresh or retry):
            revoked = True
            with pytest.raises(InvalidGrantException):
                rotate(DEFAULT, FIRST_PARTY_CLIENT, chain[place])
            continue
        tokens = rotate(DEFAULT, FIRST_PARTY_CLIENT, chain[place])
        if fresh:
            used_at[place], answers[place] = now, tokens
            chain.append(str(tokens.refresh_token))
        assert tokens == answers[place]
    assert len(set(chain)) == len(chain)
