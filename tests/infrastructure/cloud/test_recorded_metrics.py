"""The logs out of which a local stack's metrics are computed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infrastructure.cloud import logs, recorded_metrics
from infrastructure.cloud.logs import AUTHORIZER, GATEWAY, LogEvent
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings

NOW = datetime.now(UTC)


def test_only_the_logs_of_what_was_called_are_read_and_by_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[object] = []
    asked: dict[str, object] = {}

    def log_client(_: object) -> object:
        clients.append(object())
        return clients[-1]

    def events(_: object, source: str, start: datetime, *, client: object, **__: Any) -> Iterator[LogEvent]:
        assert start == NOW
        asked[source] = client
        if source == "healthz":
            raise DeployError("'healthz' of stack 'local' has no log yet.")
        yield LogEvent(NOW, source, {"routeKey": "GET /"})
        yield LogEvent(NOW, source, {"routeKey": "GET /healthz"})

    monkeypatch.setattr(logs, "log_client", log_client)
    monkeypatch.setattr(logs, "read_events", events)
    read = recorded_metrics.read(load_settings("local"), NOW)
    assert asked == dict.fromkeys((GATEWAY, AUTHORIZER, "root", "healthz"), clients[0])
    assert len(clients) == 1
    assert {event.source for event in read} == {GATEWAY, AUTHORIZER, "root"}
