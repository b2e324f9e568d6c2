"""Amazon CloudWatch Logs: log groups."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.shapes import camel, number, string
from infrastructure.local.plugin.values import Properties

LOG_GROUP: Final = AwsType(
    name="aws:cloudwatch/logGroup:LogGroup",
    label="CloudWatch Log Group",
    service="logs",
    naming=camel,
    inputs={
        "name": string("logGroupName", replaces=True, autoname=True),
        "retentionInDays": number(default=0),
        "kmsKeyId": string(),
        "logGroupClass": string(replaces=True, computed=True),
        "tags": TAGS,
    },
    described_outputs={"arn": "arn"},
    identity=("name",),
    create="create_log_group",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"logGroupName": resource["name"]},
    reads=(
        ReadOperation(
            operation="describe_log_groups",
            path="logGroups",
            where=("logGroupName", "name"),
            key=lambda resource: {"logGroupNamePrefix": resource["name"]},
        ),
    ),
    updates=(
        UpdateOperation(
            properties=("retentionInDays",),
            put="put_retention_policy",
            drop="delete_retention_policy",
            after=True,
        ),
        UpdateOperation(properties=("kmsKeyId",), put="associate_kms_key", drop="disassociate_kms_key"),
    ),
    tagging=Tagging(
        style="map",
        target="resourceArn",
        target_is="arn",
        tags="tags",
        keys="tagKeys",
        list_tags="list_tags_for_resource",
    ),
    delete="delete_log_group",
    exists_codes=("ResourceAlreadyExistsException",),
)


class LogGroupLifecycle(AwsLifecycle):
    """Log groups, whose listed ARN ends in the wildcard of their streams, which no other API accepts."""

    @override
    def describe(self, resource: ResourceState) -> Properties | None:
        """The log group, with its ARN without the wildcard."""
        group = super().describe(resource)
        return group and group | {"arn": str(group["arn"]).removesuffix(":*")}
