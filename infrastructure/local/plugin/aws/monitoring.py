"""Amazon CloudWatch alarms and dashboards, and the Amazon SNS topics that alarms notify."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.shapes import (
    Property,
    boolean,
    json_string,
    number,
    set_of,
    string,
    string_map,
)
from infrastructure.local.plugin.values import Properties, mapping

_ALARM: Final[dict[str, Property]] = {
    "name": string("AlarmName", replaces=True, autoname=True),
    "comparisonOperator": string(required=True),
    "evaluationPeriods": number(required=True),
    "metricName": string(),
    "namespace": string(),
    "period": number(),
    "statistic": string(),
    "extendedStatistic": string(),
    "threshold": number(),
    "unit": string(),
    "dimensions": string_map(pairs=("Name", "Value")),
    "datapointsToAlarm": number(),
    "treatMissingData": string(default="missing"),
    "evaluateLowSampleCountPercentiles": string("EvaluateLowSampleCountPercentile", computed=True),
    "alarmDescription": string(),
    "actionsEnabled": boolean(default=True),
    "alarmActions": set_of(string()),
    "okActions": set_of(string(), "OKActions"),
    "insufficientDataActions": set_of(string()),
}

METRIC_ALARM: Final = AwsType(
    name="aws:cloudwatch/metricAlarm:MetricAlarm",
    label="CloudWatch Metric Alarm",
    service="cloudwatch",
    inputs=_ALARM | {"tags": TAGS},
    described_outputs={"arn": "AlarmArn"},
    identity=("name",),
    create="put_metric_alarm",
    upserts=True,
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"AlarmName": resource["name"]},
    reads=(
        ReadOperation(
            operation="describe_alarms",
            path="MetricAlarms",
            where=("AlarmName", "name"),
            key=lambda resource: {"AlarmNames": [resource["name"]], "AlarmTypes": ["MetricAlarm"]},
        ),
    ),
    updates=(UpdateOperation(properties=tuple(_ALARM), put="put_metric_alarm", whole=True),),
    tagging=Tagging(style="pairs", target="ResourceARN", target_is="arn", list_tags="list_tags_for_resource"),
    delete="delete_alarms",
    missing_codes=("ResourceNotFound", "ResourceNotFoundException"),
)

DASHBOARD: Final = AwsType(
    name="aws:cloudwatch/dashboard:Dashboard",
    label="CloudWatch Dashboard",
    service="cloudwatch",
    inputs={
        "dashboardName": string(required=True, replaces=True),
        "dashboardBody": json_string(required=True),
    },
    described_outputs={"dashboardArn": "DashboardArn"},
    identity=("dashboardName",),
    create="put_dashboard",
    id=lambda inputs, _answer: str(inputs["dashboardName"]),
    key=lambda resource: {"DashboardName": resource["dashboardName"]},
    reads=(ReadOperation(operation="get_dashboard"),),
    updates=(UpdateOperation(properties=("dashboardBody",), put="put_dashboard", whole=True),),
    delete="delete_dashboards",
    missing_codes=("ResourceNotFound", "DashboardNotFoundError"),
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
        "name": string(replaces=True, autoname=True),
        "displayName": string(),
        "kmsMasterKeyId": string(),
        "tracingConfig": string(computed=True),
        "tags": TAGS,
    },
    described_outputs={"arn": "TopicArn", "owner": "Owner"},
    identity=("name",),
    create="create_topic",
    upserts=True,
    id=lambda _inputs, answer: str(answer["TopicArn"]),
    key=lambda resource: {"TopicArn": resource.id},
    reads=(ReadOperation(operation="get_topic_attributes", path="Attributes"),),
    tagging=Tagging(style="pairs", target="ResourceArn", target_is="arn", list_tags="list_tags_for_resource"),
    delete="delete_topic",
    missing_codes=("NotFound", "NotFoundException"),
)


class AlarmLifecycle(AwsLifecycle):
    """Alarms, which are deleted by lists of names."""

    @override
    def delete_parameters(self, resource: ResourceState) -> Properties:
        """A list with the one name."""
        return {"AlarmNames": [resource["name"]]}


class DashboardLifecycle(AwsLifecycle):
    """Dashboards, which are deleted by lists of names."""

    @override
    def delete_parameters(self, resource: ResourceState) -> Properties:
        """A list with the one name."""
        return {"DashboardNames": [resource["dashboardName"]]}


class TopicLifecycle(AwsLifecycle):
    """Topics, whose settings are attributes that one call each sets."""

    @override
    def create_parameters(self, inputs: Properties) -> Properties:
        """The name and tags, and the other inputs as ``Attributes``."""
        parameters = super().create_parameters(inputs)
        attributes = {api: parameters.pop(api) for api in _TOPIC_ATTRIBUTES.values() if api in parameters}
        return parameters | ({"Attributes": attributes} if attributes else {})

    @override
    def describe(self, resource: ResourceState) -> Properties | None:
        """The attributes, and the name, which is only in the ARN."""
        attributes = super().describe(resource)
        return None if attributes is None else attributes | {"Name": resource.id.rpartition(":")[2]}

    @override
    def update(self, resource: ResourceState, news: Properties, changed: frozenset[str]) -> Properties:
        """Sets the changed attributes."""
        for name in changed & _TOPIC_ATTRIBUTES.keys():
            value = news.get(name) or ""
            self.call(
                "set_topic_attributes",
                {
                    "TopicArn": resource.id,
                    "AttributeName": _TOPIC_ATTRIBUTES[name],
                    "AttributeValue": value,
                },
            )
        return super().update(resource, mapping(news), changed)
