"""The API as the rules meet it: in process over moto, or deployed, through its gateway and over its table."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.conftest import all_items
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.remote_gateway import RemoteGateway, client_of
from utils.attributes import Item, unmarshal_item

USER = {"username": "testuser", "password": "password123"}
_REMEMBERED = ("idempotency", "journal", "deleted")


@dataclass
class Api(Gateway):
    """The API in process, and its table; ``callers`` is how many calls it takes at the same time."""

    callers: int = 100

    def begin(self) -> None:
        """Log in anew."""
        self.claims = open_session()

    def at_once(self, calls: Iterable[Callable[[], Answer]]) -> list[Answer]:
        """What each of ``calls`` was answered, as many of them at the same time as there are ``callers``."""
        with ThreadPoolExecutor(self.callers) as pool:
            return list(pool.map(lambda call: call(), calls))

    def items(self) -> Iterable[Item]:
        """All there is in the table."""
        return all_items()

    def partitions(self, text: str) -> list[str]:
        """The partition keys of the items in which ``text`` stands, but for what remembers requests and deletions."""
        keys = sorted(item["pk"] for item in self.items() if text.lower() in str(item).lower())
        return [key for key in keys if not any(f"#{kind}#" in key for kind in _REMEMBERED)]


@dataclass
class DeployedApi(Api):
    """A deployed API, which ``testuser`` calls.

    A call more at the same time is a container more, so there are as many ``callers`` as a machine can bear.
    """

    dynamodb: Any = None
    table: str = ""
    url: str = ""
    callers: int = 4
    _token: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._client = client_of(self.url)

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        raw: str | bytes | None = None,
        headers: Any = None,
        cookies: Any = None,
    ) -> Answer:
        """Send one request, once more with a new token when the one before has ended."""
        for fresh in (False, True):
            gateway = RemoteGateway(client=self._client, token=self._bearer(fresh=fresh))
            answer = gateway.send(method, target, body=body, raw=raw, headers=headers, cookies=cookies)
            if answer.status != 401:
                break
        return answer

    def items(self) -> Iterable[Item]:
        """All there is in the table."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return (unmarshal_item(item) for page in pages for item in page["Items"])

    def begin(self) -> None:
        """Log in anew."""
        self._bearer(fresh=True)

    def _bearer(self, *, fresh: bool) -> str:
        with self._lock:
            if fresh or not self._token:
                self._token = self._client.post("/auth/token", json=USER).json()["access_token"]
            return self._token


def word() -> str:
    """A word that nothing else has, with which a username may begin."""
    return f"R{uuid4().hex[:7]}"


def body(username: str, **fields: Any) -> dict[str, Any]:
    """A body that makes a player of this name."""
    return {"username": username, "email": f"{username.lower()}@mail.example", **fields}


def made(api: Api, username: str | None = None, **fields: Any) -> tuple[str, dict[str, Any]]:
    """The path of a new player, and the player."""
    answer = api.post("/players", body(username or word(), **fields))
    assert answer.status == 201, answer.text
    return f"/players/{answer.data['player_id']}", answer.data


def walk(api: Api, query: str) -> list[list[dict[str, Any]]]:
    """All pages of a listing, by way of the cursors."""
    pages, cursor = [], ""
    while True:
        answer = api.get(f"/players?{query}{cursor}")
        assert answer.status == 200, answer.text
        pages.append(answer.data)
        following = answer.json()["meta"]["next_cursor"]
        if following is None:
            return pages
        cursor = f"&cursor={following}"
