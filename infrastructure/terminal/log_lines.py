"""Log events as lines for people: time, level, source, message, and the fields that matter."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""The levels of lines, the least grave first."""

_STYLES = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
_SHOWN_ELSEWHERE = frozenset(
    {"level", "message", "timestamp", "location", "service", "function", "image_tag", "release", "method"}
)
_FOR_A_SEARCH = frozenset(
    {"function_request_id", "traceparent", "xray_trace_id", "calls", "exception_name", "_aws"}
)
"""What every line has and few read; raw JSON has it."""
_DEFAULT_SANDBOX = "default"
_OF_ACCESS = frozenset(
    {
        "time",
        "timeMs",
        "method",
        "path",
        "status",
        "latencyMs",
        "responseBytes",
        "functionRequestId",
        "userAgent",
    }
)
_MOST_LINES = 12
"""Of a text of several lines, such as a traceback, the last ones are shown."""


def log_line(moment: datetime, level: str, source: str, message: Any, width: int = 0) -> "Text":
    """An event as a text of a line, or of several where a traceback belongs to it. ``width`` is that of the column of
    the sources."""
    from rich.text import Text

    style = _STYLES.get(level, "")
    line = Text(f"{moment.astimezone(UTC):%H:%M:%S}.{moment.microsecond // 1000:03} ", "dim")
    line.append(f"{level:<8} ", style).append(f"{source:<{width}}  ", "cyan")
    if not isinstance(message, Mapping):
        return line.append(str(message), style)
    if "routeKey" in message:
        line.append(_access(message), style)
        fields = {name: value for name, value in message.items() if name not in _OF_ACCESS and value != "-"}
    else:
        line.append(str(message.get("message", "")), style)
        hidden = _SHOWN_ELSEWHERE | _FOR_A_SEARCH | _metrics(message)
        if message.get("sandbox") == _DEFAULT_SANDBOX:
            hidden |= {"sandbox"}
        fields = {name: value for name, value in message.items() if name not in hidden}
        if fields.get("correlation_id") == fields.get("request_id"):
            fields.pop("correlation_id", None)
    traceback = str(fields.pop("exception", "")).rstrip().splitlines()
    for name, value in fields.items():
        line.append(f"  {name}=", "dim").append(value if isinstance(value, str) else json.dumps(value))
    for row in traceback[-_MOST_LINES:]:
        line.append(f"\n    {row}", style)
    return line


def _access(fields: Mapping[str, Any]) -> str:
    return (
        f"{fields.get('method')} {fields.get('path')} {fields.get('status')} in {fields.get('latencyMs')} ms"
    )


def _metrics(fields: Mapping[str, Any]) -> set[str]:
    """The members that make metrics of a line (CloudWatch User Guide: "Specification: Embedded metric format")."""
    directives = fields.get("_aws", {}).get("CloudWatchMetrics", ())
    dimensions = {name for directive in directives for names in directive["Dimensions"] for name in names}
    return dimensions | {metric["Name"] for directive in directives for metric in directive["Metrics"]}
