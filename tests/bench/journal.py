"""``GET /players/{player_id}`` of a warm function over HTTP, which the journal records, against the same unrecorded."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from tests.bench import warm_get
from tests.bench.measure import Contestants
from tests.bench.stack import Stacks


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """The medians of so many requests, one after the other, to a path of the partner's and to one that is none."""
    with warm_get.player(stacks) as (client, player):
        yield _median(client, f"/players/{player}"), _median(client, f"/healthz/{player}")


def _median(client: httpx.Client, path: str) -> Callable[[], float]:
    return lambda: statistics.median(warm_get.seconds(client, path) for _ in range(warm_get.REQUESTS))
