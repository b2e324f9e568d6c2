"""What became of a request, by those that it met: the gateway, the authorizer, the function."""

from typing import Any

from infrastructure.cloud.log_search import FoundRequest
from infrastructure.cloud.logs import AUTHORIZER, GATEWAY, LogEvent

_NOTHING = frozenset({"", "-", "None"})


def headline(found: FoundRequest) -> str:
    """The request and its answer in a line."""
    line = found.access
    if not line:
        return f"request {found.request_id}: the gateway has logged nothing of it"
    return f"{line['method']} {line['path']}  {line['status']}  at {line.get('time', '')}  request {found.request_id}"


def told(found: FoundRequest) -> dict[str, str]:
    """What each of ``gateway``, ``authorizer`` and ``function`` did with the request, in a line."""
    function = f"{found.function} {_function(found)}".lstrip()
    return {GATEWAY: _gateway(found), AUTHORIZER: _authorizer(found), "function": function}


def as_json(found: FoundRequest) -> dict[str, Any]:
    """The request as JSON-ready values."""
    return {
        "request_id": found.request_id,
        "function": found.function,
        "told": told(found),
        "events": [event.as_json() for event in found.events],
    }


def shown_events(found: FoundRequest) -> list[LogEvent]:
    """The events that say more than :func:`told` does of the request: all but Lambda's own."""
    return [event for event in found.events if not event.of_platform]


def figure(line: dict[str, Any], name: str) -> float | None:
    """A number of milliseconds in the access log; ``None`` where the gateway wrote none."""
    try:
        return float(line.get(name, ""))
    except ValueError:
        return None


def _gateway(found: FoundRequest) -> str:
    line = found.access
    if not line:
        return "nothing in its log yet, or it was none of its requests"
    said = f"answered {line['status']} in {line.get('latencyMs')} ms"
    error = _known(line, "error")
    own = error if error and figure(line, "integrationLatencyMs") is None else ""
    return f"{said} itself: {own}" if own else said


def _authorizer(found: FoundRequest) -> str:
    for event in found.of(AUTHORIZER):
        if event.fields.get("message") == "denied":
            took = figure(found.access, "authorizerLatencyMs")
            cause = _last_line(event.fields.get("exception"))
            return (
                f"denied: {event.fields.get('reason')}"
                + (f" ({took:g} ms)" if took is not None else "")
                + (f": {cause}" if cause else "")
            )
    line = found.access
    if error := _known(line, "authorizerError"):
        return f"failed: {error}"
    took, reached = figure(line, "authorizerLatencyMs"), _reached(found)
    if took is not None:
        return f"{'allowed' if reached else 'answered'} in {took:g} ms"
    return "not asked: the route is open, or its answer was remembered" if reached else "not asked"


def _function(found: FoundRequest) -> str:
    events = found.of(found.function) if found.function else []
    if not (events or _reached(found)):
        return "not called"
    answered = next((event.fields for event in events if event.fields.get("message") == "answered"), {})
    error = _error(events) or _known(found.access, "integrationError")
    took = figure(found.access, "integrationLatencyMs")
    if answered:
        start = " after a cold start" if answered.get("cold_start") else ""
        said = f"answered {answered.get('status')} in {answered.get('duration_ms')} ms{start}"
    else:
        said = "gave no answer" + (f" in {took:g} ms" if took is not None else "")
    return f"{said}; {error}" if error else said


def _error(events: list[LogEvent]) -> str:
    """What went wrong by the last error that a function logged, with the exception's last line."""
    errors = [event for event in events if event.level in {"ERROR", "CRITICAL"}]
    # Lambda writes the error before its traceback, Python after it.
    telling = [event for event in errors if not str(event.message).startswith("Traceback")]
    if not telling:
        return "it wrote a traceback" if errors else ""
    last = telling[-1]
    if not last.fields:
        return str(last.message).strip()
    cause = _last_line(last.fields.get("exception"))
    message = str(last.fields.get("message", last.fields.get("errorMessage", "")))
    return f"{message}: {cause}" if cause else message


def _reached(found: FoundRequest) -> bool:
    return _known(found.access, "functionRequestId") != "" or (
        figure(found.access, "integrationLatencyMs") is not None
    )


def _known(line: dict[str, Any], name: str) -> str:
    value = str(line.get(name, ""))
    return "" if value in _NOTHING else value


def _last_line(text: object) -> str:
    lines = str(text or "").strip().splitlines()
    return lines[-1].strip() if lines else ""
