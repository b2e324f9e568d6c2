"""The page of a local stack's dashboard, and what it draws."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infrastructure import cli
from infrastructure.cloud import recorded_metrics
from infrastructure.cloud.logs import LogEvent
from infrastructure.commands import dashboard_data, dashboard_server, stack_info
from infrastructure.errors import DeployError
from infrastructure.stack import dashboard
from infrastructure.stack.loading import load_settings
from tests.support import recorded_logs
from utils import metrics


def test_the_widgets_are_those_of_the_dashboard_with_what_the_logs_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load_settings("local")
    monkeypatch.setattr(recorded_metrics, "read", lambda *_: recorded_logs.of_an_hour(datetime.now(UTC)))
    data = json.loads(json.dumps(dashboard_data.read(settings)))
    assert [widget["title"] for widget in data["widgets"]] == [
        widget.title for widget in dashboard.widgets(settings)
    ]
    drawn = {
        widget["title"]: {line["label"]: line["values"] for line in widget["lines"]}
        for widget in data["widgets"]
    }
    assert {label: values[-1] for label, values in drawn["Requests"].items()} == {
        "all": 3,
        "4xx": 1,
        "5xx": 0,
    }
    assert drawn["Latency"]["p99"][-1] == 30
    assert drawn["Longest durations of functions"] == {"root": [None] * 59 + [12.5]}
    assert drawn["Answers by route and status"]["root 200"][-1] == 1
    assert drawn["Cold starts"]["root"][-1] == 1
    assert drawn["Denials by reason"]["scope"][-4:] == [1, None, None, None]


def test_failures_are_those_that_the_alarms_count_and_what_is_not_measured_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, now = load_settings("local"), datetime.now(UTC)
    names = [f"function-{number:02}" for number in range(20)]
    failed = [
        LogEvent(
            now,
            name,
            metrics.embedded(
                settings.names.base, [metrics.Datum("ServerErrors", number + 1, {"Function": name})], 0
            ),
        )
        for number, name in enumerate(names)
    ]
    monkeypatch.setattr(recorded_metrics, "read", lambda *_: failed)
    drawn = {widget["title"]: widget for widget in dashboard_data.read(settings)["widgets"]}
    failures = drawn["Failures of functions"]
    assert [line["label"] for line in failures["lines"]] == [f"{name} answered 500" for name in names[8:]]
    assert failures["left_out"] == 8
    assert (
        drawn["Table"]["none"]
        == drawn["Throttling of the table"]["none"]
        == "The local AWS measures no table."
    )
    assert drawn["Requests"]["none"] == "Nothing in the last 60 minutes."


@pytest.fixture
def answers() -> Iterator[tuple[str, list[dict[str, Any] | DeployError]]]:
    """The URL of a server, and what its next answers are made of."""
    given: list[dict[str, Any] | DeployError] = []

    def data() -> dict[str, Any]:
        value = given.pop(0)
        if isinstance(value, DeployError):
            raise value
        return value

    with dashboard_server.server(data) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", given
        running.shutdown()
        thread.join()


def get(url: str, **headers: str) -> tuple[int, str, str]:
    """The status, the body and the content's policy."""
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the test's own server
        answer = urllib.request.urlopen(request, timeout=5)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return int(answer.status), answer.read().decode(), answer.headers["Content-Security-Policy"]


def test_the_page_needs_nothing_but_itself_and_its_own_data(
    answers: tuple[str, list[dict[str, Any] | DeployError]],
) -> None:
    url, given = answers
    status, page, policy = get(f"{url}/")
    assert status == 200
    assert "{nonce}" not in page
    assert policy.split("nonce-")[1].split("'")[0] in page
    assert not [word for word in page.split() if "://" in word and "http://www.w3.org/2000/svg" not in word]
    given.append({"widgets": []})
    assert get(f"{url}/data")[:2] == (200, '{"widgets": []}')
    given.append(DeployError("It does not answer."))
    assert get(f"{url}/data")[:2] == (503, '{"error": "It does not answer."}')
    assert get(f"{url}/other")[0] == 404


def test_a_page_by_another_name_is_not_answered(
    answers: tuple[str, list[dict[str, Any] | DeployError]],
) -> None:
    assert get(f"{answers[0]}/data", Host="game.example:80")[:2] == (421, "")


def test_on_aws_the_url_of_its_console_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stack_info, "outputs", lambda _: {"dashboard_url": "https://console"})
    assert cli.main(["dashboard", "--stack", "dev"]) == 0
    assert capsys.readouterr().out == "https://console\n"
    monkeypatch.setattr(stack_info, "outputs", lambda _: {})
    assert cli.main(["dashboard", "--stack", "dev"]) == 1


def test_a_stack_that_was_never_deployed_has_no_dashboard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    assert cli.main(["dashboard", "--stack", "local-nix"]) == 1
    assert "make deploy STACK=local-nix" in capsys.readouterr().err
