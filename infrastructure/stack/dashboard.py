"""A stack's dashboard: its widgets as plain definitions, and CloudWatch's body made of them.

The body is that of "Dashboard body structure and syntax" in CloudWatch's API reference.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infrastructure.stack.alarms import API_ID, Metric, api_metric, lambda_metric
from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.settings import Settings

_PERIOD_SECONDS = 60
_COLUMNS = 24
"""The grid's width."""
_WIDTH, _HEIGHT = 12, 6


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a widget: a metric by a statistic such as ``Sum`` or ``p99``."""

    metric: Metric
    statistic: str
    label: str


@dataclass(frozen=True, slots=True)
class Search:
    """A line for each combination of values that ``dimensions`` have in a metric of the functions' own; ``label`` says
    what of them, beside other lines of the same values."""

    namespace: str
    name: str
    dimensions: tuple[str, ...]
    statistic: str
    label: str = ""

    @property
    def expression(self) -> str:
        """As metric math has it; the namespace is quoted for its hyphens."""
        schema = ",".join([f'"{self.namespace}"', *self.dimensions])
        return f"SEARCH('{{{schema}}} MetricName=\"{self.name}\"', '{self.statistic}', {_PERIOD_SECONDS})"


@dataclass(frozen=True, slots=True)
class Widget:
    """A diagram over time. ``unit`` is what its values are in, for people."""

    title: str
    unit: str
    series: tuple[Series, ...] = ()
    searches: tuple[Search, ...] = ()
    stacked: bool = False


def widgets(settings: Settings, api_id: str = API_ID) -> tuple[Widget, ...]:
    """The diagrams, in their order on the page."""

    def own(name: str, statistic: str, *dimensions: str, label: str = "") -> tuple[Search, ...]:
        return (Search(settings.names.base, name, dimensions, statistic, label),)

    def of_functions(name: str, statistic: str) -> tuple[Series, ...]:
        return tuple(
            Series(lambda_metric(settings, spec.name, name), statistic, spec.name)
            for spec in function_specs(settings)
        )

    def of_api(name: str, statistic: str, label: str) -> Series:
        return Series(api_metric(name, api_id), statistic, label)

    def of_table(name: str, label: str) -> Series:
        return Series(Metric("AWS/DynamoDB", name, (("TableName", settings.names.base),)), "Sum", label)

    return (
        Widget(
            "Requests",
            "requests a minute",
            (of_api("Count", "Sum", "all"), of_api("4xx", "Sum", "4xx"), of_api("5xx", "Sum", "5xx")),
        ),
        Widget(
            "Latency",
            "ms",
            (
                of_api("Latency", "p50", "median"),
                of_api("Latency", "p99", "p99"),
                of_api("IntegrationLatency", "p99", "p99 of the functions"),
            ),
        ),
        Widget(
            "Answers by route and status",
            "requests a minute",
            searches=own("Requests", "Sum", "Route", "Status"),
            stacked=True,
        ),
        *(
            (
                Widget(
                    "Answers with injected faults",
                    "a minute",
                    searches=own("Injected", "Sum", "Route", "Status"),
                    stacked=True,
                ),
            )
            if settings.faults
            else ()
        ),
        Widget("Latency by route, p99", "ms", searches=own("Latency", "p99", "Route")),
        # As their alarms have it: a bug that became a 500 is no error to Lambda.
        Widget(
            "Failures of functions",
            "a minute",
            of_functions("Errors", "Sum"),
            own("ServerErrors", "Sum", "Function", label="answered 500"),
            stacked=True,
        ),
        Widget("Longest durations of functions", "ms", of_functions("Duration", "Maximum")),
        Widget("Throttled calls", "a minute", of_functions("Throttles", "Sum"), stacked=True),
        Widget("Cold starts", "a minute", searches=own("ColdStarts", "Sum", "Function"), stacked=True),
        Widget("Tokens issued", "a minute", searches=own("TokensIssued", "Sum", "Route")),
        Widget("Denials by reason", "a minute", searches=own("Denials", "Sum", "Reason"), stacked=True),
        Widget(
            "Table",
            "units a minute",
            (
                of_table("ConsumedReadCapacityUnits", "read"),
                of_table("ConsumedWriteCapacityUnits", "written"),
            ),
        ),
        Widget(
            "Throttling of the table",
            "a minute",
            (of_table("ReadThrottleEvents", "reads"), of_table("WriteThrottleEvents", "writes")),
        ),
    )


def body(settings: Settings, release: str, api_id: str, alarm_arns: Sequence[str]) -> str:
    """CloudWatch's dashboard as JSON text: a line about the stack, the state of the alarms of ``alarm_arns``, and every
    widget with the tag of its ``release`` in its title."""
    head = f"# {settings.names.base}\nRelease **{release}**"
    return json.dumps(
        {
            "start": "-PT3H",
            "widgets": [
                {"type": "text", **_place(0, 0, _WIDTH, 2), "properties": {"markdown": head}},
                {
                    "type": "alarm",
                    **_place(_WIDTH, 0, _WIDTH, 2),
                    "properties": {"title": f"Alarms · {release}", "alarms": list(alarm_arns)},
                },
                *(
                    {
                        "type": "metric",
                        **_place(index * _WIDTH % _COLUMNS, 2 + index // 2 * _HEIGHT, _WIDTH, _HEIGHT),
                        "properties": _properties(widget, settings, release),
                    }
                    for index, widget in enumerate(widgets(settings, api_id))
                ),
            ],
        }
    )


def url(settings: Settings) -> str:
    """Where people find the dashboard, in AWS's console."""
    region = settings.region
    home = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{home}#dashboards/dashboard/{settings.names.base}"


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}


def _properties(widget: Widget, settings: Settings, release: str) -> dict[str, Any]:
    metrics: list[list[Any]] = [
        [
            series.metric.namespace,
            series.metric.name,
            *(part for dimension in series.metric.dimensions for part in dimension),
            {"stat": series.statistic, "label": series.label},
        ]
        for series in widget.series
    ]
    metrics += [
        [
            {
                "expression": search.expression,
                "id": f"e{index}",
                **({"label": search.label} if search.label else {}),
            }
        ]
        for index, search in enumerate(widget.searches)
    ]
    return {
        "title": f"{widget.title} · {release}",
        "view": "timeSeries",
        "stacked": widget.stacked,
        "region": settings.region,
        "period": _PERIOD_SECONDS,
        "yAxis": {"left": {"label": widget.unit, "min": 0, "showUnits": False}},
        "metrics": metrics,
    }
