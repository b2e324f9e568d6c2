"""A page of 100 players among 100,000, against the same among 200."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from models.player import Player
from services.players import player_items
from tests.bench import log, table
from tests.bench.measure import Contestants, timed
from tests.support.gateway import Gateway, open_session
from utils.attributes import Item
from utils.settings import settings

MANY, FEW = 100_000, 200
TIMES = 5
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``GET /players`` in process: the first page and the one that its cursor leads to, some times over.

    Each side has a table of its own, so that reading all of it would show.
    """
    with table.running(), log.discarded():
        yield _among("many", MANY), _among("few", FEW)


def _among(name: str, players: int) -> Callable[[], float]:
    """Makes a table with so many players; two pages of it as a side."""
    with _table(name):
        table.create()
        table.store(_items(players))
        api = Gateway(open_session())

    def pages() -> None:
        for _ in range(TIMES):
            cursor = _page(api, limit=100)
            _page(api, limit=100, cursor=cursor)

    def side() -> float:
        with _table(name):
            return timed(pages)()

    return side


def _page(api: Gateway, **query: int | str) -> str:
    """The cursor after a page of 100."""
    answer = api.get(f"/players?{urlencode(query)}")
    assert (answer.status, len(answer.data)) == (200, 100), answer
    return str(answer.json()["meta"]["next_cursor"])


@contextmanager
def _table(name: str) -> Iterator[None]:
    """Lets the application use the table of this name."""
    with patch.dict(os.environ, TABLE_NAME=f"psn-emulator-{name}"):
        settings.cache_clear()
        yield
    settings.cache_clear()


def _items(players: int) -> Iterator[Item]:
    for number in range(players):
        moment = _BEGAN + timedelta(seconds=number)
        player_id = f"{int(moment.timestamp() * 1000):012x}"
        player_id = f"{player_id[:8]}-{player_id[8:]}-7000-8000-{number:012x}"
        username = f"player-{number}"
        player = Player(
            player_id, username, f"{username}@mail.example", username, None, None, "active", moment, moment
        )
        yield player_items.to_item("default", player, version=1)
