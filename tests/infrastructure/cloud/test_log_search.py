"""A request found in the logs by its ids, over log events as a stack writes them."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from infrastructure import cli
from infrastructure.cloud import log_search
from infrastructure.cloud.log_search import FoundRequest
from infrastructure.cloud.logs import AUTHORIZER, GATEWAY, log_group
from infrastructure.commands import request_told, trace
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
REFUSED, DENIED, FAILED, BROKEN = (f"0000000{n}-aaaa-bbbb-cccc-dddddddddddd" for n in range(4))
INVOCATION, BROKEN_INVOCATION = (f"1111111{n}-aaaa-bbbb-cccc-dddddddddddd" for n in range(2))
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHERS = 20
"""Of other requests' lines before and after."""
XRAY = "1-5759e988-bd862e3fe1be46a994272793"


def access(request_id: str, status: int, **fields: str) -> str:
    """A line of the access log, in which everything is a text."""
    line = {
        "requestId": request_id,
        "functionRequestId": "-",
        "time": "21/Nov/2026:08:51:01 +0000",
        "timeMs": "1795337461000",
        "method": "GET",
        "path": "/players",
        "routeKey": "GET /players",
        "latencyMs": "40",
        "integrationLatencyMs": "-",
        "authorizerLatencyMs": "-",
        "error": "-",
    }
    return json.dumps(line | {"status": str(status)} | fields)


LOGS: dict[str, list[str]] = {
    GATEWAY: [
        access(REFUSED, 401, error="Unauthorized"),
        access(DENIED, 403, error="Forbidden", authorizerLatencyMs="7"),
        access(FAILED, 500, functionRequestId=INVOCATION, integrationLatencyMs="31", authorizerLatencyMs="3"),
        access(BROKEN, 502, functionRequestId=BROKEN_INVOCATION, routeKey="GET /", integrationLatencyMs="9"),
    ],
    AUTHORIZER: [
        json.dumps({"level": "WARNING", "message": "denied", "reason": "scope", "request_id": DENIED})
    ],
    "players-list": [
        f"START RequestId: {INVOCATION} Version: 1",
        json.dumps(
            {
                "level": "ERROR",
                "message": "a bug",
                "exception": "Traceback\n  File x\nKeyError: 'TABLE_NAME'",
                "request_id": FAILED,
                "function_request_id": INVOCATION,
                "correlation_id": "build-7",
                "traceparent": TRACEPARENT,
            }
        ),
        json.dumps(
            {
                "level": "INFO",
                "message": "answered",
                "status": 500,
                "duration_ms": 20.5,
                "cold_start": True,
                "calls": [["query", 2.0, 11.5]],
                "request_id": FAILED,
                "function_request_id": INVOCATION,
                "correlation_id": "build-7",
            }
        ),
        f"END RequestId: {INVOCATION}",
        f"REPORT RequestId: {INVOCATION}\tDuration: 22.10 ms\tBilled Duration: 23 ms\tInit Duration: 210.50 ms\t\n"
        f"XRAY TraceId: {XRAY}\tSegmentId: 1\tSampled: true",
    ],
    "root": [
        f"START RequestId: {BROKEN_INVOCATION} Version: 1",
        "[ERROR] Runtime.HandlerNotFound: Handler 'nothing' missing on module 'main'",
        "Traceback (most recent call last):",
        '  File "main.py", line 1',
        f"END RequestId: {BROKEN_INVOCATION}",
        "START RequestId: 99999999-aaaa-bbbb-cccc-dddddddddddd Version: 1",
    ],
}


@pytest.fixture(scope="module", autouse=True)
def written() -> Iterator[None]:
    """Dev's logs, in a made-up AWS; of the other functions there is none yet."""
    settings = load_settings("dev")
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.delenv("AWS_PROFILE", raising=False)
        client = boto3.client("logs", region_name=settings.region)
        for source, lines in LOGS.items():
            group = log_group(settings, source)
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName="1")
            now = int(time.time() * 1000)
            others = [json.dumps({"level": "INFO", "message": "answered"})] * OTHERS
            events: list[Any] = [
                {"timestamp": now + place, "message": line}
                for place, line in enumerate([*others, *lines, *others])
            ]
            client.put_log_events(logGroupName=group, logStreamName="1", logEvents=events)
        yield


def find(wanted: str) -> FoundRequest:
    """The one request with that id."""
    [found] = log_search.find_requests(load_settings("dev"), wanted, HOUR_AGO)
    return found


def test_a_busy_functions_log_is_not_read_around_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, int]] = []
    ask = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        answer = ask(self, operation, arguments)
        read.append((arguments["logGroupName"], len(answer["events"])))
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    find(FAILED)
    settings = load_settings("dev")
    function = log_group(settings, "players-list")
    assert len(read) == 4
    assert sorted(read) == sorted(
        [
            (log_group(settings, GATEWAY), 1),
            (log_group(settings, AUTHORIZER), 0),
            (function, 5),
            (function, 5),
        ]
    )


def test_a_request_that_the_gateway_refused_is_told_as_that() -> None:
    assert request_told.told(find(REFUSED)) == {
        "gateway": "answered 401 in 40 ms itself: Unauthorized",
        "authorizer": "not asked",
        "function": "players-list not called",
    }


def test_a_request_that_the_authorizer_denied_is_told_with_the_reason() -> None:
    told = request_told.told(find(DENIED))
    assert told["authorizer"] == "denied: scope (7 ms)"
    assert told["function"] == "players-list not called"


@pytest.mark.parametrize(
    "wanted",
    [FAILED, INVOCATION, "build-7", TRACEPARENT, TRACEPARENT.split("-")[1], XRAY, f"Root={XRAY};Sampled=1"],
)
def test_a_request_that_failed_in_a_function_is_found_by_each_of_its_ids(wanted: str) -> None:
    found = find(wanted)
    assert found.request_id == FAILED
    assert request_told.told(found) == {
        "gateway": "answered 500 in 40 ms",
        "authorizer": "allowed in 3 ms",
        "function": "players-list answered 500 in 20.5 ms after a cold start; a bug: KeyError: 'TABLE_NAME'",
    }
    assert len(found.events) == 6


def test_what_a_function_that_does_not_start_wrote_belongs_to_the_request() -> None:
    found = find(BROKEN)
    assert request_told.told(found)["function"] == (
        "root gave no answer in 9 ms; [ERROR] Runtime.HandlerNotFound: Handler 'nothing' missing on module 'main'"
    )
    assert len(found.of("root")) == 5


@pytest.mark.parametrize("wanted", ["7", "build", "nothing", "*", "aaaa"])
def test_a_part_of_an_id_finds_nothing(wanted: str) -> None:
    if wanted == "*":
        with pytest.raises(DeployError, match="is no id"):
            find(wanted)
    else:
        assert log_search.find_requests(load_settings("dev"), wanted, HOUR_AGO) == []


def test_the_time_of_a_request_is_told_in_its_parts() -> None:
    spans = [(span.name, span.start, span.duration, span.depth) for span in trace.spans(find(FAILED))]
    assert spans == [
        ("gateway", 0, 40, 0),
        ("authorizer", 0, 3, 1),
        ("players-list", 9, 31, 1),
        ("start of a container", 9, 210.5, 2),
        ("handler", 19.5, 20.5, 2),
        ("query", 21.5, 11.5, 3),
    ]
    assert [span.name for span in trace.spans(find(REFUSED))] == ["gateway"]
    assert trace.trace_ids(find(FAILED)) == {XRAY}


def test_the_commands_tell_it_in_one_screen_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs", "--stack", "dev", "--id", FAILED]) == 0
    told = capsys.readouterr().out
    assert "players-list answered 500" in told
    assert "KeyError" in told
    assert "RequestId" not in told
    assert "\033" not in told
    assert len(told.splitlines()) < 24
    assert cli.main(["logs", "--stack", "dev", "--id", FAILED, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["told"]["authorizer"] == "allowed in 3 ms"
    assert cli.main(["trace", "--stack", "dev", "--id", FAILED]) == 0
    assert "query" in capsys.readouterr().out
    assert cli.main(["trace", "--stack", "dev", "--id", FAILED, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["spans"][1]["name"] == "authorizer"


def test_an_id_that_no_request_has_is_said_and_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs", "--stack", "dev", "--id", "nothing"]) == 1
    assert "SINCE=1d looks further back" in capsys.readouterr().err


def test_the_access_log_and_a_level_are_read_like_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs", "--stack", "dev", "--fn", "gateway", "--level", "error"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [" 500 in 40 ms" in line for line in lines] == [True, False]
    assert cli.main(["logs", "--stack", "dev", "--fn", "players-list", "--level", "warning"]) == 0
    assert "a bug" in capsys.readouterr().out
    assert cli.main(["logs", "--stack", "dev", "--level", "loud"]) == 1
