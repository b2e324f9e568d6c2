"""Players that are spread over several partitions."""

from itertools import chain

import pytest

from services.players import shards
from tests.support.gateway import Gateway
from tests.support.players import items, made
from tests.unit.players.test_listing import walk
from utils.sandbox import DEFAULT
from utils.settings import settings

SHARDS = 4


def walked(api: Gateway, target: str) -> list[str]:
    """The ids of all pages from ``target`` on."""
    return list(chain.from_iterable(walk(api, target)))


@pytest.fixture
def api(api: Gateway, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The API of a stack whose players are in four partitions."""
    monkeypatch.setenv("PLAYER_SHARDS", str(SHARDS))
    settings.cache_clear()
    return api


def test_players_are_spread_and_listed_in_one_order(api: Gateway) -> None:
    countries = ("GR", "DE", "GR")
    players = [made(api, f"player-{number}", country=countries[number % 3]) for number in range(24)]
    ids = [player["player_id"] for player in players]
    partitions = {pk for pk in items() if pk.startswith("default#players")}
    assert partitions == {"default#players", *(f"default#players#{shard}" for shard in range(1, SHARDS))}
    assert walked(api, "/players?limit=5") == ids
    assert walked(api, "/players?limit=7&sort=-created_at") == ids[::-1]
    greeks = [player["player_id"] for player in players if player["country"] == "GR"]
    assert walked(api, "/players?country=GR&status=active&limit=3") == greeks
    assert walk(api, "/players?username=PLAYER-7") == [[ids[7]]]


def test_a_player_is_found_changed_and_removed_wherever_it_is(api: Gateway) -> None:
    for number in range(8):
        player = made(api, f"player-{number}")
        path = f"/players/{player['player_id']}"
        assert api.get(path).data == player
        assert api.put(path, {**_body(player), "display_name": "Another"}).data["display_name"] == "Another"
        assert api.post(f"{path}/stats", {"outcome": "win"}).data["wins"] == 1
        assert api.delete(path).status == 204
        assert api.get(path).code == "player_not_found"
    assert [pk for pk in items() if "#cursors" not in pk] == []


def test_where_a_player_is_depends_on_its_id_alone(api: Gateway) -> None:
    ids = [f"01890000-0000-7000-8000-{number:012x}" for number in range(400)]
    told = [shards.partition(DEFAULT, player_id) for player_id in ids]
    assert told == [shards.partition(DEFAULT, player_id) for player_id in ids]
    assert told[:4] == [f"default#players{shard}" for shard in ("", "#2", "", "#2")]
    assert all(told.count(partition) > 50 for partition in set(told))


def _body(player: dict[str, str]) -> dict[str, str]:
    return {name: player[name] for name in ("username", "email", "status")}
