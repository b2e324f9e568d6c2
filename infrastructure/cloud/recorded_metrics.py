"""A stack's metrics as its log lines tell them, where no CloudWatch counts: of the local AWS.

Requests, latencies, the answers 5xx and the invocations that failed are in the gateway's access log; durations are in
Lambda's reports, and the functions' own metrics in their lines. The local AWS measures no table: what the functions had
to say of one that did not answer stands in for its errors, and of its throttling nothing is known.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from infrastructure.cloud import logs
from infrastructure.cloud.invocation_report import InvocationReport
from infrastructure.cloud.logs import AUTHORIZER, FUNCTION_OF, GATEWAY, LogEvent
from infrastructure.errors import DeployError
from infrastructure.stack.alarm_evaluation import Recorded
from infrastructure.stack.alarms import Metric, api_metric, lambda_metric
from infrastructure.stack.settings import Settings
from infrastructure.tools import daemon_threads

_THROTTLED = ("throttl", "rate exceeded", "toomanyrequests")


def read(settings: Settings, start: datetime) -> list[LogEvent]:
    """The events since ``start`` of the gateway and of every function that it called, and of the authorizer.

    Raises ``DeployError`` where the stack's AWS does not tell.
    """
    with logs.translate_errors(settings, GATEWAY):
        client = logs.log_client(settings)
    access = list(logs.read_events(settings, GATEWAY, start, follow=False, client=client))
    called = {FUNCTION_OF.get(str(event.fields.get("routeKey")), "") for event in access} - {""}
    others = daemon_threads.each(
        lambda name: _of_function(settings, client, name, start), sorted({AUTHORIZER, *called})
    )
    return [*access, *(event for events in others for event in events)]


def recorded(settings: Settings, events: Iterable[LogEvent]) -> Recorded:
    """The metrics in ``events``, by their names in CloudWatch."""
    found: dict[Metric, list[tuple[datetime, float]]] = defaultdict(list)
    for event in events:
        values = _of_access(settings, event.fields) if event.source == GATEWAY else _of_line(settings, event)
        for metric, value in values:
            found[metric].append((event.time, value))
    return found


def _of_function(settings: Settings, client: Any, name: str, start: datetime) -> list[LogEvent]:
    try:
        return list(logs.read_events(settings, name, start, follow=False, client=client))
    except DeployError as error:
        if "has no log yet" in error.cause:
            return []
        raise


def _of_access(settings: Settings, line: dict[str, Any]) -> list[tuple[Metric, float]]:
    status = str(line.get("status", ""))
    made = [(api_metric("Count"), 1.0)]
    made += [(api_metric(f"{first}xx"), float(status.startswith(first))) for first in "45"]
    for name, field in (("Latency", "latencyMs"), ("IntegrationLatency", "integrationLatencyMs")):
        if (latency := _number(line.get(field))) is not None:
            made.append((api_metric(name), latency))
    function = FUNCTION_OF.get(str(line.get("routeKey")))
    for failed, field in ((function, "integrationError"), (AUTHORIZER, "authorizerError")):
        error = str(line.get(field, "-"))
        if failed and error != "-":
            kind = "Throttles" if any(sign in error.lower() for sign in _THROTTLED) else "Errors"
            made.append((lambda_metric(settings, failed, kind), 1.0))
    return made


def _of_line(settings: Settings, event: LogEvent) -> list[tuple[Metric, float]]:
    if report := InvocationReport.from_line(event.message):
        return [(lambda_metric(settings, event.source, "Duration"), report.duration)]
    fields = event.fields
    if fields.get("service_asked") == "dynamodb":
        operation = "".join(part.capitalize() for part in str(fields.get("operation")).split("_"))
        table = (("TableName", settings.names.base), ("Operation", operation))
        return [(Metric("AWS/DynamoDB", "SystemErrors", table), 1.0)]
    return list(_embedded(fields))


def _embedded(line: dict[str, Any]) -> Iterator[tuple[Metric, float]]:
    """The metrics embedded in a line (CloudWatch User Guide: "Specification: Embedded metric format")."""
    for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
        for names in directive.get("Dimensions", ()):
            dimensions = tuple((name, str(line[name])) for name in names if name in line)
            for definition in directive.get("Metrics", ()):
                values = line.get(definition["Name"], [])
                for value in values if isinstance(values, list) else [values]:
                    yield Metric(directive["Namespace"], definition["Name"], dimensions), float(value)


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
