"""What is asked of a table with 1,000,000 players, against the same of one with 10,000."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from services.players import listing
from tests.bench import log, stored_players, table
from tests.bench.measure import Contestants
from tests.bench.page import page
from tests.support.gateway import Gateway, open_session
from utils import cursors, strict_json
from utils import table as application_table
from utils.sandbox import DEFAULT
from utils.table import Write
from utils.writes import Check

MANY, FEW = 1_000_000, 10_000
TIMES = 10
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
    stored_players.stored(name, players)
    print(f"made {players} players in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    numbers = count()

    def side() -> tuple[float, ...]:
        with stored_players.selected(name):
            api = Gateway(open_session())
            page(api, limit=100)
            deep = _cursor_after(stored_players.id_of(players // 2))
            return (
                _taken(lambda: page(api, limit=100)),
                _taken(lambda: page(api, limit=100, cursor=deep)),
                _taken(lambda: page(api, limit=100, country="GR", status="active")),
                _taken(lambda: _create(api, next(numbers))),
            )

    return side


def _cursor_after(player_id: str) -> str:
    """The cursor that the list of all players gives after this one."""
    secret = application_table.get(listing.secret_key(DEFAULT))
    assert secret
    unfiltered = dict.fromkeys(("username", "email", "country", "status"))
    whole = strict_json.dump(["default", "created_at", unfiltered])
    return cursors.encode(bytes.fromhex(secret["secret"]), whole, player_id)


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
