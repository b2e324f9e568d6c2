"""What a local stack logged in an hour, as CloudWatch Logs tells it: answers, a report, what the functions counted."""

import json
from datetime import UTC, datetime, timedelta

from infrastructure.cloud import logs
from infrastructure.cloud.logs import AUTHORIZER, GATEWAY, LogEvent
from infrastructure.stack.loading import load_settings
from utils import metrics

_SPACE = load_settings("local").names.base


def of_an_hour(end: datetime) -> list[LogEvent]:
    """Three requests of the last minute, and three minutes before a denial by the authorizer."""
    answers = [
        {"status": status, "latencyMs": took, "routeKey": "GET /"}
        for status, took in (("200", "10"), ("403", "20"), ("200", "30"))
    ]
    counted = _counted(
        metrics.Datum("Requests", 1, {"Route": "root", "Status": "200"}),
        metrics.Datum("ColdStarts", 1, {"Function": "root"}),
    )
    denied = _counted(metrics.Datum("Denials", 1, {"Reason": "scope"}))
    return [
        *(_line(GATEWAY, json.dumps(answer), end) for answer in answers),
        _line("root", "REPORT RequestId: 1\tDuration: 12.50 ms\tBilled Duration: 13 ms", end),
        _line("root", counted, end),
        _line(AUTHORIZER, denied, end - timedelta(minutes=3)),
    ]


def _counted(*data: metrics.Datum) -> str:
    return json.dumps(metrics.embedded(_SPACE, list(data), 0))


def _line(source: str, message: str, time: datetime) -> LogEvent:
    assert time.tzinfo is UTC
    return logs.as_event(source, {"timestamp": int(time.timestamp() * 1000), "message": message})
