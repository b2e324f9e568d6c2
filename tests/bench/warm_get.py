"""``GET`` of a player by a warm function over HTTP, against a function that echoes its event.

The path is one that the journal does not record, which has a benchmark of its own.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx

from tests.bench.measure import Contestants
from tests.bench.stack import Stacks

REQUESTS = 200
"""In one go, one after the other: enough for a 99th percentile."""

_USER = {"username": "testuser", "password": "password123"}


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """The 50th and the 99th percentile, through the gateway and the authorizer, which both have answered before."""
    with player(stacks) as (client, player_id):
        yield _percentiles(client, f"/healthz/{player_id}"), _percentiles(client, f"/echo/{player_id}")


@contextmanager
def player(stacks: Stacks) -> Iterator[tuple[httpx.Client, str]]:
    """A user's client of the deployed stack, and the id of a player there."""
    with httpx.Client(base_url=stacks.deployed.api_url, timeout=60) as client:
        token = client.post("/auth/token", json=_USER).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        name = f"kratos-{uuid4().hex[:6]}"
        body = {"username": name, "email": f"{name}@mail.example"}
        yield client, client.post("/players", json=body).raise_for_status().json()["data"]["player_id"]


def seconds(client: httpx.Client, path: str) -> float:
    """How long a good request to ``path`` takes."""
    start = time.perf_counter()
    answer = client.get(path)
    taken = time.perf_counter() - start
    assert answer.status_code == 200, answer.text
    return taken


def _percentiles(client: httpx.Client, path: str) -> Callable[[], tuple[float, float]]:
    def side() -> tuple[float, float]:
        taken = [seconds(client, path) for _ in range(REQUESTS)]
        hundredths = statistics.quantiles(taken, n=100)
        return hundredths[49], hundredths[98]

    return side
