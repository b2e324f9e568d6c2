"""Amazon DynamoDB: tables."""

from typing import Final

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.shapes import Property, block, flag, number, text, unordered

_LOCAL_INDEX: Final[dict[str, Property]] = {
    "name": text("IndexName", required=True),
    "rangeKey": text(required=True),
    "projectionType": text(required=True),
    "nonKeyAttributes": unordered(text()),
}
_GLOBAL_INDEX: Final[dict[str, Property]] = {
    **_LOCAL_INDEX,
    "hashKey": text(),
    "rangeKey": text(),
    "readCapacity": number(computed=True),
    "writeCapacity": number(computed=True),
}

TABLE: Final = AwsType(
    name="aws:dynamodb/table:Table",
    label="DynamoDB Table",
    service="dynamodb",
    inputs={
        "name": text("TableName", replaces=True, autoname=True),
        "hashKey": text(replaces=True),
        "rangeKey": text(replaces=True),
        "attributes": unordered(
            block(
                {"name": text("AttributeName", required=True), "type": text("AttributeType", required=True)}
            ),
            "AttributeDefinitions",
        ),
        "billingMode": text(default="PROVISIONED"),
        "readCapacity": number(computed=True),
        "writeCapacity": number(computed=True),
        "tableClass": text(computed=True),
        "deletionProtectionEnabled": flag(),
        "globalSecondaryIndexes": unordered(block(_GLOBAL_INDEX)),
        "localSecondaryIndexes": unordered(block(_LOCAL_INDEX), replaces=True),
        "streamEnabled": flag(),
        "streamViewType": text(computed=True),
        "serverSideEncryption": block(
            {"enabled": flag(required=True), "kmsKeyArn": text("KMSMasterKeyArn", computed=True)},
            computed=True,
        ),
        "ttl": block({"attributeName": text(), "enabled": flag()}),
        "pointInTimeRecovery": block({"enabled": flag(required=True)}, computed=True),
        "tags": TAGS,
    },
    found={"arn": "TableArn", "streamArn": "LatestStreamArn", "streamLabel": "LatestStreamLabel"},
    identity=("name",),
    unsettled=lambda changed, _: (
        frozenset({"streamArn", "streamLabel"}) if "streamEnabled" in changed else frozenset()
    ),
    create="create_table",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"TableName": at["name"]},
    looks=(
        Look(operation="describe_table", path="Table"),
        Look(operation="describe_time_to_live", path="TimeToLiveDescription", into="TimeToLive"),
        Look(
            operation="describe_continuous_backups",
            path="ContinuousBackupsDescription.PointInTimeRecoveryDescription",
            into="Recovery",
        ),
    ),
    aspects=(
        Aspect(properties=("ttl",), put="update_time_to_live", after=True),
        Aspect(properties=("pointInTimeRecovery",), put="update_continuous_backups", after=True),
        Aspect(properties=("deletionProtectionEnabled",), put="update_table"),
        Aspect(properties=("tableClass",), put="update_table"),
        Aspect(properties=("billingMode", "readCapacity", "writeCapacity"), put="update_table"),
        Aspect(properties=("streamEnabled", "streamViewType"), put="update_table"),
        Aspect(properties=("serverSideEncryption",), put="update_table"),
        Aspect(properties=("globalSecondaryIndexes", "attributes"), put="update_table"),
    ),
    tagging=Tagging(style="pairs", target="ResourceArn", of="arn", look="list_tags_of_resource"),
    delete="delete_table",
    existing=("ResourceInUseException",),
)
