"""Players by HTTP."""

from typing import Any

import pytest

from services.players import player_items
from services.sandboxes.opening import opened
from tests.conftest import ENVIRONMENT, Clock, Log
from tests.support.gateway import Gateway, open_session
from tests.support.players import FULL, NOBODY, body, items, made
from utils.sandbox import DEFAULT
from utils.strict_json import rfc3339


class TestCreating:
    def test_needs_a_username_and_an_address_only(self, api: Gateway, stopped_clock: Clock) -> None:
        answer = api.post("/players", {"username": "kratos", "email": "kratos@mail.example"})
        assert answer.status == 201
        player = answer.data
        created = rfc3339(stopped_clock.moment)
        assert player == {
            "player_id": player["player_id"],
            "username": "kratos",
            "email": "kratos@mail.example",
            "display_name": "kratos",
            "country": None,
            "language": None,
            "status": "active",
            "created_at": created,
            "updated_at": created,
        }
        assert answer.json()["meta"] == {"request_id": answer.headers["x-request-id"]}
        assert answer.headers["content-type"] == "application/json"

    def test_takes_all_that_a_client_may_set(self, api: Gateway) -> None:
        player = api.post("/players", FULL).data
        assert {name: player[name] for name in FULL} == FULL

    def test_says_where_the_player_is(self, api: Gateway) -> None:
        answer = api.post("/players", FULL)
        assert answer.headers["location"] == f"{ENVIRONMENT['ISSUER']}/players/{answer.data['player_id']}"
        assert api.get(answer.headers["location"].removeprefix(ENVIRONMENT["ISSUER"])).data == answer.data

    def test_says_where_the_player_is_below_a_base_path_too(self, api: Gateway, base_path: str) -> None:
        answer = api.post("/players", FULL)
        assert answer.headers["location"] == f"{base_path}/players/{answer.data['player_id']}"

    def test_gives_an_id_of_uuid_version_7_made_at_the_time_of_creation(
        self, api: Gateway, stopped_clock: Clock
    ) -> None:
        player_id = made(api)["player_id"]
        assert player_items.player_keys(DEFAULT, player_id)
        assert int(player_id.replace("-", "")[:12], 16) == int(stopped_clock.moment.timestamp() * 1000)

    def test_twice_with_the_same_username_is_refused(self, api: Gateway) -> None:
        made(api, "Kratos")
        again = api.post("/players", body("kRATOS", email="other@mail.example"))
        assert (again.status, again.code) == (409, "username_taken")

    def test_twice_with_the_same_address_is_refused(self, api: Gateway) -> None:
        made(api, "kratos", email="Kratos@Mail.example")
        again = api.post("/players", body("atreus", email="kRATOS@mail.EXAMPLE"))
        assert (again.status, again.code) == (409, "email_taken")

    def test_with_both_taken_names_the_username(self, api: Gateway) -> None:
        made(api)
        assert api.post("/players", body()).code == "username_taken"

    def test_in_vain_leaves_nothing_behind(self, api: Gateway) -> None:
        made(api)
        before = items()
        assert api.post("/players", body("atreus", email="kratos@mail.example")).status == 409
        assert items() == before
        made(api, "atreus")

    def test_the_same_in_another_sandbox_is_another_player(self, api: Gateway) -> None:
        other = Gateway(open_session(opened("ci-7")))
        first, second = made(api), made(other)
        assert first["player_id"] != second["player_id"]
        assert other.get(f"/players/{first['player_id']}").code == "player_not_found"
        assert api.get("/players").data == [first]

    def test_logs_no_address(self, api: Gateway, log: Log) -> None:
        made(api, email="very-secret@mail.example")
        api.post("/players", body("atreus", email="very-secret@mail.example"))
        assert len(log.lines()) == 2
        assert "very-secret" not in log.text


class TestShowing:
    def test_gives_the_player(self, api: Gateway) -> None:
        player = made(api)
        answer = api.get(f"/players/{player['player_id']}")
        assert (answer.status, answer.data) == (200, player)

    @pytest.mark.parametrize(
        "player_id",
        [
            NOBODY,
            "1",
            "not-a-uuid",
            NOBODY.upper().replace("0189", "AB89"),
            "00000000-0000-4000-8000-000000000000",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_one_that_is_not_there_is_404(self, api: Gateway, method: str, player_id: str) -> None:
        answer = api.send(method, f"/players/{player_id}", body=body() if method == "PUT" else None)
        assert (answer.status, answer.code) == (404, "player_not_found")

    def test_one_whose_id_is_longer_than_a_key_is_404(self, api: Gateway) -> None:
        assert api.get(f"/players/{'7' * 5000}").code == "player_not_found"


class TestRemoving:
    def test_has_no_answer_and_leaves_nothing(self, api: Gateway) -> None:
        player = made(api)
        path = f"/players/{player['player_id']}"
        assert api.post(f"{path}/stats", {"outcome": "win"}).status == 200
        assert len(items()) == 4
        answer = api.delete(path)
        assert (answer.status, answer.text) == (204, "")
        assert "content-type" not in answer.headers
        assert items() == []

    def test_ends_every_route_of_the_player(self, api: Gateway) -> None:
        path = f"/players/{made(api)['player_id']}"
        api.delete(path)
        assert api.get(path).code == "player_not_found"
        assert api.put(path, body()).code == "player_not_found"
        assert api.delete(path).code == "player_not_found"
        assert api.get(f"{path}/stats").code == "player_not_found"
        assert api.post(f"{path}/stats", {"outcome": "win"}).code == "player_not_found"

    def test_frees_the_names(self, api: Gateway) -> None:
        api.delete(f"/players/{made(api)['player_id']}")
        made(api)

    def test_leaves_the_others_alone(self, api: Gateway) -> None:
        gone, stays = made(api, "kratos"), made(api, "atreus")
        api.delete(f"/players/{gone['player_id']}")
        assert api.get("/players").data == [stays]


class TestABody:
    @pytest.mark.parametrize(("method", "path"), [("POST", "/players"), ("PUT", "/players/{}")])
    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({"raw": "{", "headers": {"content-type": "application/json"}}, (400, "malformed_json")),
            ({"raw": "{}", "headers": {"content-type": "text/plain"}}, (415, "unsupported_media_type")),
            ({"raw": "{}"}, (415, "unsupported_media_type")),
            (
                {"raw": '"' + "x" * 65_536 + '"', "headers": {"content-type": "application/json"}},
                (413, "payload_too_large"),
            ),
            ({"body": {}}, (422, "validation_error")),
            ({"body": []}, (422, "validation_error")),
            ({"body": {**FULL, "admin": True}}, (422, "validation_error")),
        ],
    )
    def test_that_is_wrong_has_its_own_answer(
        self, api: Gateway, method: str, path: str, sent: dict[str, Any], expected: tuple[int, str]
    ) -> None:
        answer = api.send(method, path.format(made(api)["player_id"]), **sent)
        assert (answer.status, answer.code) == expected
        assert answer.json()["status"] == answer.status

    def test_has_every_invalid_field_listed(self, api: Gateway) -> None:
        answer = api.post("/players", dict.fromkeys(FULL, "?") | {"more": 1, "display_name": ""})
        assert {fault["field"] for fault in answer.json()["errors"]} == {*FULL, "more"}
        assert all(fault["code"] and fault["message"] for fault in answer.json()["errors"])
