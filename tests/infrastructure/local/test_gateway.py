"""What functions and the access log are told of a request, over ministack's own gateway and logs."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.local.server import Message, Server, loaded

API, GROUP = "psn-test", "/aws/vendedlogs/psn-test/access"
OWNER = ("000000000000", "us-east-1")
FORMAT = {
    "id": "$context.requestId",
    "invocation": "$context.integration.requestId",
    "ip": "$context.identity.sourceIp",
    "agent": "$context.identity.userAgent",
    "route": "$context.routeKey",
    "request": "$context.httpMethod $context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "function": "$context.integrationLatency",
    "authorizer": "$context.authorizer.latency",
    "error": "$context.error.message",
    "failure": "$context.integrationErrorMessage",
    "unknown": "$context.no.such.variable",
}


class Functions:
    """The functions behind the gateway, and the events that they were given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    async def run(self, _function: object, _record: object, event: Any, **_: object) -> dict[str, Any]:
        self.events.append(event)
        return self.answers.pop(0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The application over ministack's own gateway, with an API that has an access log."""
    with loaded(tmp_path) as running:
        parts = running.part("internals")
        declared = {
            "destinationArn": f"arn:aws:logs:us-east-1:0:log-group:{GROUP}",
            "format": json.dumps(FORMAT),
        }
        with parts.scopes.request_scope(*OWNER):
            parts.apis._apis[API] = {"apiId": API, "protocolType": "HTTP"}
            parts.apis._stages[API] = {"$default": {"accessLogSettings": declared}}
            parts.logs._create_log_group({"logGroupName": GROUP})
            yield running
            del parts.apis._apis[API], parts.apis._stages[API]
            parts.logs._log_groups.pop(GROUP, None)


@pytest.fixture
def functions(server: Server, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions, which are not run."""
    made = Functions()
    monkeypatch.setattr(server.part("gateway"), "_run_unchanged", made.run)
    return made


def request(server: Server, monkeypatch: pytest.MonkeyPatch, invocations: list[str], answer: Any) -> Any:
    """The gateway's answer to a request in which these events were sent to functions."""
    apis = server.part("internals").apis

    async def routed(*_: object, **__: object) -> Any:
        for kind in invocations:
            event = {
                "type": kind,
                "headers": {"host": "x"},
                "routeKey": "GET /a",
                "requestContext": {
                    "routeKey": "GET /a",
                    "requestId": "other",
                    "http": {"sourceIp": "127.0.0.1"},
                },
            }
            await apis.run_reentrant(None, None, event)
        return answer

    async def ministack(_scope: Message, _receive: Any, send: Any) -> None:
        status, headers, body = await apis.handle_execute(
            API, "$default", "/a", "GET", {"user-agent": 'a "quoted" one'}, b"", {}
        )
        names = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": names})
        await send({"type": "http.response.body", "body": body})

    monkeypatch.setattr(server.part("gateway"), "_execute_unchanged", routed)
    monkeypatch.setattr(server.part("internals").ministack, "app", ministack)
    host = {"Host": f"{API}.execute-api.localhost:4566"}
    return server.ask("GET", "/a", host, client=("172.17.0.9", 1))


def lines(server: Server) -> list[dict[str, str]]:
    """The lines of the access log."""
    groups = server.part("internals").logs._log_groups
    streams = groups[GROUP]["streams"].values()
    return [json.loads(event["message"]) for stream in streams for event in stream["events"]]


ANSWERED = (200, {"Content-Type": "application/json"}, b'{"a": 1}')


def test_the_authorizer_and_the_function_are_told_who_calls_and_by_which_name(
    server: Server, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.answers = [{"body": {}}, {"body": {}}]
    answer = request(server, monkeypatch, ["REQUEST", ""], ANSWERED)
    for event in functions.events:
        assert event["requestContext"]["http"]["sourceIp"] == "172.17.0.9"
        assert event["requestContext"]["requestId"] == answer.headers["apigw-requestid"]
        assert event["headers"]["host"] == f"{API}.execute-api.localhost:4566"


def test_a_line_has_what_the_stage_declares(
    server: Server, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.answers = [{"body": {}}, {"body": {}}]
    answer = request(server, monkeypatch, ["REQUEST", ""], ANSWERED)
    [line] = lines(server)
    assert int(line.pop("function")) >= 0
    assert int(line.pop("authorizer")) >= 0
    assert line == {
        "id": answer.headers["apigw-requestid"],
        "ip": "172.17.0.9",
        "agent": 'a "quoted" one',
        "route": "GET /a",
        "request": "GET /a",
        "status": "200",
        "bytes": "8",
        "error": "-",
        "failure": "-",
        "unknown": "-",
        "invocation": "-",
    }


def test_a_line_names_the_functions_invocation_and_not_the_authorizers(
    server: Server, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.answers = [{"body": {}}, {"body": {}}]
    run, names = functions.run, iter(("of-authorizer", "of-function"))

    async def invoking(function: object, record: object, event: Any, **options: object) -> dict[str, Any]:
        server.part("gateway").invoked(event, next(names))
        return await run(function, record, event, **options)

    monkeypatch.setattr(server.part("gateway"), "_run_unchanged", invoking)
    request(server, monkeypatch, ["REQUEST", ""], ANSWERED)
    assert [line["invocation"] for line in lines(server)] == ["of-function"]


def test_a_function_that_fails_is_told_apart_from_one_that_answers_an_error(
    server: Server, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.answers = [
        {"error": True, "body": {"errorMessage": "out of memory"}},
        {"error": True, "body": {"__type": "TooManyRequestsException", "message": "Rate Exceeded"}},
        {"body": {}},
    ]
    request(server, monkeypatch, [""], (502, {}, b'{"message": "Internal Server Error"}'))
    request(server, monkeypatch, [""], (429, {}, b'{"message": "Rate Exceeded"}'))
    request(server, monkeypatch, [""], (404, {}, b'{"message": "not the gateway\'s"}'))
    assert [(line["error"], line["failure"]) for line in lines(server)] == [
        ("Internal Server Error", "out of memory"),
        ("Rate Exceeded", "Rate Exceeded"),
        ("-", "-"),
    ]


def test_what_the_gateway_refuses_itself_has_its_reason(
    server: Server, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    request(server, monkeypatch, [], (401, {}, b'{"message": "Unauthorized"}'))
    request(server, monkeypatch, [], (500, {}, b"[1]"))
    assert [(line["status"], line["error"], line["route"], line["function"]) for line in lines(server)] == [
        ("401", "Unauthorized", "-", "-"),
        ("500", "-", "-", "-"),
    ]


def test_a_stage_without_a_log_or_whose_group_is_gone_answers_all_the_same(
    server: Server, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = server.part("internals")
    del parts.logs._log_groups[GROUP]
    assert request(server, monkeypatch, [], ANSWERED).status == 200
    parts.apis._stages[API] = {"$default": {}}
    assert request(server, monkeypatch, [], ANSWERED).status == 200


def test_requests_at_once_are_told_apart(server: Server, functions: Functions) -> None:
    gateway = server.part("gateway")

    async def one(address: str) -> str:
        gateway.entered({"client": (address, 1), "headers": [(b"host", b"localhost")]})
        event = {"headers": {}, "requestContext": {"routeKey": "", "http": {}}}
        await asyncio.sleep(0)
        functions.answers.append({})
        await gateway._run(None, None, event)
        return str(event["requestContext"]["http"]["sourceIp"])  # type: ignore[index]

    async def both() -> list[str]:
        return await asyncio.gather(*(asyncio.create_task(one(f"10.0.0.{number}")) for number in range(3)))

    assert asyncio.run(both()) == ["10.0.0.0", "10.0.0.1", "10.0.0.2"]
