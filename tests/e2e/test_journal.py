"""The journal of the deployed stack, through its gateway: complete, soon, and sure of itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.sandboxes import admin_client, base, bearer, login

CLIENTS, EACH = 50, 4
PATH = "/_emulator/requests"


@pytest.fixture
def journal(api: httpx.Client, url: str) -> Iterator[httpx.Client]:
    """The base URL of a sandbox that nobody has used, as its operator has it."""
    with base(url, f"journal-{uuid4().hex[:6]}") as client:
        operator = bearer(admin_client(api))
        login(client)
        client.headers = operator
        assert client.delete(PATH).status_code == 204
        yield client


def verified(journal: httpx.Client, **body: Any) -> httpx.Response:
    """The answer to a question."""
    return journal.post(f"{PATH}/verify", json=body)


def test_it_is_complete_under_many_clients_at_once(journal: httpx.Client) -> None:
    with httpx.Client(base_url=journal.base_url, timeout=30) as client:
        token = login(client)

    def ask(number: int) -> list[str]:
        with httpx.Client(base_url=journal.base_url, headers=bearer(token), timeout=60) as client:
            answers = [client.get("/players", headers={"X-Run": f"{number}"}) for _ in range(EACH)]
        return [answer.headers["x-request-id"] for answer in answers if "x-request-id" in answer.headers]

    with ThreadPoolExecutor(CLIENTS) as pool:
        sent = [request_id for ids in pool.map(ask, range(CLIENTS)) for request_id in ids]
    assert len(sent) >= CLIENTS * EACH * 0.9  # the gateway may have refused some by itself
    told: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        part = journal.get(PATH, params={"path": "/players", "limit": 100, "wait": 2, **cursor}).json()
        told += [row["id"] for row in part["data"]]
        cursor = {"after": part["meta"]["next_cursor"]}
        if not part["data"]:
            break
    assert sorted(told) == sorted(sent)
    answer = verified(journal, match={"path": "/players"}, count={"exactly": len(sent)})
    assert (answer.status_code, answer.json()["data"]["complete"]) == (200, True), answer.text


def test_who_waits_hears_of_a_request_within_two_seconds(journal: httpx.Client) -> None:
    cursor = journal.get(PATH, params={"wait": 2}).json()["meta"]["next_cursor"]
    with (
        ThreadPoolExecutor(1) as pool,
        httpx.Client(base_url=journal.base_url, timeout=30) as client,
    ):
        client.get("/trophies")
        reader = pool.submit(journal.get, PATH, params={"wait": 20, "after": cursor, "path": "/trophies/*"})
        time.sleep(1)
        request_id = client.get("/trophies/7").headers["x-request-id"]
        sent = time.monotonic()
        answer = reader.result()
        assert time.monotonic() - sent < 2
    assert [row["id"] for row in answer.json()["data"]] == [request_id]


def test_a_question_is_answered_when_it_is_so_or_says_why_not(journal: httpx.Client) -> None:
    match = {"method": "POST", "path": "/auth/token", "status": 200, "body": {"username": "testuser"}}
    with httpx.Client(base_url=journal.base_url, timeout=30) as client, ThreadPoolExecutor(1) as pool:
        reader = pool.submit(verified, journal, match=match, count={"exactly": 1}, within="PT20S")
        time.sleep(0.5)
        login(client)
        assert reader.result().status_code == 200, reader.result().text
    wrong = verified(journal, match={**match, "status": 400})
    assert (wrong.status_code, wrong.json()["complete"]) == (409, True)
    criteria = wrong.json()["near_misses"][0]["criteria"]
    assert [one["field"] for one in criteria if not one["ok"]] == ["status"]
    row = journal.get(f"{PATH}/{wrong.json()['near_misses'][0]['request_id']}").json()["data"]
    assert row["request"]["body"] == {"username": "testuser", "password": "[masked]"}
    assert row["response"]["body"]["access_token"] == "[masked]"
