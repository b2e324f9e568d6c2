"""What is asked of a table with 1,000,000 players, against the same of one with 10,000."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from tests.bench import log, stored_players, table
from tests.bench.measure import Contestants
from tests.bench.page import page
from tests.support.gateway import Gateway
from utils import table as application_table
from utils.table import Write
from utils.writes import Check

MANY, FEW = 1_000_000, 10_000
TIMES = 20
FIGURES = ("list", "page deep in", "filter", "create")


@contextmanager
def contestants() -> Iterator[Contestants]:
    """Seconds of the ``FIGURES``, each some times over and in process: the first page of 100, the one after half of all
    players, a page of 100 by country and status, a new player.

    dynalite knows no transactions, so those of the application are carried out as so many single writes.
    """
    with table.running(), log.discarded(), patch.object(application_table, "transact", _write_singly):
        yield _among("many", MANY), _among("few", FEW)


def _among(name: str, players: int) -> Callable[[], tuple[float, ...]]:
    """Makes a table with so many players; the figures of it as a side."""
    began = time.perf_counter()
    api = stored_players.stored(name, players)
    print(f"made {players} players in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    numbers = count()
    with stored_players.selected(name):
        deep = _cursor_after(api, players // 200)

    def side() -> tuple[float, ...]:
        with stored_players.selected(name):
            return (
                _taken(lambda: page(api, limit=100)),
                _taken(lambda: page(api, limit=100, cursor=deep)),
                _taken(lambda: page(api, limit=100, country="GR", status="active")),
                _taken(lambda: _create(api, next(numbers))),
            )

    return side


def _cursor_after(api: Gateway, pages: int) -> str:
    """The cursor after so many pages of 100."""
    cursor = page(api, limit=100)
    for _ in range(pages - 1):
        cursor = page(api, limit=100, cursor=cursor)
    return cursor


def _create(api: Gateway, number: int) -> None:
    answer = api.post("/players", {"username": f"new-{number}", "email": f"new-{number}@mail.example"})
    assert answer.status == 201, answer


def _taken(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(TIMES):
        what()
    return time.perf_counter() - began


def _write_singly(*writes: Write) -> None:
    for write in writes:
        assert not isinstance(write, Check)
        application_table.write(write)
