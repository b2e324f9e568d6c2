"""Tables, repositories, secrets and roles where they are unlike other types."""

import json
from typing import Any

import pytest

from tests.infrastructure.local.plugin.conftest import Cloud, Run
from tests.infrastructure.local.plugin.driver import Engine, RefusedError
from tests.infrastructure.local.plugin.examples import RULES, a_table

TABLE = "aws:dynamodb/table:Table"
SECRET = "aws:secretsmanager/secret:Secret"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
ROLE = "aws:iam/role:Role"

BY_STATE: dict[str, Any] = {"name": "by-state", "hashKey": "state", "projectionType": "ALL"}
BY_OWNER: dict[str, Any] = {
    "name": "by-owner",
    "hashKey": "owner",
    "rangeKey": "sk",
    "projectionType": "INCLUDE",
    "nonKeyAttributes": ["title"],
}
BY_OWNER_HERE: dict[str, Any] = {"name": "by-owner", "rangeKey": "owner", "projectionType": "ALL"}
WITH_STATE = [{"name": name, "type": "S"} for name in ("pk", "sk", "state")]
WITH_OWNER = [{"name": name, "type": "S"} for name in ("pk", "sk", "owner")]


def test_a_table_is_made_as_declared(engine: Engine, aws: Cloud, unique: str) -> None:
    engine.create(TABLE, a_table(engine, unique))
    dynamodb = aws("dynamodb")
    table = dynamodb.describe_table(TableName=unique)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=unique)["TimeToLiveDescription"]
    assert (expiry["AttributeName"], expiry["TimeToLiveStatus"]) == ("expires_at", "ENABLED")
    backups = dynamodb.describe_continuous_backups(TableName=unique)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_indexes_come_and_go_one_at_a_time(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_table(engine, unique) | {"attributes": WITH_STATE, "globalSecondaryIndexes": [BY_STATE]}
    table = engine.create(TABLE, inputs)
    found = engine.refresh(table)
    assert found
    assert engine.compare(found, inputs).paths == {}

    other = inputs | {"attributes": WITH_OWNER, "globalSecondaryIndexes": [BY_OWNER]}
    assert not engine.compare(found, other).replaces
    changed = engine.refresh(engine.update(found, other))
    assert changed
    assert engine.compare(changed, other).paths == {}
    [index] = aws("dynamodb").describe_table(TableName=unique)["Table"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by-owner"
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]}

    wider = other | {"globalSecondaryIndexes": [BY_OWNER | {"projectionType": "ALL", "nonKeyAttributes": []}]}
    assert engine.update(changed, wider)
    [index] = aws("dynamodb").describe_table(TableName=unique)["Table"]["GlobalSecondaryIndexes"]
    assert index["Projection"]["ProjectionType"] == "ALL"


def test_a_table_has_its_local_indexes_for_life(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_table(engine, unique) | {"attributes": WITH_OWNER, "localSecondaryIndexes": [BY_OWNER_HERE]}
    table = engine.create(TABLE, inputs)
    [index] = aws("dynamodb").describe_table(TableName=unique)["Table"]["LocalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "ALL"}
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["pk", "owner"]
    found = engine.refresh(table)
    assert found
    assert engine.compare(found, inputs).paths == {}
    without = engine.compare(table, a_table(engine, unique))
    assert without.replaces
    assert without.delete_first


def test_a_table_changes_how_it_is_billed(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_table(engine, unique)
    table = engine.create(TABLE, inputs)
    provisioned = inputs | {"billingMode": "PROVISIONED", "readCapacity": 3, "writeCapacity": 2}
    updated = engine.update(table, provisioned)
    assert (updated["billingMode"], updated["readCapacity"], updated["writeCapacity"]) == (
        "PROVISIONED",
        3,
        2,
    )
    assert engine.compare(updated, provisioned).paths == {}
    throughput = aws("dynamodb").describe_table(TableName=unique)["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (3, 2)


def test_a_protected_table_stays(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_table(engine, unique) | {"deletionProtectionEnabled": True}
    table = engine.create(TABLE, inputs)
    other_run_sees = engine.refresh(table)
    assert other_run_sees
    with pytest.raises(Exception, match="deletion protection"):
        aws("dynamodb").delete_table(TableName=unique)
    unprotected = engine.update(table, inputs | {"deletionProtectionEnabled": False})
    assert unprotected["deletionProtectionEnabled"] is False


def test_a_protected_table_that_is_to_go_is_an_error_that_names_it(new_run: Run, unique: str) -> None:
    run = new_run()
    table = run.create(TABLE, a_table(run, unique) | {"deletionProtectionEnabled": True})
    with pytest.raises(RefusedError, match=f"deleting DynamoDB Table \\({unique}\\): DeleteTable: "):
        new_run().delete(table)


def test_other_keys_are_another_table(engine: Engine, unique: str) -> None:
    inputs = a_table(engine, unique)
    table = engine.create(TABLE, inputs)
    found = engine.compare(table, inputs | {"hashKey": "id"})
    assert (found.paths, found.delete_first) == ({"hashKey": "update_replace"}, True)


def test_a_table_with_other_keys_is_not_adopted(new_run: Run, unique: str) -> None:
    run = new_run()
    run.create(TABLE, a_table(run, unique))
    other = a_table(run, unique) | {"hashKey": "sk", "rangeKey": "pk"}
    with pytest.raises(
        RefusedError, match=f"{unique} exists already, with another hashKey, rangeKey: remove it"
    ):
        new_run().create(TABLE, other)


def test_items_stay_when_the_table_is_updated(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_table(engine, unique)
    table = engine.create(TABLE, inputs)
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    aws("dynamodb").put_item(TableName=unique, Item=item)
    engine.update(table, inputs | {"streamEnabled": True, "streamViewType": "NEW_IMAGE"})
    assert aws("dynamodb").get_item(TableName=unique, Key=item)["Item"] == item


def test_a_secret_without_a_recovery_window_is_gone_at_once(new_run: Run, aws: Cloud, unique: str) -> None:
    inputs = {"name": unique, "recoveryWindowInDays": 0}
    secret = new_run().create(SECRET, inputs)
    new_run().delete(secret)
    aws("secretsmanager").create_secret(Name=unique)


def test_a_secret_that_waits_for_its_deletion_counts_as_gone_and_can_be_brought_back(
    new_run: Run, aws: Cloud, unique: str
) -> None:
    inputs = {"name": unique, "recoveryWindowInDays": 7, "description": "x"}
    secret = new_run().create(SECRET, inputs)
    new_run().delete(secret)
    assert "DeletedDate" in aws("secretsmanager").describe_secret(SecretId=unique)
    assert new_run().refresh(secret) is None
    brought_back = new_run().create(SECRET, inputs | {"description": "y"})
    assert brought_back.id == secret.id
    described = aws("secretsmanager").describe_secret(SecretId=unique)
    assert (described.get("DeletedDate"), described["Description"]) == (None, "y")


def test_a_new_secret_value_is_a_new_version_and_the_old_one_goes(
    new_run: Run, aws: Cloud, unique: str
) -> None:
    run = new_run()
    secret = run.create(SECRET, {"name": unique, "recoveryWindowInDays": 0})
    inputs = {"secretId": secret.id, "secretString": "one"}
    first = run.create(SECRET_VERSION, inputs)
    later = new_run()
    changed = later.compare(first, inputs | {"secretString": "two"})
    assert (changed.paths, changed.delete_first) == ({"secretString": "update_replace"}, False)
    second = later.create(SECRET_VERSION, inputs | {"secretString": "two"})
    later.delete(first)
    assert aws("secretsmanager").get_secret_value(SecretId=unique)["SecretString"] == "two"
    assert second.id != first.id
    new_run().delete(second)
    assert aws("secretsmanager").get_secret_value(SecretId=unique)["SecretString"] == "two"


def test_a_value_put_by_hand_shows_only_as_secret_material(engine: Engine, unique: str, aws: Cloud) -> None:
    secret = engine.create(SECRET, {"name": unique, "recoveryWindowInDays": 0})
    version = engine.create(SECRET_VERSION, {"secretId": unique, "secretString": "hidden"})
    assert version["secretArn"] == version["arn"] == secret.id
    found = engine.refresh(version)
    assert found
    assert engine.compare(found, {"secretId": unique, "secretString": "hidden"}).paths == {}


def test_a_repository_with_images_goes_only_by_force(new_run: Run, aws: Cloud, unique: str) -> None:
    run = new_run()
    repository = run.create(REPOSITORY, {"name": unique})
    manifest = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
    aws("ecr").put_image(repositoryName=unique, imageManifest=manifest, imageTag="1")
    with pytest.raises(RefusedError, match="RepositoryNotEmptyException"):
        new_run().delete(repository)
    forced = new_run().update(repository, {"name": unique, "forceDelete": True})
    new_run().delete(forced)
    assert new_run().refresh(forced) is None


def test_a_new_lifecycle_policy_takes_the_place_of_the_old_one(new_run: Run, aws: Cloud, unique: str) -> None:
    """It replaces: the old one has to go first, or it would take the new one with it."""
    run = new_run()
    run.create(REPOSITORY, {"name": unique})
    inputs = {"repository": unique, "policy": json.dumps(RULES)}
    policy = run.create(LIFECYCLE_POLICY, inputs)
    fewer = json.dumps(RULES).replace("5", "3")
    found = new_run().compare(policy, inputs | {"policy": fewer})
    assert (found.paths, found.delete_first) == ({"policy": "update_replace"}, True)


def test_a_secret_value_goes_with_its_secret(new_run: Run, aws: Cloud, unique: str) -> None:
    run = new_run()
    secret = run.create(SECRET, {"name": unique, "recoveryWindowInDays": 0})
    version = run.create(SECRET_VERSION, {"secretId": secret.id, "secretString": "hidden"})
    aws("secretsmanager").delete_secret(SecretId=unique, ForceDeleteWithoutRecovery=True)
    later = new_run()
    assert later.refresh(version) is None
    later.delete(version)
