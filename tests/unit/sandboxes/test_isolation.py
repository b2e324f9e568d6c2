"""Sandboxes side by side, each held to a model of its own while all are used at once: nothing of one shows in another.

The long form is ``make test-sandboxes``.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Lock
from time import perf_counter, process_time
from typing import Any

import pytest

from tests.support import described, identity
from tests.support.gateway import Answer, Gateway
from tests.support.light_transactions import light_transactions
from tests.support.tenants import provide
from tests.support.user_agent import app
from tests.support.worlds import World

SANDBOXES = int(os.environ.get("ISOLATION_SANDBOXES", "12"))
STEPS = int(os.environ.get("ISOLATION_STEPS", "25"))
SEED = int(os.environ.get("ISOLATION_SEED", "7"))
THREADS = 1 if SANDBOXES <= 12 else 16


@pytest.fixture
def _provider(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch)
    identity.store_seed(
        identity.seed_entry(),
        registered=[*identity.clients(), app(consent=False, grant_types=["authorization_code"])],
    )


@pytest.fixture
def _one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a function of Lambda; which thread's is the next is chance. What the document says of the answers is tried
    elsewhere, and would be most of the cost."""
    monkeypatch.setattr(described, "require_described", lambda *_: None)
    lock, send = Lock(), Gateway.send

    def locked(self: Gateway, *args: Any, **options: Any) -> Answer:
        with lock:
            return send(self, *args, **options)

    monkeypatch.setattr(Gateway, "send", locked)
    with light_transactions():
        yield


@pytest.mark.usefixtures("_provider", "_one_request_at_a_time")
def test_each_sandbox_is_as_if_it_were_alone() -> None:
    began, cpu = perf_counter(), process_time()
    worlds = [World("default" if number == 0 else f"ci-{number}", SEED) for number in range(SANDBOXES)]
    random = Random(SEED)

    def drive(mine: list[World]) -> None:
        turns = [world for world in mine for _ in range(STEPS)]
        Random(f"{SEED} {mine[0].name}").shuffle(turns)
        for world in turns:
            world.step([other for other in worlds if other is not world])

    random.shuffle(worlds)
    shares = [worlds[number::THREADS] for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(drive, shares))
    for world in worlds:
        world.list_all()
    print(  # noqa: T201 - the figures of the long form
        f"{len(worlds)} sandboxes, {sum(world.done for world in worlds)} steps, {THREADS} threads, seed {SEED}:"
        f" {perf_counter() - began:.1f} s, {process_time() - cpu:.1f} s of processor time"
    )
