"""Requests that are sent again under the same ``Idempotency-Key``."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.idempotency import LIFETIME
from services.sandboxes.opening import opened
from tests.conftest import Clock, all_items
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.interception import Call, Intercept
from tests.support.players import body, made
from utils import table
from utils.sandbox import DEFAULT
from utils.stores import store

WIN = {"outcome": "win", "score": 7}
ANSWERED = ("location", "etag", "content-type")


def send(api: Gateway, target: str, sent: Any, key: str = "order-66", **headers: str) -> Answer:
    return api.post(target, sent, headers={"idempotency-key": key, **headers})


def replayed(answer: Answer, first: Answer) -> bool:
    """Whether ``answer`` is ``first`` again, and says so."""
    same = (answer.status, answer.text) == (first.status, first.text)
    headers = [answer.headers.get(name) == first.headers.get(name) for name in ANSWERED]
    return same and all(headers) and answer.headers.get("idempotent-replayed") == "true"


def names(api: Gateway) -> list[str]:
    return [player["username"] for player in api.get("/players").data]


def matches(api: Gateway, stats: str) -> int:
    played: int = api.get(stats).data["matches_played"]
    return played


def records() -> list[Any]:
    return [item for item in all_items() if "#idempotency#" in item["pk"]]


@pytest.fixture
def stats(api: Gateway) -> str:
    """The path of a player's statistics."""
    return f"/players/{made(api, 'atreus')['player_id']}/stats"


class TestARequestThatIsSentAgain:
    def test_makes_no_second_player_and_gets_the_same_answer(self, api: Gateway) -> None:
        first = send(api, "/players", body())
        assert (first.status, first.headers.get("idempotent-replayed")) == (201, None)
        assert replayed(send(api, "/players", body()), first)
        assert names(api) == ["kratos"]

    def test_adds_no_second_result_and_gets_the_same_answer(self, api: Gateway, stats: str) -> None:
        first = send(api, stats, WIN)
        api.post(stats, WIN)
        assert replayed(send(api, stats, WIN), first)
        assert matches(api, stats) == 2

    def test_gets_the_same_answer_after_the_player_has_changed_or_gone(self, api: Gateway) -> None:
        first = send(api, "/players", body())
        path = f"/players/{first.data['player_id']}"
        added = send(api, f"{path}/stats", WIN)
        api.put(path, body("atreus"))
        assert replayed(send(api, "/players", body()), first)
        api.delete(path)
        assert replayed(send(api, "/players", body()), first)
        assert replayed(send(api, f"{path}/stats", WIN), added)
        assert names(api) == []

    def test_is_the_same_however_its_body_is_written(self, api: Gateway) -> None:
        first = send(api, "/players", body())
        again = '{ "email": "kratos@mail.example",\n"username": "\\u006bratos" }'
        headers = {"idempotency-key": "order-66", "content-type": "application/json"}
        assert replayed(api.send("POST", "/players", raw=again, headers=headers), first)

    def test_is_the_same_however_its_numbers_are_written(self, api: Gateway, stats: str) -> None:
        first = send(api, stats, {**WIN, "trophies": {"gold": 2}})
        again = {"outcome": "win", "score": 7.0, "trophies": {"gold": 2.0}}
        assert replayed(send(api, stats, again), first)
        assert send(api, stats, {**again, "score": 8.0}).code == "idempotency_key_reused"

    def test_gets_its_answer_even_where_it_would_be_refused_now(self, api: Gateway, stats: str) -> None:
        first = send(api, stats, WIN, **{"if-match": '"v0"'})
        assert replayed(send(api, stats, WIN, **{"if-match": '"v0"'}), first)

    def test_has_a_request_id_of_its_own(self, api: Gateway) -> None:
        first, second = (send(api, "/players", body()) for _ in range(2))
        assert first.headers["x-request-id"] == first.json()["meta"]["request_id"]
        assert second.headers["x-request-id"] != first.headers["x-request-id"]


class TestAKey:
    def test_with_another_body_is_refused(self, api: Gateway, stats: str) -> None:
        send(api, "/players", body())
        for sent in (body("atreus"), body(country="GR"), body(status="active")):
            answer = send(api, "/players", sent)
            assert (answer.status, answer.code) == (422, "idempotency_key_reused")
        send(api, stats, WIN)
        assert send(api, stats, {"outcome": "loss"}).code == "idempotency_key_reused"

    def test_of_one_player_is_refused_for_another(self, api: Gateway, stats: str) -> None:
        other = f"/players/{made(api)['player_id']}/stats"
        send(api, stats, WIN)
        assert send(api, other, WIN).code == "idempotency_key_reused"
        assert matches(api, other) == 0

    def test_is_another_on_another_route(self, api: Gateway, stats: str) -> None:
        assert send(api, "/players", body()).status == 201
        assert send(api, stats, WIN).status == 200

    @pytest.mark.parametrize("whose", ["sub", "client_id", "sandbox"])
    def test_is_another_by_another_subject_client_or_sandbox(self, api: Gateway, whose: str) -> None:
        other = Gateway({**open_session(opened("ci-7") if whose == "sandbox" else DEFAULT), whose: "ci-7"})
        assert send(api, "/players", body()).status == 201
        answer = send(other, "/players", body())
        assert "idempotent-replayed" not in answer.headers
        assert answer.status == (201 if whose == "sandbox" else 409)

    @pytest.mark.parametrize("key", ["", " ", "a b", "é", "\x7f", "x" * 256])
    def test_is_1_to_255_visible_ascii_characters(self, api: Gateway, stats: str, key: str) -> None:
        for target, sent in (("/players", body()), (stats, WIN)):
            answer = send(api, target, sent, key)
            assert (answer.status, answer.code) == (422, "validation_error")
            assert [fault["field"] for fault in answer.json()["errors"]] == ["Idempotency-Key"]
        assert names(api) == ["atreus"]

    @pytest.mark.parametrize("key", ["x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a#b/c,d"])
    def test_is_the_clients_choice(self, api: Gateway, key: str) -> None:
        assert replayed(send(api, "/players", body(), key), send(api, "/players", body(), key)) is False
        assert send(api, "/players", body(), key).headers["idempotent-replayed"] == "true"

    def test_is_free_again_after_a_request_that_was_refused(self, api: Gateway) -> None:
        kratos = made(api)
        assert send(api, "/players", body()).code == "username_taken"
        assert send(api, "/players", {}).code == "validation_error"
        assert records() == []
        api.delete(f"/players/{kratos['player_id']}")
        assert send(api, "/players", body()).status == 201

    def test_is_remembered_for_24_hours(self, api: Gateway, stopped_clock: Clock, stats: str) -> None:
        assert timedelta(hours=24) == LIFETIME
        first = send(api, stats, WIN)
        stopped_clock.moment += LIFETIME - timedelta(seconds=1)
        api = Gateway(open_session())
        assert replayed(send(api, stats, WIN), first)
        stopped_clock.moment += timedelta(seconds=1)
        again = send(api, stats, {"outcome": "loss"})
        assert (again.status, again.data["matches_played"]) == (200, 2)
        assert replayed(send(api, stats, {"outcome": "loss"}), again)

    def test_lets_its_record_expire_by_itself(self, api: Gateway, stopped_clock: Clock) -> None:
        send(api, "/players", body())
        (record,) = records()
        assert record["expires_at"] == int((stopped_clock.moment + LIFETIME).timestamp())


type Overtake = Callable[[Callable[[], object]], None]


@pytest.fixture
def overtake(monkeypatch: pytest.MonkeyPatch) -> Overtake:
    """Lets something happen just before the next transaction."""
    transact = table.transact

    def before_the_next(act: Callable[[], object]) -> None:
        def overtaken(*writes: Any) -> None:
            monkeypatch.setattr(table, "transact", transact)
            act()
            transact(*writes)

        monkeypatch.setattr(table, "transact", overtaken)

    return before_the_next


class TestTwoAtOnce:
    def test_make_one_player(self, api: Gateway, overtake: Overtake) -> None:
        others: list[Answer] = []
        overtake(lambda: others.append(send(api, "/players", body())))
        answer = send(api, "/players", body())
        assert others[0].status == 201
        assert replayed(answer, others[0])
        assert names(api) == ["kratos"]

    def test_add_one_result(self, api: Gateway, stats: str, overtake: Overtake) -> None:
        others: list[Answer] = []
        overtake(lambda: others.append(send(api, stats, WIN)))
        assert replayed(send(api, stats, WIN), others[0])
        assert matches(api, stats) == 1

    def test_with_different_bodies_are_told_apart(self, api: Gateway, overtake: Overtake) -> None:
        overtake(lambda: send(api, "/players", body("atreus")))
        assert send(api, "/players", body()).code == "idempotency_key_reused"
        assert names(api) == ["atreus"]

    def test_of_a_player_that_is_removed_get_one_answer(
        self, api: Gateway, stats: str, overtake: Overtake
    ) -> None:
        others: list[Answer] = []

        def first() -> None:
            others.append(send(api, stats, WIN))
            api.delete(stats.removesuffix("/stats"))

        overtake(first)
        assert replayed(send(api, stats, WIN), others[0])

    def test_or_twenty_get_one_answer(self, api: Gateway, stats: str) -> None:
        with ThreadPoolExecutor(20) as pool:
            players = list(pool.map(lambda _: send(api, "/players", body()), range(20)))
            added = list(pool.map(lambda _: send(api, stats, WIN), range(20)))
        assert {(answer.status, answer.text) for answer in players} == {(201, players[0].text)}
        assert {(answer.status, answer.text) for answer in added} == {(200, added[0].text)}
        assert names(api) == ["atreus", "kratos"]
        assert matches(api, stats) == 1

    @pytest.mark.parametrize(("position", "status"), [(3, 409), (1, 429)])
    def test_that_do_not_let_go_of_the_record_are_a_conflict_for_now(
        self,
        api: Gateway,
        intercept: Intercept,
        monkeypatch: pytest.MonkeyPatch,
        position: int,
        status: int,
    ) -> None:
        reasons = [{"Code": "TransactionConflict" if one == position else "None"} for one in range(4)]
        refusal: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}

        def contended(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
            if operation == "TransactWriteItems":
                raise ClientError(refusal, operation)
            return call(operation, arguments)

        intercept(contended)
        monkeypatch.setattr(store, "_pause", lambda _: None)
        answer = send(api, "/players", body())
        assert answer.status == status
        assert answer.code == ("idempotency_key_in_use" if status == 409 else "throttled")
        assert answer.headers["retry-after"] == "1"


@pytest.fixture
def broken(stats: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a player's statistics; a function that is asked for them ends after its transaction and before its
    answer, for once."""
    write = table.write

    def end(change: Any) -> Any:
        monkeypatch.setattr(table, "write", write)
        raise RuntimeError("the function is gone")

    monkeypatch.setattr(table, "write", end)
    return stats


def test_a_run_that_broke_has_done_all_and_is_answered_on_the_second_try(api: Gateway, broken: str) -> None:
    assert send(api, broken, WIN).status == 500
    api.post(broken, WIN)
    second = send(api, broken, WIN)
    assert (second.status, second.data["matches_played"]) == (200, 2)
    assert replayed(send(api, broken, WIN), second)


def test_a_run_that_broke_has_no_answer_for_a_player_that_is_gone(api: Gateway, broken: str) -> None:
    assert send(api, broken, WIN).status == 500
    api.delete(broken.removesuffix("/stats"))
    assert send(api, broken, WIN).code == "player_not_found"
