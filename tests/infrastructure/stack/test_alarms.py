"""What the alarms say of functions that fail, are slow or throttled, computed by their own definitions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.stack import alarms as definitions
from infrastructure.stack.alarm_evaluation import Recorded, firing, state_of
from infrastructure.stack.alarms import API_ID, Alarm, Metric, alarms, composite_alarms
from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.loading import load_settings

SETTINGS = load_settings("dev")
NOW = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)
BY_NAME = {alarm.name.removeprefix("psn-emulator-dev-"): alarm for alarm in alarms(SETTINGS)}


def minutes_ago(*values: tuple[float, float]) -> list[tuple[datetime, float]]:
    """Values by how many minutes before ``NOW`` they were measured."""
    return [(NOW - timedelta(minutes=ago), value) for ago, value in values]


def names(recorded: Recorded) -> list[str]:
    """What would be in alarm, without the stack's part."""
    return [alarm.name.removeprefix("psn-emulator-dev-") for alarm in firing(alarms(SETTINGS), recorded, NOW)]


def metric(alarm: str, index: int = 0) -> Metric:
    """A metric of an alarm."""
    return BY_NAME[alarm].metrics[index]


def test_every_function_has_the_three_alarms_of_its_own_specification() -> None:
    for spec in function_specs(SETTINGS):
        for kind in ("errors", "duration", "throttles"):
            assert BY_NAME[f"{spec.name}-{kind}"].subject == spec.name
        assert BY_NAME[f"{spec.name}-duration"].threshold == spec.answer_seconds * 830


def test_alarms_are_within_what_cloudwatch_takes() -> None:
    assert len({alarm.name for alarm in alarms(SETTINGS)}) == len(alarms(SETTINGS))
    for alarm in alarms(SETTINGS):
        assert len(alarm.metrics) + (alarm.percent_of is not None) <= 10, alarm.name
        assert alarm.datapoints <= alarm.evaluation_periods
        assert alarm.period_seconds * alarm.evaluation_periods <= 86400
    for composite in composite_alarms(SETTINGS):
        assert len(composite.rule) <= 10240


def test_the_composite_alarm_leads_to_every_alarm_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (whole,) = composite_alarms(SETTINGS)
    assert set(whole.children) == {alarm.name for alarm in alarms(SETTINGS)}
    monkeypatch.setattr(definitions, "_MOST_CHILDREN", 30)
    *parts, whole = composite_alarms(SETTINGS)
    assert whole.children == tuple(part.name for part in parts)
    assert {child for part in parts for child in part.children} == {alarm.name for alarm in alarms(SETTINGS)}
    assert all(len(part.children) <= 30 for part in parts)


@pytest.mark.parametrize("index", [0, 1])
def test_one_failure_of_a_function_or_one_500_of_it_is_an_alarm(index: int) -> None:
    assert names({metric("players-get-errors", index): minutes_ago((1, 1))}) == ["players-get-errors"]


def test_a_failure_of_earlier_or_of_this_unfinished_minute_is_none() -> None:
    assert names({metric("players-get-errors"): minutes_ago((2, 1), (0, 1))}) == []


def test_a_function_that_comes_near_its_time_out_in_two_of_five_minutes_is_slow() -> None:
    duration = metric("players-get-duration")
    assert names({duration: minutes_ago((1, 8300), (1, 20), (4, 8301))}) == ["players-get-duration"]
    assert names({duration: minutes_ago((1, 8300), (1, 8300), (4, 8299))}) == []


def test_a_throttled_function_and_a_throttled_table_are_alarms() -> None:
    throttled = {metric("players-get-throttles"): minutes_ago((1, 3))}
    assert names(throttled) == ["players-get-throttles"]
    assert names({metric("table-throttles", 1): minutes_ago((3, 1))}) == ["table-throttles"]


def test_the_apis_errors_count_by_their_share() -> None:
    failed, all_ = metric("api-5xx"), BY_NAME["api-5xx"].percent_of
    assert all_ is not None
    assert names({failed: minutes_ago((2, 1)), all_: minutes_ago((2, 100))}) == ["api-5xx"]
    assert names({failed: minutes_ago((2, 1)), all_: minutes_ago((2, 101))}) == []
    assert names({failed: minutes_ago((2, 1))}) == []


def test_the_apis_latency_counts_by_its_hundredth_request() -> None:
    latency = metric("api-latency")
    quick = [(minutes, 20.0) for minutes in (2, 7, 12) for _ in range(98)]
    slow = [(minutes, 3000.0) for minutes in (2, 12) for _ in range(2)]
    assert names({latency: minutes_ago(*quick, *slow)}) == ["api-latency"]
    assert names({latency: minutes_ago(*quick, *slow[:2])}) == []


def test_errors_of_the_table_count_across_its_operations() -> None:
    operations = BY_NAME["table-errors"].metrics
    assert names({each: minutes_ago((2, 1)) for each in operations[:5]}) == ["table-errors"]
    assert names({each: minutes_ago((2, 1)) for each in operations[:4]}) == []


def test_a_partition_that_is_nearly_full_is_an_alarm() -> None:
    assert names({metric("table-full"): minutes_ago((2, 1), (3, 8))}) == ["table-full"]
    assert names({metric("table-full"): minutes_ago((2, 4), (3, 7))}) == []


@pytest.mark.parametrize(
    ("statistic", "threshold", "state"),
    [
        ("Average", 2, "ALARM"),
        ("Minimum", 2, "OK"),
        ("Maximum", 3, "ALARM"),
        ("SampleCount", 2, "ALARM"),
        ("p50", 2, "OK"),
    ],
)
def test_statistics(statistic: str, threshold: float, state: str) -> None:
    alarm = replace(BY_NAME["players-get-throttles"], statistic=statistic, threshold=threshold)
    assert state_of(alarm, {alarm.metrics[0]: minutes_ago((1, 1), (1, 3))}, NOW) == state


def test_more_than_a_threshold_is_not_as_much_and_missing_data_may_be_unknown() -> None:
    alarm: Alarm = replace(
        BY_NAME["players-get-throttles"], comparison="GreaterThanThreshold", treat_missing="missing"
    )
    assert state_of(alarm, {}, NOW) == "INSUFFICIENT_DATA"
    assert state_of(alarm, {alarm.metrics[0]: minutes_ago((1, 1))}, NOW) == "OK"
    assert state_of(alarm, {alarm.metrics[0]: minutes_ago((1, 2))}, NOW) == "ALARM"


def test_where_there_are_faults_those_that_were_injected_are_no_errors_and_not_slow() -> None:
    failed, injected = BY_NAME["api-5xx"].metrics
    all_ = BY_NAME["api-5xx"].percent_of
    assert all_ is not None
    tenth = [(2, 1.0)] * 10
    counted = {failed: minutes_ago(*tenth), all_: minutes_ago((2, 100))}
    assert names(counted) == ["api-5xx"]
    assert names({**counted, injected: minutes_ago(*[(2, -1.0)] * 10)}) == []
    assert names({**counted, injected: minutes_ago(*[(2, -1.0)] * 9)}) == ["api-5xx"]
    assert metric("api-latency") == Metric("psn-emulator-dev", "UninjectedLatency", ())
    assert metric("players-get-duration") == Metric(
        "psn-emulator-dev", "Latency", (("Route", "players-get"),)
    )
    assert metric("emulator-duration").name == metric("authorizer-duration").name == "Duration"


def test_where_there_are_none_all_that_the_gateway_and_lambda_measure_counts() -> None:
    measured = {metric.name for alarm in alarms(load_settings("prod")) for metric in alarm.metrics}
    assert not measured & {"InjectedServerErrors", "UninjectedLatency"}
    assert measured >= {"5xx", "Latency", "Duration"}


def test_expressions_name_their_metrics() -> None:
    assert BY_NAME["players-get-throttles"].expression is None
    assert BY_NAME["players-get-errors"].expression == "SUM([m0, m1])"
    assert BY_NAME["api-5xx"].expression == "100 * SUM([m0, m1]) / whole"
    assert dict(metric("api-5xx").dimensions)["ApiId"] == API_ID
