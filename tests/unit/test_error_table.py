"""The table of errors, row by row: what goes wrong, and the answer that it has on every route."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import main
from handlers import dispatch
from services import clock, sessions
from tests.gateway import Answer, Gateway
from tests.players import FULL, NOBODY, body, made
from utils import table
from utils.aws import client
from utils.http import MAX_BODY_BYTES
from utils.writes import Delete, Update

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
READING = [
    route for route in main.ROUTES if route.path.startswith("/players") and route.method in {"POST", "PUT"}
]
SCOPED = [route for route in main.ROUTES if route.scope]
OF_A_PLAYER = [route for route in main.ROUTES if "{player_id}" in route.path]
VERSIONED = [route for route in OF_A_PLAYER if route.method != "GET"]
GOOD = {"players-create": FULL, "players-update": FULL, "stats-post": {"outcome": "win"}}

NO_JSON = {
    "nothing": "",
    "half an object": "{",
    "a bare word": "kratos",
    "single quotes": "{'outcome': 'win'}",
    "a comma too many": '{"outcome": "win",}',
    "two values": '{"outcome": "win"} {}',
    "a name twice": '{"outcome": "win", "outcome": "loss"}',
    "a name twice further in": '{"trophies": {"gold": 1, "gold": 2}}',
    "NaN": '{"score": NaN}',
    "Infinity": '{"score": Infinity}',
    "minus Infinity": '{"score": -Infinity}',
    "a number beyond a double": '{"score": 1e999}',
    "5,000 digits": f'{{"score": {"9" * 5_000}}}',
    "30,000 arrays in each other": "[" * 30_000 + "]" * 30_000,
    "10,000 objects in each other": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "half a surrogate pair": '{"username": "\\ud800"}',
    "no UTF-8": b'{"username": "\xff"}',
    "a surrogate in UTF-8": b'{"username": "\xed\xa0\x80"}',
    "UTF-8 with a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
}
NO_JSON_TYPE = (
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/merge-patch+json",
    "application/json, application/json",
    "application/json; charset=latin-1",
)
INVALID: dict[str, Any] = {
    "none of the fields": {},
    "an array": [],
    "a text": "kratos",
    "null": None,
    "a field that nobody knows": {"admin": True},
    "4,000 digits": {"score": 10**4_000 - 1, "email": 10**4_000 - 1},
    "9,000 arrays in each other": json.loads("[" * 9_000 + "]" * 9_000),
}


def problem(answer: Answer, status: int, code: str) -> Any:
    """The problem, which must be one by RFC 9457 of this ``status`` and ``code``."""
    told = answer.json()
    assert (answer.status, answer.code) == (status, code)
    assert told.keys() == MEMBERS | ({"errors"} if code == "validation_error" else set())
    assert (told["status"], told["type"]) == (status, f"urn:psn-emulator:error:{code}")
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["title"]
    assert told["detail"]
    assert answer.headers["cache-control"] == "no-store"
    return told


@pytest.fixture
def send(api: Gateway) -> Callable[..., Answer]:
    """Sends a request to a route, about a player that is there and with a good body unless told otherwise."""
    player_id = made(api, "atreus")["player_id"]

    def to(route: main.Route, player_id: str = player_id, **options: Any) -> Answer:
        if route.name in GOOD and not options.keys() & {"body", "raw"}:
            options["body"] = GOOD[route.name]
        return api.send(route.method, route.path.replace("{player_id}", player_id), **options)

    return to


def sent_json(text: str | bytes) -> dict[str, Any]:
    return {"raw": text, "headers": {"content-type": "application/json"}}


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
class TestABody:
    @pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON.keys())
    def test_that_is_not_json_is_400(
        self, send: Callable[..., Answer], route: main.Route, text: str | bytes
    ) -> None:
        told = problem(send(route, **sent_json(text)), 400, "malformed_json")
        assert told["detail"] == "The body is not valid JSON."

    @pytest.mark.parametrize("content_type", NO_JSON_TYPE)
    def test_of_another_type_is_415(
        self, send: Callable[..., Answer], route: main.Route, content_type: str | None
    ) -> None:
        headers = {} if content_type is None else {"content-type": content_type}
        problem(send(route, raw="{}", headers=headers), 415, "unsupported_media_type")

    @pytest.mark.parametrize("filler", [" ", b" "])
    def test_over_64_kib_is_413(
        self, send: Callable[..., Answer], route: main.Route, filler: str | bytes
    ) -> None:
        problem(send(route, **sent_json(filler * (MAX_BODY_BYTES + 1))), 413, "payload_too_large")

    @pytest.mark.parametrize("value", INVALID.values(), ids=INVALID.keys())
    def test_with_invalid_fields_is_422(
        self, send: Callable[..., Answer], route: main.Route, value: Any
    ) -> None:
        told = problem(send(route, **sent_json(json.dumps(value))), 422, "validation_error")
        assert told["errors"]
        for fault in told["errors"]:
            assert fault.keys() == {"field", "code", "message"}
            assert all(fault.values())

    @pytest.mark.parametrize("content_type", ["application/json", 'Application/JSON; charset="UTF-8"'])
    @pytest.mark.parametrize("encoded", [False, True])
    def test_in_order_is_taken_in_every_form_that_json_comes_in(
        self, send: Callable[..., Answer], route: main.Route, content_type: str, encoded: bool
    ) -> None:
        text = json.dumps(GOOD[route.name])
        raw = text.encode() if encoded else text
        assert (
            send(route, raw=raw, headers={"content-type": content_type, "accept": "text/html"}).status < 300
        )


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
def test_every_invalid_field_is_listed(send: Callable[..., Answer], route: main.Route) -> None:
    wrong = {name: [] for name in GOOD[route.name]} | {"more": 1, "even-more": {}}
    told = problem(send(route, body=wrong), 422, "validation_error")
    assert {fault["field"] for fault in told["errors"]} == wrong.keys()


class TestAToken:
    """The gateway has let it through: it is authentic and has the scope."""

    @pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
    @pytest.mark.parametrize("condition", ["expired", "not yet valid", "revoked", "of a locked user"])
    def test_that_is_not_alive_is_401_with_a_challenge(
        self, api: Gateway, send: Callable[..., Answer], route: main.Route, condition: str
    ) -> None:
        self._spoil(api, condition)
        answer = send(route)
        problem(answer, 401, "invalid_token")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'

    def _spoil(self, api: Gateway, condition: str) -> None:
        moment, second = clock.now("default"), timedelta(seconds=1)
        match condition:
            case "expired":
                api.claims = {**api.claims, "exp": int((moment - second).timestamp())}
            case "not yet valid":
                api.claims = {**api.claims, "nbf": int((moment + 60 * second).timestamp())}
            case "revoked":
                table.write(Delete(sessions.family_key("default", api.claims["jti"].partition(".")[0])))
            case _:
                user = sessions.user_key("default", api.claims["sub"])
                table.write(Update(user, assign={"status": "locked"}))


@pytest.mark.parametrize("route", OF_A_PLAYER, ids=lambda route: route.name)
@pytest.mark.parametrize("player_id", [NOBODY, "1"])
def test_a_player_that_is_not_there_is_404(
    send: Callable[..., Answer], route: main.Route, player_id: str
) -> None:
    told = problem(send(route, player_id), 404, "player_not_found")
    assert told["instance"] == route.path.replace("{player_id}", player_id)


@pytest.mark.parametrize("route", [route for route in READING if route.name != "stats-post"], ids=str)
class TestANameThatAnotherPlayerHas:
    def test_is_409_username_taken(
        self, api: Gateway, send: Callable[..., Answer], route: main.Route
    ) -> None:
        made(api, "kratos")
        problem(send(route, body=body("KRATOS", email="a@mail.example")), 409, "username_taken")

    def test_is_409_email_taken(self, api: Gateway, send: Callable[..., Answer], route: main.Route) -> None:
        made(api, "kratos")
        problem(send(route, body=body("faye", email="Kratos@Mail.Example")), 409, "email_taken")


@pytest.mark.parametrize("route", VERSIONED, ids=lambda route: route.name)
def test_a_version_that_is_not_the_records_is_412(send: Callable[..., Answer], route: main.Route) -> None:
    problem(send(route, headers={"if-match": '"another"'}), 412, "version_conflict")


def test_a_cursor_that_nobody_gave_is_400(api: Gateway) -> None:
    problem(api.get("/players?cursor=bm90LWEtY3Vyc29y"), 400, "invalid_cursor")


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
@pytest.mark.parametrize("refusal", ["ProvisionedThroughputExceededException", "ThrottlingException"])
def test_a_table_that_has_no_capacity_left_is_429_with_the_seconds_to_wait(
    send: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, route: main.Route, refusal: str
) -> None:
    def refuse(operation: str, arguments: dict[str, Any]) -> Any:
        raise ClientError({"Error": {"Code": refusal, "Message": "no"}}, operation)

    monkeypatch.setattr(client("dynamodb"), "_make_api_call", refuse)
    answer = send(route)
    problem(answer, 429, "throttled")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("path", ["/nothing", "/players/", "/players/1/stats/2"])
def test_a_path_that_nothing_serves_is_404(path: str) -> None:
    problem(Gateway().get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH"])
def test_a_method_that_a_path_does_not_have_is_405_with_those_that_it_has(method: str) -> None:
    answer = Gateway().send(method, "/players")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


def test_a_bug_is_500_and_tells_nothing_of_itself(api: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> Any:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(dispatch, "require_alive", break_down)
    answer = api.get(f"/players/{NOBODY}")
    problem(answer, 500, "internal_error")
    assert not {"hunter2", "RuntimeError", "Traceback"} & set(answer.text.split('"'))
