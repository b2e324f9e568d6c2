"""``GET /players/{player_id}`` of a warm function over HTTP, against a function that echoes its event."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from tests.bench.measure import Contestants
from tests.bench.stack import Stacks

REQUESTS = 200
"""In one go, one after the other: enough for a 99th percentile."""

_USER = {"username": "testuser", "password": "password123"}
_PLAYER = {"username": "kratos", "email": "kratos@mail.example"}


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """The 50th and the 99th percentile, through the gateway and the authorizer, which both have answered before."""
    with httpx.Client(base_url=stacks.deployed.api_url, timeout=60) as client:
        token = client.post("/auth/token", json=_USER).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        player = client.post("/players", json=_PLAYER).raise_for_status().json()["data"]["player_id"]
        yield _percentiles(client, f"/players/{player}"), _percentiles(client, f"/echo/{player}")


def _percentiles(client: httpx.Client, path: str) -> Callable[[], tuple[float, float]]:
    def side() -> tuple[float, float]:
        seconds = [_seconds(client, path) for _ in range(REQUESTS)]
        hundredths = statistics.quantiles(seconds, n=100)
        return hundredths[49], hundredths[98]

    return side


def _seconds(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    answer = client.get(path)
    taken = time.perf_counter() - start
    assert answer.status_code == 200, answer.text
    return taken
