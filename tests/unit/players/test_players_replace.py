"""Replacing players by HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from services.players import player_items
from tests.conftest import Clock
from tests.support.gateway import Answer, Gateway
from tests.support.players import FULL, body, items, made
from utils import table
from utils.sandbox import DEFAULT
from utils.strict_json import rfc3339


class TestReplacing:
    def replaced(self, api: Gateway, player: dict[str, Any], **fields: Any) -> Answer:
        return api.put(f"/players/{player['player_id']}", fields)

    def test_sets_what_is_given(self, api: Gateway, stopped_clock: Clock) -> None:
        player = made(api)
        stopped_clock.moment += timedelta(minutes=1)
        answer = self.replaced(api, player, **FULL)
        assert answer.status == 200
        assert answer.data == {**player, **FULL, "updated_at": answer.data["updated_at"]}
        assert answer.data["updated_at"] == rfc3339(stopped_clock.moment)
        assert api.get(f"/players/{player['player_id']}").data == answer.data

    def test_puts_what_is_left_out_back_to_its_default(self, api: Gateway) -> None:
        player = api.post("/players", FULL).data
        answer = self.replaced(api, player, username="kratos-02", email=FULL["email"])
        assert answer.data["display_name"] == "kratos-02"
        assert (answer.data["country"], answer.data["language"]) == (None, None)
        assert answer.data["status"] == "active"

    def test_needs_a_username_and_an_address(self, api: Gateway) -> None:
        answer = self.replaced(api, made(api), display_name="x")
        assert {fault["field"] for fault in answer.json()["errors"]} == {"username", "email"}

    @pytest.mark.parametrize("field", ["player_id", "created_at", "updated_at"])
    def test_never_changes_what_is_not_the_clients(self, api: Gateway, field: str) -> None:
        player = made(api)
        answer = self.replaced(api, player, **body(), **{field: player[field]})
        assert answer.status == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]

    def test_frees_the_old_names_and_holds_the_new_ones(self, api: Gateway) -> None:
        player = made(api, "kratos")
        assert self.replaced(api, player, **body("atreus")).status == 200
        assert items() == ["default#email#atreus@mail.example", "default#players", "default#username#atreus"]
        made(api, "kratos")
        assert api.post("/players", body("atreus", email="x@mail.example")).code == "username_taken"
        assert api.post("/players", body("loki", email="atreus@mail.example")).code == "email_taken"

    def test_by_another_case_of_its_own_names_is_allowed(self, api: Gateway) -> None:
        player = made(api, "kratos")
        answer = self.replaced(api, player, username="KRATOS", email="Kratos@mail.example")
        assert (answer.data["username"], answer.data["email"]) == ("KRATOS", "Kratos@mail.example")
        assert api.post("/players", body("Kratos", email="x@mail.example")).code == "username_taken"

    @pytest.mark.parametrize(
        ("wanted", "code"),
        [
            ({"username": "ATREUS", "email": "kratos@mail.example"}, "username_taken"),
            ({"username": "kratos", "email": "ATREUS@mail.example"}, "email_taken"),
            ({"username": "loki", "email": "atreus@mail.example"}, "email_taken"),
            ({"username": "atreus", "email": "atreus@mail.example"}, "username_taken"),
        ],
    )
    def test_by_names_of_another_is_refused_and_changes_nothing(
        self, api: Gateway, wanted: dict[str, str], code: str
    ) -> None:
        player, _ = made(api, "kratos"), made(api, "atreus")
        before = items()
        answer = self.replaced(api, player, **wanted)
        assert (answer.status, answer.code) == (409, code)
        assert items() == before
        assert api.get(f"/players/{player['player_id']}").data == player

    def test_counts_the_version_up(self, api: Gateway) -> None:
        player = made(api)
        key = player_items.player_key(DEFAULT, player["player_id"])
        assert table.get_many([key])[key]["version"] == 1
        self.replaced(api, player, **body())
        assert table.get_many([key])[key]["version"] == 2
