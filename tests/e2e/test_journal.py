"""The journal of the deployed stack, through its gateway: complete, soon, and sure of itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.sandboxes import admin_client, base, bearer, login

CLIENTS, EACH = 50, 2
AT_ONCE = 8
"""Each request at once is a container on a local stack; in process all clients ask at once."""
SOON = 2.0
TRIES = 3
"""A busy machine has them, to be as quick as an idle one is."""
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


@dataclass
class Asked:
    """What was asked: the ids of the requests that were answered, and of those on which the gateway gave up, whose
    function may have answered all the same."""

    answered: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    def ask(self, client: httpx.Client, target: str) -> None:
        """Send a request until a function answers; ``AssertionError`` where the gateway has given up ten times."""
        for _ in range(10):
            answer = client.get(target)
            if "x-request-id" in answer.headers:
                self.answered.append(answer.headers["x-request-id"])
                return
            self.given_up.append(answer.headers["apigw-requestid"])
        raise AssertionError(f"no function answered {target}: {answer.status_code} {answer.text}")


def test_it_is_complete_whoever_asks_at_once(journal: httpx.Client) -> None:
    asked, slots = Asked(), Semaphore(AT_ONCE)
    with httpx.Client(base_url=journal.base_url, timeout=60) as client:
        token = login(client)

    def ask(number: int) -> None:
        headers = {**bearer(token), "X-Run": f"{number}"}
        with httpx.Client(base_url=journal.base_url, headers=headers, timeout=60) as client:
            for _ in range(EACH):
                with slots:
                    asked.ask(client, "/players")

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS)))
    told: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        part = journal.get(PATH, params={"path": "/players", "limit": 100, "wait": 2, **cursor}).json()
        told += [row["id"] for row in part["data"]]
        cursor = {"after": part["meta"]["next_cursor"]}
        if not part["data"]:
            break
    assert set(asked.answered) <= set(told) <= {*asked.answered, *asked.given_up}
    answer = verified(journal, match={"path": "/players"}, count={"exactly": len(set(told))})
    assert (answer.status_code, answer.json()["data"]["complete"]) == (200, True), answer.text
    wrong = verified(journal, match={"path": "/players"}, count={"at_most": len(set(told)) - 1})
    assert wrong.status_code == 409, wrong.text


def test_who_waits_hears_of_a_request_soon(journal: httpx.Client) -> None:
    assert any(_heard_of(journal) < SOON for _ in range(TRIES))


def _heard_of(journal: httpx.Client) -> float:
    """How many seconds after an answer a reader hears of it who was waiting before it was asked for."""
    asked = Asked()
    with httpx.Client(base_url=journal.base_url, timeout=60) as client, ThreadPoolExecutor(1) as pool:
        asked.ask(client, "/other")
        cursor = journal.get(PATH, params={"wait": 2}).json()["meta"]["next_cursor"]
        query = {"wait": 20, "after": cursor, "path": "/trophies/*"}
        reader = pool.submit(journal.get, PATH, params=query)
        time.sleep(1)
        asked.ask(client, "/trophies/7")
        answered = time.monotonic()
        rows = reader.result().json()["data"]
        took = time.monotonic() - answered
    assert asked.answered[-1] in [row["id"] for row in rows]
    return took


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
