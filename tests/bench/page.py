"""A page of 100 players among 100,000, against the same among 200."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from tests.bench import log, stored_players, table
from tests.bench.measure import Contestants, timed
from tests.support.gateway import Gateway

MANY, FEW = 100_000, 200
TIMES = 5


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``GET /players`` in process: the first page and the one that its cursor leads to, some times over.

    Each side has a table of its own, so that reading all of it would show.
    """
    with table.running(), log.discarded():
        yield _among("many", MANY), _among("few", FEW)


def _among(name: str, players: int) -> Callable[[], float]:
    """Makes a table with so many players; two pages of it as a side."""
    api = stored_players.stored(name, players)

    def pages() -> None:
        for _ in range(TIMES):
            cursor = page(api, limit=100)
            page(api, limit=100, cursor=cursor)

    def side() -> float:
        with stored_players.selected(name):
            return timed(pages)()

    return side


def page(api: Gateway, **query: int | str) -> str:
    """The cursor after a page of 100."""
    answer = api.get(f"/players?{urlencode(query)}")
    assert (answer.status, len(answer.data)) == (200, 100), answer
    return str(answer.json()["meta"]["next_cursor"])
