"""What the page of the dashboard draws on a local stack: the widgets of the stack's dashboard, out of its logs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from infrastructure.automation import backend
from infrastructure.cloud import recorded_metrics
from infrastructure.stack.alarm_evaluation import Recorded, period_values
from infrastructure.stack.alarms import Alarm, Metric
from infrastructure.stack.dashboard import Series, Widget, widgets
from infrastructure.stack.settings import Settings

_MINUTES = 60
_TOLD_APART = 12
"""Lines of a diagram that can be told apart, by the page's colours and dashes; of more the highest are drawn."""
_OF_TABLES = "AWS/DynamoDB"


def read(settings: Settings) -> dict[str, Any]:
    """The values of every widget for each of the last 60 minutes, the one under way among them, JSON-ready.

    There are ``release``, ``end`` (seconds since 1970) and ``widgets``, each with ``title``, ``unit``, ``stacked``,
    ``lines`` of a ``label`` and ``values``, ``None`` for a minute without any, how many are ``left_out``, and what
    there is to say where there is ``none``.

    Raises ``DeployError`` where the stack's AWS does not tell.
    """
    now = datetime.now(UTC)
    end = now + timedelta(minutes=1)
    events = recorded_metrics.read(settings, now - timedelta(minutes=_MINUTES))
    recorded = recorded_metrics.recorded(settings, events)
    return {
        "release": _release(settings),
        "end": int(now.timestamp()) // 60 * 60,
        "widgets": [_drawn(widget, recorded, end) for widget in widgets(settings)],
    }


def _drawn(widget: Widget, recorded: Recorded, end: datetime) -> dict[str, Any]:
    lines = list(_lines(widget, recorded, end))
    shown = sorted(lines, key=_peak, reverse=True)[:_TOLD_APART]
    is_measured = widget.searches or any(one.metric.namespace != _OF_TABLES for one in widget.series)
    return {
        "title": widget.title,
        "unit": widget.unit,
        "stacked": widget.stacked,
        "lines": [line for line in lines if line in shown],
        "left_out": len(lines) - len(shown),
        "none": f"Nothing in the last {_MINUTES} minutes."
        if is_measured
        else "The local AWS measures no table.",
    }


def _peak(line: dict[str, Any]) -> float:
    return float(max(value for value in line["values"] if value is not None))


def _lines(widget: Widget, recorded: Recorded, end: datetime) -> Iterator[dict[str, Any]]:
    """The widget's lines that have a value."""
    for series in (*widget.series, *_found(widget, recorded)):
        values = _values(series, recorded, end)
        if any(value is not None for value in values):
            yield {"label": series.label, "values": values}


def _found(widget: Widget, recorded: Recorded) -> Iterator[Series]:
    """The series that the widget's searches find, as CloudWatch's SEARCH does: by namespace, name and the names of the
    dimensions."""
    for search in widget.searches:
        for metric in sorted(recorded, key=lambda metric: metric.dimensions):
            names = {name for name, _ in metric.dimensions}
            wanted = (search.namespace, search.name, set(search.dimensions))
            if (metric.namespace, metric.name, names) == wanted:
                values = [value for _, value in metric.dimensions]
                yield Series(metric, search.statistic, " ".join([*values, search.label]).rstrip())


def _values(series: Series, recorded: Recorded, end: datetime) -> list[float | None]:
    return period_values(_each_minute(series.metric, series.statistic), recorded, end)


def _each_minute(metric: Metric, statistic: str) -> Alarm:
    """The metric minute by minute, in the form whose values are computed: an alarm that nothing sets off."""
    return Alarm("", "", "api", "", "", (metric,), statistic, 60, _MINUTES, _MINUTES, float("inf"))


def _release(settings: Settings) -> str:
    try:
        return str(backend.read_state(settings.stack).outputs.get("image_tag") or "")
    except (OSError, ValueError, LookupError):
        return ""
