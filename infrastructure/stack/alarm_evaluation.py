"""What CloudWatch would say of an alarm, computed over recorded metrics.

The rules are those of "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data" in CloudWatch's
guide; the few periods that CloudWatch looks further back are left out.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean
from typing import Literal

from infrastructure.stack.alarms import Alarm, Metric

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
type Recorded = Mapping[Metric, Sequence[tuple[datetime, float]]]
"""What was measured of each metric: aware times and single values, in any order."""

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
}


def state_of(alarm: Alarm, recorded: Recorded, now: datetime) -> State:
    """The state of ``alarm`` at ``now``, an aware time, by the periods that have ended; periods begin at whole
    multiples of their length since 1970, as CloudWatch's do."""
    values = period_values(alarm, recorded, now)
    known = [value for value in values if value is not None]
    if not known and alarm.treat_missing == "missing":
        return "INSUFFICIENT_DATA"
    return "ALARM" if sum(_beyond(alarm, value) for value in known) >= alarm.datapoints else "OK"


def firing(alarms: Sequence[Alarm], recorded: Recorded, now: datetime) -> list[Alarm]:
    """Those of ``alarms`` that would be in alarm at ``now``."""
    return [alarm for alarm in alarms if state_of(alarm, recorded, now) == "ALARM"]


def period_values(alarm: Alarm, recorded: Recorded, now: datetime) -> list[float | None]:
    """The value of each of the alarm's periods, the oldest first; ``None`` for one without data."""
    length = alarm.period_seconds
    end = int(now.astimezone(UTC).timestamp()) // length * length
    starts = [end - length * back for back in range(alarm.evaluation_periods, 0, -1)]
    return [_value(alarm, recorded, start, start + length) for start in starts]


def _value(alarm: Alarm, recorded: Recorded, start: int, end: int) -> float | None:
    """The alarm's value of one period, as the alarm's expression has it: a metric without data counts as 0 beside
    others that have some; a percentage of nothing is none."""
    parts = [_statistic(alarm.statistic, _within(recorded, metric, start, end)) for metric in alarm.metrics]
    if alarm.percent_of is None:
        return None if all(part is None for part in parts) else sum(part or 0 for part in parts)
    whole = _statistic(alarm.statistic, _within(recorded, alarm.percent_of, start, end))
    return 100 * sum(part or 0 for part in parts) / whole if whole else None


def _within(recorded: Recorded, metric: Metric, start: int, end: int) -> list[float]:
    return [value for moment, value in recorded.get(metric, ()) if start <= moment.timestamp() < end]


def _statistic(name: str, values: Sequence[float]) -> float | None:
    if not values:
        return None
    if name in _STATISTICS:
        return _STATISTICS[name](values)
    # The nearest rank, as CloudWatch's own estimate is of no documented method.
    rank = math.ceil(float(name.removeprefix("p")) / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def _beyond(alarm: Alarm, value: float) -> bool:
    if alarm.comparison == "GreaterThanThreshold":
        return value > alarm.threshold
    return value >= alarm.threshold
