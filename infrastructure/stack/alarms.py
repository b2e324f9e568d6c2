"""A stack's alarms as plain definitions, which the program declares and ``alarm_evaluation`` computes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import batched
from typing import Literal

from infrastructure.stack.function_specs import FunctionSpec, function_specs
from infrastructure.stack.names import LIVE
from infrastructure.stack.settings import Settings
from routes import TABLE_ACTIONS

About = Literal["function", "api", "table"]
Comparison = Literal["GreaterThanOrEqualToThreshold", "GreaterThanThreshold"]

API_ID = "${api_id}"
"""Stands in a dimension for the API's id, which is known once the API is made."""

_OF_TIMEOUT = 0.83
"""The share of its time-out that an answer may take."""
_MOST_CHILDREN = 100
"""Alarms that a composite alarm may name ("Create a composite alarm" in CloudWatch's guide)."""
_NEARLY_FULL_GIGABYTES = 8
_OPERATIONS = (
    *(action for action in TABLE_ACTIONS if action != "ConditionCheckItem"),
    "TransactGetItems",
    "TransactWriteItems",
)
"""The operations by which DynamoDB counts what the functions ask of the table; at most ten, as an alarm computes over
no more metrics."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of CloudWatch: what is measured of whom."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm, which goes off when ``datapoints`` of the last ``evaluation_periods`` periods are beyond ``threshold``.

    A period's value is the sum of ``metrics``, each by ``statistic`` (``Sum``, ``Maximum``, ``p99`` …); with
    ``percent_of`` it is that sum as a percentage of this metric's. ``name`` is unique within the account and region;
    ``about`` and ``subject`` tell what it watches (a function by its route's name, ``api``, ``table``); ``runbook`` is
    the slug of the page that says what to do, the same for the same kind of alarm.
    """

    name: str
    title: str
    about: About
    subject: str
    runbook: str
    metrics: tuple[Metric, ...]
    statistic: str
    period_seconds: int
    evaluation_periods: int
    datapoints: int
    threshold: float
    percent_of: Metric | None = None
    comparison: Comparison = "GreaterThanOrEqualToThreshold"
    treat_missing: Literal["notBreaching", "missing"] = "notBreaching"

    @property
    def expression(self) -> str | None:
        """The metric math over ``m0``, ``m1`` … and ``whole``; ``None`` where the alarm is on one metric alone."""
        ids = [f"m{index}" for index in range(len(self.metrics))]
        # Unlike m0 + m1 this has a value where only one of them has data.
        total = ids[0] if len(ids) == 1 else f"SUM([{', '.join(ids)}])"
        if self.percent_of:
            return f"100 * {total} / whole"
        return total if len(ids) > 1 else None


@dataclass(frozen=True, slots=True)
class CompositeAlarm:
    """An alarm over others: it goes off when any of ``children``, which are alarms' names, does."""

    name: str
    title: str
    children: tuple[str, ...]

    @property
    def rule(self) -> str:
        """What CloudWatch calls the alarm's rule."""
        return " OR ".join(f'ALARM("{child}")' for child in self.children)


def alarms(settings: Settings, api_id: str = API_ID) -> tuple[Alarm, ...]:
    """Every alarm of the stack but the composite ones: three a function, of the same specification as the function
    itself, then those of the API and of the table."""
    return (
        *(alarm for spec in function_specs(settings) for alarm in _function_alarms(settings, spec)),
        *_api_alarms(settings, api_id),
        *_table_alarms(settings),
    )


def composite_alarms(settings: Settings) -> tuple[CompositeAlarm, ...]:
    """The composite alarm over all alarms, which comes last. Where there are more than one may name, it is over
    composites of so many each, which come before it."""
    names = [alarm.name for alarm in alarms(settings)]
    whole = settings.names.alarm("any")
    if len(names) <= _MOST_CHILDREN:
        return (CompositeAlarm(whole, "Something is wrong", tuple(names)),)
    parts = [
        CompositeAlarm(settings.names.alarm(f"any-{number}"), f"Something is wrong, part {number}", children)
        for number, children in enumerate(batched(names, _MOST_CHILDREN, strict=False), 1)
    ]
    return (*parts, CompositeAlarm(whole, "Something is wrong", tuple(part.name for part in parts)))


def lambda_metric(settings: Settings, function: str, name: str) -> Metric:
    """A metric of Lambda's for the version of ``function`` that callers get, so without a deploy's smoke events."""
    full = settings.names.function(function)
    return Metric("AWS/Lambda", name, (("FunctionName", full), ("Resource", f"{full}:{LIVE}")))


def api_metric(name: str, api_id: str = API_ID) -> Metric:
    """A metric of the HTTP API's only stage."""
    return Metric("AWS/ApiGateway", name, (("ApiId", api_id), ("Stage", "$default")))


def own_metric(settings: Settings, name: str, dimensions: Mapping[str, str]) -> Metric:
    """A metric that the functions write in their log lines (``utils.metrics``)."""
    return Metric(settings.names.base, name, tuple(dimensions.items()))


def _function_alarms(settings: Settings, spec: FunctionSpec) -> Iterator[Alarm]:
    def alarm(
        kind: str,
        title: str,
        *metrics: Metric,
        statistic: str = "Sum",
        threshold: float = 1,
        of: tuple[int, int] = (1, 1),
    ) -> Alarm:
        datapoints, periods = of
        return Alarm(
            name=settings.names.alarm(f"{spec.name}-{kind}"),
            title=f"{spec.name} {title}",
            about="function",
            subject=spec.name,
            runbook=f"function-{kind}",
            metrics=metrics,
            statistic=statistic,
            period_seconds=60,
            evaluation_periods=periods,
            datapoints=datapoints,
            threshold=threshold,
        )

    failed = lambda_metric(settings, spec.name, "Errors")
    # A bug that became a 500 is no error to Lambda.
    answered = own_metric(settings, "ServerErrors", {"Function": spec.name})
    yield alarm("errors", "fails", failed, answered)
    milliseconds = round(spec.answer_seconds * 1000 * _OF_TIMEOUT)
    # Lambda's durations have injected delays in them. One that ends in a time-out is an error besides.
    uninjected = own_metric(settings, "Latency", {"Route": spec.name})
    yield alarm(
        "duration",
        "comes near its time-out",
        uninjected if spec.has_faults else lambda_metric(settings, spec.name, "Duration"),
        statistic="Maximum",
        threshold=milliseconds,
        of=(2, 5),
    )
    yield alarm("throttles", "is throttled", lambda_metric(settings, spec.name, "Throttles"))


def _api_alarms(settings: Settings, api_id: str) -> Iterator[Alarm]:
    """Those of the gateway's metrics, but for what was injected: each such 5xx is counted as -1 by its function, and
    since a percentile cannot be corrected, the functions' own latencies stand for the gateway's."""
    injected = (own_metric(settings, "InjectedServerErrors", {}),) if settings.faults else ()
    uninjected = own_metric(settings, "UninjectedLatency", {})
    yield Alarm(
        name=settings.names.alarm("api-5xx"),
        title="The API answers 5xx",
        about="api",
        subject="api",
        runbook="api-5xx",
        metrics=(api_metric("5xx", api_id), *injected),
        percent_of=api_metric("Count", api_id),
        statistic="Sum",
        period_seconds=300,
        evaluation_periods=1,
        datapoints=1,
        threshold=1,
    )
    yield Alarm(
        name=settings.names.alarm("api-latency"),
        title="The API is slow",
        about="api",
        subject="api",
        runbook="api-latency",
        metrics=(uninjected if settings.faults else api_metric("Latency", api_id),),
        statistic="p99",
        period_seconds=300,
        evaluation_periods=3,
        datapoints=2,
        threshold=settings.alarm_latency_ms,
    )


def _table_alarms(settings: Settings) -> Iterator[Alarm]:
    def alarm(kind: str, title: str, metrics: tuple[Metric, ...], threshold: float) -> Alarm:
        return Alarm(
            name=settings.names.alarm(f"table-{kind}"),
            title=f"The table {title}",
            about="table",
            subject="table",
            runbook=f"table-{kind}",
            metrics=metrics,
            statistic="Sum",
            period_seconds=300,
            evaluation_periods=1,
            datapoints=1,
            threshold=threshold,
        )

    table = ("TableName", settings.names.base)
    throttles = ("ReadThrottleEvents", "WriteThrottleEvents")
    yield alarm(
        "throttles", "is throttled", tuple(Metric("AWS/DynamoDB", name, (table,)) for name in throttles), 1
    )
    operations = tuple(
        Metric("AWS/DynamoDB", "SystemErrors", (table, ("Operation", operation))) for operation in _OPERATIONS
    )
    # The SDK tries again; a single one is nobody's concern.
    yield alarm("errors", "fails", operations, 5)
    # As DynamoDB answers writes of it; CloudWatch has no such metric. Of 10 GB nothing more is taken.
    size = own_metric(settings, "ItemCollectionSize", {})
    full = alarm("full", "has a partition that is nearly full", (size,), _NEARLY_FULL_GIGABYTES)
    yield replace(full, statistic="Maximum")
