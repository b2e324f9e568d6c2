"""A rollback until the old code answers, against the deploy of a change."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.bench.change import deploy_of_a_change
from tests.bench.measure import Contestants
from tests.bench.stack import Stack, Stacks


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make rollback`` and ``make deploy``, each to code that is not running."""
    deployed = stacks.deployed
    deploy_of_a_change(deployed)
    yield lambda: _rollback(deployed), lambda: deploy_of_a_change(deployed)


def _rollback(deployed: Stack) -> float:
    live = _name(deployed)
    start = time.perf_counter()
    deployed.checkout.done("rollback")
    while _name(deployed) == live:
        pass
    return time.perf_counter() - start


def _name(deployed: Stack) -> str:
    return str(httpx.get(f"{deployed.api_url}/", timeout=60).json()["data"]["name"])
