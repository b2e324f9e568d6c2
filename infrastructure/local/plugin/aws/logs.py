"""Amazon CloudWatch Logs: log groups."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import camel, number, text
from infrastructure.local.plugin.values import Properties

LOG_GROUP: Final = AwsType(
    name="aws:cloudwatch/logGroup:LogGroup",
    label="CloudWatch Log Group",
    service="logs",
    naming=camel,
    inputs={
        "name": text("logGroupName", replaces=True, autoname=True),
        "retentionInDays": number(default=0),
        "kmsKeyId": text(),
        "logGroupClass": text(replaces=True, computed=True),
        "tags": TAGS,
    },
    found={"arn": "arn"},
    identity=("name",),
    create="create_log_group",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"logGroupName": at["name"]},
    looks=(
        Look(
            operation="describe_log_groups",
            path="logGroups",
            where=("logGroupName", "name"),
            key=lambda at: {"logGroupNamePrefix": at["name"]},
        ),
    ),
    aspects=(
        Aspect(
            properties=("retentionInDays",),
            put="put_retention_policy",
            drop="delete_retention_policy",
            after=True,
        ),
        Aspect(properties=("kmsKeyId",), put="associate_kms_key", drop="disassociate_kms_key"),
    ),
    tagging=Tagging(
        style="map",
        target="resourceArn",
        of="arn",
        tags="tags",
        keys="tagKeys",
        look="list_tags_for_resource",
    ),
    delete="delete_log_group",
    existing=("ResourceAlreadyExistsException",),
)


class LogGroupLifecycle(AwsLifecycle):
    """A log group's ARN is listed with its streams' wildcard, which no other API takes."""

    @override
    def describe(self, physical: Physical) -> Properties | None:
        """The log group, with its ARN bare."""
        found = super().describe(physical)
        if found is None:
            return None
        return found | {"arn": str(found["arn"]).removesuffix(":*")}
