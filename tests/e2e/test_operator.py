"""What an operator sees of a deployed stack: requests that went wrong found by their ids, the state of it all."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infrastructure.cloud import recorded_metrics
from infrastructure.stack.alarm_evaluation import Recorded, firing
from infrastructure.stack.alarms import alarms
from infrastructure.stack.loading import load_settings
from infrastructure.stack.settings import Settings
from tests.support.checkout import Checkout

MINUTE = timedelta(minutes=1)


@pytest.fixture
def broken_root(deployed: Checkout, api: httpx.Client) -> Iterator[None]:
    """The function of ``GET /`` fails while the test runs: it has lost its handler, and its containers."""
    functions, name = deployed.client("lambda"), f"psn-emulator-{deployed.environment['STACK']}-root"
    alias = functions.get_alias(FunctionName=name, Name="live")
    before = functions.get_function_configuration(FunctionName=name)["ImageConfigResponse"]["ImageConfig"]
    functions.update_function_configuration(FunctionName=name, ImageConfig={"Command": ["main.nothing"]})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    yield
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=alias["FunctionVersion"])
    functions.update_function_configuration(FunctionName=name, ImageConfig={"Command": before["Command"]})
    functions.delete_function(FunctionName=name, Qualifier=version)


@pytest.fixture
def throttled_root(deployed: Checkout, api: httpx.Client) -> Iterator[None]:
    """The function of ``GET /`` may not be called while the test runs. The local AWS limits only $LATEST."""
    functions, name = deployed.client("lambda"), f"psn-emulator-{deployed.environment['STACK']}-root"
    live = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    yield
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=live)
    functions.delete_function_concurrency(FunctionName=name)


@pytest.fixture
def observed(deployed: Checkout, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Settings, Recorded]]:
    """What is recorded of the metrics of the last minutes in the deployed stack's logs, and the stack's settings."""
    monkeypatch.setenv("LOCAL_HOME", deployed.environment["LOCAL_HOME"])
    monkeypatch.setenv("LOCAL_AWS_PORT", deployed.environment["LOCAL_AWS_PORT"])
    settings = load_settings(deployed.environment["STACK"])

    def observe() -> tuple[Settings, Recorded]:
        events = recorded_metrics.read(settings, datetime.now(UTC) - 5 * MINUTE)
        return settings, recorded_metrics.recorded(settings, events)

    return observe


def on(settings: Settings, recorded: Recorded) -> set[str]:
    """The alarms that are on, by their own definitions, or will be when the minute under way ends; without the stack's
    part of their names."""
    now, known = datetime.now(UTC), alarms(settings)
    found = [*firing(known, recorded, now), *firing(known, recorded, now + MINUTE)]
    return {alarm.name.removeprefix(f"{settings.names.base}-") for alarm in found}


def told(deployed: Checkout, wanted: str) -> dict[str, Any]:
    """What ``make logs ID=`` tells of the one request, which fits on a screen."""
    text = deployed.done("logs", f"ID={wanted}", "SINCE=10m")
    assert len(text.splitlines()) <= 24, text
    value: dict[str, Any] = json.loads(deployed.done("logs", f"ID={wanted}", "SINCE=10m", "JSON=1"))
    lines: dict[str, Any] = value["told"]
    return lines


def test_a_request_that_the_gateway_refused_is_told_by_its_id(deployed: Checkout, api: httpx.Client) -> None:
    answer = api.get("/players")
    assert answer.status_code == 401
    lines = told(deployed, answer.headers["apigw-requestid"])
    assert "answered 401" in lines["gateway"]
    assert "Unauthorized" in lines["gateway"]
    assert (lines["authorizer"], lines["function"]) == ("not asked", "not called")


def test_a_request_that_the_authorizer_denied_is_told_with_its_reason(
    deployed: Checkout, api: httpx.Client
) -> None:
    answer = api.get("/players", headers={"Authorization": "Bearer none", "X-Correlation-Id": "denied-7"})
    assert answer.status_code == 403
    lines = told(deployed, "denied-7")
    assert lines["authorizer"].startswith("denied: ")
    assert lines["function"] == "players-list not called"
    assert told(deployed, answer.headers["apigw-requestid"]) == lines


@pytest.mark.usefixtures("broken_root")
def test_a_request_that_failed_in_a_function_is_told_with_its_error_and_sets_off_the_alarm(
    deployed: Checkout, api: httpx.Client, observed: Callable[[], tuple[Settings, Recorded]]
) -> None:
    answer = api.get("/")
    assert answer.status_code >= 500
    lines = told(deployed, answer.headers["apigw-requestid"])
    assert "gave no answer" in lines["function"]
    assert "nothing" in lines["function"]
    assert "root-errors" in on(*observed())


@pytest.mark.usefixtures("throttled_root")
def test_a_function_that_is_throttled_sets_off_its_alarm(
    deployed: Checkout, api: httpx.Client, observed: Callable[[], tuple[Settings, Recorded]]
) -> None:
    answer = api.get("/")
    assert answer.status_code == 429
    assert "Rate Exceeded" in told(deployed, answer.headers["apigw-requestid"])["function"]
    assert "root-throttles" in on(*observed())


def test_a_function_that_is_slow_sets_off_its_alarm(
    api: httpx.Client, observed: Callable[[], tuple[Settings, Recorded]]
) -> None:
    """What is recorded of its calls counts as a thousand times as long, and for the minute before as well: the alarm
    wants two slow minutes of five."""
    assert api.get("/").status_code == 200
    settings, recorded = observed()
    assert "root-duration" not in on(settings, recorded)
    slow = {
        metric: [*values, *((time - MINUTE, value) for time, value in values)]
        if metric.name != "Duration"
        else [(moment, value * 1000) for time, value in values for moment in (time, time - MINUTE)]
        for metric, values in recorded.items()
    }
    assert "root-duration" in on(settings, slow)


def test_the_way_of_a_request_is_traced_to_the_table(deployed: Checkout, user: httpx.Client) -> None:
    answer = user.get("/players")
    traced = json.loads(deployed.done("trace", f"ID={answer.headers['x-request-id']}", "JSON=1"))
    names = [span["name"] for span in traced["spans"]]
    assert names[0] == "gateway"
    assert {"players-list", "handler", "batch_get_item", "query"} <= set(names)


def test_the_state_of_it_all_is_told(deployed: Checkout, api: httpx.Client) -> None:
    assert api.get("/healthz").status_code == 200
    lines = json.loads(deployed.make("status", "JSON=1").stdout)
    findings = {finding["name"]: finding for finding in lines}
    assert findings.keys() >= {"functions", "alarms", "disk", "versions"}
    # What a busy machine does not answer in time is told as not known, and not waited for.
    late = {name for name, finding in findings.items() if "no answer within" in finding["text"]}
    for name in {"release", "local AWS", "answers", "functions", "data"} - (late - {"release", "local AWS"}):
        assert findings[name]["ok"] is True, findings
    assert findings["release"]["values"]["by"]
    assert "data" in late or findings["data"]["values"]["items"] > 0


def test_a_role_changed_by_hand_is_noticed_by_smoke_and_repaired_with_the_image_left(
    deployed: Checkout,
) -> None:
    assert "players were made, read, listed and deleted" in deployed.done("smoke")
    name = f"psn-emulator-{deployed.environment['STACK']}-players-create"
    role = deployed.client("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    iam = deployed.client("iam")
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    iam.delete_role_policy(RoleName=role, PolicyName=policy)
    unwell = deployed.make("smoke")
    assert unwell.returncode != 0
    assert "POST /players as testuser: 500, not 201" in unwell.stderr
    assert "make logs FN=players-create" in unwell.stderr
    deployed.done("deploy-infra", "REFRESH=1")
    deployed.done("smoke")
