"""The clock of a sandbox of the deployed stack, where the gateway remembers for minutes what its authorizer allowed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from tests.e2e.sandboxes import admin_client, base, bearer, is_active, login


@pytest.fixture
def clock(api: httpx.Client, url: str) -> Iterator[httpx.Client]:
    """The base URL of a sandbox, as its operator has it; on real time again at the end."""
    with base(url, "clocked") as client:
        client.headers = bearer(admin_client(api))
        yield client
        assert changed(client, reset=True)["offset"] == "PT0S"


def changed(clock: httpx.Client, **change: Any) -> dict[str, Any]:
    """What the clock shows after a change, which has to succeed."""
    answer = clock.put("/_emulator/clock", json=change)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()["data"]
    return told


def test_a_token_whose_allow_is_cached_ends_with_the_sandboxs_time(url: str, clock: httpx.Client) -> None:
    with base(url, "clocked") as client, base(url, "not-clocked") as other:
        token, others = login(client), login(other)
        seen = jwt.decode(token, options={"verify_signature": False})
        assert [client.get("/players", headers=bearer(token)).status_code for _ in range(2)] == [200, 200]
        assert is_active(client, token)

        left = timedelta(seconds=seen["exp"] - seen["iat"])
        told = changed(clock, advance=f"PT{left.total_seconds():.0f}S")
        assert seen["jti"] in [due["id"] for due in told["due"]]
        ended = client.get("/players", headers=bearer(token))
        assert (ended.status_code, ended.json()["code"]) == (401, "invalid_token"), ended.text
        assert not is_active(client, token)
        assert client.get("/auth/userinfo", headers=bearer(token)).status_code == 401
        assert client.get("/players", headers=bearer(login(client))).status_code == 200
        assert other.get("/players", headers=bearer(others)).status_code == 200


def test_a_frozen_clock_stands_still_and_goes_back_only_where_it_may(clock: httpx.Client) -> None:
    stopped = changed(clock, freeze=True)
    assert clock.get("/_emulator/clock").json()["data"]["now"] == stopped["now"]
    back = clock.put("/_emulator/clock", json={"advance": "-PT1H"})
    assert (back.status_code, back.json()["code"]) == (409, "clock_backwards"), back.text
    earlier = changed(clock, advance="-PT1H", allow_backwards=True)
    hour = datetime.fromisoformat(stopped["now"]) - datetime.fromisoformat(earlier["now"])
    assert (hour, earlier["frozen"]) == (timedelta(hours=1), True)
    assert not changed(clock, freeze=False)["frozen"]
