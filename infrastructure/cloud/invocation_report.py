"""What Lambda reports of an invocation at its end (AWS Lambda Developer Guide: "Sending Lambda function logs to
CloudWatch Logs")."""

import re
from dataclasses import dataclass
from typing import Self

_FIGURE = re.compile(r"(?:^|\t)(Duration|Init Duration): ([\d.]+) ms")
_TRACE = re.compile(r"XRAY TraceId: (\S+)")


@dataclass(frozen=True, slots=True)
class InvocationReport:
    """How long the invocation and, where it began with one, the function's start took, in ms; ``trace_id`` is X-Ray's,
    empty where it traces nothing."""

    duration: float
    init: float | None
    trace_id: str

    @classmethod
    def from_line(cls, line: object) -> Self | None:
        """The report in a line of a function's log; ``None`` in another line."""
        if not isinstance(line, str) or not line.startswith("REPORT "):
            return None
        figures = {name: float(value) for name, value in _FIGURE.findall(line)}
        trace = _TRACE.search(line)
        return cls(figures.get("Duration", 0.0), figures.get("Init Duration"), trace[1] if trace else "")
