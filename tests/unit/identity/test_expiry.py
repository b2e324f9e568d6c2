"""What expires by the sandbox's clock, and when DynamoDB may delete it by the real one."""

import pytest

from services import clock
from services.expiry import KEPT
from tests.conftest import Clock, all_items
from tests.support.gateway import Gateway, open_session
from tests.support.players import body
from tests.support.user_agent import UserAgent, sent_back
from tests.unit.identity.conftest import Client

REAL = 5_000_000_000


def test_what_expires_may_be_deleted_a_day_after_it_has_by_real_time(
    client: Client, stopped_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "real_seconds", lambda: REAL)
    client.refresh(client.tokens()["refresh_token"])
    client.code()
    client.redeem(client.code())
    agent = UserAgent()
    sent_back(agent.follow(agent.submit(agent.logged_in(), decision="allow")))
    api = Gateway(open_session())
    assert api.post("/players", body(), headers={"Idempotency-Key": "once"}).status == 201
    client.login(password="wrong")
    stored = all_items()
    now, kept = int(stopped_clock.moment.timestamp()), int(KEPT.total_seconds())
    expiring = [item for item in stored if "expires_at" in item]
    kinds = {item["pk"].split("#")[1] for item in expiring}
    assert kinds >= {"family", "refresh", "login", "session", "browser", "idempotency"}
    for item in expiring:
        left, lead = item["expires_at"] - now, item["purge_at"] - REAL - kept
        assert left <= lead <= left + 30, item
