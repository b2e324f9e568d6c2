"""Faults on the deployed stack: by header and by rule, through the gateway and its authorizer."""

import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.e2e.sandboxes import admin_client, base, bearer, login

APPLIED = "x-emulator-fault-applied"
PAGE = "https://game.example"


@pytest.fixture
def faulted(api: httpx.Client, url: str) -> Iterator[httpx.Client]:
    """A user of a sandbox that has no rules yet, and none at the end."""
    with base(url, "faulted") as client:
        client.headers = bearer(login(client))
        yield client
        assert client.delete("/_emulator/faults", headers=bearer(admin_client(api))).status_code == 204


def made(api: httpx.Client, faulted: httpx.Client, **rule: object) -> str:
    """The id of a rule that the default sandbox's operator makes."""
    answer = faulted.post("/_emulator/faults", json=rule, headers=bearer(admin_client(api)))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def test_a_sequence_is_met_by_this_sandbox_alone(api: httpx.Client, url: str, faulted: httpx.Client) -> None:
    rule = made(api, faulted, faults=[{"status": 503, "retry_after": 2}, {"status": 503}])
    with base(url, "not-faulted") as other:
        assert other.get("/.well-known/jwks.json").status_code == 200
        other.headers = bearer(login(other))
        assert other.get("/players").status_code == 200
    assert faulted.get("/_keys").json()["keys"]
    met = [faulted.get("/players"), faulted.get("/.well-known/jwks.json"), faulted.get("/players")]
    assert [answer.status_code for answer in met] == [503, 503, 200]
    assert [answer.headers.get(APPLIED) for answer in met] == [rule, rule, None]
    assert (met[0].json()["code"], met[0].headers["retry-after"]) == ("unavailable", "2")


def test_what_nobody_serves_has_a_stub(api: httpx.Client, faulted: httpx.Client) -> None:
    made(api, faulted, match={"path": "/trophies/*"}, faults=[{"status": 200, "body": {"trophies": []}}])
    answer = faulted.get("/trophies/7")
    assert (answer.status_code, answer.json()) == (200, {"trophies": []})


def test_a_lost_answer_and_the_same_key_have_one_effect(faulted: httpx.Client) -> None:
    name = f"Lost-{uuid4().hex[:6]}"
    player, key = {"username": name, "email": f"{name}@mail.example"}, {"Idempotency-Key": uuid4().hex}
    lost = faulted.post("/players", json=player, headers={**key, "X-Emulator-Fault": "lost_response"})
    assert (lost.status_code, lost.headers[APPLIED]) == (504, "header")
    again = faulted.post("/players", json=player, headers=key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert len(faulted.get("/players", params={"username": name}).json()["data"]) == 1


def test_a_delayed_request_takes_that_long(faulted: httpx.Client) -> None:
    faulted.get("/players")
    start = time.monotonic()
    answer = faulted.get("/players", headers={"X-Emulator-Fault": "delay_ms=1500"})
    assert (answer.status_code, answer.headers[APPLIED]) == (200, "header")
    assert time.monotonic() - start > 1.5


def test_a_page_of_another_origin_may_ask_for_faults_and_see_them(faulted: httpx.Client) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization, x-emulator-fault",
    }
    allowed = httpx.options(f"{faulted.base_url}players", headers=asked).headers
    assert "x-emulator-fault" in allowed["access-control-allow-headers"].lower()
    answer = faulted.get("/players", headers={"Origin": PAGE, "X-Emulator-Fault": "status=429"})
    assert (answer.status_code, answer.headers[APPLIED]) == (429, "header")
    assert APPLIED in answer.headers["access-control-expose-headers"].lower()
