"""Any number of generated players in a table of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from models.player import Player, Status
from services.players import player_items
from tests.bench import table
from tests.support.gateway import Gateway, open_session
from utils.attributes import Item
from utils.sandbox import DEFAULT
from utils.settings import settings

_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_COUNTRIES = ("GR", "DE", "JP", "US", "BR")
_STATUSES: tuple[Status, ...] = ("active", "active", "suspended")


def stored(name: str, players: int) -> Gateway:
    """The API as a signed-in caller meets it, on a new table of this name with so many players."""
    with selected(name):
        table.create()
        table.store(_items(players))
        return Gateway(open_session())


@contextmanager
def selected(name: str) -> Iterator[None]:
    """Lets the application use the table of this name."""
    with patch.dict(os.environ, TABLE_NAME=f"psn-emulator-{name}"):
        settings.cache_clear()
        yield
    settings.cache_clear()


def id_of(number: int) -> str:
    """The id of the player of this number, from 0."""
    milliseconds = f"{int(_moment(number).timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7000-8000-{number:012x}"


def _moment(number: int) -> datetime:
    return _BEGAN + timedelta(seconds=number)


def _items(players: int) -> Iterator[Item]:
    for number in range(players):
        moment, player_id = _moment(number), id_of(number)
        username = f"player-{number}"
        player = Player(
            player_id,
            username,
            f"{username}@mail.example",
            username,
            _COUNTRIES[number % len(_COUNTRIES)],
            None,
            _STATUSES[number % len(_STATUSES)],
            moment,
            moment,
        )
        yield player_items.to_item(DEFAULT, player, version=1)
