"""Making, resetting and deleting a sandbox among 1,000, against the same beside one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from moto import mock_aws

from models.sandbox_body import SandboxBody
from services import clock
from services.sandboxes import declared
from services.sandboxes.opening import listing_key, new_generation
from tests.bench import log, stored_players
from tests.bench.measure import Contestants, timed
from tests.conftest import ENVIRONMENT, create_table
from tests.support import direct_moto, identity
from utils.aws import client
from utils.sandbox import sandbox_key
from utils.table import write_many
from utils.writes import Put

MANY, FEW = 1000, 1
TIMES = 10


@contextmanager
def contestants() -> Iterator[Contestants]:
    """What ``PUT``, reset and ``DELETE`` of a sandbox do, in process, some times over.

    Each side has a table of its own. It is moto's, for dynalite has no transactions.
    """
    with patch.dict(os.environ, ENVIRONMENT), log.discarded():
        identity.forget()
        client.cache_clear()
        with (
            mock_aws(),
            direct_moto.shortened(client("dynamodb")),
            direct_moto.without_rollback(),
        ):
            yield _among("many-sandboxes", MANY), _among("few-sandboxes", FEW)
        client.cache_clear()
    identity.forget()


def _among(name: str, sandboxes: int) -> Callable[[], float]:
    """Makes a table with so many sandboxes; what a side does there."""
    with stored_players.selected(name):
        create_table()
        write_many(item for number in range(sandboxes) for item in _items(f"ci-{number}"))
    fresh = (f"bench-{number}" for number in count())

    def side() -> float:
        with stored_players.selected(name):
            return timed(lambda: all(_lived(next(fresh)) for _ in range(TIMES)))()

    return side


def _items(name: str) -> Iterator[Put]:
    """What there is of a sandbox that was named."""
    ends_at = clock.real_seconds() + 86_400
    pk, sk = sandbox_key(name)
    yield Put({"pk": pk, "sk": sk, "generation": new_generation(), "ends_at": ends_at, "serial": 1})
    pk, sk = listing_key(name)
    yield Put({"pk": pk, "sk": sk, "name": name})


def _lived(name: str) -> bool:
    """Makes, resets and deletes the sandbox ``name``; true."""
    told, is_new = declared.declare(name, SandboxBody())
    assert (told.name, is_new) == (name, True)
    declared.reset(name)
    declared.delete(name)
    return is_new
