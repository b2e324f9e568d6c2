"""What an operator sees of a deployed stack: requests that went wrong found by their ids, the state of it all."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.checkout import Checkout


@pytest.fixture
def broken_root(deployed: Checkout, api: httpx.Client) -> Iterator[None]:
    """The function of ``GET /`` fails while the test runs: it has lost its handler, and its containers."""
    functions = deployed.client("lambda")
    name = "psn-emulator-local-e2e-root"
    alias = functions.get_alias(FunctionName=name, Name="live")
    before = functions.get_function_configuration(FunctionName=name)["ImageConfigResponse"]["ImageConfig"]
    functions.update_function_configuration(FunctionName=name, ImageConfig={"Command": ["main.nothing"]})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    yield
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=alias["FunctionVersion"])
    functions.update_function_configuration(FunctionName=name, ImageConfig={"Command": before["Command"]})
    functions.delete_function(FunctionName=name, Qualifier=version)


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
def test_a_request_that_failed_in_a_function_is_told_with_its_error(
    deployed: Checkout, api: httpx.Client
) -> None:
    answer = api.get("/")
    assert answer.status_code >= 500
    lines = told(deployed, answer.headers["apigw-requestid"])
    assert "gave no answer" in lines["function"]
    assert "nothing" in lines["function"]


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
