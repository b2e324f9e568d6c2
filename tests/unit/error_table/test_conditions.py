"""What goes wrong apart from the body, and the answer that it has on every route."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import routes
from handlers import admission
from services import clock
from services.identity import sessions
from tests.support.gateway import Gateway
from tests.support.interception import Call, Intercept
from tests.support.players import NOBODY, body, made
from tests.unit.error_table.conftest import GOOD, INVALID, OF_A_PLAYER, READING, SCOPED, Send, problem
from utils import table
from utils.sandbox import DEFAULT
from utils.stores import store
from utils.writes import Delete, Update

ONCE = [route for route in READING if route.method == "POST"]
KEY = {"idempotency-key": "key-1"}
VERSIONED = [route for route in OF_A_PLAYER if route.method != "GET"]


class TestAToken:
    """The gateway has let it through: it is authentic and has the scope."""

    @pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
    @pytest.mark.parametrize("condition", ["expired", "not yet valid", "revoked", "of a locked user"])
    def test_that_is_not_alive_is_401_with_a_challenge(
        self, api: Gateway, send: Send, route: routes.Route, condition: str
    ) -> None:
        self._spoil(api, condition)
        answer = send(route)
        problem(answer, 401, "invalid_token")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'

    def _spoil(self, api: Gateway, condition: str) -> None:
        moment, second = clock.now(DEFAULT), timedelta(seconds=1)
        match condition:
            case "expired":
                api.claims = {**api.claims, "exp": int((moment - second).timestamp())}
            case "not yet valid":
                api.claims = {**api.claims, "nbf": int((moment + 60 * second).timestamp())}
            case "revoked":
                table.write(Delete(sessions.family_key(DEFAULT, api.claims["jti"].partition(".")[0])))
            case _:
                user = sessions.user_key(DEFAULT, api.claims["sub"])
                table.write(Update(user, assign={"status": "locked"}))


@pytest.mark.parametrize("route", OF_A_PLAYER, ids=lambda route: route.name)
@pytest.mark.parametrize("player_id", [NOBODY, "1"])
def test_a_player_that_is_not_there_is_404(send: Send, route: routes.Route, player_id: str) -> None:
    details = problem(send(route, player_id), 404, "player_not_found")
    assert details["instance"] == route.path.replace("{player_id}", player_id)


@pytest.mark.parametrize("route", [route for route in READING if route.name != "stats-post"], ids=str)
class TestANameThatAnotherPlayerHas:
    def test_is_409_username_taken(self, api: Gateway, send: Send, route: routes.Route) -> None:
        made(api, "kratos")
        problem(send(route, body=body("KRATOS", email="a@mail.example")), 409, "username_taken")

    def test_is_409_email_taken(self, api: Gateway, send: Send, route: routes.Route) -> None:
        made(api, "kratos")
        problem(send(route, body=body("faye", email="Kratos@Mail.Example")), 409, "email_taken")


@pytest.mark.parametrize("route", ONCE, ids=lambda route: route.name)
class TestAnIdempotencyKey:
    def test_of_another_request_is_422(self, send: Send, route: routes.Route) -> None:
        assert send(route, headers=KEY).status < 300
        changed = (
            {**GOOD[route.name], "username": "faye"}
            if route.name == "players-create"
            else {"outcome": "loss"}
        )
        problem(send(route, body=changed, headers=KEY), 422, "idempotency_key_reused")

    @pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ü"])
    def test_that_is_malformed_is_422(self, send: Send, route: routes.Route, key: str) -> None:
        details = problem(send(route, headers={"idempotency-key": key}), 422, "validation_error")
        assert [fault["field"] for fault in details["errors"]] == ["Idempotency-Key"]

    def test_of_a_request_that_is_still_carried_out_is_409_with_the_seconds_to_wait(
        self, send: Send, intercept: Intercept, monkeypatch: pytest.MonkeyPatch, route: routes.Route
    ) -> None:

        def contended(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
            if operation != "TransactWriteItems":
                return call(operation, arguments)
            reasons = [{"Code": "TransactionConflict"} for _ in arguments["TransactItems"]]
            refusal: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(refusal, operation)

        intercept(contended)
        monkeypatch.setattr(store, "_pause", lambda _: None)
        answer = send(route, headers=KEY)
        problem(answer, 409, "idempotency_key_in_use")
        assert int(answer.headers["retry-after"]) >= 1

    @pytest.mark.parametrize("value", INVALID.values(), ids=INVALID.keys())
    def test_changes_nothing_about_invalid_fields(self, send: Send, route: routes.Route, value: Any) -> None:
        sent = {"raw": json.dumps(value), "headers": {**KEY, "content-type": "application/json"}}
        problem(send(route, **sent), 422, "validation_error")


@pytest.mark.parametrize("route", VERSIONED, ids=lambda route: route.name)
def test_a_version_that_is_not_the_records_is_412(send: Send, route: routes.Route) -> None:
    problem(send(route, headers={"if-match": '"another"'}), 412, "version_conflict")


def test_a_cursor_that_nobody_gave_is_400(api: Gateway) -> None:
    problem(api.get("/players?cursor=bm90LWEtY3Vyc29y"), 400, "invalid_cursor")


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
@pytest.mark.parametrize("refusal", ["ProvisionedThroughputExceededException", "ThrottlingException"])
def test_a_table_that_has_no_capacity_left_is_429_with_the_seconds_to_wait(
    send: Send, intercept: Intercept, route: routes.Route, refusal: str
) -> None:
    def refuse(_call: Call, operation: str, _arguments: dict[str, Any]) -> Any:
        raise ClientError({"Error": {"Code": refusal, "Message": "no"}}, operation)

    intercept(refuse)
    answer = send(route)
    problem(answer, 429, "throttled")
    assert int(answer.headers["retry-after"]) >= 1


REFUSED = {
    "TransactionInProgressException": (429, "throttled"),
    "ItemCollectionSizeLimitExceededException": (507, "sandbox_full"),
}


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
@pytest.mark.parametrize("refusal", REFUSED)
def test_a_transaction_that_the_table_refuses_has_an_answer_of_its_own(
    send: Send, intercept: Intercept, route: routes.Route, refusal: str
) -> None:
    status, code = REFUSED[refusal]

    def refuse(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if operation != "TransactWriteItems":
            return call(operation, arguments)
        raise ClientError({"Error": {"Code": refusal, "Message": "no"}}, operation)

    intercept(refuse)
    answer = send(route)
    problem(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 429)


@pytest.mark.parametrize("path", ["/nothing", "/players/", "/players/1/stats/2"])
def test_a_path_that_nothing_serves_is_404(path: str) -> None:
    problem(Gateway().get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH"])
def test_a_method_that_a_path_does_not_have_is_405_with_those_that_it_has(method: str) -> None:
    answer = Gateway().send(method, "/players")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_a_bug_is_500_and_tells_nothing_of_itself(api: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> Any:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(admission, "require_alive", break_down)
    answer = api.get(f"/players/{NOBODY}")
    problem(answer, 500, "internal_error")
    assert not {"hunter2", "RuntimeError", "Traceback"} & set(answer.text.split('"'))
