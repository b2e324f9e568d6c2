"""What watches a stack: declared as it is defined, on AWS only."""

import json

import pytest

from infrastructure.stack import dashboard
from infrastructure.stack.alarms import API_ID, alarms, composite_alarms
from infrastructure.stack.loading import load_settings
from infrastructure.stack.saved_queries import saved_queries
from tests.infrastructure.conftest import Declared, WriteStack
from tests.support.recorded import Recorded, record

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC_ARN = "arn:aws:::psn-emulator-dev-alarms"
API = "api-id"


def body_of(recorded: Recorded) -> dict[str, object]:
    """The declared dashboard."""
    body: dict[str, object] = json.loads(recorded.named("dashboard").inputs["dashboardBody"])
    return body


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_alarm_is_declared_as_it_is_defined_and_notifies_the_topic(
    declared: Declared, stack: str
) -> None:
    recorded, settings = declared(stack), load_settings(stack)
    inputs = {item.inputs["name"]: item.inputs for item in recorded.of(ALARM)}
    assert inputs.keys() == {alarm.name for alarm in alarms(settings)}
    for alarm in alarms(settings, API):
        one = inputs[alarm.name]
        assert (one["threshold"], one["evaluationPeriods"]) == (alarm.threshold, alarm.evaluation_periods)
        assert (one["datapointsToAlarm"], one["treatMissingData"]) == (alarm.datapoints, "notBreaching")
        assert one["alarmActions"] == [recorded.named("alarms").outputs["arn"]]
        assert alarm.runbook in one["alarmDescription"]
        if alarm.expression is None:
            [metric] = alarm.metrics
            assert (one["namespace"], one["metricName"]) == (metric.namespace, metric.name)
            assert one.get("dimensions", {}) == dict(metric.dimensions)
            assert one.get("statistic", one.get("extendedStatistic")) == alarm.statistic
            assert one["period"] == alarm.period_seconds
        else:
            [value, *measured] = one["metricQueries"]
            assert (value["expression"], value["returnData"]) == (alarm.expression, True)
            whole = [alarm.percent_of] if alarm.percent_of else []
            of = [*alarm.metrics, *whole]
            assert [query["metric"]["metricName"] for query in measured] == [metric.name for metric in of]
            assert [query["metric"]["dimensions"] for query in measured] == [dict(m.dimensions) for m in of]
            assert all(query["id"] in alarm.expression for query in measured)


def test_the_composite_alarm_waits_for_those_it_names(declared: Declared) -> None:
    recorded = declared("dev")
    [composite] = composite_alarms(load_settings("dev"))
    whole = recorded.named("any-alarm")
    assert whole.inputs["alarmRule"] == composite.rule
    assert {item.urn for item in recorded.of(ALARM)} <= whole.after
    assert whole.inputs["okActions"] == [TOPIC_ARN]


def test_the_topic_is_encrypted_by_a_key_that_cloudwatch_may_use(declared: Declared) -> None:
    recorded = declared("dev")
    key = recorded.named("alarms-key")
    assert recorded.named("alarms").inputs["kmsMasterKeyId"] == key.outputs["arn"]
    assert key.inputs["enableKeyRotation"] is True
    [account, service] = json.loads(key.inputs["policy"])["Statement"]
    assert account["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert service["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert service["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.usefixtures("few_routes", "every_stack")
def test_subscribers_and_the_throttling_of_single_routes_come_by_setting(write_stack: WriteStack) -> None:
    write_stack(
        "dev",
        architecture="amd64",
        alarm_emails=["ops@studio.example"],
        alarm_urls=["https://chat.example/hook"],
        routes={"healthz": {"throttle_rate": 5, "throttle_burst": 6}},
    )
    recorded = record("dev")
    subscriptions = recorded.of("aws:sns/topicSubscription:TopicSubscription")
    assert {(item.inputs["protocol"], item.inputs["endpoint"]) for item in subscriptions} == {
        ("email", "ops@studio.example"),
        ("https", "https://chat.example/hook"),
    }
    assert [
        (one["routeKey"], one["throttlingRateLimit"], one["throttlingBurstLimit"])
        for one in recorded.named("stage").inputs["routeSettings"]
    ] == [(f"{method} {under}/healthz", 5, 6) for under in ("", "/s/{sandbox}") for method in ("GET", "HEAD")]


def test_the_dashboards_body_is_of_the_documented_structure_and_names_the_release(
    declared: Declared,
) -> None:
    recorded = declared("dev")
    body = body_of(recorded)
    assert body.keys() <= {"start", "end", "periodOverride", "variables", "widgets"}
    release = recorded.outputs["image_tag"]
    widgets = body["widgets"]
    assert isinstance(widgets, list)
    assert len(widgets) <= 500
    taken: set[tuple[int, int]] = set()
    for widget in widgets:
        assert widget.keys() == {"type", "x", "y", "width", "height", "properties"}
        assert widget["x"] >= 0
        assert widget["x"] + widget["width"] <= 24
        assert 1 <= widget["height"] <= 1000
        cells = {
            (widget["x"] + x, widget["y"] + y)
            for x in range(widget["width"])
            for y in range(widget["height"])
        }
        assert not cells & taken
        taken |= cells
        assert release in json.dumps(widget["properties"], ensure_ascii=False)
        check_properties(widget["type"], widget["properties"])
    assert API_ID not in json.dumps(body)
    assert [w["properties"]["title"].split(" · ")[0] for w in widgets if w["type"] == "metric"] == [
        widget.title for widget in dashboard.widgets(load_settings("dev"))
    ]


def check_properties(kind: str, properties: dict[str, object]) -> None:
    """Fails where the properties of a widget are not those that "Dashboard body structure and syntax" has."""
    if kind == "text":
        assert properties.keys() == {"markdown"}
        return
    if kind == "alarm":
        assert properties.keys() == {"title", "alarms"}
        named = properties["alarms"]
        assert isinstance(named, list)
        assert 1 <= len(named) <= 100
        assert all(arn.startswith("arn:") for arn in named)
        return
    assert kind == "metric"
    assert properties.keys() == {"title", "view", "stacked", "region", "period", "yAxis", "metrics"}
    assert properties["view"] in {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}
    assert isinstance(properties["stacked"], bool)
    metrics = properties["metrics"]
    assert isinstance(metrics, list)
    assert 1 <= len(metrics) <= 500
    for *names, options in metrics:
        assert isinstance(options, dict)
        if "expression" in options:
            assert not names
            assert options["expression"].startswith('SEARCH(\'{"psn-emulator-dev",')
        else:
            # Namespace and name, then pairs of a dimension's name and value, of which there are 30 at most.
            assert len(names) % 2 == 0
            assert 2 <= len(names) <= 62
            assert all(isinstance(name, str) and name for name in names)
            assert options.keys() == {"stat", "label"}


def test_the_dashboards_url_is_an_output_where_there_is_one(declared: Declared) -> None:
    url = declared("dev").outputs["dashboard_url"]
    assert url == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#dashboards/dashboard/psn-emulator-dev"
    )
    assert "dashboard_url" not in declared("local").outputs


def test_the_queries_ask_logs_that_are_there(declared: Declared) -> None:
    recorded = declared("dev")
    groups = {item.inputs["name"] for item in recorded.of("aws:cloudwatch/logGroup:LogGroup")}
    queries = {
        item.inputs["name"]: item.inputs
        for item in recorded.of("aws:cloudwatch/queryDefinition:QueryDefinition")
    }
    for query in saved_queries(load_settings("dev")):
        declared_query = queries[f"psn-emulator-dev/{query.name}"]
        assert declared_query["queryString"] == query.text
        assert 1 <= len(declared_query["logGroupNames"]) <= 50
        assert {*declared_query["logGroupNames"]} <= groups


def test_what_watches_a_stack_goes_with_it(declared: Declared) -> None:
    recorded = declared("dev")
    [whole] = recorded.of("psn-emulator:monitoring:Monitoring")
    watching = [item for item in recorded.resources if item.parent == whole.urn]
    kinds = {item.type.rpartition(":")[2] for item in watching}
    assert kinds == {"Key", "Topic", "MetricAlarm", "CompositeAlarm", "Dashboard", "QueryDefinition"}
    assert not [item.name for item in watching if item.protect or item.retained]


def test_a_local_stack_has_nothing_of_it(declared: Declared) -> None:
    kinds = {item.type for item in declared("local").resources}
    assert not any("sns" in kind or "kms" in kind or "Alarm" in kind or "ashboard" in kind for kind in kinds)
