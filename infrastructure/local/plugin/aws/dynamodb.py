"""Amazon DynamoDB: tables."""

from typing import Final

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.shapes import Property, block, boolean, number, set_of, string

_LOCAL_INDEX: Final[dict[str, Property]] = {
    "name": string("IndexName", required=True),
    "rangeKey": string(required=True),
    "projectionType": string(required=True),
    "nonKeyAttributes": set_of(string()),
}
_GLOBAL_INDEX: Final[dict[str, Property]] = {
    **_LOCAL_INDEX,
    "hashKey": string(),
    "rangeKey": string(),
    "readCapacity": number(computed=True),
    "writeCapacity": number(computed=True),
}

TABLE: Final = AwsType(
    name="aws:dynamodb/table:Table",
    label="DynamoDB Table",
    service="dynamodb",
    inputs={
        "name": string("TableName", replaces=True, autoname=True),
        "hashKey": string(replaces=True),
        "rangeKey": string(replaces=True),
        "attributes": set_of(
            block(
                {
                    "name": string("AttributeName", required=True),
                    "type": string("AttributeType", required=True),
                }
            ),
            "AttributeDefinitions",
        ),
        "billingMode": string(default="PROVISIONED"),
        "readCapacity": number(computed=True),
        "writeCapacity": number(computed=True),
        "tableClass": string(computed=True),
        "deletionProtectionEnabled": boolean(),
        "globalSecondaryIndexes": set_of(block(_GLOBAL_INDEX)),
        "localSecondaryIndexes": set_of(block(_LOCAL_INDEX), replaces=True),
        "streamEnabled": boolean(),
        "streamViewType": string(computed=True),
        "serverSideEncryption": block(
            {"enabled": boolean(required=True), "kmsKeyArn": string("KMSMasterKeyArn", computed=True)},
            computed=True,
        ),
        "ttl": block({"attributeName": string(), "enabled": boolean()}),
        "pointInTimeRecovery": block({"enabled": boolean(required=True)}, computed=True),
        "tags": TAGS,
    },
    described_outputs={"arn": "TableArn", "streamArn": "LatestStreamArn", "streamLabel": "LatestStreamLabel"},
    identity=("name",),
    outputs_changed_by=lambda changed, _: (
        frozenset({"streamArn", "streamLabel"}) if "streamEnabled" in changed else frozenset()
    ),
    create="create_table",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"TableName": resource["name"]},
    reads=(
        ReadOperation(operation="describe_table", path="Table"),
        ReadOperation(operation="describe_time_to_live", path="TimeToLiveDescription", into="TimeToLive"),
        ReadOperation(
            operation="describe_continuous_backups",
            path="ContinuousBackupsDescription.PointInTimeRecoveryDescription",
            into="Recovery",
        ),
    ),
    updates=(
        UpdateOperation(properties=("ttl",), put="update_time_to_live", after=True),
        UpdateOperation(properties=("pointInTimeRecovery",), put="update_continuous_backups", after=True),
        UpdateOperation(properties=("deletionProtectionEnabled",), put="update_table"),
        UpdateOperation(properties=("tableClass",), put="update_table"),
        UpdateOperation(properties=("billingMode", "readCapacity", "writeCapacity"), put="update_table"),
        UpdateOperation(properties=("streamEnabled", "streamViewType"), put="update_table"),
        UpdateOperation(properties=("serverSideEncryption",), put="update_table"),
        UpdateOperation(properties=("globalSecondaryIndexes", "attributes"), put="update_table"),
    ),
    tagging=Tagging(style="pairs", target="ResourceArn", target_is="arn", list_tags="list_tags_of_resource"),
    delete="delete_table",
    exists_codes=("ResourceInUseException",),
)
