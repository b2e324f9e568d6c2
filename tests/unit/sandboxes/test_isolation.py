"""Sandboxes side by side, each held to a model of its own while all are used at once: nothing of one shows in another.

The long form is ``make test-sandboxes``; ``tests/e2e/test_isolation.py`` is the same of a deployed stack.
"""

from collections.abc import Iterator
from threading import Lock
from typing import Any

import pytest

from tests.support import described, identity
from tests.support.gateway import Answer, Gateway
from tests.support.isolation import Workload
from tests.support.light_transactions import light_transactions
from tests.support.tenants import provide
from tests.support.user_agent import app
from tests.support.worlds import World


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


@pytest.mark.usefixtures("_provider", "_one_request_at_a_time", "log")
def test_each_sandbox_is_as_if_it_were_alone() -> None:
    workload = Workload.asked_for(sandboxes=12, steps=25, threads=1, many=16)
    print(  # noqa: T201 - the figures of the long form
        workload.run(lambda number: World("default" if number == 0 else f"ci-{number}", workload.seed))
    )
