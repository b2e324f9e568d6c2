"""Making, resetting and deleting a sandbox among 1,000, against the same beside one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from moto import mock_aws

from models.sandbox_body import SandboxBody
from services.sandboxes import declared
from services.sandboxes.opening import opened
from tests.bench import log, stored_players
from tests.bench.measure import Contestants, timed
from tests.conftest import ENVIRONMENT, create_table
from tests.support import direct_moto, identity
from utils.aws import client

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
        for number in range(sandboxes):
            opened(f"ci-{number}")
    fresh = (f"bench-{number}" for number in count())

    def side() -> float:
        with stored_players.selected(name):
            return timed(lambda: [_lived(next(fresh)) for _ in range(TIMES)])()

    return side


def _lived(name: str) -> None:
    """Makes, resets and deletes the sandbox ``name``."""
    told, is_new = declared.declare(name, SandboxBody())
    assert (told.name, is_new) == (name, True)
    declared.reset(name)
    declared.delete(name)
