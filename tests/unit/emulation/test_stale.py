"""Answers that are stale on purpose: players and statistics as before the last write."""

from typing import Any

import pytest

from services.players.player_items import player_key
from tests.support.gateway import Answer, Gateway
from tests.support.players import body
from utils import table
from utils.sandbox import Sandbox
from utils.settings import settings

STALE = {"x-emulator-fault": "stale"}


def stale(caller: Gateway, target: str, **headers: str) -> Answer:
    answer = caller.get(target, headers={**STALE, **headers})
    assert answer.headers["x-emulator-fault-applied"] == "header"
    return answer


@pytest.fixture
def player(caller: Gateway) -> str:
    """The path of a player that was just made."""
    answer = caller.post("/players", body("Kratos"))
    assert answer.status == 201, answer.text
    return f"/players/{answer.data['player_id']}"


def test_a_player_that_was_made_is_not_there_yet(caller: Gateway, player: str) -> None:
    assert (stale(caller, player).status, stale(caller, player).code) == (404, "player_not_found")
    assert stale(caller, "/players").data == []
    assert stale(caller, "/players?username=kratos").data == []
    assert caller.get(player).status == 200


def test_a_player_that_was_replaced_is_as_it_was_with_its_old_version(caller: Gateway, player: str) -> None:
    before = caller.get(player)
    caller.put(player, body("Atreus", country="GR"))
    now = caller.get(player)
    assert now.data["username"] == "Atreus"
    answer = stale(caller, player)
    assert (answer.data, answer.headers["etag"]) == (before.data, before.headers["etag"])
    assert stale(caller, player, **{"if-none-match": before.headers["etag"]}).status == 304
    assert stale(caller, "/players").data == [before.data]
    assert stale(caller, "/players?country=GR").data == [before.data]
    caller.put(player, body("Mimir"))
    assert stale(caller, player).data == now.data


def test_a_player_that_was_deleted_is_still_there_with_its_statistics(caller: Gateway, player: str) -> None:
    caller.post(f"{player}/stats", {"outcome": "win", "score": 7, "playtime_seconds": 60})
    before, statistics = caller.get(player), caller.get(f"{player}/stats")
    assert caller.delete(player).status == 204
    assert caller.get(player).status == 404
    assert stale(caller, player).data == before.data
    assert stale(caller, f"{player}/stats").data == statistics.data


def test_statistics_are_as_before_the_last_result(caller: Gateway, player: str) -> None:
    caller.post(f"{player}/stats", {"outcome": "win", "score": 7, "playtime_seconds": 60})
    caller.put(player, body("Atreus"))
    once = caller.get(f"{player}/stats")
    assert stale(caller, f"{player}/stats").data["matches_played"] == 0
    caller.post(f"{player}/stats", {"outcome": "loss", "score": 9, "playtime_seconds": 60})
    answer = stale(caller, f"{player}/stats")
    assert (answer.data, answer.headers["etag"]) == (once.data, once.headers["etag"])
    assert caller.get(f"{player}/stats").data["matches_played"] == 2


def test_pages_of_a_stale_list_go_on_where_they_are(caller: Gateway, player: str) -> None:
    caller.put(player, body("Atreus"))
    made = [caller.post("/players", body(name)).data["player_id"] for name in ("Mimir", "Freya")]
    found, target = [], "/players?limit=1"
    while target:
        answer = stale(caller, target)
        found += [one["username"] for one in answer.data]
        cursor = answer.json()["meta"]["next_cursor"]
        target = f"/players?limit=1&cursor={cursor}" if cursor else ""
    assert (found, len(made)) == (["Kratos"], 2)


def test_a_write_is_carried_out_as_ever(caller: Gateway, player: str) -> None:
    answer = caller.put(player, body("Atreus"), headers=STALE)
    assert (answer.status, answer.data["username"]) == (200, "Atreus")


@pytest.mark.parametrize("target", ["/s/ci-7/trophies", "/players/0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11"])
def test_what_never_was_is_not_there(caller: Gateway, target: str) -> None:
    assert stale(caller, target).status == 404


def test_without_faults_nothing_of_it_is_kept(
    caller: Gateway, ci: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTS", "false")
    settings.cache_clear()
    made = caller.post("/players", body("Kratos")).data
    caller.post(f"/players/{made['player_id']}/stats", {"outcome": "win", "score": 7, "playtime_seconds": 60})
    item: Any = table.get(player_key(ci, made["player_id"]))
    assert "before" not in item
    caller.delete(f"/players/{made['player_id']}")
    assert table.get((f"{ci.universe}#deleted#{made['player_id']}", "-")) is None
