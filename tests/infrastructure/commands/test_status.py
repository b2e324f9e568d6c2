"""How a stack is, as ``make status`` tells it."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infrastructure import cli
from infrastructure.automation import backend
from infrastructure.automation.update_message import update_message
from infrastructure.cloud import recorded_metrics
from infrastructure.cloud.logs import AUTHORIZER, GATEWAY, LogEvent
from infrastructure.commands import status
from infrastructure.commands.status import Finding
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from infrastructure.tools import docker
from tests.support.checkout import free_port
from utils import metrics

TAG = "20261121-085101-0123abcd"
NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local home with nothing in it, whose port nobody has."""
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    monkeypatch.setattr(docker, "info", lambda: None)
    return tmp_path


@pytest.fixture
def deployed(home: Path) -> None:
    """The state and the history of a stack that somebody has deployed."""
    outputs = {
        "image_tag": TAG,
        "api_url": f"http://127.0.0.1:{free_port()}",
        "table_name": "psn-emulator-local",
        "releases": [
            {
                "tag": TAG,
                "version": "1.2.0",
                "commit": "0123456789abcdef",
                "dirty": False,
                "since": "2026-11-21T08:51:01Z",
                "image_uri": "x",
                "versions": {},
                "inputs": {},
            }
        ],
    }
    stack = {"urn": "urn:stack", "type": "pulumi:pulumi:Stack", "outputs": outputs}
    alias = {
        "urn": "urn::root",
        "parent": "urn::root",
        "type": "aws:lambda/alias:Alias",
        "inputs": {"functionName": "psn-emulator-local-root", "functionVersion": "1"},
    }
    file = backend.state_file("local")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack, alias]}}}))
    folder = backend.history_folder("local")
    folder.mkdir(parents=True)
    (folder / "local-1.history.json").write_text(json.dumps({"message": update_message(TAG, "deploy")}))
    (folder / "local-2.history.json").write_text(json.dumps({"message": "refresh"}))
    (folder / "local-3.history.json").write_text("damaged")


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


@pytest.mark.usefixtures("home")
def test_a_stack_that_was_never_deployed_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--stack", "local", "--json"]) == 1
    found = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["release"]["text"] == "none: it was never deployed from here"
    assert found["local AWS"]["text"] == "not running"
    assert "functions" not in found


@pytest.mark.usefixtures("deployed")
def test_without_its_aws_a_stack_is_told_with_what_is_known_and_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "jane")
    assert cli.main(["status", "--stack", "local"]) == 1
    told = capsys.readouterr().out
    assert f"{TAG} since 2026-11-21T08:51:01Z by " in told
    assert "wrong  local AWS  not running" in told
    for name in ("functions", "alarms", "data"):
        assert next(line for line in told.splitlines() if f" {name} " in line).startswith("?    ")
    assert "\033" not in told


def test_what_does_not_answer_in_time_is_left_behind() -> None:
    never = threading.Event()

    def waits() -> Finding:
        never.wait()
        raise AssertionError

    def refuses() -> Finding:
        raise DeployError("It is refused.")

    found = by_name(
        status._ask({"a": waits, "b": lambda: Finding("b", True, "well"), "c": refuses}, seconds=0.2)
    )
    never.set()
    assert (found["a"].ok, found["a"].text) == (None, "not known: no answer within 0.2 s")
    assert found["b"].ok is True
    assert (found["c"].ok, found["c"].text) == (None, "not known: It is refused.")


SPACE = load_settings("local").names.base
FAILED = {
    "message": "answered",
    "status": 500,
    **metrics.embedded(SPACE, [metrics.Datum("ServerErrors", 1, {"Function": "root"})], 0),
}


def access(seconds_ago: float, status: int, **fields: str) -> LogEvent:
    """A line of the access log, of ``GET /``."""
    line = {"requestId": "1", "routeKey": "GET /", "status": str(status), "latencyMs": "20", **fields}
    return LogEvent(NOW - timedelta(seconds=seconds_ago), GATEWAY, line)


def line(source: str, message: Any) -> LogEvent:
    return LogEvent(NOW - timedelta(seconds=5), source, message)


@pytest.mark.parametrize(
    ("events", "firing"),
    [
        ([access(5, 200), access(5, 404)], []),
        ([access(5, 502, integrationError="it ended")], ["api-5xx", "root-errors"]),
        ([access(5, 403, authorizerError="it ended")], ["authorizer-errors"]),
        ([access(5, 503, integrationError="Rate Exceeded.")], ["api-5xx", "root-throttles"]),
        (
            [access(5, 500), line("root", FAILED)],
            ["api-5xx", "root-errors"],
        ),
        (
            [line("root", {"service_asked": "dynamodb", "operation": "get_item"})] * 5,
            ["table-errors"],
        ),
        ([line("root", "REPORT RequestId: 1\tDuration: 9999.00 ms\tBilled Duration: 1 ms")], []),
        ([line(AUTHORIZER, {"message": "denied"})], []),
    ],
)
def test_alarms_fire_by_their_own_definitions_over_what_the_logs_tell(
    monkeypatch: pytest.MonkeyPatch, events: list[LogEvent], firing: list[str]
) -> None:
    monkeypatch.setattr(
        recorded_metrics,
        "read",
        lambda *_: [replace(event, time=event.time + (datetime.now(UTC) - NOW)) for event in events],
    )
    found = status._alarms(load_settings("local"))
    assert found.values["firing"] == [f"psn-emulator-local-{name}" for name in firing]
    assert found.ok is not bool(firing)


@pytest.mark.parametrize(
    ("firing", "look"),
    [
        (
            ["api-5xx", "players-create-errors"],
            "make logs FN=players-create LEVEL=ERROR SINCE=15m STACK=local; then",
        ),
        (
            ["api-latency"],
            "make logs FN=gateway SINCE=15m STACK=local; then docs/operations/runbook/api-latency.md",
        ),
        (
            ["root-duration"],
            "make logs FN=root SINCE=15m STACK=local; then docs/operations/runbook/function-duration.md",
        ),
        (["any"], "docs/operations/runbook/any.md"),
    ],
)
def test_who_looks_closer_is_led_to_what_fails_and_to_its_page(firing: list[str], look: str) -> None:
    settings = load_settings("local")
    remedy = status._closer(settings, [settings.names.alarm(name) for name in firing])
    assert remedy.startswith(f"Look closer: {look}")
    assert (Path(__file__).parents[3] / remedy.rpartition(" ")[2]).is_file()


def test_what_did_not_answer_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        Finding("answers", True, "well"),
        Finding("alarms", None, "none: the stack's setting monitoring"),
    ]
    assert status.exit_code(found) == 0
    late = Finding("alarms", None, "not known: no answer within 1.2 s", "Look", answered=False)
    monkeypatch.setattr(status, "findings", lambda _: [*found, late])
    assert cli.main(["status", "--stack", "local"]) == 2
    assert capsys.readouterr().out.rstrip().endswith("Look")
    assert status.exit_code([late, Finding("disk", False, "full")]) == 1


@pytest.mark.usefixtures("home")
def test_a_stack_that_was_destroyed_is_told_as_that() -> None:
    file = backend.state_file("local")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": []}}}))
    found = by_name(status.findings(load_settings("local")))
    assert (found["release"].ok, found["release"].text) == (False, "none: nothing of it is there")
    assert not {"answers", "functions", "alarms", "data"} & found.keys()


class Functions:
    """Lambda, with these functions by name."""

    class exceptions:  # noqa: N801 - as botocore calls it
        ResourceNotFoundException = KeyError

    def __init__(self, functions: dict[str, dict[str, str]]) -> None:
        self._functions = functions

    def get_function_configuration(self, FunctionName: str, Qualifier: str) -> dict[str, str]:  # noqa: N803
        assert Qualifier == "live"
        return self._functions[FunctionName]


def test_functions_are_held_to_the_versions_that_the_last_update_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from infrastructure.release.state import StackState

    state = StackState.from_deployment(
        {
            "resources": [
                {
                    "urn": f"urn::{name}",
                    "parent": f"urn::{name}",
                    "type": "aws:lambda/alias:Alias",
                    "inputs": {"functionName": name, "functionVersion": "3"},
                }
                for name in ("well", "moved", "gone", "broken")
            ]
        }
    )
    there = {
        "well": {"Version": "3", "State": "Active"},
        "moved": {"Version": "2", "State": "Active"},
        "broken": {"Version": "3", "State": "Failed", "StateReason": "no image"},
    }
    monkeypatch.setattr(status, "_client", lambda *_: Functions(there))
    found = status._functions(load_settings("local"), state)
    assert found.ok is False
    assert found.values["odd"] == [
        "broken is Failed: no image",
        "gone is gone",
        "moved is at version 2, not 3",
    ]
