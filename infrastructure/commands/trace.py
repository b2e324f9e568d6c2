"""One request's way in time: the gateway, the authorizer, the function and its calls of AWS.

HTTP APIs send nothing to X-Ray, so that the way is read from the log lines; where a stack traces its functions, X-Ray's
segments of the function are added.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.cloud import session
from infrastructure.cloud.invocation_report import InvocationReport
from infrastructure.cloud.log_search import FoundRequest
from infrastructure.cloud.logs import AUTHORIZER, GATEWAY
from infrastructure.commands.request_told import figure
from infrastructure.stack.settings import Settings


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a request: when it began after the gateway had the request, and how long it took, in ms.

    ``depth`` is how many parts it is within.
    """

    name: str
    start: float
    duration: float
    depth: int

    def as_json(self) -> dict[str, Any]:
        """The span's fields by name."""
        return asdict(self)


def spans(found: FoundRequest) -> list[Span]:
    """The parts of the request that the logs tell of, each after the one it is within.

    The gateway times itself, the authorizer and the function; a function's end is taken for that of the gateway's wait,
    and its calls' times are from its own line. Without a line of the gateway the function's begin is 0.
    """
    line = found.access
    total, waited = figure(line, "latencyMs"), figure(line, "integrationLatencyMs")
    made = []
    if total is not None:
        made.append(Span(GATEWAY, 0, total, 0))
    if (asked := figure(line, "authorizerLatencyMs")) is not None:
        made.append(Span(AUTHORIZER, 0, asked, 1))
    events = found.of(found.function) if found.function else []
    reports = [report for event in events if (report := InvocationReport.from_line(event.message))]
    answered = next((event.fields for event in events if event.fields.get("message") == "answered"), {})
    took = answered.get("duration_ms", reports[0].duration if reports else None)
    if waited is None:
        waited = took
    if waited is None:
        return made
    end = max(total or 0, waited)
    made.append(Span(found.function, end - waited, waited, 1))
    if reports and reports[0].init is not None:
        made.append(Span("start of a container", end - waited, reports[0].init, 2))
    if took is not None:
        begin = max(end - waited, end - float(took))
        made.append(Span("handler", begin, float(took), 2))
        made += [Span(name, begin + at, took, 3) for name, at, took in answered.get("calls", ())]
    return made


def trace_ids(found: FoundRequest) -> set[str]:
    """X-Ray's ids of the invocations."""
    reports = (InvocationReport.from_line(event.message) for event in found.events)
    return {report.trace_id for report in reports if report and report.trace_id}


def xray_segments(settings: Settings, found: FoundRequest) -> tuple[list[dict[str, Any]], str]:
    """X-Ray's segments of the request, and why there are none, empty where there are.

    Each has a ``name``, ``start`` (seconds since 1970) and ``duration`` in ms.
    """
    if settings.local:
        return [], "the local AWS has no X-Ray"
    if not settings.tracing:
        return [], f"stack {settings.stack!r} does not trace: its setting tracing"
    ids = sorted(trace_ids(found))
    if not ids:
        return [], "X-Ray sampled none of it"
    try:
        client = session.client(settings, "xray", Config(retries={"total_max_attempts": 2}))
        traces = client.batch_get_traces(TraceIds=ids)["Traces"]
    except (BotoCoreError, ClientError) as error:
        return [], f"X-Ray does not tell: {error}"
    segments = [part for trace in traces for item in trace["Segments"] for part in _parts(item)]
    return segments, "" if segments else "X-Ray has nothing of it yet"


def _parts(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    document = json.loads(item["Document"])
    waiting = [document]
    while waiting:
        part = waiting.pop(0)
        if "end_time" in part:
            duration = round((part["end_time"] - part["start_time"]) * 1000, 1)
            yield {"name": part["name"], "start": part["start_time"], "duration": duration}
        waiting += part.get("subsegments", ())
