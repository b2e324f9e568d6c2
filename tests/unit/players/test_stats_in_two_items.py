"""Statistics of which a part lies where form 1 of the table has them."""

from typing import Any

import pytest

from services.players import player_items
from tests.support.gateway import Gateway
from tests.support.players import items, made
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Put

OLD = {
    "matches_played": 3,
    "wins": 1,
    "losses": 2,
    "draws": 0,
    "score_total": 90,
    "score_best": 70,
    "playtime_seconds": 600,
    "experience": 1500,
    "bronze": 4,
    "silver": 0,
    "gold": 1,
    "platinum": 0,
    "last_played_at": "2025-03-01T12:00:00.000000Z",
    "version": 3,
}


@pytest.fixture
def path(api: Gateway) -> str:
    """The path of the statistics of a player whose three results form 1 has."""
    player_id = made(api)["player_id"]
    pk, sk = player_items.shared_stats_key(DEFAULT, player_id)
    table.write(Put({"pk": pk, "sk": sk, **OLD}))
    return f"/players/{player_id}/stats"


def record(api: Gateway, path: str, **given: Any) -> Any:
    return api.post(path, {"outcome": "win", "score": 50, "played_at": "2025-02-01T00:00:00Z"}, **given)


def test_they_are_read_as_one(api: Gateway, path: str) -> None:
    before = api.get(path)
    assert (before.data["matches_played"], before.data["trophies"]["bronze"]) == (3, 4)
    assert before.headers["etag"] == '"v3"'
    after = record(api, path)
    assert after.headers["etag"] == '"v4"'
    told = after.data
    assert (told["matches_played"], told["wins"], told["score_total"], told["level"]) == (4, 2, 140, 1)
    assert (told["score_best"], told["last_played_at"]) == (70, "2025-03-01T12:00:00.000Z")


def test_a_version_is_that_of_both(api: Gateway, path: str) -> None:
    assert record(api, path, headers={"If-Match": '"v0"'}).code == "version_conflict"
    assert record(api, path, headers={"If-Match": '"v3"'}).headers["etag"] == '"v4"'
    assert record(api, path, headers={"If-Match": '"v3"'}).code == "version_conflict"
    assert record(api, path, headers={"If-Match": '"v4"'}).headers["etag"] == '"v5"'


def test_both_go_with_their_player(api: Gateway, path: str) -> None:
    record(api, path)
    assert api.delete(path.removesuffix("/stats")).status == 204
    assert items() == []
