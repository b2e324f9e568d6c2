"""A stack's metrics as its log lines tell them, where no CloudWatch counts: of the local AWS.

Requests, latencies, the answers 5xx and the invocations that failed are in the gateway's access log; durations and
answers are in the functions' own lines. The local AWS measures no table: what the functions had to say of one that did
not answer stands in for its errors, and of its throttling nothing is known.
"""

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from infrastructure.cloud import logs
from infrastructure.cloud.invocation_report import InvocationReport
from infrastructure.cloud.logs import AUTHORIZER, FUNCTION_OF, GATEWAY, LogEvent
from infrastructure.errors import DeployError
from infrastructure.stack.alarm_evaluation import Recorded
from infrastructure.stack.alarms import Metric, api_metric, lambda_metric, own_metric
from infrastructure.stack.settings import Settings

_AT_ONCE = 8
_THROTTLED = ("throttl", "rate exceeded", "toomanyrequests")


def read(settings: Settings, start: datetime) -> list[LogEvent]:
    """The events since ``start`` of the gateway and of every function that it called, and of the authorizer.

    Raises ``DeployError`` where the stack's AWS does not tell.
    """
    access = list(logs.read_events(settings, GATEWAY, start, follow=False))
    called = {FUNCTION_OF.get(str(event.fields.get("routeKey")), "") for event in access} - {""}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        others = pool.map(lambda name: _of_function(settings, name, start), sorted({AUTHORIZER, *called}))
        return [*access, *(event for events in others for event in events)]


def recorded(settings: Settings, events: Iterable[LogEvent]) -> Recorded:
    """The metrics in ``events``, by their names in CloudWatch."""
    found: dict[Metric, list[tuple[datetime, float]]] = defaultdict(list)
    for event in events:
        for metric, value in (
            _of_access(settings, event.fields) if event.source == GATEWAY else _of_line(settings, event)
        ):
            found[metric].append((event.time, value))
    return found


def _of_function(settings: Settings, name: str, start: datetime) -> list[LogEvent]:
    try:
        return list(logs.read_events(settings, name, start, follow=False))
    except DeployError as error:
        if "has no log yet" in error.cause:
            return []
        raise


def _of_access(settings: Settings, line: dict[str, Any]) -> list[tuple[Metric, float]]:
    server_error = str(line.get("status", "")).startswith("5")
    made = [(api_metric("Count"), 1.0), (api_metric("5xx"), float(server_error))]
    if latency := _number(line.get("latencyMs")):
        made.append((api_metric("Latency"), latency))
    function = FUNCTION_OF.get(str(line.get("routeKey")))
    for name, field in ((function, "integrationError"), (AUTHORIZER, "authorizerError")):
        error = str(line.get(field, "-"))
        if name and error != "-":
            kind = "Throttles" if any(sign in error.lower() for sign in _THROTTLED) else "Errors"
            made.append((lambda_metric(settings, name, kind), 1.0))
    return made


def _of_line(settings: Settings, event: LogEvent) -> list[tuple[Metric, float]]:
    if report := InvocationReport.from_line(event.message):
        return [(lambda_metric(settings, event.source, "Duration"), report.duration)]
    fields = event.fields
    if fields.get("message") == "answered" and int(fields.get("status", 0)) >= 500:
        return [(own_metric(settings, "ServerErrors", {"Function": event.source}), 1.0)]
    if fields.get("service_asked") == "dynamodb":
        operation = "".join(part.capitalize() for part in str(fields.get("operation")).split("_"))
        table = (("TableName", settings.names.base), ("Operation", operation))
        return [(Metric("AWS/DynamoDB", "SystemErrors", table), 1.0)]
    return []


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
