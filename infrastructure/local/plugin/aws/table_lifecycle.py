"""How a DynamoDB table is made and changed, whose API shows the same things in other shapes than it takes them."""

from typing import Final, override

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.aws.declaration import Aspect
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import AwsError, PluginError
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.values import Properties, Value, at_path, mapping, present, sequence

_PROVISIONED: Final = "PROVISIONED"
_BILLING: Final = frozenset({"billingMode", "readCapacity", "writeCapacity"})
_STREAM: Final = frozenset({"streamEnabled", "streamViewType"})


class TableLifecycle(AwsLifecycle):
    """A table.

    It takes one change of itself or of one index at a time, and each has to be over before the next
    (Amazon DynamoDB API Reference: UpdateTable).
    """

    @override
    def creation(self, inputs: Properties) -> Properties:
        """The table with its indexes; billed as the program says, provisioned when it says nothing."""
        indexes = [_index(mapping(each)) for each in sequence(inputs.get("globalSecondaryIndexes"))]
        hash_key: Properties = {"hashKey": inputs.get("hashKey")}
        local = [_index(hash_key | mapping(each)) for each in sequence(inputs.get("localSecondaryIndexes"))]
        tags = [{"Key": key, "Value": value} for key, value in mapping(inputs.get("tagsAll")).items()]
        return present(
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
    def settle(self, physical: Physical) -> None:
        """Waits until the table and its indexes take requests."""

        def is_settled() -> bool:
            table = mapping(self.call("describe_table", {"TableName": physical["name"]})["Table"])
            indexes = [mapping(index) for index in sequence(table.get("GlobalSecondaryIndexes"))]
            states = [table.get("TableStatus"), *(index.get("IndexStatus") for index in indexes)]
            return all(state in (None, "ACTIVE") for state in states)

        self.cloud.wait(is_settled, "the table is active")

    @override
    def put(self, aspect: Aspect, physical: Physical, news: Properties, touched: frozenset[str]) -> None:
        """Makes the one change and waits until it is done."""
        key = self.kind.key(physical)
        match aspect.properties[0]:
            case "ttl":
                self._set_expiry(physical, mapping(news.get("ttl")))
            case "pointInTimeRecovery":
                enabled = bool(at_path(news, "pointInTimeRecovery.enabled"))
                setting: Properties = {"PointInTimeRecoveryEnabled": enabled}
                self.call("update_continuous_backups", key | {"PointInTimeRecoverySpecification": setting})
            case "globalSecondaryIndexes":
                self._change_indexes(physical, news)
            case _:
                self.call("update_table", key | _table_wide(news, touched))
        self.settle(physical)

    @override
    def delete(self, physical: Physical) -> None:
        """Removes the table and waits until its name is free again."""
        super().delete(physical)
        self.cloud.wait(lambda: self.describe(physical) is None, "the table is gone")

    @override
    def decoded(self, description: Properties) -> Properties:
        """The inputs that the three descriptions show."""
        keys = _key_names(description)
        stream = mapping(description.get("StreamSpecification"))
        encryption = mapping(description.get("SSEDescription"))
        throughput = mapping(description.get("ProvisionedThroughput"))
        expiry = mapping(description.get("TimeToLive"))
        indexes = [
            _shown_index(mapping(each)) for each in sequence(description.get("GlobalSecondaryIndexes"))
        ]
        local = [
            _shown_index(mapping(each), hidden="hashKey")
            for each in sequence(description.get("LocalSecondaryIndexes"))
        ]
        return present(
            {
                **super().decoded(description),
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

    def _set_expiry(self, physical: Physical, wanted: Properties) -> None:
        """Sets the attribute that tells when an item expires; one that is set so already is no error."""
        enabled = bool(wanted.get("enabled")) if wanted else False
        attribute = wanted.get("attributeName") or at_path(physical.properties, "ttl.attributeName")
        setting: Properties = {"AttributeName": attribute, "Enabled": enabled}
        try:
            self.call("update_time_to_live", self.kind.key(physical) | {"TimeToLiveSpecification": setting})
        except AwsError as refused:
            if "already" not in refused.message:
                raise

    def _change_indexes(self, physical: Physical, news: Properties) -> None:
        """Drops and makes indexes, one at a time; a changed one is both."""
        declared = self.kind.inputs["globalSecondaryIndexes"].item
        if declared is None:
            raise PluginError("indexes are not declared")
        there = _by_name(physical.get("globalSecondaryIndexes"))
        wanted = _by_name(news.get("globalSecondaryIndexes"))
        changed = {
            name
            for name in there.keys() & wanted.keys()
            if any(
                not compare.same(declared, wanted[name][key], there[name].get(key)) for key in wanted[name]
            )
        }
        steps: list[Value] = [
            {"Delete": {"IndexName": name}} for name in sorted((there.keys() - wanted.keys()) | changed)
        ]
        steps += [
            {"Create": _index(wanted[name])} for name in sorted((wanted.keys() - there.keys()) | changed)
        ]
        for step in steps:
            parameters: Properties = {
                "AttributeDefinitions": _attributes(news),
                "GlobalSecondaryIndexUpdates": [step],
            }
            self.call("update_table", self.kind.key(physical) | parameters)
            self.settle(physical)


def _table_wide(inputs: Properties, names: frozenset[str]) -> Properties:
    """The parameters, the same for making and changing, that set those of the settings in ``names``."""
    found: Properties = {}
    if names & _BILLING:
        found["BillingMode"] = inputs.get("billingMode") or _PROVISIONED
        if found["BillingMode"] == _PROVISIONED:
            found["ProvisionedThroughput"] = _throughput(inputs)
    if "deletionProtectionEnabled" in names:
        found["DeletionProtectionEnabled"] = bool(inputs.get("deletionProtectionEnabled"))
    if names & _STREAM:
        enabled = bool(inputs.get("streamEnabled"))
        view = inputs.get("streamViewType") if enabled else None
        found["StreamSpecification"] = present({"StreamEnabled": enabled, "StreamViewType": view})
    if "serverSideEncryption" in names and inputs.get("serverSideEncryption"):
        wanted = mapping(inputs["serverSideEncryption"])
        found["SSESpecification"] = present(
            {
                "Enabled": wanted.get("enabled"),
                "SSEType": "KMS" if wanted.get("enabled") else None,
                "KMSMasterKeyId": wanted.get("kmsKeyArn"),
            }
        )
    if "tableClass" in names and inputs.get("tableClass"):
        found["TableClass"] = inputs["tableClass"]
    return found


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
    attributes = [mapping(each) for each in sequence(inputs.get("attributes"))]
    return [{"AttributeName": each["name"], "AttributeType": each["type"]} for each in attributes]


def _index(index: Properties) -> Properties:
    projection: Properties = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    found: Properties = {
        "IndexName": index["name"],
        "KeySchema": _keys(index),
        "Projection": projection,
    }
    return found | ({"ProvisionedThroughput": _throughput(index)} if index.get("readCapacity") else {})


def _shown_index(index: Properties, *, hidden: str | None = None) -> Properties:
    throughput = mapping(index.get("ProvisionedThroughput"))
    keys = {name: key for name, key in _key_names(index).items() if name != hidden}
    return present(
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
    found = [mapping(index) for index in sequence(indexes)]
    return {str(index["name"]): index for index in found}
