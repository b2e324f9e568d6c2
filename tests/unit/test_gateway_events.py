"""The recorded events run through their functions, and agree with what a request of theirs looks like."""

import json
from pathlib import Path

import pytest

from tests.support import invoke
from tests.support.gateway import Gateway

EVENTS = Path(invoke.__file__).with_name("gateway_events")
STATUSES = {
    "auth-authorize": 200,
    "auth-token": 200,
    "auth-token-wrong-password": 400,
    "auth-userinfo": 200,
    "fallback": 404,
    "healthz": 200,
    "jwks": 200,
    "players-create": 201,
    "players-create-invalid": 422,
    "players-delete": 204,
    "players-get": 200,
    "players-get-unknown": 404,
    "players-list": 200,
    "players-update": 200,
    "root": 200,
    "stats-get": 200,
    "stats-post": 200,
}


def read(name: str) -> str:
    """The text of a recorded event."""
    return (EVENTS / f"{name}.json").read_text(encoding="utf-8")


def test_what_every_recorded_event_is_answered_is_known() -> None:
    assert {file.stem for file in EVENTS.iterdir()} == {*STATUSES, invoke.AUTHORIZER}


@pytest.mark.parametrize("name", STATUSES)
def test_a_recorded_event_is_answered_by_its_function(name: str) -> None:
    answer = invoke.invoke(read(name))
    assert answer["statusCode"] == STATUSES[name], answer


def test_the_recorded_player_is_the_one_in_the_table() -> None:
    assert invoke.invoke(read("players-get"))["body"]["data"]["username"] == "Kratos"
    [player] = invoke.invoke(read("players-list"))["body"]["data"]
    assert player["username"] == "Kratos"
    assert invoke.invoke(read("stats-get"))["body"]["data"]["wins"] == 1


def test_the_authorizer_lets_the_recorded_caller_through_as_the_events_say() -> None:
    decision = invoke.invoke(read(invoke.AUTHORIZER))
    recorded = json.loads(read("players-get"))["requestContext"]["authorizer"]["lambda"]
    assert decision["isAuthorized"] is True
    assert decision["context"] | {"exp": "", "nbf": ""} == recorded | {"exp": "", "nbf": ""}


@pytest.mark.parametrize("name", STATUSES)
def test_a_recorded_event_has_all_that_the_tests_of_the_handlers_send(name: str) -> None:
    recorded = json.loads(read(name))
    query = recorded["rawQueryString"]
    claims = recorded["requestContext"].get("authorizer", {}).get("lambda", {})
    address = recorded["requestContext"]["http"]["sourceIp"]
    sent, route = Gateway(claims, address).event(
        recorded["requestContext"]["http"]["method"],
        recorded["rawPath"] + (f"?{query}" if query else ""),
        raw=recorded.get("body"),
        headers=recorded["headers"],
    )
    assert invoke.function_of(recorded) == route.name
    sent["requestContext"].pop("requestId")
    context = sent.pop("requestContext")
    assert sent.items() <= recorded.items()
    assert context.pop("http").items() <= recorded["requestContext"]["http"].items()
    assert context.items() <= recorded["requestContext"].items()


def test_another_function_can_be_given_the_event() -> None:
    assert invoke.invoke(read("root"), "healthz")["body"]["status"] == "ok"


def test_an_event_that_names_no_route_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="--route"):
        invoke.invoke('{"routeKey": "GET /gone"}')


def test_the_command_prints_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    invoke.command([str(EVENTS / "players-get.json"), "--route", "stats-get"])
    shown = capsys.readouterr().out
    assert json.loads(shown[shown.index("{\n") :])["body"]["data"]["wins"] == 1
