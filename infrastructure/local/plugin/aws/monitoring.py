"""Amazon CloudWatch alarms and dashboards, and the Amazon SNS topics that alarms speak to."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import Property, document, flag, number, table, text, unordered
from infrastructure.local.plugin.values import Properties, mapping

_ALARM: Final[dict[str, Property]] = {
    "name": text("AlarmName", replaces=True, autoname=True),
    "comparisonOperator": text(required=True),
    "evaluationPeriods": number(required=True),
    "metricName": text(),
    "namespace": text(),
    "period": number(),
    "statistic": text(),
    "extendedStatistic": text(),
    "threshold": number(),
    "unit": text(),
    "dimensions": table(pairs=("Name", "Value")),
    "datapointsToAlarm": number(),
    "treatMissingData": text(default="missing"),
    "evaluateLowSampleCountPercentiles": text("EvaluateLowSampleCountPercentile", computed=True),
    "alarmDescription": text(),
    "actionsEnabled": flag(default=True),
    "alarmActions": unordered(text()),
    "okActions": unordered(text(), "OKActions"),
    "insufficientDataActions": unordered(text()),
}

METRIC_ALARM: Final = AwsType(
    name="aws:cloudwatch/metricAlarm:MetricAlarm",
    label="CloudWatch Metric Alarm",
    service="cloudwatch",
    inputs=_ALARM | {"tags": TAGS},
    found={"arn": "AlarmArn"},
    identity=("name",),
    create="put_metric_alarm",
    upserts=True,
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"AlarmName": at["name"]},
    looks=(
        Look(
            operation="describe_alarms",
            path="MetricAlarms",
            where=("AlarmName", "name"),
            key=lambda at: {"AlarmNames": [at["name"]], "AlarmTypes": ["MetricAlarm"]},
        ),
    ),
    aspects=(Aspect(properties=tuple(_ALARM), put="put_metric_alarm", whole=True),),
    tagging=Tagging(style="pairs", target="ResourceARN", of="arn", look="list_tags_for_resource"),
    delete="delete_alarms",
    missing=("ResourceNotFound", "ResourceNotFoundException"),
)

DASHBOARD: Final = AwsType(
    name="aws:cloudwatch/dashboard:Dashboard",
    label="CloudWatch Dashboard",
    service="cloudwatch",
    inputs={
        "dashboardName": text(required=True, replaces=True),
        "dashboardBody": document(required=True),
    },
    found={"dashboardArn": "DashboardArn"},
    identity=("dashboardName",),
    create="put_dashboard",
    id=lambda inputs, _answer: str(inputs["dashboardName"]),
    key=lambda at: {"DashboardName": at["dashboardName"]},
    looks=(Look(operation="get_dashboard"),),
    aspects=(Aspect(properties=("dashboardBody",), put="put_dashboard", whole=True),),
    delete="delete_dashboards",
    missing=("ResourceNotFound", "DashboardNotFoundError"),
)

_TOPIC_ATTRIBUTES: Final = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "tracingConfig": "TracingConfig",
}

TOPIC: Final = AwsType(
    name="aws:sns/topic:Topic",
    label="SNS Topic",
    service="sns",
    inputs={
        "name": text(replaces=True, autoname=True),
        "displayName": text(),
        "kmsMasterKeyId": text(),
        "tracingConfig": text(computed=True),
        "tags": TAGS,
    },
    found={"arn": "TopicArn", "owner": "Owner"},
    identity=("name",),
    create="create_topic",
    upserts=True,
    id=lambda _inputs, answer: str(answer["TopicArn"]),
    key=lambda at: {"TopicArn": at.id},
    looks=(Look(operation="get_topic_attributes", path="Attributes"),),
    tagging=Tagging(style="pairs", target="ResourceArn", of="arn", look="list_tags_for_resource"),
    delete="delete_topic",
    missing=("NotFound", "NotFoundException"),
)


class AlarmLifecycle(AwsLifecycle):
    """Alarms are deleted by lists of names."""

    @override
    def removal(self, physical: Physical) -> Properties:
        """The list with the one name."""
        return {"AlarmNames": [physical["name"]]}


class DashboardLifecycle(AwsLifecycle):
    """Dashboards are deleted by lists of names."""

    @override
    def removal(self, physical: Physical) -> Properties:
        """The list with the one name."""
        return {"DashboardNames": [physical["dashboardName"]]}


class TopicLifecycle(AwsLifecycle):
    """A topic's settings are attributes, each set by a call of its own."""

    @override
    def creation(self, inputs: Properties) -> Properties:
        """The name and the tags; what else is given, as attributes."""
        parameters = super().creation(inputs)
        attributes = {api: parameters.pop(api) for api in _TOPIC_ATTRIBUTES.values() if api in parameters}
        return parameters | ({"Attributes": attributes} if attributes else {})

    @override
    def describe(self, physical: Physical) -> Properties | None:
        """The attributes, and the name, which only the ARN has."""
        found = super().describe(physical)
        return None if found is None else found | {"Name": physical.id.rpartition(":")[2]}

    @override
    def update(self, physical: Physical, news: Properties, changed: frozenset[str]) -> Properties:
        """Sets the changed attributes."""
        for name in changed & _TOPIC_ATTRIBUTES.keys():
            value = news.get(name) or ""
            self.call(
                "set_topic_attributes",
                {
                    "TopicArn": physical.id,
                    "AttributeName": _TOPIC_ATTRIBUTES[name],
                    "AttributeValue": value,
                },
            )
        return super().update(physical, mapping(news), changed)
