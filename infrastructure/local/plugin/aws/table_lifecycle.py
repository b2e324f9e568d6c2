"""Creates and updates DynamoDB tables, whose descriptions have another form than their parameters."""

from typing import Final, override

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.aws.declaration import UpdateOperation
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import AwsError, PluginError
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.values import Properties, Value, at_path, mapping, sequence, without_none

_PROVISIONED: Final = "PROVISIONED"
_BILLING: Final = frozenset({"billingMode", "readCapacity", "writeCapacity"})
_STREAM: Final = frozenset({"streamEnabled", "streamViewType"})


class TableLifecycle(AwsLifecycle):
    """Tables.

    AWS takes one change of a table or of one index at a time, and refuses the next one until it is done
    (Amazon DynamoDB API Reference: UpdateTable).
    """

    @override
    def create_parameters(self, inputs: Properties) -> Properties:
        """The table with its indexes; ``PROVISIONED`` where the program sets no billing mode."""
        indexes = [_index(mapping(index)) for index in sequence(inputs.get("globalSecondaryIndexes"))]
        hash_key: Properties = {"hashKey": inputs.get("hashKey")}
        local = [_index(hash_key | mapping(index)) for index in sequence(inputs.get("localSecondaryIndexes"))]
        tags = [{"Key": key, "Value": value} for key, value in mapping(inputs.get("tagsAll")).items()]
        return without_none(
            {
                "TableName": inputs["name"],
                "KeySchema": _keys(inputs),
                "AttributeDefinitions": _attributes(inputs),
                "GlobalSecondaryIndexes": list(indexes) or None,
                "LocalSecondaryIndexes": list(local) or None,
                "Tags": list(tags) or None,
                **_table_wide(inputs, frozenset(inputs) | _BILLING),
            }
        )

    @override
    def wait_until_ready(self, resource: ResourceState) -> None:
        """Waits until the table and its indexes are active."""

        def is_active() -> bool:
            table = mapping(self.call("describe_table", {"TableName": resource["name"]})["Table"])
            indexes = [mapping(index) for index in sequence(table.get("GlobalSecondaryIndexes"))]
            states = [table.get("TableStatus"), *(index.get("IndexStatus") for index in indexes)]
            return all(state in (None, "ACTIVE") for state in states)

        self.client.wait_until(is_active, "the table is active")

    @override
    def apply(
        self, operation: UpdateOperation, resource: ResourceState, news: Properties, names: frozenset[str]
    ) -> None:
        """Makes one change and waits until it is done."""
        key = self.kind.key(resource)
        match operation.properties[0]:
            case "ttl":
                self._set_expiry(resource, mapping(news.get("ttl")))
            case "pointInTimeRecovery":
                enabled = bool(at_path(news, "pointInTimeRecovery.enabled"))
                setting: Properties = {"PointInTimeRecoveryEnabled": enabled}
                self.call("update_continuous_backups", key | {"PointInTimeRecoverySpecification": setting})
            case "globalSecondaryIndexes":
                self._change_indexes(resource, news)
            case _:
                self.call("update_table", key | _table_wide(news, names))
        self.wait_until_ready(resource)

    @override
    def delete(self, resource: ResourceState) -> None:
        """Deletes the table and waits until its name is free."""
        super().delete(resource)
        self.client.wait_until(lambda: self.describe(resource) is None, "the table is gone")

    @override
    def decode_inputs(self, description: Properties) -> Properties:
        """The inputs that the descriptions of table, expiry and backups show."""
        keys = _key_names(description)
        stream = mapping(description.get("StreamSpecification"))
        encryption = mapping(description.get("SSEDescription"))
        throughput = mapping(description.get("ProvisionedThroughput"))
        expiry = mapping(description.get("TimeToLive"))
        indexes = [
            _decoded_index(mapping(index)) for index in sequence(description.get("GlobalSecondaryIndexes"))
        ]
        local = [
            _decoded_index(mapping(index), without="hashKey")
            for index in sequence(description.get("LocalSecondaryIndexes"))
        ]
        return without_none(
            {
                **super().decode_inputs(description),
                **keys,
                "billingMode": at_path(description, "BillingModeSummary.BillingMode") or _PROVISIONED,
                "readCapacity": throughput.get("ReadCapacityUnits"),
                "writeCapacity": throughput.get("WriteCapacityUnits"),
                "tableClass": at_path(description, "TableClassSummary.TableClass"),
                "globalSecondaryIndexes": list(indexes) or None,
                "localSecondaryIndexes": list(local) or None,
                "streamEnabled": bool(stream.get("StreamEnabled")),
                "streamViewType": stream.get("StreamViewType"),
                "serverSideEncryption": {"enabled": encryption.get("Status") in ("ENABLED", "ENABLING")},
                "ttl": {
                    "attributeName": expiry["AttributeName"],
                    "enabled": expiry.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"),
                }
                if expiry.get("AttributeName")
                else None,
                "pointInTimeRecovery": {
                    "enabled": at_path(description, "Recovery.PointInTimeRecoveryStatus") == "ENABLED"
                },
            }
        )

    def _set_expiry(self, resource: ResourceState, ttl: Properties) -> None:
        """Sets the attribute that tells when an item expires; AWS refuses a setting that is there already."""
        enabled = bool(ttl.get("enabled"))
        attribute = ttl.get("attributeName") or at_path(resource.properties, "ttl.attributeName")
        setting: Properties = {"AttributeName": attribute, "Enabled": enabled}
        try:
            self.call("update_time_to_live", self.kind.key(resource) | {"TimeToLiveSpecification": setting})
        except AwsError as error:
            if "already" not in error.message:
                raise

    def _change_indexes(self, resource: ResourceState, news: Properties) -> None:
        """Deletes and creates indexes, one at a time; a changed one is deleted and created."""
        declared = self.kind.inputs["globalSecondaryIndexes"].item
        if declared is None:
            raise PluginError("indexes are not declared")
        old = _by_name(resource.get("globalSecondaryIndexes"))
        new = _by_name(news.get("globalSecondaryIndexes"))
        changed = {
            name
            for name in old.keys() & new.keys()
            if any(not compare.is_same(declared, new[name][key], old[name].get(key)) for key in new[name])
        }
        steps: list[Value] = [
            {"Delete": {"IndexName": name}} for name in sorted((old.keys() - new.keys()) | changed)
        ]
        steps += [{"Create": _index(new[name])} for name in sorted((new.keys() - old.keys()) | changed)]
        for step in steps:
            parameters: Properties = {
                "AttributeDefinitions": _attributes(news),
                "GlobalSecondaryIndexUpdates": [step],
            }
            self.call("update_table", self.kind.key(resource) | parameters)
            self.wait_until_ready(resource)


def _table_wide(inputs: Properties, names: frozenset[str]) -> Properties:
    """The parameters of ``CreateTable`` and ``UpdateTable`` for the inputs with ``names``."""
    parameters: Properties = {}
    if names & _BILLING:
        parameters["BillingMode"] = inputs.get("billingMode") or _PROVISIONED
        if parameters["BillingMode"] == _PROVISIONED:
            parameters["ProvisionedThroughput"] = _throughput(inputs)
    if "deletionProtectionEnabled" in names:
        parameters["DeletionProtectionEnabled"] = bool(inputs.get("deletionProtectionEnabled"))
    if names & _STREAM:
        enabled = bool(inputs.get("streamEnabled"))
        view = inputs.get("streamViewType") if enabled else None
        parameters["StreamSpecification"] = without_none({"StreamEnabled": enabled, "StreamViewType": view})
    if "serverSideEncryption" in names and inputs.get("serverSideEncryption"):
        encryption = mapping(inputs["serverSideEncryption"])
        parameters["SSESpecification"] = without_none(
            {
                "Enabled": encryption.get("enabled"),
                "SSEType": "KMS" if encryption.get("enabled") else None,
                "KMSMasterKeyId": encryption.get("kmsKeyArn"),
            }
        )
    if "tableClass" in names and inputs.get("tableClass"):
        parameters["TableClass"] = inputs["tableClass"]
    return parameters


def _throughput(inputs: Properties) -> Properties:
    return {
        "ReadCapacityUnits": inputs.get("readCapacity") or 1,
        "WriteCapacityUnits": inputs.get("writeCapacity") or 1,
    }


def _keys(inputs: Properties) -> Value:
    keys = (("hashKey", "HASH"), ("rangeKey", "RANGE"))
    return [{"AttributeName": inputs[name], "KeyType": role} for name, role in keys if inputs.get(name)]


def _key_names(description: Properties) -> Properties:
    names = {"HASH": "hashKey", "RANGE": "rangeKey"}
    keys = [mapping(key) for key in sequence(description.get("KeySchema"))]
    return {names[str(key["KeyType"])]: key["AttributeName"] for key in keys}


def _attributes(inputs: Properties) -> Value:
    attributes = [mapping(attribute) for attribute in sequence(inputs.get("attributes"))]
    return [
        {"AttributeName": attribute["name"], "AttributeType": attribute["type"]} for attribute in attributes
    ]


def _index(index: Properties) -> Properties:
    projection: Properties = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    parameters: Properties = {
        "IndexName": index["name"],
        "KeySchema": _keys(index),
        "Projection": projection,
    }
    return parameters | ({"ProvisionedThroughput": _throughput(index)} if index.get("readCapacity") else {})


def _decoded_index(index: Properties, *, without: str | None = None) -> Properties:
    throughput = mapping(index.get("ProvisionedThroughput"))
    keys = {name: key for name, key in _key_names(index).items() if name != without}
    return without_none(
        {
            "name": index["IndexName"],
            **keys,
            "projectionType": at_path(index, "Projection.ProjectionType"),
            "nonKeyAttributes": at_path(index, "Projection.NonKeyAttributes"),
            "readCapacity": throughput.get("ReadCapacityUnits") or None,
            "writeCapacity": throughput.get("WriteCapacityUnits") or None,
        }
    )


def _by_name(indexes: Value) -> dict[str, Properties]:
    return {str(mapping(index)["name"]): mapping(index) for index in sequence(indexes)}
